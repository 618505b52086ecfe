"""Questions other rooms may ask about deliveries, answered as values."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import chunks
from app.dispatch.states import State
from app.dispatch.tables import Delivery

_LOST = (State.FAILED.value, State.EXPIRED.value, State.CANCELLED.value)

# Statements are built once: building them anew each time takes longer than the database does.
_ANY_OF: sa.BindParameter[list[str]] = sa.bindparam("any_of", expanding=True)
_BY_KEY = sa.select(Delivery.key, Delivery.id, Delivery.person_id, Delivery.warning_id).where(
    Delivery.channel == sa.bindparam("channel"), Delivery.key.in_(_ANY_OF)
)
_BY_VENDOR_ID = sa.select(Delivery.vendor_id, Delivery.id, Delivery.person_id, Delivery.warning_id).where(
    Delivery.channel == sa.bindparam("channel"), Delivery.vendor_id.in_(_ANY_OF)
)
_WITH_NEXT = sa.select(Delivery.id, Delivery.state, Delivery.failover_of).where(
    sa.or_(Delivery.id.in_(_ANY_OF), Delivery.failover_of.in_(_ANY_OF))
)
_BAD_NUMBERS = sa.select(Delivery.id).where(
    Delivery.id.in_(_ANY_OF), sa.or_(Delivery.reason == "bad-number", Delivery.reason == "no-number")
)
_KINDS = sa.select(Delivery.id, Delivery.kind).where(Delivery.id.in_(_ANY_OF))
_ABOVE = sa.select(Delivery.id, Delivery.failover_of).where(
    Delivery.id.in_(_ANY_OF), Delivery.failover_of.is_not(None)
)


@dataclass(frozen=True, slots=True)
class Addressed:
    """Whom a delivery went to."""

    delivery_id: str
    person_id: str | None
    warning_id: str


async def by_key(session: AsyncSession, channel: str, keys: Collection[str]) -> dict[str, Addressed]:
    """Return whom deliveries of one channel went to, by their keys."""
    found: dict[str, Addressed] = {}
    connection = await session.connection()
    for part in chunks(list(keys)):
        rows = await connection.execute(_BY_KEY, {"channel": channel, "any_of": part})
        found |= {row.key: Addressed(row.id, row.person_id, row.warning_id) for row in rows}
    return found


async def by_vendor_id(session: AsyncSession, channel: str, ids: Collection[str]) -> dict[str, Addressed]:
    """Return whom deliveries of one channel went to, by the vendor's ids.

    A vendor may tell a key press by the call alone.
    """
    found: dict[str, Addressed] = {}
    connection = await session.connection()
    for part in chunks(list(ids)):
        rows = await connection.execute(_BY_VENDOR_ID, {"channel": channel, "any_of": part})
        found |= {str(row.vendor_id): Addressed(row.id, row.person_id, row.warning_id) for row in rows}
    return found


async def alive(session: AsyncSession, ids: Collection[str]) -> set[str]:
    """Return those that may still reach, or have reached, their person, by any channel of their line."""
    roots = await root(session, ids)
    first = {one: one for one in roots.values()}  # every delivery of these lines, and the first of its line
    found: set[str] = set()
    below = set(first)
    connection = await session.connection()
    while below:
        ahead: set[str] = set()
        for part in chunks(sorted(below)):
            states = await connection.execute(_WITH_NEXT, {"any_of": part})
            for row in states:
                if row.id not in first and row.failover_of is not None:
                    first[row.id] = first[row.failover_of]
                    ahead.add(row.id)
                if row.state not in _LOST:
                    found.add(first[row.id])
        below = ahead
    return {one for one, above in roots.items() if above in found}


async def kinds(session: AsyncSession, ids: Collection[str]) -> dict[str, str]:
    """Return by which kind of channel each goes out."""
    found: dict[str, str] = {}
    connection = await session.connection()
    for part in chunks(sorted(ids)):
        found |= {row.id: row.kind for row in await connection.execute(_KINDS, {"any_of": part})}
    return found


async def bad_numbers(session: AsyncSession, ids: Collection[str]) -> set[str]:
    """Return those that went to a number that does not exist or may not be dialled."""
    found: set[str] = set()
    connection = await session.connection()
    for part in chunks(list(ids)):
        found |= set(await connection.scalars(_BAD_NUMBERS, {"any_of": part}))
    return found


async def root(session: AsyncSession, ids: Collection[str]) -> dict[str, str]:
    """Return the first of its line for each delivery: calls are noted on that one.

    A line is a delivery and those it was given on to, channel after channel.
    """
    found = {one: one for one in ids}
    open_ = set(ids)
    connection = await session.connection()
    while open_:
        rows = await connection.execute(_ABOVE, {"any_of": list(open_)})
        above = {row.id: row.failover_of for row in rows}
        found = {one: above.get(first, first) for one, first in found.items()}
        open_ = set(above.values())
    return found


def may_wait(delivery_id: sa.ColumnExpressionArgument[str]) -> sa.ColumnElement[bool]:
    """For a query: whether a delivery is still in line, or was given on to one that may be."""
    return sa.or_(
        sa.exists().where(Delivery.id == delivery_id, Delivery.not_before.is_not(None)),
        sa.exists().where(Delivery.failover_of == delivery_id),
    )
