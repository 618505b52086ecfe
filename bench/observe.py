"""One five-minute round of 40,000 rain gauges: taken in as a bureau sends it, and brought into its windows.

The day before stands in the database, every row of it. Each run is the next round.
"""

import asyncio
import json
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from app.access.sources import Source
from app.clock import ManualClock
from app.db import Database
from app.intake import observations
from app.intake.accept import Desk
from app.observations import series
from app.observations.windows import read_windows
from app.warning.thresholds import observed
from bench.databases import databases, fresh
from bench.measured import Measured
from tests.warning.situations import scheme

STATIONS = 40_000
HISTORY = 24
"""Hours that stand in the database before."""
START = datetime(2026, 7, 15, tzinfo=UTC)
DISTRICT = "500153"
RUNS = 5


def run() -> Iterator[Measured]:
    """Measure on SQLite and on PostgreSQL."""
    with (
        tempfile.TemporaryDirectory(prefix="jiaoying-bench-", ignore_cleanup_errors=True) as folder,
        databases(Path(folder)) as urls,
    ):
        for name, url in urls.items():
            yield from asyncio.run(_measure(name, url))


async def _measure(name: str, url: str) -> list[Measured]:
    async with fresh(url) as db:
        await _history(db)
        taken, read = [], []
        clock = ManualClock(START)
        for number in range(1, RUNS + 2):
            at = START + timedelta(minutes=5 * number)
            clock.set(at)
            bodies = _bodies(at)
            begun = time.perf_counter()
            for body in bodies:
                batch = observations.read(body, "application/json", None)
                done = await observations.take(Desk(db, clock, scheme(), None), _SOURCE, batch)  # type: ignore[arg-type]
                if done.rejected:
                    raise AssertionError(done.rejected[0])
            middle = time.perf_counter()
            async with db.reading() as session:
                windows = await read_windows(session, DISTRICT, at)
            observed(windows, (), scheme().ruleset, at)
            ended = time.perf_counter()
            if len(windows) != 6 * STATIONS or any(one.missing for one in windows):
                raise AssertionError(len(windows))
            taken.append(1 / (middle - begun))
            read.append(1 / (ended - middle))
        both = [1 / (1 / a + 1 / b) for a, b in zip(taken, read, strict=True)]
        size = f"{STATIONS:,} gauges"
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return [
            Measured(f"{name}, rounds of {size} taken in", tuple(taken[1:])),
            Measured(f"{name}, their windows read and judged", tuple(read[1:])),
            Measured(f"{name}, both; peak of the process {peak:,.0f} MB", tuple(both[1:])),
        ]


_SOURCE = Source("bench", "bench", DISTRICT, "water", (DISTRICT,), (), "nbs")

_STATIONS = """INSERT INTO station (district, code, kind, name, place_code, interval_minutes, synthetic)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {last})
SELECT '{district}', '{b}' || {pad}, 'rain', 'bench', '500153001', 5, {true} FROM n"""
# Every row of the day before, as it would have come in.
_READINGS = """INSERT INTO reading
(district, station, element, interval_minutes, at, milli, received_at, source)
WITH RECURSIVE m(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM m WHERE k < {steps} - 1)
SELECT '{district}', code, 'rain', 5, {when}, 100, {when}, 'bench' FROM station, m"""


async def _history(db: Database) -> None:
    """Put the gauges and their day before into the database."""
    steps = HISTORY * 12
    if db.sqlite:
        pad, true = "printf('%07d', i)", "1"
        when = f"strftime('%Y-%m-%d %H:%M:%S.000000', {int(START.timestamp())} - 300 * k, 'unixepoch')"
    else:
        pad, true = "lpad(i::text, 7, '0')", "true"
        when = f"to_timestamp({int(START.timestamp())} - 300 * k)"
    block = b"\x64\0\0\0" * (series.BLOCK // 5)
    first = series.minute_of(START) // series.BLOCK
    async with db.raw() as connection:
        if not db.sqlite:
            await connection.exec_driver_sql("SET statement_timeout = 0")
        for statement in (_STATIONS, _READINGS):
            await connection.exec_driver_sql(
                statement.format(
                    district=DISTRICT, b="B", last=STATIONS - 1, pad=pad, true=true, steps=steps, when=when
                ).replace("%", "%%" if not db.sqlite else "%")
            )
        for number in range(1, HISTORY // 12 + 1):
            await connection.execute(
                sa.text(
                    "INSERT INTO rain_series (district, block, station, interval_minutes, slots)"
                    " SELECT district, :block, code, 5, :slots FROM station"
                ),
                {"block": first - number, "slots": block},
            )
        if not db.sqlite:
            await connection.exec_driver_sql("ANALYZE")


def _bodies(at: datetime) -> list[bytes]:
    """The round as two bodies."""
    rows = [_row(number, at) for number in range(STATIONS)]
    half = STATIONS // 2
    return [json.dumps({"table": "ST_PPTN_R", "rows": part}).encode() for part in (rows[:half], rows[half:])]


def _row(number: int, at: datetime) -> dict[str, Any]:
    return {"STCD": f"B{number:07}", "TM": at.isoformat(), "DRP": number % 7 / 10, "INTV": 0.05}
