"""Messages whose time has passed get their end, so that nothing stays queued for ever and everybody sees it."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

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
    ids = list(
        await session.scalars(
            sa.select(Delivery.id).where(_overdue(at)).limit(limit).with_for_update(skip_locked=True)
        )
    )
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
                state=ended, reason="expired", state_at=at, not_before=None, lease_until=None, claimed_by=None
            )
            .execution_options(synchronize_session=False)
        )
    return ids
