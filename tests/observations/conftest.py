"""The district's stations and the storm's rows, starting at midnight of 15 July 2026 in Rongchang."""

import csv
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app import bundled
from app.audit import Actor
from app.clock import LOCAL
from app.db import Database
from app.directory import importer
from app.directory.profiles import Generated
from app.directory.synthetic import generate
from app.observations.accept import Accepted, accept

DISTRICT = "500153"
START = datetime(2026, 7, 14, 16, tzinfo=UTC)
SOURCE = "water-bureau"
BY = Actor("user", "test")


def minute(offset: int) -> datetime:
    """The instant so many minutes into the storm."""
    return START + timedelta(minutes=offset)


def tm(offset: int) -> str:
    """The same as a bureau writes it: Beijing time, no offset."""
    return minute(offset).astimezone(LOCAL).strftime("%Y-%m-%d %H:%M:%S")


@pytest.fixture(scope="session")
def land() -> Generated:
    made = generate(bundled.path("data") / "rongchang", start=START, days=1)
    return Generated(
        {
            "places.csv": [
                row for row in made.files["places.csv"] if row["level"] in {"district", "town", "village"}
            ],
            "stations.csv": made.files["stations.csv"],
        }
    )


@pytest.fixture
async def gauged(db: Database, land: Generated, tmp_path: Path) -> Database:
    """A database that knows the divisions and the stations."""
    land.write(tmp_path / "land")
    async with db.transaction() as session:
        report = await importer.import_folder(
            session, tmp_path / "land", district=DISTRICT, by=BY, at=START, strict=True
        )
    assert report.clean
    return db


@pytest.fixture(scope="session")
def storm() -> dict[str, list[dict[str, Any]]]:
    """Rows of storm.csv by table, each as a bureau would post it, with its minute under ``_``."""
    rows: dict[str, list[dict[str, Any]]] = {"ST_PPTN_R": [], "ST_RIVER_R": [], "ST_RSVR_R": []}
    file = bundled.path("data") / "rongchang" / "storm.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            offset, code = int(line["offset_min"]), line["station"]
            row: dict[str, Any] = {"STCD": code, "TM": tm(offset), "_": offset}
            if line["rain_mm"]:
                rows["ST_PPTN_R"].append({**row, "DRP": float(line["rain_mm"]), "INTV": 0.05})
            elif code.startswith("SIM-Z"):
                rows["ST_RIVER_R"].append({**row, "Z": float(line["level_m"])})
            else:
                rows["ST_RSVR_R"].append({**row, "RZ": float(line["level_m"])})
    return rows


def until(rows: Sequence[dict[str, Any]], offset: int) -> list[dict[str, Any]]:
    """The rows up to a minute, as posted."""
    return [{name: value for name, value in row.items() if name != "_"} for row in rows if row["_"] <= offset]


async def post(
    db: Database, table: str, rows: Sequence[Any], *, at: datetime, source: str = SOURCE
) -> Accepted:
    async with db.transaction() as session:
        return await accept(session, DISTRICT, table, rows, source=source, at=at)
