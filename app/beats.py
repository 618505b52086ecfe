"""Silence is a fault: whatever should be heard of leaves its last beat here, and when the next is due."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased, mapped_column

from app.db import Base
from app.due import Due


class Beat(Base):
    """The last sign of life of one thing, e.g. ``sweep:escalate``, ``source:qx``, ``worker:send-red``."""

    __tablename__ = "beat"

    name: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    at: Mapped[datetime]
    expected_s: Mapped[int | None]
    # How often it beat: tells two beats of one instant apart.
    count: Mapped[int] = mapped_column(sa.BigInteger, default=1)

    def overdue(self, at: datetime) -> timedelta:
        """Return for how long its silence has counted; zero while it is in time, or promised nothing."""
        if self.expected_s is None:
            return timedelta(0)
        return max(at - self.at - timedelta(seconds=self.expected_s), timedelta(0))


async def touch(session: AsyncSession, name: str, at: datetime, *, expected: timedelta | None = None) -> None:
    """Leave a beat. ``expected``: after how long the silence counts."""
    make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    seconds = int(expected.total_seconds()) if expected else None
    statement = make(Beat).values(name=name, at=at, expected_s=seconds, count=1)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[Beat.name],
            set_={
                "at": statement.excluded.at,
                "expected_s": statement.excluded.expected_s,
                "count": Beat.count + 1,
            },
        )
    )


async def count(session: AsyncSession, name: str) -> int:
    """Return how often a thing has beaten, 0 for one never heard of."""
    return await session.scalar(sa.select(Beat.count).where(Beat.name == name)) or 0


async def last(session: AsyncSession, name: str) -> datetime | None:
    """Return when a thing has beaten last, None for one never heard of."""
    return await session.scalar(sa.select(Beat.at).where(Beat.name == name))


@lru_cache(maxsize=64)  # a district follows half a dozen things
def _ahead(source: str, follower: str) -> sa.Select[datetime, int]:
    """Select the newest beat of ``source``, unless ``follower`` has caught up with it."""
    followed, following = aliased(Beat), aliased(Beat)
    return (
        sa.select(followed.at, followed.count)
        .outerjoin(following, following.name == follower)
        .where(followed.name == source)
        .where(sa.or_(following.count.is_(None), following.count != followed.count))
    )


@dataclass(frozen=True, slots=True)
class Ahead:
    """The newest beat of something that is followed: when, and its number."""

    at: datetime
    count: int


async def ahead(session: AsyncSession, source: str, follower: str) -> Ahead | None:
    """Return the newest beat of ``source`` if ``follower`` has not caught up with it, else None."""
    row = (await session.execute(_ahead(source, follower))).one_or_none()
    return None if row is None else Ahead(*row)


@lru_cache(maxsize=64)
def unseen(source: str, follower: str) -> Due:
    """Ask when ``source`` beat last, if ``follower`` has not caught up with it."""
    ahead = _ahead(source, follower).subquery()
    return Due(sa.select(ahead.c.at))


async def catch_up(session: AsyncSession, name: str, to: int, at: datetime) -> None:
    """Note that everything of another beat up to its ``to``-th has been seen by ``name``."""
    await touch(session, name, at)
    await session.execute(sa.update(Beat).where(Beat.name == name).values(count=to))


async def all_beats(session: AsyncSession) -> list[Beat]:
    """Return every beat, the oldest first."""
    return list(await session.scalars(sa.select(Beat).order_by(Beat.at)))
