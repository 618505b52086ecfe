"""Open a task and act on it: what all kinds of task share."""

from datetime import datetime

import sqlalchemy as sa

from app import audit, db, events
from app.audit import SYSTEM, Actor
from app.db import Session
from app.errors import NotFound, WrongState
from app.ids import new_id
from app.tasks import facts
from app.tasks.tables import Task, TaskFact


async def open_once(
    session: Session, task: Task, *, also: tuple[str, ...], by: Actor, at: datetime
) -> tuple[str, bool]:
    """Add a task unless one with its key is there, open or in a state of ``also``.

    Returns its id and whether it is new.
    """
    await db.lock(session, f"task:{task.district}:{task.key}")
    there = await session.scalar(
        sa.select(Task.id)
        .where(
            Task.district == task.district,
            Task.key == task.key,
            Task.origin == task.origin,
            Task.state.in_(("open", *also)),
        )
        .order_by(Task.created_at.desc())
        .limit(1)
    )
    if there is not None:
        return there, False
    task.id, task.state, task.created_at = new_id(), "open", at
    session.add(task)
    await session.flush()
    audit.record(
        session,
        f"{task.kind}-opened",
        task.id,
        district=task.district,
        by=by,
        at=at,
        what=task.what,
        warning=task.warning_id,
        place=task.place_id,
    )
    _tell(session, task, at)
    return task.id, True


async def act(
    session: Session,
    task_id: str,
    did: str,
    *,
    by: Actor,
    at: datetime,
    occurred_at: datetime | None = None,
    event_id: str | None = None,
    evidence: str | None = None,
    reason: str | None = None,
    town: str | None = None,
) -> str:
    """Append an act (taken, done, refused, reopened, withdrawn) and return the state that follows.

    ``town`` bounds the actor: a task of another town is as good as unknown. The same ``event_id`` again
    changes nothing. Raises NotFound; WrongState when an act without an event id of its own no longer fits (a
    late one with an id is kept).
    """
    task = await session.scalar(sa.select(Task).where(Task.id == task_id).with_for_update())
    if task is None or (town is not None and task.town != town):
        raise NotFound("There is no such task.")
    if event_id is None and did not in facts.MOVES[task.state]:
        raise WrongState("The task is in a state that does not permit this.", state=task.state)
    event_id = event_id or new_id()
    rows = list(await session.scalars(sa.select(TaskFact).where(TaskFact.task_id == task_id)))
    if any(row.event_id == event_id for row in rows):
        return task.state
    row = TaskFact(
        id=new_id(),
        district=task.district,
        task_id=task_id,
        act=did,
        occurred_at=min(occurred_at or at, at),
        received_at=at,
        by=str(by),
        event_id=event_id,
        evidence=evidence,
        reason=reason,
    )
    session.add(row)
    _fold(task, [*rows, row])
    await session.flush()
    audit.record(
        session,
        f"{task.kind}-{did}",
        task_id,
        district=task.district,
        by=by,
        at=at,
        reason=reason,
        state=task.state,
    )
    _tell(session, task, at)
    return task.state


async def withdraw_for(session: Session, warning_id: str, *, at: datetime) -> int:
    """Withdraw what is still to be done for a warning that was cancelled; what is done stays done.

    Alarms stand until a person has acted. Returns how many tasks.
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
        await act(session, task_id, "withdrawn", by=SYSTEM, at=at, event_id=f"withdrawn:{warning_id}")
    return len(ids)


def _fold(task: Task, rows: list[TaskFact]) -> None:
    now = facts.state_of(facts.Act(row.act, row.occurred_at, row.event_id, row.by) for row in rows)
    ended = next((row for row in rows if now.ended and row.event_id == now.ended.event_id), None)
    task.state = now.state
    task.taken_by, task.taken_at = (now.taken.by, now.taken.occurred_at) if now.taken else (None, None)
    task.done_at = ended.occurred_at if ended and now.state == "done" else None
    task.evidence, task.reason = (ended.evidence, ended.reason) if ended else (None, None)


def _tell(session: Session, task: Task, at: datetime) -> None:
    events.publish(
        session,
        "alarm" if task.kind == "alarm" else "task",
        task.id,
        district=task.district,
        at=at,
        warning=task.warning_id,
        place=task.town,
    )
