"""What live pages are told: a row for each thing that changed, appended in the same transaction.

Events carry ids, not content: whoever hears one looks the thing up with their own rights. The district's
chain lock (as for the audit log) makes ids grow in commit order, so a reader that remembers the last id
misses nothing.
"""

from datetime import datetime
from typing import Any, Literal, TypeAlias

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app import db, many
from app.db import Base

Kind: TypeAlias = Literal["warning", "plan", "delivery", "obligation", "task", "disaster", "alarm"]


class Event(Base):
    """One change. Old rows are pruned; a reader that was away longer fetches the lists anew."""

    __tablename__ = "event"
    __table_args__ = (sa.Index("ix_event_district_id", "district", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    district: Mapped[str] = db.district()
    kind: Mapped[str] = mapped_column(sa.String(12))
    subject: Mapped[str] = mapped_column(sa.String(60))
    warning: Mapped[str | None] = mapped_column(sa.String(36))
    place: Mapped[str | None] = mapped_column(sa.String(24))
    at: Mapped[datetime]


def publish(
    session: AsyncSession,
    kind: Kind,
    subject: str,
    *,
    district: str,
    at: datetime,
    warning: str | None = None,
    place: str | None = None,
) -> None:
    """Tell that something changed; written once however often it is told within one transaction."""
    told: dict[Any, Any] = session.info.setdefault("events", {})
    told[(district, kind, subject)] = {
        "district": district,
        "kind": kind,
        "subject": subject,
        "warning": warning,
        "place": place,
        "at": at,
    }


_APPEND = many.Insert(Event)


async def _write(session: AsyncSession) -> None:
    told = session.info.pop("events", {})
    if not told:
        return
    for district in sorted({key[0] for key in told}):
        await db.lock(session, f"chain:{district}")
    await _APPEND.put(session, list(told.values()))
    session.info["told"] = {row["kind"] for row in told.values()}


async def since(session: AsyncSession, district: str, after: int, limit: int = 500) -> list[Event]:
    """Return the events after an id, oldest first."""
    return list(
        await session.scalars(
            sa.select(Event)
            .where(Event.district == district, Event.id > after)
            .order_by(Event.id)
            .limit(limit)
        )
    )


async def last(session: AsyncSession, district: str) -> int:
    """Return the newest event's id, 0 when there is none."""
    return await session.scalar(sa.select(sa.func.max(Event.id)).where(Event.district == district)) or 0


async def prune(session: AsyncSession, before: datetime) -> None:
    """Remove what no reader will resume from."""
    await session.execute(sa.delete(Event).where(Event.at < before))


db.BEFORE_COMMIT.append(_write)
