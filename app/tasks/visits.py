"""Somebody goes there: when calls do not help, and to people without a number."""

from datetime import datetime

from app.audit import SYSTEM, Actor
from app.db import Session
from app.tasks import acts
from app.tasks.tables import Task


async def send_somebody(
    session: Session,
    *,
    district: str,
    origin: str,
    warning_id: str,
    obligation_id: str,
    town: str,
    place_id: str,
    text: str,
    due_at: datetime,
    at: datetime,
    level: int | None = None,
) -> str:
    """Open a visit for an obligation and return the task's id; one obligation has one visit, ever."""
    task_id, _ = await acts.open_once(
        session,
        Task(
            district=district,
            origin=origin,
            kind="visit",
            what="visit",
            key=f"visit:{obligation_id}",
            warning_id=warning_id,
            obligation_id=obligation_id,
            level=level,
            place_id=place_id,
            town=town,
            text=text,
            due_at=due_at,
        ),
        also=("taken", "done", "refused", "withdrawn"),
        by=SYSTEM,
        at=at,
    )
    return task_id


async def done(
    session: Session,
    task_id: str,
    *,
    by: Actor,
    at: datetime,
    occurred_at: datetime | None = None,
    event_id: str | None = None,
    evidence: str | None = None,
    town: str | None = None,
) -> str:
    """Somebody was there and reports. That the person was woken is an answer: ``answer.record``."""
    return await acts.act(
        session,
        task_id,
        "done",
        by=by,
        at=at,
        occurred_at=occurred_at,
        event_id=event_id,
        evidence=evidence,
        town=town,
    )
