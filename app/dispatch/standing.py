"""Questions other rooms may ask about deliveries, answered as values."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import chunks
from app.dispatch.facts import State
from app.dispatch.tables import Delivery

_LOST = (State.FAILED.value, State.EXPIRED.value, State.CANCELLED.value)


@dataclass(frozen=True, slots=True)
class Addressed:
    """Whom a delivery went to."""

    delivery_id: str
    person_id: str | None
    warning_id: str


async def by_key(session: AsyncSession, channel: str, keys: Collection[str]) -> dict[str, Addressed]:
    """Return whom deliveries of one channel went to, by their keys."""
    found: dict[str, Addressed] = {}
    for part in chunks(list(keys)):
        rows = await session.execute(
            sa.select(Delivery.key, Delivery.id, Delivery.person_id, Delivery.warning_id).where(
                Delivery.channel == channel, Delivery.key.in_(part)
            )
        )
        found |= {row.key: Addressed(row.id, row.person_id, row.warning_id) for row in rows}
    return found


async def alive(session: AsyncSession, ids: Collection[str]) -> set[str]:
    """Return those that may still reach, or have reached, their person."""
    found: set[str] = set()
    for part in chunks(list(ids)):
        found |= set(
            await session.scalars(
                sa.select(Delivery.id).where(Delivery.id.in_(part), Delivery.state.not_in(_LOST))
            )
        )
    return found


async def root(session: AsyncSession, ids: Collection[str]) -> dict[str, str]:
    """Return for deliveries that were given to another channel the first of their line: calls are noted on that one."""
    found = {one: one for one in ids}
    open_ = set(ids)
    while open_:
        rows = await session.execute(
            sa.select(Delivery.id, Delivery.failover_of).where(
                Delivery.id.in_(open_), Delivery.failover_of.is_not(None)
            )
        )
        above = {row.id: row.failover_of for row in rows}
        found = {one: above.get(first, first) for one, first in found.items()}
        open_ = set(above.values())
    return found
