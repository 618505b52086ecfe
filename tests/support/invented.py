"""Invented directories, made once a run: files of the profiles tiny and demo for 15 and 16 July 2026."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from app import bundled
from app.audit import Actor
from app.db import Database
from app.directory import importer
from app.directory.importer import Report
from app.directory.profiles import Generated
from app.directory.synthetic import generate

START = datetime(2026, 7, 14, 16, tzinfo=UTC)  # midnight in Rongchang
AT = datetime(2026, 7, 15, 2, tzinfo=UTC)  # Wednesday, 10:00
DISTRICT = "500153"
BY = Actor("user", "test")


@pytest.fixture(scope="session")
def tiny() -> Generated:
    return generate(bundled.path("data") / "rongchang", profile="tiny", start=START, days=2)


@pytest.fixture(scope="session")
def demo() -> Generated:
    return generate(bundled.path("data") / "rongchang", profile="demo", start=START, days=2)


@pytest.fixture(scope="session")
def _demo_sqlite(sqlite_template: Path, demo: Generated, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("demo")
    shutil.copy(sqlite_template, folder / "demo.db")
    return _filled(f"sqlite:///{folder / 'demo.db'}", demo, folder / "in")


@pytest.fixture(scope="session")
def _demo_pg(postgres: str, demo: Generated, tmp_path_factory: pytest.TempPathFactory) -> str:
    with psycopg.connect(postgres.format(name="postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE directory_demo TEMPLATE jiaoying_template STRATEGY FILE_COPY")
    return _filled(postgres.format(name="directory_demo"), demo, tmp_path_factory.mktemp("demo") / "in")


def _filled(url: str, demo: Generated, folder: Path) -> str:
    async def fill() -> None:
        database = Database(url)
        assert (await bring(database, folder, strict=True)).clean
        await database.close()

    demo.write(folder)
    asyncio.run(fill())
    return url


@pytest.fixture(params=["sqlite", "pg"])
def demo_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"_demo_{request.param}"))


@pytest.fixture
async def demo_db(demo_url: str) -> AsyncIterator[Database]:
    """The invented district, imported once a run: only for tests that read."""
    database = Database(demo_url)
    yield database
    await database.close()


async def bring(db: Database, folder: Path, *, strict: bool = False) -> Report:
    async with db.transaction() as session:
        return await importer.import_folder(session, folder, district=DISTRICT, by=BY, at=AT, strict=strict)
