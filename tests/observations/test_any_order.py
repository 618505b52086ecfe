"""Shuffled, repeated, late and corrected rows: what the windows say is what the rows say, summed by hand."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.clock import LOCAL
from app.db import Database
from app.observations.elements import read_elements
from app.observations.tables import RainSeries, Reading
from app.observations.windows import HOURS, read_windows
from app.scheme.models import Scheme
from app.warning.situation import ElementReading, RainWindow
from app.warning.thresholds import observed
from app.warning.window import RainRow, rain_window
from tests.observations.conftest import DISTRICT, minute, post, tm
from tests.warning.situations import scheme

pytestmark = pytest.mark.anyio

AT = 2000
GAUGES = [f"SIM-P{number:03}" for number in range(1, 54)]


def row(station: str, end: int, length: int, milli: int) -> dict[str, Any]:
    return {
        "STCD": station,
        "TM": tm(end),
        "DRP": milli / 1000,
        "INTV": length // 60 + length % 60 / 100,
    }


def a_gauge_s_day(dice: random.Random, station: str) -> list[tuple[int, int, int]]:
    """Ends, lengths and thousandths of a gauge's rows: of one length or several, whole or with holes."""
    rows: dict[tuple[int, int], int] = {}
    for length in dice.choice([(5,), (5, 60), (60,), (5, 60, 1440), (10,), (15, 60), (7,), (180, 60)]):
        shift = dice.choice([0, 0, 0, 3])
        kept = dice.choice([1.0, 0.9, 0.4])
        for end in range(length + shift, AT + 1, length):
            if dice.random() < kept:
                rows[end, length] = dice.choice([0, 0, 100, 250, 1_010]) * (1 if length < 60 else 7)
    for end in dice.sample(range(10, AT, 5), 3):  # a few that overlap the others
        rows[end + 2, 5] = 300
    return [(end, length, milli) for (end, length), milli in rows.items()]


