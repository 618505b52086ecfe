"""Messages whose time has passed get their end: nothing stays queued for ever, and everybody sees it."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.db import UtcDateTime
from app.dispatch.states import State
from app.dispatch.tables import Delivery, Permit
from app.due import Due

_PERMIT_OF_IT = sa.and_(Permit.warning_id == Delivery.warning_id, Permit.purpose == Delivery.purpose)


def _overdue(at: sa.BindParameter[datetime]) -> sa.ColumnElement[bool]:
    permit_over = sa.exists().where(
        _PERMIT_OF_IT, sa.or_(Permit.expires_at <= at, Permit.cancelled_at.is_not(None))
    )
    free = sa.or_(Delivery.lease_until.is_(None), Delivery.lease_until <= at)
    return sa.and_(Delivery.not_before.is_not(None), free, sa.or_(Delivery.expires_at <= at, permit_over))


# Statements are built once: building them anew each time takes longer than the database does.
_OVERDUE = (
    sa.select(Delivery.id, Delivery.district, Delivery.warning_id, Delivery.town)
    .where(_overdue(sa.bindparam("at", type_=UtcDateTime())))
    .order_by(Delivery.id)
    .limit(sa.bindparam("most", type_=sa.Integer()))
    .with_for_update(skip_locked=True)
)
_ENDED = sa.case(
    (sa.exists().where(_PERMIT_OF_IT, Permit.cancelled_at.is_not(None)), State.CANCELLED.value),
    else_=State.EXPIRED.value,
)
_END = (
    sa.update(Delivery)
    .where(Delivery.id.in_(sa.bindparam("ids", expanding=True)))
    .values(
        state=_ENDED,
        reason=_ENDED,
        state_at=sa.bindparam("b_at"),
        not_before=None,
        lease_until=None,
        claimed_by=None,
    )
)
# One walk through the index of what waits; each warning of it looks its permit up, not each message.
_WAITING = (
    sa.select(Delivery.warning_id, Delivery.purpose, sa.func.min(Delivery.expires_at).label("first"))
    .where(Delivery.not_before.is_not(None))
    .group_by(Delivery.warning_id, Delivery.purpose)
    .subquery()
)
_PERMIT_ENDS, _OWN_ENDS = sa.func.coalesce(Permit.cancelled_at, Permit.expires_at), _WAITING.c.first
NEXT_END = Due(
    sa.select(
        sa.func.min(
            sa.case((_OWN_ENDS < _PERMIT_ENDS, _OWN_ENDS), else_=sa.func.coalesce(_PERMIT_ENDS, _OWN_ENDS))
        )
    )
    .select_from(_WAITING)
    .outerjoin(
        Permit,
        sa.and_(Permit.warning_id == _WAITING.c.warning_id, Permit.purpose == _WAITING.c.purpose),
    )
)


async def sweep(session: AsyncSession, *, at: datetime, limit: int = 500) -> list[str]:
    """Give waiting messages of expired or cancelled warnings their end. Returns their ids."""
    connection = await session.connection()
    rows = (await connection.execute(_OVERDUE, {"at": at, "most": limit})).all()
    ids = [row.id for row in rows]
    if ids:
        await connection.execute(_END, {"ids": ids, "b_at": at})
    for row in rows:
        events.publish(
            session, "delivery", row.id, district=row.district, warning=row.warning_id, place=row.town, at=at
        )
    return ids
