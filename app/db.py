"""Two databases behind one interface: SQLite (WAL, FULL, one process) and PostgreSQL (any number of them).

A writing transaction is ``BEGIN IMMEDIATE`` on SQLite, so that a read never has to be upgraded (that fails at
once, whatever the timeout). Doors and the worker open transactions; rooms take the session and never commit.
"""

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar, TypeAlias, TypeVar

import aiosqlite
import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

from app.errors import Unavailable
from app.ids import new_id

Session: TypeAlias = AsyncSession
T = TypeVar("T")

CONSTRAINTS = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def _utc(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    if value.tzinfo is None:
        msg = "a naive time cannot be stored"
        raise ValueError(msg)
    return value.astimezone(UTC)


def _utc_text(value: datetime | None) -> str | None:
    utc = _utc(value)
    return None if utc is None else utc.isoformat(" ", "microseconds")[:26]


def _read_utc_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value + "+00:00")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC instant in both databases; a naive one is refused.

    SQLite keeps text that sorts by time.
    """

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    # Whole processors, and not the usual two hooks around those of the driver's type: on a storm's night
    # millions of times go through here.
    @override
    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        return _utc_text if dialect.name == "sqlite" else _utc

    @override
    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        return _read_utc_text if dialect.name == "sqlite" else _utc


class Base(DeclarativeBase):
    """All tables; each stands in the ``tables.py`` of the room that writes it."""

    metadata = sa.MetaData(naming_convention=CONSTRAINTS)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        dict[str, Any]: sa.JSON(),
        list[Any]: sa.JSON(),
        list[str]: sa.JSON(),
    }


def pk() -> Mapped[str]:
    """Return the usual primary key: an id of ``app.ids``."""
    return mapped_column(sa.String(36), primary_key=True, default=new_id)


def district() -> Mapped[str]:
    """Return the column that every row carries: the district's six digits."""
    return mapped_column(sa.String(12), nullable=False)


def origin() -> Mapped[str]:
    """Return the origin column (``app.origin.Origin``); a trigger of the first migration keeps it."""
    return mapped_column(
        sa.String(10), sa.CheckConstraint("origin IN ('real','exercise','canary','simulated')", name="origin")
    )


# What the end of a transaction still has to write (the audit chain, events): set once by those modules.
BEFORE_COMMIT: list[Callable[[AsyncSession], Awaitable[None]]] = []
# Called after a successful commit, with the session's ``info``: wakes senders and live pages of this process.
AFTER_COMMIT: list[Callable[[dict[Any, Any]], None]] = []

LOCKED_FOR = 10.0
"""Seconds a writer waits for another before it gives up with 503."""
_RETRYABLE = ("40001", "40P01", "55P03")


