"""The storm replayed on both databases side by side: one document, and every rate recomputed from its rows.

The suite plays minutes 600 to 1200, in which every level and every river mark is reached, over every town
with two villages each. ``make long`` plays the whole storm over the whole demo district, twice.
"""

import asyncio
import json
import os
import sqlite3
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.database import serial

SPARSE = ("--profile", "sparse")

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(2400)]


@pytest.fixture
def kept(postgres: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The addresses of an empty database on each engine."""
    name = f"demo_{next(serial)}"
    with psycopg.connect(postgres.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield {"sqlite": f"sqlite:///{tmp_path / 'demo.db'}", "pg": postgres.format(name=name)}
    with psycopg.connect(postgres.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def demo(folder: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """Run ``jiaoying demo --headless --json`` as a person would. Returns exit code and document."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from app.cli import main; main()",
        "demo",
        "--headless",
        "--json",
        *options,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    out, err = await process.communicate()
    assert out, err.decode()[-2000:]
    return process.returncode or 0, json.loads(out)


def recomputed(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Each rate from the rows of the document alone."""
    due = len(rows)
    answered = [row for row in rows if row["answered_at"]]

    def taken(row: dict[str, Any]) -> timedelta:
        return datetime.fromisoformat(row["answered_at"]) - datetime.fromisoformat(row["released_at"])

    in_time = sum(1 for row in answered if row["answered_at"] <= row["due_at"])
    return {
        "answered_in_time": in_time / due,
        "answered": len(answered) / due,
        "answered_in_hour": sum(1 for row in answered if taken(row) <= timedelta(hours=1)) / due,
    }


def its_levels_and_marks(a: dict[str, Any]) -> None:
    """The minutes and towns of the storm's rain and rivers, and every kind of end."""
    first = {
        level: [town["reached"][level] for town in a["towns"] if level in town["reached"]]
        for level in ("blue", "yellow", "orange", "red")
    }
    assert {level: (min(minutes), len(minutes)) for level, minutes in first.items()} == {
        "blue": (645, 21),
        "yellow": (850, 21),
        "orange": (935, 20),
        "red": (980, 11),
    }
    rivers = {row["name"]: (row["warning"], row["guarantee"]) for row in a["rivers"]}
    assert rivers["清流站"] == (995, 1030)
    assert rivers["吴家站"] == (985, 1030)
    assert rivers["荣昌站"] == (1060, 1115)
    assert rivers["广顺站"] == (1090, 1175)
    assert {row["state"] for row in a["obligations"]} == {"met", "late", "missed"}
    assert a["disasters"]


async def replayed(kept: dict[str, str], tmp_path: Path, *options: str) -> dict[str, Any]:
    """Play the same minutes on both databases; return the one document that both must give."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    (code_a, a), (code_b, b) = await asyncio.gather(
        demo(tmp_path / "a", "--database", kept["sqlite"], *options),
        demo(tmp_path / "b", "--database", kept["pg"], *options),
    )
    a.pop("seconds")
    b.pop("seconds")
    assert [one for one in a["invariants"] if not one["ok"]] == []
    assert (code_a, code_b) == (0, 0)
    assert a == b
    rows = a["obligations"]
    found = recomputed(rows)
    assert a["rates"]["rate"] == pytest.approx(found["answered_in_time"])
    for kind in ("answered", "answered_in_hour"):
        assert a["rates_by_kind"][kind]["rate"] == pytest.approx(found[kind])
    assert {row["state"] for row in rows} <= {"met", "late", "missed"}
    assert any(row["escalated"] for row in rows)
    return a


async def test_the_storm_reaches_its_levels_at_its_minutes_and_its_towns_on_both_databases(
    kept: dict[str, str], tmp_path: Path
) -> None:
    a = await replayed(kept, tmp_path, *SPARSE, "--first", "600", "--last", "1200")
    its_levels_and_marks(a)


@pytest.mark.long
async def test_the_whole_storm_over_the_whole_district_is_one_document_whatever_the_database_or_the_day(
    kept: dict[str, str], tmp_path: Path
) -> None:
    a = await replayed(kept, tmp_path, "--seed", "1")
    its_levels_and_marks(a)
    (tmp_path / "again").mkdir()
    code, again = await demo(tmp_path / "again", "--seed", "1")
    again.pop("seconds")
    assert (code, again) == (0, a)


async def test_a_breach_of_the_rows_ends_the_demo_with_exit_1(tmp_path: Path) -> None:
    code, document = await demo(
        tmp_path, *SPARSE, "--first", "640", "--last", "650", "--planted", "met-without-answer"
    )
    assert code == 1
    assert [one["name"] for one in document["invariants"] if not one["ok"]]


async def test_the_demo_refuses_a_database_that_is_not_empty(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with sqlite3.connect(tmp_path / "full.db") as held:
        held.execute("CREATE TABLE something (id INTEGER)")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from app.cli import main; main()",
        "demo",
        "--headless",
        "--database",
        f"sqlite:///{tmp_path / 'full.db'}",
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    _, err = await process.communicate()
    assert process.returncode == 1
    assert "空的数据库" in err.decode()
    assert "Traceback" not in err.decode()
