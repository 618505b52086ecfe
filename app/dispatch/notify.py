"""After a warning ends: tell everybody it may have reached, once each, by the quietest way that worked."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.channels.registry import Registry
from app.dispatch.enqueue import Order, enqueue
from app.dispatch.states import State
from app.dispatch.tables import Delivery
from app.origin import Origin

_MAYBE_REACHED = (State.SENDING.value, State.ACCEPTED.value, State.DELIVERED.value)


@dataclass(frozen=True, slots=True)
class Reached:
    """One message that may have come to a person, or (without one) have been played at a place."""

    person: str | None
    place: str
    town: str
    layer: str
    part: str


async def reached(session: AsyncSession, warnings: Collection[str], towns: Collection[str]) -> list[Reached]:
    """Return whom these warnings may have reached in some towns, the upper layers first."""
    rows = await session.scalars(
        _of(warnings, towns).order_by(Delivery.layer, Delivery.created_at, Delivery.id)
    )
    return [Reached(row.person_id, row.place_id, row.town, row.layer, row.part) for row in rows]


def _of(warnings: Collection[str], towns: Collection[str] | None) -> sa.Select[Delivery]:
    """Select the messages of these warnings, in these towns alone if any are named, that may have come.

    Also those that were stopped or failed after they were handed over.
    """
    return sa.select(Delivery).where(
        Delivery.warning_id.in_(list(warnings)),
        *([] if towns is None else [Delivery.town.in_(list(towns))]),
        Delivery.purpose == "alert",
        sa.or_(
            Delivery.state.in_(_MAYBE_REACHED),
            sa.and_(Delivery.state == State.CANCELLED.value, Delivery.attempts > 0),
            sa.and_(
                Delivery.state == State.FAILED.value,
                sa.or_(
                    Delivery.possibly_twice, Delivery.vendor_id.is_not(None), Delivery.reason == "carrier"
                ),
            ),
        ),
    )


async def all_clear(
    session: AsyncSession,
    warning_id: str,
    *,
    text: str,
    registry: Registry,
    at: datetime,
    aloud: str | None = None,
    told_by: Collection[str] = (),
    earlier: Collection[str] = (),
    towns: Collection[str] | None = None,
    urgency: int = 0,
) -> int:
    """Queue the all-clear: an SMS to each person who was called, a broadcast where one was played.

    ``aloud``: what loudspeakers say, where that is not the SMS. ``told_by``: warnings whose own all-clear has
    just been queued; whoever gets that one is not told twice. ``earlier``: the warnings that this one took
    over from, whose people it may have left alone. ``towns``: only who was called for these alone. An
    all-clear never overtakes a warning: with ``urgency`` 0 it waits behind everything that calls. Returns how
    many.
    """
    told: set[str] = set()
    if told_by or earlier:
        others = await session.execute(
            sa.select(Delivery.person_id, Delivery.place_id).where(
                Delivery.warning_id.in_([*told_by, *earlier]), Delivery.purpose == "clear"
            )
        )
        told = {person or place for person, place in others}
    if towns is not None:
        elsewhere = await session.scalars(
            sa.select(Delivery.person_id).where(
                Delivery.warning_id == warning_id,
                Delivery.person_id.is_not(None),
                Delivery.town.not_in(list(towns)),
            )
        )
        told |= {person for person in elsewhere if person}
    rows = await session.scalars(
        _of([warning_id, *earlier], towns).order_by(Delivery.created_at, Delivery.id)
    )
    orders: dict[str, Order] = {}
    for row in rows:
        if (row.person_id or row.place_id) in told:
            continue
        kind = "broadcast" if row.person_id is None else "sms"
        key = f"{warning_id}:clear:{row.person_id or row.place_id}"
        orders.setdefault(
            key,
            Order(
                key=key,
                district=row.district,
                origin=Origin(row.origin),
                warning_id=warning_id,
                purpose="clear",
                part=row.part,
                town=row.town,
                place_id=row.place_id,
                person_id=row.person_id,
                layer=row.layer,
                kind=kind,
                level=row.level,
                round=1,
                text=aloud if aloud is not None and kind == "broadcast" else text,
                expires_at=None,
            ),
        )
    placed = (
        await enqueue(session, list(orders.values()), registry=registry, at=at, urgency=urgency)
        if orders
        else {}
    )
    return len(placed)
