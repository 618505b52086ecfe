"""Reading events and their reports, for pages and the API."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.access.officer import Officer
from app.access.rights import show
from app.db import Session, chunks
from app.disaster.tables import Disaster, ReportRow, Sign
from app.errors import NotFound


@dataclass(frozen=True, slots=True)
class Report:
    """A report. ``people``: counts, None where nobody knows; ``body``: the other words of the form."""

    id: str
    kind: str
    via: str
    kinds: tuple[str, ...]
    people: dict[str, int | None]
    body: dict[str, Any] = field(repr=False)
    occurred_at: datetime
    received_at: datetime
    by: str
    corrects: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """An event and how it stands. ``reports`` oldest first, empty in a listing."""

    id: str
    origin: str
    place: str
    place_text: str = field(repr=False)
    kinds: tuple[str, ...]
    hazard: str | None
    warning_id: str | None
    t0: datetime
    t0_source: str
    reportable: bool
    found_later: bool
    first_report_at: datetime | None
    state: str
    reports: tuple[Report, ...] = ()


async def listing(
    session: Session,
    district: str,
    *,
    place: str | None = None,
    origins: Sequence[str] = (),
    since: datetime | None = None,
    before: str | None = None,
    limit: int = 50,
) -> list[Event]:
    """Return events, the newest first. ``before`` is the id of the last one seen (ids sort by time)."""
    ask = sa.select(Disaster).where(Disaster.district == district).order_by(Disaster.id.desc()).limit(limit)
    if place is not None:
        ask = ask.where(Disaster.place == place)
    if origins:
        ask = ask.where(Disaster.origin.in_(origins))
    if since is not None:
        ask = ask.where(Disaster.created_at >= since)
    if before is not None:
        ask = ask.where(Disaster.id < before)
    return [_event(row) for row in await session.scalars(ask)]


@dataclass(frozen=True, slots=True)
class Known:
    """An event that goes on, as the rules look at it. Counts are the highest reported, 0 where unknown."""

    place: str
    kinds: tuple[str, ...]
    began: datetime
    dead: int
    trapped: int


async def going_on(session: Session, district: str, origin: str, *, since: datetime) -> list[Known]:
    """Return the events since then that no final report has closed, the oldest first."""
    events = list(
        await session.scalars(
            sa.select(Disaster)
            .where(
                Disaster.district == district,
                Disaster.origin == origin,
                Disaster.t0 >= since,
                Disaster.state != "final",
            )
            .order_by(Disaster.t0, Disaster.id)
        )
    )
    people: dict[str, list[dict[str, int | None]]] = {}
    for part in chunks([event.id for event in events]):
        for event_id, counts in await session.execute(
            sa.select(ReportRow.disaster_id, ReportRow.people).where(ReportRow.disaster_id.in_(part))
        ):
            people.setdefault(event_id, []).append(counts)

    def most(event: Disaster, what: str) -> int:
        return max((counts.get(what) or 0 for counts in people.get(event.id, ())), default=0)

    return [Known(e.place, tuple(e.kinds), e.t0, most(e, "dead"), most(e, "trapped")) for e in events]


async def heard_of_since(session: Session, district: str, origin: str, since: datetime | None) -> set[str]:
    """Return the towns of which a sign or a report has come since then (None: ever)."""
    towns: set[str] = set()
    for told in (Sign, ReportRow):
        query = (
            sa.select(Disaster.place)
            .join(told, told.disaster_id == Disaster.id)
            .where(Disaster.district == district, Disaster.origin == origin)
        )
        if since is not None:
            query = query.where(told.received_at >= since)
        towns |= set(await session.scalars(query.distinct()))
    return towns


async def one(session: Session, disaster_id: str, *, by: Officer) -> Event:
    """Return an event with its reports. Raises NotFound, also for another town's."""
    row = await session.scalar(
        sa.select(Disaster).where(Disaster.id == disaster_id, Disaster.district == by.district)
    )
    if row is None:
        raise NotFound("There is no such event.")
    show(by, row.place)
    reports = await session.scalars(
        sa.select(ReportRow)
        .where(ReportRow.disaster_id == disaster_id)
        .order_by(ReportRow.received_at, ReportRow.id)
    )
    return _event(row, tuple(_report(report) for report in reports))


def _report(row: ReportRow) -> Report:
    return Report(
        row.id,
        row.kind,
        row.via,
        tuple(row.kinds),
        dict(row.people),
        json.loads(row.body),
        row.occurred_at,
        row.received_at,
        row.by,
        row.corrects,
    )


def _event(row: Disaster, reports: tuple[Report, ...] = ()) -> Event:
    return Event(
        row.id,
        row.origin,
        row.place,
        row.place_text,
        tuple(row.kinds),
        row.hazard,
        row.warning_id,
        row.t0,
        row.t0_source,
        row.reportable,
        row.found_later,
        row.first_report_at,
        row.state,
        reports,
    )
