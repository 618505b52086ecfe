"""A sweep: an event is known and its town has not reported. At 30 and at 50 minutes the desk hears of it."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from app.audit import SYSTEM, record
from app.db import Session
from app.disaster.facts import HOUR
from app.disaster.keep import ALARM, REMIND, reminder
from app.disaster.tables import Disaster
from app.due import Due
from app.tasks import alarms


async def sweep(session: Session, *, at: datetime, limit: int = 100) -> int:
    """Raise the alarms that are due. Safe on every node and any number of times. Returns how many events."""
    due = list(
        await session.scalars(
            sa.select(Disaster)
            .where(Disaster.next_remind_at <= at)
            .order_by(Disaster.next_remind_at, Disaster.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    )
    for event in due:
        if event.first_report_at is not None or not event.reportable:
            event.next_remind_at = None
            continue
        now = max(after for after in REMIND if event.t0 + after <= at or after == REMIND[0])
        left = (event.t0 + HOUR - at) // timedelta(minutes=1)
        passed = (at - event.t0) // timedelta(minutes=1)
        text = f"灾情发生已 {passed} 分，镇街还没有首报，" + (
            f"离一小时还有 {left} 分。" if left > 0 else "已过一小时。"
        )
        await alarms.raise_(
            session,
            event.district,
            event.origin,
            ALARM,
            text,
            subject=reminder(event.id, now),
            at=at,
            warning_id=event.warning_id,
            town=event.place,
        )
        event.reminded_at = at
        event.next_remind_at = next((event.t0 + after for after in REMIND if event.t0 + after > at), None)
        record(
            session,
            "disaster-reminded",
            event.id,
            district=event.district,
            by=SYSTEM,
            at=at,
            minutes=now // timedelta(minutes=1),
        )
    return len(due)


NEXT_REMINDER = Due(sa.select(sa.func.min(Disaster.next_remind_at)))
