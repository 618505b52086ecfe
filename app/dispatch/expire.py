"""Messages whose time has passed get their end: nothing stays queued for ever, and everybody sees it."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.dispatch.facts import State
from app.dispatch.tables import Delivery, Permit


def _overdue(at: datetime) -> sa.ColumnElement[bool]:
    permit_over = sa.exists().where(
        Permit.warning_id == Delivery.warning_id,
        Permit.purpose == Delivery.purpose,
        sa.or_(Permit.expires_at <= at, Permit.cancelled_at.is_not(None)),
    )
    free = sa.or_(Delivery.lease_until.is_(None), Delivery.lease_until <= at)
    return sa.and_(Delivery.not_before.is_not(None), free, sa.or_(Delivery.expires_at <= at, permit_over))


async def sweep(session: AsyncSession, *, at: datetime, limit: int = 500) -> list[str]:
    """Give waiting messages of expired or cancelled warnings their end. Returns their ids."""
    rows = (
        await session.execute(
            sa.select(Delivery.id, Delivery.district, Delivery.warning_id, Delivery.town)
            .where(_overdue(at))
            .order_by(Delivery.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    ).all()
    ids = [row.id for row in rows]
    if ids:
        cancelled = sa.exists().where(
            Permit.warning_id == Delivery.warning_id,
            Permit.purpose == Delivery.purpose,
            Permit.cancelled_at.is_not(None),
        )
        ended = sa.case((cancelled, State.CANCELLED.value), else_=State.EXPIRED.value)
        await session.execute(
            sa.update(Delivery)
            .where(Delivery.id.in_(ids))
            .values(
                state=ended, reason=ended, state_at=at, not_before=None, lease_until=None, claimed_by=None
            )
            .execution_options(synchronize_session=False)
        )
    for row in rows:
        events.publish(
            session, "delivery", row.id, district=row.district, warning=row.warning_id, place=row.town, at=at
        )
    return ids


async def next_due(session: AsyncSession) -> datetime | None:
    """Return when the next waiting message has to be given its end."""
    permit = await session.scalar(
        sa.select(sa.func.min(sa.func.coalesce(Permit.cancelled_at, Permit.expires_at)))
        .join(Delivery, sa.and_(Delivery.warning_id == Permit.warning_id, Delivery.purpose == Permit.purpose))
        .where(Delivery.not_before.is_not(None))
    )
    own = await session.scalar(
        sa.select(sa.func.min(Delivery.expires_at)).where(Delivery.not_before.is_not(None))
    )
    return min((time for time in (permit, own) if time is not None), default=None)
