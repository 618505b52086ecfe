"""Bodies as they came: what became of each is noted beside it, and the bytes never change."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from app.db import Session
from app.intake.message import Message
from app.intake.tables import Raw


async def mark(
    session: Session,
    raw: Raw,
    state: str,
    at: datetime,
    *,
    message: Message | None = None,
    warning_id: str | None = None,
    problem: str | None = None,
    pointers: Sequence[str] = (),
) -> None:
    """Note what became of a body: ``state`` as in the table, the problem's code, the paths of its faults."""
    await session.execute(
        sa.update(Raw)
        .where(Raw.id == raw.id)
        .values(
            state=state,
            decided_at=at,
            identifier=message.identifier if message else None,
            warning_id=warning_id,
            problem=problem,
            pointers=list(pointers),
        )
    )
