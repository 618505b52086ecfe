"""Fixture ``seeded``: a database with the synthetic district in it, all towns with two villages each.

On both engines, made once a session.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from app import audit, bundled
from app.db import Database
from app.directory import importer, synthetic
from tests.support.database import serial

START = datetime(2026, 7, 15, 2, 10, tzinfo=UTC)
"""Minute 0 of the storm: 10:10 in the district, so that minute 997 is 02:47 at night."""
DISTRICT = "500153"


@pytest.fixture(scope="session")
def district_folder() -> Iterator[Path]:
    """The synthetic directory as CSV files."""
    with tempfile.TemporaryDirectory(prefix="jiaoying-district-") as folder:
        made = synthetic.generate(
            bundled.path("data") / "rongchang", profile="sparse", seed=500153, start=START, days=4
        )
        made.write(Path(folder))
        yield Path(folder)


async def fill(url: str, folder: Path) -> None:
    """Import the directory into a database."""
    db = Database(url)
    async with db.transaction() as session:
        report = await importer.import_folder(session, folder, district=DISTRICT, by=audit.SYSTEM, at=START)
    assert report.clean
    await db.close()


@pytest.fixture(scope="session")
def seeded_sqlite_template(sqlite_template: Path, district_folder: Path) -> Iterator[Path]:
    """A SQLite file with the district in it."""
    with tempfile.TemporaryDirectory(prefix="jiaoying-seeded-") as folder:
        file = Path(folder) / "seeded.db"
        shutil.copy(sqlite_template, file)
        asyncio.run(fill(f"sqlite:///{file}", district_folder))
        yield file


@pytest.fixture(scope="session")
def seeded_postgres_template(postgres: str, district_folder: Path) -> str:
    """The name of a PostgreSQL database with the district in it."""
    name = "jiaoying_seeded"
    with psycopg.connect(postgres.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE jiaoying_template STRATEGY FILE_COPY")
    asyncio.run(fill(postgres.format(name=name), district_folder))
    return name


@pytest.fixture(params=["sqlite", "pg"])
def seeded_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh database with the district in it, once on each engine."""
    if request.param == "sqlite":
        file = tmp_path / "district.db"
        shutil.copy(request.getfixturevalue("seeded_sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    postgres: str = request.getfixturevalue("postgres")
    template: str = request.getfixturevalue("seeded_postgres_template")
    name = f"seeded_{next(serial)}"
    with psycopg.connect(postgres.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield postgres.format(name=name)
    with psycopg.connect(postgres.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def seeded(seeded_url: str) -> AsyncIterator[Database]:
    """A fresh database with the district in it, once on each engine."""
    database = Database(seeded_url)
    yield database
    await database.close()
