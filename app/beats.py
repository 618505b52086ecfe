"""Silence is a fault: whatever should be heard of leaves its last beat here; ``readiness.silence`` reads them."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class Beat(Base):
    """The last sign of life of one thing, e.g. ``sweep:escalate``, ``source:qx``, ``worker:host-12``."""

    __tablename__ = "beat"

    name: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    at: Mapped[datetime]
    expected_s: Mapped[int | None]


async def touch(session: AsyncSession, name: str, at: datetime, *, expected: timedelta | None = None) -> None:
    """Leave a beat. ``expected``: after how long the silence counts."""
    make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    seconds = int(expected.total_seconds()) if expected else None
    statement = make(Beat).values(name=name, at=at, expected_s=seconds)
    await session.execute(statement.on_conflict_do_update(
        index_elements=[Beat.name], set_={"at": statement.excluded.at, "expected_s": statement.excluded.expected_s}
    ))


async def all_beats(session: AsyncSession) -> list[Beat]:
    """Return every beat, the oldest first."""
    return list(await session.scalars(sa.select(Beat).order_by(Beat.at)))
