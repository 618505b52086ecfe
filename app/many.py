"""Many rows by one statement.

SQLite takes them one by one, inside this process, at some microseconds each. To a PostgreSQL they go as one
array a column: one statement and one answer, however many there are, and the same text each time.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from app.db import Base, chunks

Row: TypeAlias = Mapping[str, Any]
Columns: TypeAlias = Mapping[str, TypeEngine[Any]]
OnConflict: TypeAlias = Callable[[Any], Any]
"""What an insert of either dialect does with a row that is there: ``insert`` → ``insert.on_conflict_…``."""
AT_ONCE = 5000
"""Rows of one statement: a bound on what it holds in memory."""


def keep_old(key: Sequence[Any] | None = None) -> OnConflict:
    """Leave a row that is there as it is.

    ``key``: the columns that name a row, where a conflict in another must not pass silently.
    """
    return lambda insert: insert.on_conflict_do_nothing(index_elements=key)


class Insert:
    """Inserts rows that all name the same columns, every one that has no value of its own."""

    def __init__(self, table: type[Base], on_conflict: OnConflict = lambda insert: insert) -> None:
        self._table: sa.Table = table.__table__  # type: ignore[assignment]
        self._on_conflict = on_conflict
        # Without being asked for, an executemany's count is lost with its cursor.
        self._row = on_conflict(sqlite.insert(self._table)).execution_options(preserve_rowcount=True)
        self._arrays: dict[tuple[str, ...], Any] = {}

    async def put(self, session: AsyncSession, rows: Sequence[Row]) -> int:
        """Write rows, in their order. Returns how many were new (or changed)."""
        connection = await session.connection()
        count = 0
        for part in chunks(rows, AT_ONCE):
            columns = tuple(part[0])
            if columns not in self._arrays:  # on SQLite too: a row that lacks something is refused
                self._arrays[columns] = self._from_arrays(columns)
            if connection.dialect.name == "sqlite":
                done = await connection.execute(self._row, list(part))
            else:
                done = await connection.execute(self._arrays[columns], _arrays_of(part, columns))
            count += done.rowcount
        return count

    def _from_arrays(self, names: tuple[str, ...]) -> Any:
        held = self._table.c
        lacking = [c.key for c in held if c.key not in names and (c.default is not None or _wanted(c))]
        if lacking:
            msg = f"a row of {self._table.name} says nothing of {', '.join(lacking)}"
            raise ValueError(msg)
        given = _given({name: held[name].type for name in names})
        rows = sa.select(*(given.c[name] for name in names))
        insert = self._on_conflict(postgresql.insert(self._table).from_select(names, rows))
        return insert.execution_options(preserve_rowcount=True)


def _wanted(column: sa.Column[Any]) -> bool:
    counted = column.table.autoincrement_column is column
    return not column.nullable and column.server_default is None and not counted


class Update:
    """Updates many rows alike. ``write`` gets the value of a row by name and returns the statement.

    ``types``: what each name holds. No two rows of a batch may mean the same row of the table.
    """

    def __init__(self, types: Columns, write: Callable[[Mapping[str, Any]], sa.Update]) -> None:
        self._names = tuple(types)
        row = write({name: sa.bindparam(f"b_{name}", type_=held) for name, held in types.items()})
        self._row = row.execution_options(preserve_rowcount=True)
        self._arrays = write(dict(_given(types).c.items())).execution_options(preserve_rowcount=True)

    async def put(self, session: AsyncSession, rows: Sequence[Row]) -> int:
        """Write what the rows say. Returns how many rows of the table that meant."""
        connection = await session.connection()
        count = 0
        for part in chunks(rows, AT_ONCE):
            if connection.dialect.name == "sqlite":
                held = [{f"b_{name}": row[name] for name in self._names} for row in part]
                done = await connection.execute(self._row, held)
            else:
                done = await connection.execute(self._arrays, _arrays_of(part, self._names))
            count += done.rowcount
        return count


Among: TypeAlias = Callable[[Any], sa.ColumnElement[bool]]
"""A column → whether it is one of those that are named."""
Statement = TypeVar("Statement", bound=sa.sql.base.Executable)


class OneOf(Generic[Statement]):
    """A statement about the rows that are named: by a list of parameters on SQLite, by one array elsewhere.

    ``write`` gets what makes the condition and returns the statement; bound under ``name`` are the values.
    """

    def __init__(self, name: str, write: Callable[[Among], Statement]) -> None:
        self._list = write(lambda column: column.in_(sa.bindparam(name, expanding=True)))
        self._array = write(
            lambda column: (
                column == sa.any_(sa.bindparam(name, type_=postgresql.ARRAY(column.type, dimensions=1)))
            )
        )

    def on(self, session: AsyncSession) -> Statement:
        """Return the statement for the database of a session."""
        return self._list if session.get_bind().dialect.name == "sqlite" else self._array


def _given(types: Columns) -> Any:
    """Return the rows that come as arrays, one a column, as a table."""
    arrays = [
        sa.bindparam(f"all_{name}", type_=postgresql.ARRAY(held, dimensions=1))
        for name, held in types.items()
    ]
    columns = [sa.column(name, held) for name, held in types.items()]
    return sa.func.unnest(*arrays).table_valued(*columns, name="given").render_derived()


def _arrays_of(rows: Sequence[Row], names: Sequence[str]) -> dict[str, list[Any]]:
    return {f"all_{name}": [row[name] for row in rows] for name in names}
