"""Windows are exact, right-closed, of one interval, and say what is missing."""

import random
from datetime import timedelta
from typing import Any

import pytest

from app.db import Database
from app.observations.windows import read_levels, read_windows
from app.warning.situation import RainWindow
from tests.observations.conftest import DISTRICT, minute, post, tm, until

pytestmark = pytest.mark.anyio

GAUGE = "SIM-P001"


def rain(offset: int, mm: float, *, intv: float = 0.05, station: str = GAUGE) -> dict[str, Any]:
    return {"STCD": station, "TM": tm(offset), "DRP": mm, "INTV": intv}


async def window(db: Database, hours: int, offset: int, station: str = GAUGE) -> RainWindow:
    async with db.reading() as session:
        return next(
            w
            for w in await read_windows(session, DISTRICT, minute(offset))
            if (w.station, w.hours) == (station, hours)
        )


async def test_a_window_holds_what_ended_after_its_start_and_up_to_its_end(gauged: Database) -> None:
    await post(gauged, "ST_PPTN_R", [rain(0, 7), rain(5, 1), rain(60, 2), rain(65, 4)], at=minute(70))
    assert (await window(gauged, 1, 60)).tenths == 30  # the row at 0 ended as the window began
    assert (await window(gauged, 1, 65)).tenths == 60
    assert (await window(gauged, 1, 64)).tenths == 30


async def test_tenths_add_up_exactly(gauged: Database) -> None:
    await post(gauged, "ST_PPTN_R", [rain(5 * n, 0.1) for n in range(1, 13)], at=minute(60))
    assert (await window(gauged, 1, 60)).tenths == 12
    await post(gauged, "ST_PPTN_R", [rain(5 * n, 0.05) for n in range(1, 13)], at=minute(60))
    assert (await window(gauged, 1, 60)).tenths == 6


async def test_no_data_is_not_no_rain(gauged: Database) -> None:
    silent = await window(gauged, 12, 720)
    assert (silent.tenths, silent.missing, silent.expected, silent.complete) == (0, 144, 144, False)
    await post(gauged, "ST_PPTN_R", [rain(5 * n, 0.0) for n in range(1, 145) if n != 7], at=minute(720))
    dry = await window(gauged, 12, 720)
    assert (dry.tenths, dry.missing) == (0, 1)
    await post(gauged, "ST_PPTN_R", [rain(35, 0.0)], at=minute(720))
    assert (await window(gauged, 12, 720)).complete


async def test_five_minute_and_hourly_rows_are_never_summed_together(gauged: Database) -> None:
    fine = [rain(5 * n, 1.0) for n in range(1, 25)]
    await post(
        gauged, "ST_PPTN_R", [*fine, rain(60, 12.0, intv=1.00), rain(120, 12.0, intv=1)], at=minute(120)
    )
    assert (await window(gauged, 1, 120)).tenths == 120
    assert (await window(gauged, 2, 120)).tenths == 240
    assert (await window(gauged, 2, 120)).expected == 24


async def test_a_gauge_that_falls_back_to_hourly_rows_keeps_its_windows(gauged: Database) -> None:
    fine = [rain(5 * n, 1.0) for n in range(1, 13)]
    hourly = [rain(60 * n, 12.0, intv=1.00) for n in range(1, 13)]
    await post(gauged, "ST_PPTN_R", [*fine, *hourly], at=minute(720))
    whole = await window(gauged, 12, 720)
    assert (whole.tenths, whole.missing, whole.expected) == (1440, 0, 12)


async def test_a_station_outside_the_district_has_no_town(gauged: Database) -> None:
    await post(gauged, "ST_RSVR_R", [{"STCD": "SIM-V003", "TM": tm(15), "RZ": 348.5}], at=minute(20))
    async with gauged.reading() as session:
        levels = {level.station: level for level in await read_levels(session, DISTRICT, minute(20))}
    assert levels["SIM-V003"].place == ""
    assert levels["SIM-V003"].river == "濑溪河"


async def test_a_rise_is_measured_against_what_was_read_before(gauged: Database) -> None:
    rows = [{"STCD": "SIM-Z001", "TM": tm(5 * n), "Z": 299 + n / 100} for n in range(13)]
    await post(gauged, "ST_RIVER_R", rows, at=minute(60))
    async with gauged.reading() as session:
        (level,) = await read_levels(session, DISTRICT, minute(60))
        assert level.level_mm == 299_120
        assert level.rise_mm == {10: 20, 60: 120}, "three hours ago nothing was read"
        assert (level.warning_mm, level.guarantee_mm) == (301_500, 303_000)
        assert await read_levels(session, DISTRICT, minute(60 + 361)) == ()


async def test_the_same_rows_in_any_order_and_number_give_the_same_windows(gauged: Database, storm) -> None:
    rows = [
        row for row in storm["ST_PPTN_R"] if row["STCD"] in {GAUGE, "SIM-P034"} and 600 <= row["_"] <= 1000
    ]
    posted = until(rows, 1000)
    for seed in (1, 2, 3):
        dice = random.Random(seed)
        mixed = [*posted, *dice.choices(posted, k=40)]
        dice.shuffle(mixed)
        while mixed:
            part = [mixed.pop() for _ in range(min(len(mixed), dice.randint(1, 60)))]
            await post(gauged, "ST_PPTN_R", part, at=minute(1000))
        async with gauged.reading() as session:
            found = [
                w
                for w in await read_windows(session, DISTRICT, minute(1000))
                if w.station in {GAUGE, "SIM-P034"}
            ]
        for w in found:
            expected = [row for row in rows if row["STCD"] == w.station and 1000 - w.hours * 60 < row["_"]]
            assert w.tenths == sum(round(row["DRP"] * 10) for row in expected)
            assert w.missing == w.expected - len(expected)


async def test_readings_after_the_moment_are_not_seen(gauged: Database) -> None:
    await post(gauged, "ST_PPTN_R", [rain(10, 9.0)], at=minute(10))
    assert (await window(gauged, 1, 9)).tenths == 0
    assert (await window(gauged, 1, 10)).at == minute(0) + timedelta(minutes=10)


async def test_rows_that_overlap_are_not_counted_twice(gauged: Database) -> None:
    late = [rain(5 * n + 3, 2.0) for n in range(24)]
    await post(gauged, "ST_PPTN_R", [*(rain(5 * n, 2.0) for n in range(1, 25)), *late], at=minute(120))
    hour = await window(gauged, 1, 120)
    assert (hour.tenths, hour.missing) == (240, 0)


async def test_a_river_station_that_also_measures_rain_has_windows(gauged: Database) -> None:
    await post(gauged, "ST_PPTN_R", [rain(5, 3.0, station="SIM-Z001")], at=minute(5))
    assert (await window(gauged, 1, 5, "SIM-Z001")).tenths == 30