class Inline(aiosqlite.Connection):
    """A SQLite connection that works in the event loop's own thread.

    A statement takes some tens of microseconds, handing it to a thread and back several times that. So
    SQLite, which is one process anyway, does without; what is long (a backup, a large import) belongs into a
    process of its own. The class keeps aiosqlite's shape, for SQLAlchemy drives it.
    """

    def __init__(self, file: str) -> None:
        super().__init__(
            lambda: sqlite3.connect(file, isolation_level=None, timeout=0, check_same_thread=False), 64
        )

    @override
    def __await__(self) -> Generator[Any, None, "Inline"]:
        self._connection = self._connector()
        return self
        yield  # an awaitable needs a generator

    @override
    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._connection is None:
            msg = "the connection is closed"
            raise ValueError(msg)
        return fn(*args, **kwargs)

    @override
    async def close(self) -> None:
        """Close; again is harmless."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @override
    def stop(self) -> None:
        """Close without waiting."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Database:
    """One database, its pool and its transactions.

    ``url``: ``sqlite:///path`` or ``postgresql://…``. ``durable``: False only for a database that is thrown
    away anyway (a demo's): it does not wait for the disk. Closing is the owner's duty.
    """

    def __init__(self, url: str, *, pool: int = 10, durable: bool = True) -> None:
        self.url = url
        self._writer = asyncio.Lock()
        parsed = sa.make_url(url)
        self.sqlite = parsed.get_backend_name() == "sqlite"
        if self.sqlite:
            file = parsed.database or ":memory:"

            async def connect() -> Inline:
                return await Inline(file)

            self.engine: AsyncEngine = create_async_engine(
                parsed.set(drivername="sqlite+aiosqlite"),
                poolclass=AsyncAdaptedQueuePool,
                pool_size=5,
                max_overflow=0,
                pool_timeout=10,
                async_creator=connect,
                hide_parameters=True,
            )
            event.listen(self.engine.sync_engine, "connect", partial(_sqlite_pragmas, durable=durable))
            event.listen(self.engine.sync_engine, "begin", _sqlite_begin)
        else:
            parsed = parsed.set(drivername="postgresql+psycopg")
            self.engine = create_async_engine(
                parsed,
                pool_size=pool,
                max_overflow=0,
                pool_timeout=2,
                pool_pre_ping=True,
                hide_parameters=True,
                connect_args={
                    # What is asked at night is found by indexes in memory, never by reading whole tables.
                    "options": "-c timezone=UTC -c jit=off -c random_page_cost=1.1"
                    " -c lock_timeout=10s -c statement_timeout=30s"
                    " -c idle_in_transaction_session_timeout=30s"
                },
            )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Open a writing transaction; it commits with its audit lines and events, or leaves no trace.

        Raises Unavailable when the database cannot be written (locked, full, gone).
        """
        try:
            async with self._one_writer(), AsyncSession(self.engine, expire_on_commit=False) as session:
                await self._begin(session)
                yield session
                await session.flush()
                for finish in BEFORE_COMMIT:
                    await finish(session)
                await session.commit()
            for told in AFTER_COMMIT:
                told(session.info)
        except (exc.DatabaseError, exc.InterfaceError, exc.TimeoutError) as error:
            if not unusable(error):
                raise
            raise Unavailable("The database cannot be written just now.") from error

    @asynccontextmanager
    async def _one_writer(self) -> AsyncIterator[None]:
        """SQLite has one writer at a time: this process's own writers queue here, not in the database."""
        if not self.sqlite:
            yield
            return
        try:
            async with asyncio.timeout(LOCKED_FOR):
                await self._writer.acquire()
        except TimeoutError:
            raise Unavailable("The database is being written by somebody else.") from None
        try:
            yield
        finally:
            self._writer.release()

    async def _begin(self, session: AsyncSession) -> None:
        """Begin to write.

        Another process may hold SQLite's write lock for a moment (an import): wait without blocking the loop.
        """
        waited = 0.0
        while True:
            try:
                _ = await session.connection(execution_options={"jiaoying_write": True})
            except exc.OperationalError as error:
                if not self.sqlite or "locked" not in str(error.orig) or waited >= LOCKED_FOR:
                    raise
                await session.rollback()
                await asyncio.sleep(0.02)  # noqa: TID251 - a driver wait, not a decision
                waited += 0.02
            else:
                return

    async def run(self, work: Callable[[AsyncSession], Awaitable[T]], *, tries: int = 5) -> T:
        """Do a whole unit of work in one transaction, from the start again when the database asks for it.

        It asks by 40001, 40P01 and 55P03; SQLite never does.
        """
        for attempt in range(1, tries + 1):
            try:
                async with self.transaction() as session:
                    return await work(session)
            except (exc.DBAPIError, Unavailable) as error:
                cause = error.__cause__ if isinstance(error, Unavailable) else error
                state = getattr(getattr(cause, "orig", None), "sqlstate", None)
                if state not in _RETRYABLE or attempt == tries:
                    raise
                await asyncio.sleep(random.uniform(0.01, 0.05) * attempt)  # noqa: S311, TID251 - jitter, not a secret; a driver wait, not a decision
        raise AssertionError

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Open a session that only reads; it ends with a rollback."""
        try:
            async with AsyncSession(self.engine, expire_on_commit=False) as session:
                yield session
        except (exc.DatabaseError, exc.InterfaceError, exc.TimeoutError) as error:
            if not unusable(error):
                raise
            raise Unavailable("The database cannot be read just now.") from error

    @asynccontextmanager
    async def raw(self) -> AsyncIterator[AsyncConnection]:
        """Open a bare connection in a transaction (migrations, checks)."""
        async with self.engine.begin() as connection:
            yield connection

    async def close(self) -> None:
        """Close the pool."""
        await self.engine.dispose()


def unusable(error: exc.SQLAlchemyError) -> bool:
    """Whether it is the database that fails and not what was asked of it.

    A file that is damaged, or is no database, is a DatabaseError and nothing more special.
    """
    usable = isinstance(error, exc.DatabaseError) and not isinstance(error, exc.OperationalError)
    return not usable or type(error) is exc.DatabaseError


def _sqlite_pragmas(connection: Any, _record: object, *, durable: bool) -> None:
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        f"synchronous={'FULL' if durable else 'OFF'}",
        "foreign_keys=ON",
        "busy_timeout=50",
        "temp_store=MEMORY",
        "cache_size=-65536",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: sa.Connection) -> None:
    write = connection.get_execution_options().get("jiaoying_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


async def lock(session: AsyncSession, name: str) -> None:
    """Hold a named lock until the transaction ends. On SQLite the write lock already is that lock."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(
            sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name}
        )


async def try_lock(session: AsyncSession, name: str) -> bool:
    """Take the named lock if it is free. On SQLite, one process, it always is."""
    if session.get_bind().dialect.name != "postgresql":
        return True
    got = await session.scalar(
        sa.text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name}
    )
    return bool(got)


def chunks(items: Sequence[T], size: int = 500) -> list[Sequence[T]]:
    """Cut a list into pieces that fit a statement's parameters (SQLite takes 32,766, PostgreSQL 65,535)."""
    return [items[i : i + size] for i in range(0, len(items), size)]
