"""The past read again: warnings and observations as they stand in the database, through any schemes at once.

Not replayed: answers, field reports, forecasts and towns cut off; they are the same for every scheme. People
are counted as the directory has them now.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from app.activation.facts import facts_of
from app.activation.tables import REMINDER_LIFE, Warning, ends_at
from app.db import Session
from app.directory import people
from app.observations.elements import read_elements
from app.observations.tables import Reading
from app.observations.windows import read_levels, read_windows
from app.rehearsal.track import Ground, Happened, Moment, Track
from app.scheme.models import Scheme
from app.warning.situation import Place

Told = Callable[[int, int], None]
"""Hears how many moments of how many are done."""
ORIGINS = ("real", "simulated")


@dataclass(frozen=True, slots=True)
class Replayed:
    """Each scheme's track, and what was gone through. ``towns``: code → name."""

    tracks: tuple[Track, ...]
    since: datetime | None
    until: datetime | None
    moments: int
    warnings: tuple[Happened, ...]
    towns: dict[str, str]


async def happened(session: Session, district: str, since: datetime | None) -> tuple[Happened, ...]:
    """Return the warnings of bureaus that were planned, and the raises that people decided."""
    rows = await session.scalars(
        sa.select(Warning)
        .where(
            Warning.district == district,
            Warning.origin.in_(ORIGINS),
            Warning.observed.is_(False),
            Warning.plan_id.is_not(None),
            Warning.level.is_not(None),
        )
        .order_by(Warning.received_at, Warning.id)
    )
    found = [
        Happened(facts_of(row), row.received_at, min(row.ended_at or ends_at(row), ends_at(row)), row.origin)
        for row in rows
        if row.places
    ]
    return tuple(one for one in found if since is None or one.until > since)


async def moments(session: Session, district: str, since: datetime | None) -> list[datetime]:
    """Return every time a row of observations ends at."""
    asked = sa.select(Reading.at).where(Reading.district == district).distinct().order_by(Reading.at)
    if since is not None:
        asked = asked.where(Reading.at > since)
    return list(await session.scalars(asked))


async def replay(
    session: Session, schemes: Sequence[Scheme], *, since: datetime | None, at: datetime, told: Told
) -> Replayed:
    """Lead the past before every scheme. ``since``: from when on; None: all there is."""
    district = schemes[0].district
    past = await happened(session, district.code, since)
    times = set(await moments(session, district.code, since))
    times |= {one.since for one in past} | {one.until for one in past}
    ordered = sorted(time for time in times if (since is None or time > since) and time <= at)
    towns = await people.towns(session, district.code)
    tracks = []
    for scheme in schemes:
        held = await people.holdings(session, district.code, None, scheme.layers, at=at)
        here = Place(district.code, district.name, "", "district")
        tracks.append(Track(scheme.ruleset, Ground(towns, held, here), REMINDER_LIFE))
    for done, time in enumerate(ordered):
        following = ordered[done + 1] if done + 1 < len(ordered) else None
        await _see(session, district.code, tracks, past, time)
        while cut := _cut_before(tracks, time, following):
            time = cut  # noqa: PLW2901 - time goes on to the cut
            await _see(session, district.code, tracks, past, time)
        told(done + 1, len(ordered))
    return Replayed(
        tuple(tracks),
        ordered[0] if ordered else None,
        ordered[-1] if ordered else None,
        len(ordered),
        past,
        {town.code: town.name for town in towns},
    )


def _cut_before(tracks: Sequence[Track], after: datetime, following: datetime | None) -> datetime | None:
    cuts = [cut for track in tracks if (cut := track.next_cut()) is not None and cut > after]
    first = min(cuts, default=None)
    return first if first is not None and following is not None and first < following else None


async def _see(
    session: Session, district: str, tracks: Sequence[Track], past: Sequence[Happened], at: datetime
) -> None:
    moment = Moment(
        at,
        await read_windows(session, district, at),
        await read_levels(session, district, at),
        await read_elements(session, district, at),
        tuple(one for one in past if one.since <= at < one.until),
    )
    for track in tracks:
        track.see(moment)
