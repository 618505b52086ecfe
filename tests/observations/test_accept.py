"""What is taken, what is refused and why, and what is set apart."""

import json
import math
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from app.db import Database
from app.errors import Validation
from app.observations import stations
from app.observations.rows import Gauge, check, from_text
from app.observations.tables import Forecast, Quarantined, Reading, Station
from app.observations.windows import read_windows
from tests.observations.conftest import DISTRICT, minute, post, tm

pytestmark = pytest.mark.anyio

NOW = minute(600)
RAIN = {"STCD": "SIM-P001", "TM": tm(600), "DRP": 1.5, "INTV": 0.05}
LEVEL = {"STCD": "SIM-Z001", "TM": tm(600), "Z": 298.75}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"DRP": math.nan}, "implausible"),
        ({"DRP": math.inf}, "implausible"),
        ({"DRP": -0.1}, "implausible"),
        ({"DRP": -99.9}, "implausible"),
        ({"DRP": 9999}, "implausible"),
        ({"DRP": 100.1}, "implausible"),
        ({"DRP": 300.1, "INTV": 1.00}, "implausible"),
        ({"DRP": "1.5"}, "not-a-number"),
        ({"DRP": "nan"}, "not-a-number"),
        ({"DRP": True}, "not-a-number"),
        ({"DRP": None}, "missing-field"),
        ({"DRP": 1.234}, "too-precise"),
        ({"DRP": 0.1 + 0.2}, "too-precise"),
        ({"DRP": [1]}, "not-a-number"),
        ({"DRP": 10**400}, "implausible"),
        ({"INTV": 0.6}, "bad-interval"),
        ({"INTV": 0}, "bad-interval"),
        ({"INTV": "0.05"}, "not-a-number"),
        ({"INTV": 25}, "implausible"),
        ({"STCD": "60512345"}, "unknown-station"),
        ({"STCD": None}, "missing-field"),
        ({"TM": tm(606)}, "future"),
        ({"TM": "2026-06-01 00:00:00"}, "too-old"),
        ({"TM": "15.07.2026 08:05"}, "bad-time"),
        ({"TM": 1784000000}, "missing-field"),
        ({"TM": "2026-13-01 00:00:00"}, "bad-time"),
        ({"DRB": 1}, "unknown-field"),
    ],
)
def test_a_bad_row_is_refused_by_name_and_the_good_one_beside_it_is_kept(
    change: dict[str, Any], code: str
) -> None:
    rows = [{**RAIN, **change}, {**RAIN, "STCD": "SIM-P002"}]
    gauges = {"SIM-P001": Gauge("rain", 5, None, None), "SIM-P002": Gauge("rain", 5, None, None)}
    checked = check("ST_PPTN_R", rows, gauges, district=DISTRICT, source="x", at=NOW)
    assert [(r.row, r.code) for r in checked.rejected] == [(0, code)]
    assert [v.station for v in checked.values] == ["SIM-P002"]
    assert "1.5" not in checked.rejected[0].detail


async def test_values_up_to_the_limits_are_taken(gauged: Database) -> None:
    rows = [
        {**RAIN, "DRP": 100},
        {**RAIN, "TM": tm(595), "DRP": Decimal("99.99")},
        {**RAIN, "TM": tm(540), "DRP": 300, "INTV": 1.00},
        {"STCD": "SIM-P001 ", "TM": "2026-07-15T00:05:00Z", "DRP": 0},
        {
            "STCD": "SIM-P001",
            "TM": "2026-07-15T08:10:00+08:00",
            "DRP": 0.25,
            "PDR": None,
            "DYP": 3.5,
            "WTH": "7",
        },
    ]
    done = await post(gauged, "ST_PPTN_R", rows, at=NOW)
    assert (done.accepted, done.duplicates, done.rejected) == (5, 0, ())
    async with gauged.reading() as session:
        kept = set(
            await session.execute(
                sa.select(Reading.at, Reading.interval_minutes, Reading.milli).where(
                    Reading.element == "rain"
                )
            )
        )
    assert kept == {
        (minute(600), 5, 100_000),
        (minute(595), 5, 99_990),
        (minute(540), 60, 300_000),
        (minute(485), 5, 0),
        (minute(490), 5, 250),
    }


