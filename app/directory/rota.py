"""The rota as it was entered: turns of some time, for those who look for gaps in it before it is needed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from app.db import Session
from app.directory.tables import Person, Place, Shift


@dataclass(frozen=True, slots=True)
class Turn:
    """One person on duty in a role at a place, from ``since`` until (not including) ``until``."""

    place: str
    town: str | None
    level: str
    name: str
    role: str
    person: str
    number: str | None
    """Blind index of the phone, None for somebody who cannot be rung or has left."""
    since: datetime
    until: datetime


async def turns(session: Session, district: str, since: datetime, until: datetime) -> tuple[Turn, ...]:
    """Return every turn that touches a span of time, by place, role and beginning."""
    rows = await session.execute(
        sa.select(
            Shift.place_id,
            Place.town_code,
            Place.level,
            Place.name,
            Shift.role,
            Shift.person_id,
            Person.phone_index,
            Person.retired_at,
            Shift.starts_at,
            Shift.ends_at,
        )
        .join(Place, Place.id == Shift.place_id)
        .join(Person, Person.id == Shift.person_id)
        .where(Shift.district == district, Shift.starts_at < until, Shift.ends_at > since)
        .order_by(Shift.place_id, Shift.role, Shift.starts_at, Shift.rank, Shift.id)
    )
    return tuple(
        Turn(place, town, level, name, role, person, None if retired else number, starts, ends)
        for place, town, level, name, role, person, number, retired, starts, ends in rows
    )


def uncovered(
    spans: Iterable[tuple[datetime, datetime]], since: datetime, until: datetime
) -> list[tuple[datetime, datetime]]:
    """Return the parts of a time that no span covers, earliest first."""
    left: list[tuple[datetime, datetime]] = []
    reached = since
    for starts, ends in sorted(spans):
        if starts > reached:
            left.append((reached, min(starts, until)))
        reached = max(reached, ends)
        if reached >= until:
            break
    if reached < until:
        left.append((reached, until))
    return left
