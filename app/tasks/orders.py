"""断禁停撤疏 and 一行业一措施 as tasks: who ordered it, who confirms it, by when."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal

import sqlalchemy as sa

from app.access.officer import Officer
from app.access.rights import Right, require, show
from app.audit import Actor
from app.db import Session
from app.errors import NotFound
from app.tasks import acts, alarms
from app.tasks.tables import Task

WORDS: Final = {"cut": "断", "ban": "禁", "stop": "停", "evacuate": "撤", "divert": "疏"}


@dataclass(frozen=True, slots=True)
class Order:
    """An order or a measure as a page shows it."""

    id: str
    kind: str
    what: str
    text: str
    place_id: str | None
    town: str | None
    owner_role: str | None
    department: str | None
    state: str
    due_at: datetime | None
    taken_at: datetime | None
    done_at: datetime | None
    warning_id: str | None
    origin: str

    @property
    def word(self) -> str:
        """断, 禁, 停, 撤 or 疏; for a measure the industry."""
        return WORDS.get(self.what, self.what)


async def open_(
    session: Session,
    *,
    district: str,
    origin: str,
    warning_id: str,
    kind: Literal["order", "measure"],
    what: str,
    town: str,
    place_id: str,
    text: str,
    ordered_by: Actor,
    confirmed_by: str,
    due_at: datetime | None,
    at: datetime,
    level: int | None = None,
    department: str | None = None,
) -> str:
    """Open an order (``what``: cut, ban, stop, evacuate, divert) or a measure (``what``: the industry).

    ``confirmed_by`` is the role that must confirm it. One warning asks a place for one thing once; returns
    the task's id.
    """
    task_id, _ = await acts.open_once(
        session,
        Task(
            district=district,
            origin=origin,
            kind=kind,
            what=what,
            key=f"{kind}:{warning_id}:{what}:{place_id}:{sha256(text.encode()).hexdigest()[:8]}",
            warning_id=warning_id,
            level=level,
            place_id=place_id,
            town=town,
            owner_role=confirmed_by,
            department=department,
            ordered_by=str(ordered_by),
            text=text,
            due_at=due_at,
        ),
        also=("taken", "done", "refused", "withdrawn"),
        by=ordered_by,
        at=at,
    )
    return task_id


async def confirm(
    session: Session,
    task_id: str,
    *,
    by: Officer,
    at: datetime,
    occurred_at: datetime | None = None,
    event_id: str | None = None,
    evidence: str | None = None,
) -> str:
    """It is carried out. Returns the state.

    Raises NotFound (also for another town's), Forbidden, WrongState.
    """
    await _may(session, task_id, by)
    return await acts.act(
        session,
        task_id,
        "done",
        by=by.actor,
        at=at,
        occurred_at=occurred_at,
        event_id=event_id,
        evidence=evidence,
    )


async def take(
    session: Session,
    task_id: str,
    *,
    by: Officer,
    at: datetime,
    occurred_at: datetime | None = None,
    event_id: str | None = None,
) -> str:
    """Somebody is at it. Returns the state. Raises as ``confirm``."""
    await _may(session, task_id, by)
    return await acts.act(
        session, task_id, "taken", by=by.actor, at=at, occurred_at=occurred_at, event_id=event_id
    )


async def refuse(
    session: Session,
    task_id: str,
    *,
    by: Officer,
    at: datetime,
    reason: str,
    occurred_at: datetime | None = None,
    event_id: str | None = None,
) -> str:
    """It cannot be done, and why: the desk hears of it at once. Returns the state. Raises as ``confirm``."""
    task = await _may(session, task_id, by)
    state = await acts.act(
        session,
        task_id,
        "refused",
        by=by.actor,
        at=at,
        occurred_at=occurred_at,
        event_id=event_id,
        reason=reason,
    )
    if state == "refused":
        await alarms.raise_(
            session,
            task.district,
            task.origin,
            "order-refused",
            f"办不了：{task.text}",
            at=at,
            level=task.level,
            warning_id=task.warning_id,
            subject=task_id,
            town=task.town,
        )
    return state


async def _may(session: Session, task_id: str, by: Officer) -> Task:
    task = await session.get(Task, task_id)
    if task is None or task.district != by.district or task.kind not in {"order", "measure"}:
        raise NotFound("There is no such order.")
    if task.town is not None:
        show(by, task.town)
    desk: Right = "confirm-measures" if task.kind == "measure" else "answer-by-phone"
    if not by.may("answer"):  # the town where it is to be done; else its department, or the desk for the town
        require(by, desk)
    return task


async def of_town(session: Session, town: str, *, warning_ids: list[str]) -> list[Order]:
    """Return a town's orders and measures of these warnings, oldest first, without the withdrawn."""
    rows = await session.scalars(
        sa.select(Task)
        .where(
            Task.town == town,
            Task.kind.in_(("order", "measure")),
            Task.warning_id.in_(warning_ids),
            Task.state != "withdrawn",
        )
        .order_by(Task.id)
    )
    return [
        Order(
            row.id,
            row.kind,
            row.what,
            row.text,
            row.place_id,
            row.town,
            row.owner_role,
            row.department,
            row.state,
            row.due_at,
            row.taken_at,
            row.done_at,
            row.warning_id,
            row.origin,
        )
        for row in rows
    ]
