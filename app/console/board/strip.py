"""The band and the strip: real or exercise, the response level, what is heard of feeds, who is on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.activation.tables import Warning as WarningRow
from app.beats import Beat
from app.console import words
from app.console.board import accounts, waiting
from app.observations import stations
from app.observations.stations import StationState
from app.scheme.models import Scheme

REAL: tuple[str, ...] = ("real", "simulated")
EXERCISE: tuple[str, ...] = ("exercise",)
SEEN = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Heard:
    """Something that is expected to be heard of: when it last was, by when it should, whether it is late.

    ``share``: how much of twice the expected time has gone by, 0 to 100.
    """

    name: str
    kind: str  # feed, channel, worker, sweep, station
    last: datetime | None
    expected: timedelta | None
    silent: bool
    share: int  # how much of twice the expected time has gone by, 0 to 100


@dataclass(frozen=True, slots=True)
class Strip:
    """What stands above every page of the desk."""

    now: datetime
    exercise: bool
    exercises: int
    district: str
    live: int
    channels: int
    feeds: tuple[Heard, ...]
    silent_stations: int
    stations: int
    workers: int
    silent_workers: int
    last_feed: datetime | None
    responses: tuple[str, ...]
    chief: str | None

    @property
    def simulated(self) -> bool:
        """Whether no channel reaches anybody."""
        return self.live == 0

    @property
    def silent(self) -> int:
        """How many things should have been heard of and were not."""
        return sum(feed.silent for feed in self.feeds) + self.silent_stations


def _heard(beat: Beat, kind: str, at: datetime) -> Heard:
    expected = timedelta(seconds=beat.expected_s) if beat.expected_s else None
    age = at - beat.at
    share = 0 if expected is None else min(100, int(100 * age / (2 * expected)))
    return Heard(
        beat.name.partition(":")[2], kind, beat.at, expected, expected is not None and age > expected, share
    )


async def beats(session: AsyncSession, at: datetime) -> dict[str, tuple[Heard, ...]]:
    """Return what left a beat, by kind: feed, channel, worker, sweep, other."""
    kinds = {"source": "feed", "feed": "feed", "channel": "channel", "worker": "worker", "sweep": "sweep"}
    found: dict[str, list[Heard]] = {}
    for beat in await session.scalars(sa.select(Beat).order_by(Beat.name)):
        kind = kinds.get(beat.name.partition(":")[0], "other")
        found.setdefault(kind, []).append(_heard(beat, kind, at))
    return {kind: tuple(all_of) for kind, all_of in found.items()}


async def origins(session: AsyncSession, district: str, wanted: str | None) -> tuple[bool, int]:
    """Return whether to show the exercise (asked for, or nothing real in force), and how many are."""
    rows = await session.execute(
        sa.select(WarningRow.origin, sa.func.count())
        .where(WarningRow.district == district, WarningRow.state == "in-force")
        .group_by(WarningRow.origin)
    )
    count: dict[str, int] = dict(rows.all())
    exercises = count.get("exercise", 0)
    real = sum(count.get(origin, 0) for origin in REAL)
    if wanted in {"real", "exercise"}:
        return wanted == "exercise" and exercises > 0, exercises
    return exercises > 0 and real == 0, exercises


async def load(
    session: AsyncSession,
    scheme: Scheme,
    channels: Sequence[Mapping[str, object]],
    at: datetime,
    *,
    wanted: str | None = None,
) -> Strip:
    """Read what the strip shows. ``channels``: entries of ``channels.yaml`` as the registry holds them."""
    district = scheme.district.code
    exercise, exercises = await origins(session, district, wanted)
    heard = await beats(session, at)
    states = await stations.states(session, district, at)
    held = await waiting.responses(session, district, EXERCISE if exercise else REAL)
    feeds = heard.get("feed", ())
    workers = heard.get("worker", ())
    return Strip(
        now=at,
        exercise=exercise,
        exercises=exercises,
        district=scheme.district.name,
        live=sum(bool(channel.get("live")) for channel in channels),
        channels=len(channels),
        feeds=feeds,
        silent_stations=len(silent_among(states)),
        stations=len(states),
        workers=len(workers),
        silent_workers=sum(one.silent for one in workers),
        last_feed=max((feed.last for feed in feeds if feed.last), default=None),
        responses=tuple(
            f"{words.FAMILIES.get(family, family)} {row.level} 级"
            for family, row in held.items()
            if row.level != "none"
        ),
        chief=await accounts.on_duty(session, district, "chief", at - SEEN),
    )


def silent_among(states: Sequence[StationState]) -> list[StationState]:
    """Return the silent stations where others of their kind are heard; before anything came, none is."""
    heard = {state.kind for state in states if state.last_at is not None}
    return [state for state in states if state.silent and state.kind in heard]


def shown(strip: Strip) -> tuple[str, ...]:
    """Return the origins that this desk shows."""
    return EXERCISE if strip.exercise else REAL