async def posted_in_any_order(db: Database, rows: Sequence[dict[str, Any]], dice: random.Random) -> None:
    mixed = [*rows, *dice.choices(rows, k=len(rows) // 10)]
    dice.shuffle(mixed)
    while mixed:
        part = [mixed.pop() for _ in range(min(len(mixed), dice.choice([1, 20, 900, 2500])))]
        done = await post(db, "ST_PPTN_R", part, at=minute(AT))
        assert not done.rejected


def by_hand(station: str, place: str, rows: Sequence[tuple[int, int, int]], at: datetime) -> list[RainWindow]:
    held = [RainRow(minute(end), length, milli) for end, length, milli in rows]
    windows = []
    for hours in HOURS:
        found = rain_window(held, station, place, hours, at)
        windows.append(found or RainWindow(station, place, hours, 0, hours * 12, hours * 12, at))
    return windows


@pytest.mark.parametrize("seed", [1, 2])
async def test_windows_are_those_of_the_rows_in_whatever_order_they_came(gauged: Database, seed: int) -> None:
    dice = random.Random(seed)
    days = {station: a_gauge_s_day(dice, station) for station in dice.sample(GAUGES, 16)}
    await posted_in_any_order(
        gauged, [row(station, *one) for station, day in days.items() for one in day], dice
    )
    for at in (minute(AT), minute(AT - 7), minute(1441) + timedelta(seconds=20), minute(720)):
        async with gauged.reading() as session:
            found = [w for w in await read_windows(session, DISTRICT, at) if w.station in days]
        place = {w.station: w.place for w in found}
        expected = [
            w for station in sorted(days) for w in by_hand(station, place[station], days[station], at)
        ]
        assert found == expected


async def test_a_correction_replaces_what_was_summed_before(gauged: Database) -> None:
    await post(gauged, "ST_PPTN_R", [row("SIM-P001", 60, 5, 9_000)], at=minute(60))
    await post(gauged, "ST_PPTN_R", [row("SIM-P001", 60, 5, 1_500)], at=minute(61))
    async with gauged.reading() as session:
        (hour, *_) = [w for w in await read_windows(session, DISTRICT, minute(61)) if w.station == "SIM-P001"]
    assert (hour.tenths, hour.missing) == (15, 11)


async def test_the_series_says_what_the_readings_say(gauged: Database) -> None:
    dice = random.Random(5)
    rows = [row("SIM-P002", end, 5, dice.choice([0, 100, 700])) for end in range(5, 1500, 5)]
    await posted_in_any_order(gauged, rows, dice)
    async with gauged.reading() as session:
        series = list(await session.scalars(sa.select(RainSeries).where(RainSeries.station == "SIM-P002")))
        total = await session.scalar(sa.select(sa.func.sum(Reading.milli)))
    slots = [
        int.from_bytes(one.slots[i : i + 4], "little", signed=True)
        for one in series
        for i in range(0, len(one.slots), 4)
    ]
    assert sum(slot for slot in slots if slot >= 0) == total
    assert sum(slot >= 0 for slot in slots) == len(rows)


async def test_day_rain_told_this_morning_is_not_the_rain_of_the_24_hours_to_this_evening(
    gauged: Database,
) -> None:
    day = 1920  # minute 0 is midnight in the district: this is 08:00 of the next day
    await post(gauged, "ST_PPTN_R", [row("SIM-P001", day, 1440, 120_000)], at=minute(day))
    told = {}
    for offset in (0, 60, 61, 720):
        async with gauged.reading() as session:
            windows = await read_windows(session, DISTRICT, minute(day + offset))
        told[offset] = next(w for w in windows if (w.station, w.hours) == ("SIM-P001", 24))
    assert [(told[offset].tenths, told[offset].complete) for offset in (0, 60)] == [(1200, True)] * 2
    assert [(told[offset].tenths, told[offset].complete) for offset in (61, 720)] == [(0, False)] * 2


def element(station: str, name: str, end: int, value: float) -> dict[str, Any]:
    return {"STCD": station, "TM": tm(end), "ELEM": name, "V": value}


async def elements(db: Database, at: datetime) -> dict[tuple[str, str], ElementReading]:
    async with db.reading() as session:
        return {(one.station, one.element): one for one in await read_elements(session, DISTRICT, at)}


async def test_elements_are_read_with_their_extremes_days_and_falls(gauged: Database) -> None:
    at = 4400
    rows = [
        *(element("SIM-P001", "temp", end, round(20 - end / 200, 2)) for end in range(0, at + 1, 60)),
        element("SIM-P001", "gust", at - 50, 21.5),
        element("SIM-P001", "gust", at - 5, 3),
        element("SIM-P002", "depth", at - 90, 31),
    ]
    random.Random(3).shuffle(rows)
    for part in (rows[:40], rows[40:], rows[:7]):
        assert not (await post(gauged, "ELEMENT", part, at=minute(at))).rejected
    found = await elements(gauged, minute(at))
    gust, depth, temp = (
        found["SIM-P001", "gust"],
        found["SIM-P002", "depth"],
        found["SIM-P001", "temp"],
    )
    assert (gust.milli, gust.highest[1], gust.lowest[1], gust.days[1]) == (3_000, 21_500, 3_000, None)
    assert (depth.milli, depth.highest) == (None, {6: 31_000, 12: 31_000, 24: 31_000}), (
        "an hour old, it is gone"
    )
    newest = at // 60 * 60
    assert temp.at == minute(newest)
    assert temp.fell == {24: 7_200, 48: 14_400}
    assert temp.milli == 20_000 - newest * 5
    assert temp.days[0] == (20_000 - newest * 5, 20_000 - (newest - 1380) * 5)
    assert len([day for day in temp.days if day]) == 3


async def test_an_element_nobody_measured_is_absent(gauged: Database) -> None:
    assert await elements(gauged, minute(100)) == {}
    await post(gauged, "ELEMENT", [element("SIM-P001", "depth", 10, 50)], at=minute(10))
    assert await elements(gauged, minute(10 + 72 * 60)) == {}


async def test_a_forecast_is_never_a_measurement(gauged: Database) -> None:
    rules: Scheme = scheme()
    towns = sorted(rules.towns)
    rows = [
        {
            "town": town,
            "issued": minute(0).astimezone(LOCAL).isoformat(),
            "from": tm(0),
            "to": tm(180),
            "ELEM": name,
            "V": value,
        }
        for town in towns
        for name, value in (("rain", 500), ("gust", 60), ("depth", 90), ("visibility", 1), ("temp", 45))
    ]
    done = await post(gauged, "FORECAST", rows, at=minute(90))
    assert (done.accepted, done.rejected) == (len(rows), ())
    async with gauged.reading() as session:
        windows = await read_windows(session, DISTRICT, minute(90))
        measured = await read_elements(session, DISTRICT, minute(90))
    assert not any(window.tenths for window in windows)
    assert measured == ()
    assert observed(windows, (), rules.ruleset, minute(90), measured) == ()