async def test_the_same_row_again_is_a_duplicate_and_another_value_is_a_correction(gauged: Database) -> None:
    assert (await post(gauged, "ST_PPTN_R", [RAIN, RAIN], at=NOW)).duplicates == 1
    again = await post(gauged, "ST_PPTN_R", [RAIN], at=NOW)
    assert (again.accepted, again.duplicates) == (0, 1)
    for value in (2.5, 3.5):
        done = await post(gauged, "ST_PPTN_R", [{**RAIN, "DRP": value}], at=minute(601))
        assert (done.accepted, done.duplicates) == (1, 0)
    async with gauged.reading() as session:
        row = (await session.scalars(sa.select(Reading))).one()
        window = next(w for w in await read_windows(session, DISTRICT, NOW) if w.station == "SIM-P001")
    assert (row.milli, row.first_milli, row.revised_at) == (3500, 1500, minute(601))
    assert window.tenths == 35


async def test_what_cannot_be_true_is_kept_apart_once_and_never_read(gauged: Database) -> None:
    rows = [{**RAIN, "DRP": math.nan}, {**RAIN, "DRP": 250.0, "X\x00": "\ud800"}, {**RAIN, "DRP": 250.0}]
    for _ in range(2):
        done = await post(gauged, "ST_PPTN_R", rows, at=NOW)
        assert [r.code for r in done.rejected] == ["implausible", "unknown-field", "implausible"]
    async with gauged.reading() as session:
        kept = list(await session.scalars(sa.select(Quarantined)))
        assert await session.scalar(sa.select(sa.func.count()).select_from(Reading)) == 0
    assert {one.row["DRP"] for one in kept} == {"nan", 250.0}
    assert {(one.code, one.form, one.source) for one in kept} == {
        ("implausible", "ST_PPTN_R", "water-bureau")
    }


async def test_a_level_twenty_metres_off_the_last_is_no_water(gauged: Database) -> None:
    assert (await post(gauged, "ST_RIVER_R", [{**LEVEL, "Z": 9.9}], at=NOW)).rejected[0].code == "implausible"
    assert (await post(gauged, "ST_RIVER_R", [LEVEL], at=NOW)).accepted == 1
    rows = [
        {**LEVEL, "TM": tm(610), "Z": 318.75},
        {**LEVEL, "TM": tm(605), "Z": 318.749},
        {**LEVEL, "TM": tm(615), "Z": 330.0},
    ]
    done = await post(gauged, "ST_RIVER_R", rows, at=minute(620))
    assert done.accepted == 3, "each is held against the one before it in time"
    done = await post(gauged, "ST_RIVER_R", [{**LEVEL, "TM": tm(620), "Z": 298.75}], at=minute(620))
    assert [r.code for r in done.rejected] == ["implausible"]


async def test_a_rain_gauge_has_no_level_and_a_river_row_keeps_its_flow(gauged: Database) -> None:
    done = await post(
        gauged, "ST_RIVER_R", [{**LEVEL, "STCD": "SIM-P001"}, {**LEVEL, "Q": 12.345, "WPTN": 4}], at=NOW
    )
    assert [r.code for r in done.rejected] == ["wrong-kind"]
    async with gauged.reading() as session:
        kept = dict((await session.execute(sa.select(Reading.element, Reading.milli))).all())
    assert kept == {"level": 298_750, "flow": 12_345, "trend": 4000}


