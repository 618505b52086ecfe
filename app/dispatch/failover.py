"""A message that its channel cannot bring goes to the next channel of its kind, as a delivery of its own."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.channels.contract import ChannelKind
from app.channels.registry import Registry
from app.db import chunks
from app.dispatch import standing
from app.dispatch.enqueue import Order, enqueue
from app.dispatch.tables import Content, Delivery
from app.origin import Origin


async def go_on(session: AsyncSession, ids: Collection[str], *, registry: Registry, at: datetime) -> None:
    """Put these deliveries in line for the next channel, where there is one.

    Asked again, it is the same delivery. After a channel that is not configured any more comes the first.
    """
    orders = []
    for part in chunks(sorted(ids)):
        rows = await session.execute(
            sa.select(Delivery, Content.text)
            .join(Content, Content.id == Delivery.content_id)
            .where(Delivery.id.in_(part))
            .order_by(Delivery.id)
        )
        for row, text in rows:
            names = [one.name for one in registry.for_kind(ChannelKind(row.kind), Origin(row.origin))]
            after = names[names.index(row.channel) + 1 :] if row.channel in names else names
            if not after:
                continue
            orders.append(
                Order(
                    key=f"{row.key}>{after[0]}",
                    district=row.district,
                    origin=Origin(row.origin),
                    warning_id=row.warning_id,
                    purpose=row.purpose,
                    part=row.part,
                    town=row.town,
                    place_id=row.place_id,
                    person_id=row.person_id,
                    layer=row.layer,
                    kind=row.kind,
                    level=row.level,
                    round=row.round,
                    text=text,
                    expires_at=row.expires_at,
                    channel=after[0],
                    failover_of=row.id,
                    link_of=row.link_of,
                )
            )
    if orders:
        await enqueue(session, orders, registry=registry, at=at)


async def lost(session: AsyncSession, ids: Collection[str]) -> list[str]:
    """Return those of these failed deliveries for which no channel is trying any more."""
    return sorted(set(ids) - await standing.alive(session, ids))
