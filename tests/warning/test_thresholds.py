"""What was measured becomes a level, at exactly the threshold and in any order of rows."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.warning.condition import AllOf, RainOver
from app.warning.finding import Finding
from app.warning.hazard import ObservedRule
from app.warning.level import Level
from app.warning.situation import LevelReading, RainWindow
from app.warning.thresholds import observed
from tests.warning.situations import CHANGYUAN, NOON, PANLONG, WUJIA, rain, river, rules


def found(*windows: RainWindow, levels: tuple[LevelReading, ...] = (), kind: str = "rain") -> list[Finding]:
    return [finding for finding in observed(windows, levels, rules(), NOON) if finding.kind == kind]


@pytest.mark.parametrize(
    ("hours", "tenths", "level"),
    [
        (12, 499, None),
        (12, 500, Level.BLUE),
        (6, 499, None),
        (6, 500, Level.YELLOW),
        (3, 500, Level.ORANGE),
        (3, 999, Level.ORANGE),
        (3, 1000, Level.RED),
        (24, 5000, None),  # no threshold over that window
    ],
)
def test_a_level_is_reached_at_exactly_its_threshold(hours, tenths, level) -> None:
    assert [f.level for f in found(rain(tenths, hours))] == ([level] if level is not None else [])


def test_the_highest_level_of_a_town_is_reported_with_its_station() -> None:
    findings = found(rain(600, 12, station="SIM-P009"), rain(510, 3, station="SIM-P010"))
    assert [(f.hazard, f.place, f.level, f.station) for f in findings] == [
        ("11B03", PANLONG, Level.ORANGE, "SIM-P010")
    ]
    assert findings[0].reason.text == "SIM-P010站实测3小时降雨51毫米（≥50毫米），达到暴雨橙色标准"


def test_an_incomplete_window_is_at_least_its_sum() -> None:
    assert "至少51毫米" in found(rain(510, 3, missing=4))[0].reason.text
    assert found(rain(490, 3, missing=4)) == []


def test_a_station_outside_the_district_reaches_nothing() -> None:
    assert observed([rain(2000, 3, place="")], [river(305_000, place="")], rules(), NOON) == ()


@pytest.mark.parametrize(
    ("level_mm", "level"),
    [(301_499, None), (301_500, Level.YELLOW), (303_000, Level.ORANGE), (305_000, Level.RED)],
)
def test_a_river_reaches_the_level_of_the_mark_it_stands_at(level_mm, level) -> None:
    findings = found(levels=(river(level_mm, record_mm=305_000),), kind="river")
    assert [f.level for f in findings] == ([level] if level is not None else [])


def test_a_mark_that_is_not_known_is_not_reached() -> None:
    reading = LevelReading("SIM-Z009", "濑溪河", CHANGYUAN, NOON, 999_999)
    assert found(levels=(reading,), kind="river") == []


def test_a_rise_of_three_metres_in_three_hours_is_yellow_and_reported_as_a_flood() -> None:
    reading = LevelReading("SIM-Z005", "清流河", WUJIA, NOON, 310_000, rise_mm={60: 1200, 180: 3000})
    (finding,) = found(levels=(reading,), kind="rise")
    assert (finding.hazard, finding.level) == ("11A01", Level.YELLOW)
    assert "3小时上涨3.00米" in finding.reason.text


def test_conditions_joined_must_hold_at_one_station() -> None:
    both = ObservedRule(Level.RED, AllOf((RainOver(1, 300), RainOver(3, 800))))
    hazard = replace(next(h for h in rules().hazards if h.id == "rain"), observed=(both,))
    joined = replace(rules(), hazards=(hazard,))
    here = [rain(300, 1), rain(800, 3)]
    apart = [rain(300, 1), rain(800, 3, station="SIM-P010")]
    (finding,) = observed(here, [], joined, NOON)
    assert "1小时降雨30毫米（≥30毫米）、3小时降雨80毫米（≥80毫米）" in finding.reason.text
    assert observed(apart, [], joined, NOON) == ()


def test_thresholds_hold_only_from_their_first_day() -> None:
    rain_rules = next(h for h in rules().hazards if h.id == "rain")
    young = replace(rules(), hazards=(replace(rain_rules, since=date(2026, 1, 1)),))
    before = datetime(2025, 12, 31, 15, 59, tzinfo=UTC)  # one minute before midnight in the district
    assert observed([rain(1000, 3)], [], young, before) == ()
    first = datetime(2025, 12, 31, 16, 0, tzinfo=UTC)
    assert [f.level for f in observed([rain(1000, 3)], [], young, first)] == [Level.RED]


windows = st.lists(
    st.builds(
        rain,
        st.integers(0, 2000),
        st.sampled_from([1, 3, 6, 12, 24]),
        place=st.sampled_from([PANLONG, WUJIA, CHANGYUAN]),
        station=st.sampled_from(["SIM-P001", "SIM-P009", "SIM-P010"]),
    ),
    max_size=20,
    unique_by=lambda w: (w.station, w.hours),
)


@given(rows=windows, data=st.data())
def test_the_same_rows_in_any_order_give_the_same_findings(rows, data) -> None:
    one_place = [rain(w.tenths, w.hours, place=PANLONG, station=w.station) for w in rows]
    shuffled = data.draw(st.permutations(one_place))
    assert observed(one_place, [], rules(), NOON) == observed(shuffled, [], rules(), NOON)


@given(rows=windows, more=st.integers(0, 500))
def test_more_rain_never_lowers_a_level(rows, more) -> None:
    one_place = [rain(w.tenths, w.hours, station=w.station) for w in rows]
    wetter = [rain(w.tenths + more, w.hours, station=w.station) for w in rows]
    before = {f.kind: f.level for f in observed(one_place, [], rules(), NOON)}
    after = {f.kind: f.level for f in observed(wetter, [], rules(), NOON)}
    assert all(after[kind] >= level for kind, level in before.items())