async def test_elements_and_forecasts_have_their_own_tables(gauged: Database) -> None:
    rows: list[dict[str, Any]] = [
        {"STCD": "SIM-P001", "TM": tm(600), "ELEM": "depth", "V": 25},
        {"STCD": "SIM-P001", "TM": tm(600), "ELEM": "gust", "V": 24.5},
        {"STCD": "SIM-P001", "TM": tm(600), "ELEM": "temp", "V": -3.5},
        {"STCD": "SIM-P001", "TM": tm(600), "ELEM": "snow", "V": 1},
        {"STCD": "SIM-P001", "TM": tm(600), "ELEM": "wind", "V": -1},
    ]
    done = await post(gauged, "ELEMENT", rows, at=NOW)
    assert done.accepted == 3
    assert [(r.row, r.code) for r in done.rejected] == [(3, "unknown-element"), (4, "implausible")]
    outlook = {
        "town": "500153001",
        "issued": tm(590),
        "from": tm(600),
        "to": tm(960),
        "ELEM": "rain",
        "V": 50,
    }
    assert (await post(gauged, "FORECAST", [outlook, {**outlook, "town": "510500001"}], at=NOW)).rejected[
        0
    ].code == "unknown-place"
    older = await post(gauged, "FORECAST", [{**outlook, "issued": tm(580), "V": 80}], at=NOW)
    newer = await post(gauged, "FORECAST", [{**outlook, "issued": tm(600), "V": 60}], at=NOW)
    assert (older.accepted, newer.accepted) == (0, 1)
    async with gauged.reading() as session:
        assert [f.milli for f in await session.scalars(sa.select(Forecast))] == [60_000]


async def test_another_source_s_station_and_an_unknown_table_are_refused(gauged: Database) -> None:
    async with gauged.transaction() as session:
        await session.execute(
            sa.update(Station).where(Station.code == "SIM-P001").values(owner="weather-bureau")
        )
    assert (await post(gauged, "ST_PPTN_R", [RAIN], at=NOW)).rejected[0].code == "out-of-scope"
    assert (await post(gauged, "ST_PPTN_R", [RAIN], at=NOW, source="weather-bureau")).accepted == 1
    with pytest.raises(Validation):
        await post(gauged, "ST_GATE_R", [RAIN], at=NOW)


async def test_a_silent_station_is_told_from_a_dry_one(gauged: Database) -> None:
    await post(gauged, "ST_PPTN_R", [{**RAIN, "TM": tm(5 * n), "DRP": 0} for n in range(109, 121)], at=NOW)
    async with gauged.reading() as session:
        now = {state.code: state for state in await stations.states(session, DISTRICT, NOW)}
        later = {state.code for state in await stations.states(session, DISTRICT, minute(616), silent=True)}
        talking = await stations.states(session, DISTRICT, minute(615), silent=False)
    assert (now["SIM-P001"].silent, now["SIM-P001"].completeness, now["SIM-P001"].last_at) == (
        False,
        1.0,
        NOW,
    )
    assert (now["SIM-P002"].silent, now["SIM-P002"].completeness, now["SIM-P002"].last_at) == (
        True,
        0.0,
        None,
    )
    assert "SIM-P001" in later
    assert [state.code for state in talking] == ["SIM-P001"]


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
    st.decimals(allow_nan=True, allow_infinity=True),
)


@given(
    st.lists(
        st.one_of(
            CELLS,
            st.dictionaries(
                st.sampled_from(["STCD", "TM", "DRP", "INTV", "Z", "ELEM", "V", "x"]),
                CELLS | st.just("SIM-P001") | st.just(tm(600)),
            ),
        ),
        max_size=8,
    ),
    st.sampled_from(["ST_PPTN_R", "ST_RIVER_R", "ST_RSVR_R", "ELEMENT", "FORECAST"]),
)
def test_whatever_comes_every_row_is_taken_or_refused(rows: list[Any], form: str) -> None:
    gauges = {"SIM-P001": Gauge("river", 5, None, 298_000)}
    checked = check(form, rows, gauges, district=DISTRICT, source="x", at=NOW)
    taken = {value.row for value in checked.values} | {outlook.row for outlook in checked.outlooks}
    refused = {rejected.row for rejected in checked.rejected}
    assert taken | refused == set(range(len(rows)))
    assert not taken & refused
    assert all(value.milli >= 0 for value in checked.values if value.element == "rain")


def test_a_csv_cell_becomes_an_exact_number_or_stays_what_it_was() -> None:
    row = from_text(
        "ST_PPTN_R", {"STCD": "00012345", "TM": tm(600), "DRP": " 50.10 ", "INTV": "0.05", "DYP": ""}
    )
    assert row == {"STCD": "00012345", "TM": tm(600), "DRP": Decimal("50.10"), "INTV": Decimal("0.05")}
    assert from_text("ELEMENT", {"V": "nan"}) == {"V": "nan"}
    assert json.dumps(from_text("ELEMENT", {"V": "1e5"})) == '{"V": "1e5"}'
