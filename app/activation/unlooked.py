"""Warnings as the rooms above ask for them: those in force that they have not looked at yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.activation.tables import Warning


@dataclass(frozen=True, slots=True)
class Planned:
    """A bureau's warning in force: its first plan calls by now. ``places``: nine-digit town codes."""

    id: str
    district: str
    origin: str
    level: int
    plan_id: str
    places: tuple[str, ...]


def _those(looked: sa.Select[Any]) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Warning.state == "in-force",
        Warning.observed.is_(False),
        Warning.plan_id.is_not(None),
        Warning.id.not_in(looked),
    )


def first(looked: sa.Select[Any]) -> sa.Select[Any]:
    """Ask when the earliest came that is not among these (ids of warnings); for a sweep's due time."""
    return sa.select(sa.func.min(Warning.received_at)).where(*_those(looked))


async def listed(
    session: AsyncSession, district: str, looked: sa.Select[Any], *, limit: int
) -> Sequence[Planned]:
    """Return those that are not among these, the highest level first."""
    rows = await session.scalars(
        sa.select(Warning)
        .where(Warning.district == district, *_those(looked))
        .order_by(Warning.level.desc(), Warning.received_at, Warning.id)
        .limit(limit)
    )
    return [
        Planned(row.id, row.district, row.origin, int(row.level or 0), row.plan_id or "", tuple(row.places))
        for row in rows
    ]
