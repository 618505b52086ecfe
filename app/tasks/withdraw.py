"""A warning was cancelled: what it still asks of people is taken back."""

from datetime import datetime

import sqlalchemy as sa

from app import audit, events
from app.audit import SYSTEM
from app.db import Session
from app.tasks import acts
from app.tasks.tables import Door, Task


async def withdraw_for(session: Session, warning_id: str, *, at: datetime) -> int:
    """Withdraw a warning's tasks that are still to be done, and take its door lists off the pages.

    What is done stays done, every mark stays, and alarms stand until a person has acted. Returns how many
    tasks.
    """
    waiting = (
        sa.select(Task.id)
        .where(
            Task.warning_id == warning_id,
            Task.kind != "alarm",
            Task.state.in_(("open", "taken", "refused")),
        )
        .order_by(Task.id)
    )
    ids = list(await session.scalars(waiting))
    for task_id in ids:
        await acts.act(session, task_id, "withdrawn", by=SYSTEM, at=at, event_id=f"withdrawn:{warning_id}")
    doors = (
        await session.execute(
            sa.update(Door)
            .where(Door.warning_id == warning_id, Door.withdrawn_at.is_(None))
            .values(withdrawn_at=at)
            .returning(Door.district, Door.list, Door.town)
        )
    ).all()
    if doors:
        district = doors[0].district
        audit.record(
            session, "doors-withdrawn", warning_id, district=district, by=SYSTEM, at=at, count=len(doors)
        )
        for name, town in sorted({(door.list, door.town) for door in doors}):
            events.publish(
                session, "task", f"doors:{name}", district=district, at=at, warning=warning_id, place=town
            )
    return len(ids)
