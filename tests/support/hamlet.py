"""Fixtures ``hamlet`` and ``hamlets``: the world of ``world.py`` with three towns of two villages each.

Small enough that a red night takes a second. ``hamlets`` opens it with other channels, or live ones.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Protocol

import psycopg
import pytest

from app import bundled
from app.directory import synthetic
from app.directory.profiles import Profile
from tests.support.database import serial
from tests.support.seeded import START, fill
from tests.support.world import World, open_world

TOWN, SECOND, THIRD = "500153001", "500153002", "500153003"
VILLAGE = "500153001001"
SIZE = Profile("hamlet", 3, 2, 2, 3, 3, 1, 3, 1, 1, 6, 1, 1, 1, 1, 3)


class Opens(Protocol):
    """Opens the hamlet's world with some channels."""

    async def __call__(self, *names: str, live: bool = False) -> World: ...


@pytest.fixture(scope="session")
def hamlet_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="jiaoying-hamlet-") as folder:
        made, _ = synthetic.invent(bundled.path("data") / "rongchang", SIZE, 500153, START, 4)
        made.write(Path(folder))
        yield Path(folder)


@pytest.fixture(scope="session")
def hamlet_sqlite_template(sqlite_template: Path, hamlet_folder: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="jiaoying-hamlet-") as folder:
        file = Path(folder) / "hamlet.db"
        shutil.copy(sqlite_template, file)
        asyncio.run(fill(f"sqlite:///{file}", hamlet_folder))
        yield file


@pytest.fixture(scope="session")
def hamlet_postgres_template(postgres: str, hamlet_folder: Path) -> str:
    name = "jiaoying_hamlet"
    with psycopg.connect(postgres.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE jiaoying_template STRATEGY FILE_COPY")
    asyncio.run(fill(postgres.format(name=name), hamlet_folder))
    return name


@pytest.fixture
def hamlet_sqlite_url(hamlet_sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a SQLite database with the hamlet in it."""
    file = tmp_path / "hamlet.db"
    shutil.copy(hamlet_sqlite_template, file)
    return f"sqlite:///{file}"


@pytest.fixture
def hamlet_postgres_url(postgres: str, hamlet_postgres_template: str) -> Iterator[str]:
    """The address of a PostgreSQL database with the hamlet in it."""
    name = f"hamlet_{next(serial)}"
    with psycopg.connect(postgres.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {hamlet_postgres_template} STRATEGY FILE_COPY")
    yield postgres.format(name=name)
    with psycopg.connect(postgres.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "pg"])
def hamlet_url(request: pytest.FixtureRequest) -> str:
    """The address of a database with the hamlet in it, once on each engine."""
    return str(
        request.getfixturevalue("hamlet_sqlite_url" if request.param == "sqlite" else "hamlet_postgres_url")
    )


@pytest.fixture
async def hamlets(hamlet_url: str) -> AsyncIterator[Opens]:
    """Opens the hamlet with the channels a test names."""
    opened: list[World] = []

    async def opens(*names: str, live: bool = False) -> World:
        world = await open_world(hamlet_url, live=live, names=names or ("sms", "voice", "broadcast"))
        opened.append(world)
        return world

    yield opens
    for world in opened:
        await world.registry.aclose()
        await world.db.close()


@pytest.fixture
async def hamlet(hamlets: Opens) -> World:
    """The hamlet at 02:40, channels that are not live."""
    return await hamlets()
