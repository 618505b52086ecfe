"""What the metrics read when scraped: how much is open, how much waits, how old the oldest due red is."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from app import metrics
from app.answer.tables import Obligation
from app.db import Session
from app.dispatch.tables import Delivery
from app.warning.level import Level


async def read(session: Session, *, at: datetime) -> None:
    """Set the gauges from the rows."""
    open_ = await _by_level(session, Obligation.level, Obligation.state == "open")
    queued = await _by_level(session, Delivery.level, Delivery.not_before.is_not(None))
    for level in Level:
        metrics.OPEN_OBLIGATIONS.labels(level.word).set(open_.get(level, 0))
        metrics.QUEUED.labels(level.word).set(queued.get(level, 0))
    oldest = await session.scalar(
        sa.select(sa.func.min(Delivery.not_before)).where(
            Delivery.level == Level.RED, Delivery.not_before <= at
        )
    )
    metrics.OLDEST_RED.set(0 if oldest is None else (at - oldest).total_seconds())


async def _by_level(
    session: Session, level: InstrumentedAttribute[int], where: sa.ColumnElement[bool]
) -> dict[int, int]:
    rows = await session.execute(sa.select(level, sa.func.count()).where(where).group_by(level))
    return {row[0]: row[1] for row in rows}
