"""Stations: what is registered, and which of them are silent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from app.db import Session, chunks
from app.observations.tables import Reading, Station

PATIENCE = 3
"""A station is silent when it has missed this many of its own intervals (assumed)."""


@dataclass(frozen=True, slots=True)
class StationState:
    """A station and how it reports. ``completeness``: share of the last hour's rows that came, 0.0 to 1.0."""

    code: str
    name: str
    kind: str
    place: str | None
    last_at: datetime | None
    silent: bool
    completeness: float
    interval_minutes: int


async def save(session: Session, district: str, rows: Sequence[dict[str, Any]]) -> tuple[int, int, int]:
    """Register stations; those known by their code are changed. Returns how many were new, changed, the same.

    ``rows``: columns of ``Station`` without what only readings set. Nothing they reported is lost.
    """
    table = Station.__table__
    held = {
        row["code"]: row
        for row in (await session.execute(sa.select(table).where(table.c.district == district))).mappings()
    }
    new = [row for row in rows if row["code"] not in held]
    changed = [
        row
        for row in rows
        if row["code"] in held and any(held[row["code"]][name] != value for name, value in row.items())
    ]
    for part in chunks(new):
        await session.execute(sa.insert(Station), list(part))
    if changed:
        await session.execute(sa.update(Station), changed)
    return len(new), len(changed), len(rows) - len(new) - len(changed)


async def registered(session: Session, district: str) -> list[dict[str, Any]]:
    """Every station as ``save`` takes it: what it is, without what it reported."""
    table = Station.__table__
    reported = {"last_at", "last_level_mm", "last_level_at"}
    rows = (await session.execute(sa.select(table).where(table.c.district == district))).mappings()
    return [{name: value for name, value in row.items() if name not in reported} for row in rows]


async def states(
    session: Session, district: str, at: datetime, *, silent: bool | None = None
) -> list[StationState]:
    """Every station with its last sign of life; ``silent`` keeps only those that are, or are not."""
    counted = (
        sa.select(Reading.station, sa.func.count(sa.distinct(Reading.at)).label("rows"))
        .where(
            Reading.district == district,
            Reading.element.in_(("rain", "level")),
            Reading.at > at - timedelta(hours=1),
            Reading.at <= at,
        )
        .group_by(Reading.station)
        .subquery()
    )
    rows = await session.execute(
        sa.select(Station, counted.c.rows)
        .outerjoin(counted, counted.c.station == Station.code)
        .where(Station.district == district)
        .order_by(Station.code)
    )
    found = [_state(station, count or 0, at) for station, count in rows]
    return [state for state in found if silent is None or state.silent == silent]


def _state(station: Station, rows: int, at: datetime) -> StationState:
    interval = timedelta(minutes=station.interval_minutes)
    expected = max(1, 60 // station.interval_minutes)
    return StationState(
        code=station.code,
        name=station.name,
        kind=station.kind,
        place=station.place_code,
        last_at=station.last_at,
        silent=station.last_at is None or at - station.last_at > PATIENCE * interval,
        completeness=min(1.0, rows / expected),
        interval_minutes=station.interval_minutes,
    )
