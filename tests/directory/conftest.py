"""Invented directories, made once a run: files of the profiles tiny and demo for 15 and 16 July 2026."""

from datetime import UTC, datetime
from pathlib import Path

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


async def bring(db: Database, folder: Path, *, strict: bool = False) -> Report:
    async with db.transaction() as session:
        return await importer.import_folder(session, folder, district=DISTRICT, by=BY, at=AT, strict=strict)
