"""After a warning ends: tell everybody it may have reached, once each, by the quietest way they were reached."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.channels.registry import Registry
from app.dispatch.enqueue import Order, enqueue
from app.dispatch.facts import State
from app.dispatch.tables import Delivery
from app.origin import Origin

_MAYBE_REACHED = (State.SENDING.value, State.ACCEPTED.value, State.DELIVERED.value)


async def all_clear(
    session: AsyncSession, warning_id: str, *, text: str, registry: Registry, at: datetime
) -> int:
    """Queue the all-clear: an SMS to each person who was called, a broadcast where one was played.

    Returns how many.
    """
    rows = (
        await session.execute(
            sa.select(Delivery)
            .where(
                Delivery.warning_id == warning_id,
                Delivery.purpose == "alert",
                sa.or_(
                    Delivery.state.in_(_MAYBE_REACHED),
                    sa.and_(Delivery.state == State.CANCELLED.value, Delivery.attempts > 0),
                    sa.and_(Delivery.state == State.FAILED.value, Delivery.possibly_twice),
                ),
            )
            .order_by(Delivery.created_at, Delivery.id)
        )
    ).scalars()
    orders: dict[str, Order] = {}
    for row in rows:
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
                text=text,
                expires_at=None,
            ),
        )
    # An all-clear never overtakes a warning: it waits behind everything that calls.
    placed = (
        await enqueue(session, list(orders.values()), registry=registry, at=at, urgency=0) if orders else {}
    )
    return len(placed)
