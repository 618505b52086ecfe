"""The storm of data/rongchang, as SOURCES.md tells it: which town reaches which level, and when."""

import pytest

from app.db import Database
from app.observations.windows import read_levels, read_windows
from tests.observations.conftest import DISTRICT, minute, post, until

pytestmark = pytest.mark.anyio

LEVELS = {"blue": (12, 500), "yellow": (6, 500), "orange": (3, 500), "red": (3, 1000)}


async def test_the_storm_reaches_each_level_at_its_minute_and_in_its_towns(gauged: Database, storm) -> None:
    for table, rows in storm.items():
        done = await post(gauged, table, until(rows, 1800), at=minute(1800))
        assert done.accepted == len(rows)
        assert not done.rejected
    first: dict[str, int] = {}
    towns: dict[str, set[str]] = {level: set() for level in LEVELS}
    crossed: dict[tuple[str, str], int] = {}
    async with gauged.reading() as session:
        for offset in range(600, 1320, 5):
            windows = await read_windows(session, DISTRICT, minute(offset))
            levels = await read_levels(session, DISTRICT, minute(offset))
            for level, (hours, tenths) in LEVELS.items():
                over = {w.place for w in windows if w.hours == hours and w.tenths >= tenths}
                towns[level] |= over
                if over:
                    first.setdefault(level, offset)
            for reading in levels:
                for mark, height in (("warning", reading.warning_mm), ("guarantee", reading.guarantee_mm)):
                    if height is not None and reading.level_mm >= height:
                        crossed.setdefault((reading.station, mark), offset)
        exact = next(
            w for w in await read_windows(session, DISTRICT, minute(645)) if w.tenths == 500 and w.hours == 12
        )
    assert first == {"blue": 645, "yellow": 850, "orange": 935, "red": 980}
    assert {level: len(of) for level, of in towns.items()} == {
        "blue": 21,
        "yellow": 21,
        "orange": 20,
        "red": 11,
    }
    assert exact.place == "500153112", "清流站: exactly 50.0 mm, which floats miss by one interval"
    assert (crossed["SIM-Z001", "warning"], crossed["SIM-Z001", "guarantee"]) == (1060, 1115)
    assert (crossed["SIM-Z005", "warning"], crossed["SIM-Z005", "guarantee"]) == (985, 1030)
    assert (crossed["SIM-Z006", "warning"], crossed["SIM-Z006", "guarantee"]) == (995, 1030)
    assert (crossed["SIM-Z003", "warning"], crossed["SIM-Z003", "guarantee"]) == (1090, 1175)
    assert {station for station, mark in crossed if mark == "guarantee"} == {
        "SIM-Z001",
        "SIM-Z003",
        "SIM-Z005",
        "SIM-Z006",
    }
