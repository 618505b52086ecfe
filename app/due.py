"""When there is work to do next: each room's question to the database, asked together in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True)
class Due:
    """Something falls due ``after`` the instant that ``first`` selects; never, where it selects none.

    ``first`` selects one column of at most one row.
    """

    first: sa.Select[Any]
    after: timedelta = timedelta()


class Dues:
    """Some questions and the one statement that asks them all."""

    def __init__(self, questions: Sequence[Due]) -> None:
        self._after = [one.after for one in questions]
        self._all = sa.select(*(one.first.scalar_subquery() for one in questions))

    async def ask(self, session: AsyncSession) -> list[datetime | None]:
        """Return when each falls due (it may be past), None for one that never does."""
        connection = await session.connection()
        row = (await connection.execute(self._all)).one()
        return [None if at is None else at + after for at, after in zip(row, self._after, strict=True)]
