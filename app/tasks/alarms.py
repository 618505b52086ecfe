"""Alarms: what stands before the desk, with sound, until a person acts."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from app import audit, events
from app.access.officer import Officer
from app.access.rights import require
from app.audit import SYSTEM
from app.db import Session
from app.errors import NotFound
from app.tasks import acts
from app.tasks.tables import Task


@dataclass(frozen=True, slots=True)
class Alarm:
    """A standing alarm. ``over_at``: its cause went away by itself, and nobody has looked at it yet."""

    id: str
    origin: str
    kind: str
    subject: str
    text: str
    level: int | None
    warning_id: str | None
    town: str | None
    state: str
    raised_at: datetime
    taken_by: str | None
    over_at: datetime | None


async def raise_(
    session: Session,
    district: str,
    origin: str,
    kind: str,
    text: str,
    *,
    at: datetime,
    level: int | None = None,
    warning_id: str | None = None,
    subject: str | None = None,
    town: str | None = None,
) -> str:
    """Raise an alarm and return its id; the same (kind, subject) while it stands is the same alarm.

    ``subject`` is what it is about (a feed, a part, a door); default: the warning, else the district.
    ``text`` is read by the desk and names no person.
    """
    subject = subject or warning_id or district
    task_id, new = await acts.open_once(
        session,
        Task(
            district=district,
            origin=origin,
            kind="alarm",
            what=kind,
            key=f"alarm:{kind}:{subject}",
            warning_id=warning_id,
            level=level,
            town=town,
            text=text,
        ),
        also=("taken",),
        by=SYSTEM,
        at=at,
    )
    if not new:
        task = await session.get_one(Task, task_id)
        if task.over_at is not None:
            task.over_at = None
            events.publish(
                session, "alarm", task_id, district=district, at=at, warning=warning_id, place=town
            )
    return task_id


async def take(session: Session, alarm_id: str, *, by: Officer, at: datetime) -> str:
    """A person takes it (我来): the bell stops. One whose cause is gone is done with that.

    Returns the state. Raises NotFound, Forbidden; WrongState when it is done.
    """
    require(by, "claim")
    await _of(session, alarm_id, by)
    state = await acts.act(session, alarm_id, "taken", by=by.actor, at=at)
    task = await session.get_one(Task, alarm_id)
    return (
        await acts.act(session, alarm_id, "done", by=by.actor, at=at, event_id="over")
        if task.over_at
        else state
    )


async def close(
    session: Session, alarm_id: str, *, by: Officer, at: datetime, reason: str | None = None
) -> str:
    """A person has dealt with it. Raises NotFound, Forbidden, WrongState."""
    require(by, "claim")
    await _of(session, alarm_id, by)
    return await acts.act(session, alarm_id, "done", by=by.actor, at=at, reason=reason)


async def over(session: Session, district: str, kind: str, subject: str, *, at: datetime) -> int:
    """Note that the cause went away. In hand: done. Not yet looked at: it stands on, and says so.

    Returns how many.
    """
    rows = list(
        await session.scalars(
            sa.select(Task)
            .where(
                Task.district == district,
                Task.key == f"alarm:{kind}:{subject}",
                Task.state.in_(("open", "taken")),
                Task.over_at.is_(None),
            )
            .order_by(Task.id)
            .with_for_update()
        )
    )
    for task in rows:
        task.over_at = at
        audit.record(session, "alarm-over", task.id, district=district, by=SYSTEM, at=at)
        events.publish(
            session, "alarm", task.id, district=district, at=at, warning=task.warning_id, place=task.town
        )
        if task.state == "taken":
            await acts.act(session, task.id, "done", by=SYSTEM, at=at, event_id=f"over:{at.isoformat()}")
    return len(rows)


async def standing(session: Session, district: str, *, taken: bool = False) -> list[Alarm]:
    """Return the alarms nobody has taken, oldest first; with ``taken`` also those in somebody's hand."""
    states = ("open", "taken") if taken else ("open",)
    rows = await session.scalars(
        sa.select(Task)
        .where(Task.district == district, Task.kind == "alarm", Task.state.in_(states))
        .order_by(Task.id)
    )
    return [
        Alarm(
            row.id,
            row.origin,
            row.what,
            row.key.split(":", 2)[2],
            row.text,
            row.level,
            row.warning_id,
            row.town,
            row.state,
            row.created_at,
            row.taken_by,
            row.over_at,
        )
        for row in rows
    ]


async def _of(session: Session, alarm_id: str, by: Officer) -> None:
    task = await session.get(Task, alarm_id)
    if task is None or task.district != by.district or task.kind != "alarm":
        raise NotFound("There is no such alarm.")
