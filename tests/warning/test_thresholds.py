"""What was measured becomes a level, at exactly the threshold and in any order of rows."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.warning.condition import AllOf, RainOver
from app.warning.finding import Finding
from app.warning.hazard import ObservedRule
from app.warning.level import Level
from app.warning.situation import ElementReading, LevelReading, RainWindow
from app.warning.thresholds import by_station, observed
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


EARLIER = NOON - timedelta(minutes=5)


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_windows_of_a_gauge_the_newer_counts_then_the_wetter_then_the_fuller(turned) -> None:
    def one(*windows: RainWindow) -> Finding:
        (finding,) = found(*(windows[::-1] if turned else windows))
        return finding

    assert one(rain(1000, 3, at=EARLIER), rain(600, 3)).level is Level.ORANGE
    assert one(rain(1000, 3), rain(600, 3)).level is Level.RED
    assert "至少" not in one(rain(600, 3), rain(600, 3, missing=2)).reason.text


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_readings_of_a_river_the_newer_counts_then_the_higher(turned) -> None:
    def one(*levels: LevelReading) -> Level:
        (finding,) = found(levels=levels[::-1] if turned else levels, kind="river")
        return finding.level

    assert one(replace(river(303_000), at=EARLIER), river(301_500)) is Level.YELLOW
    assert one(river(303_000), river(301_500)) is Level.ORANGE


def depth(milli: int | None, *, at: datetime = NOON, station: str = "SIM-D001", place: str = PANLONG):
    return ElementReading(station, place, "depth", at, milli)


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_readings_of_an_element_the_newer_counts_then_the_greater(turned) -> None:
    def highest(*elements: ElementReading) -> int | None:
        held = by_station((), (), elements[::-1] if turned else elements)
        return held["SIM-D001"].elements["depth"].milli

    assert highest(depth(9000, at=EARLIER), depth(400)) == 400
    assert highest(depth(9000), depth(400)) == 9000
    assert highest(depth(None), depth(None)) is None
    assert highest(depth(None), depth(0)) == 0
    assert highest(depth(None), depth(-5000)) == -5000, "below zero is measured, None is not"
    assert highest(depth(-1), depth(0)) == 0
    assert highest(depth(1), depth(0)) == 1


def test_what_lies_outside_is_left_out_and_hides_nothing() -> None:
    held = by_station(
        (rain(1, 3, place="", station="A"), rain(2, 3, station="B")),
        (river(1, place="", station="C"), river(2, station="D")),
        (depth(1, place="", station="E"), depth(2, station="F")),
    )
    assert sorted(held) == ["B", "D", "F"]


def test_a_station_may_measure_rain_level_and_more() -> None:
    held = by_station((rain(5, 3, station="S"),), (river(7, station="S"),), (depth(9, station="S"),))
    assert (held["S"].rain[3].tenths, held["S"].elements["depth"].milli) == (5, 9)
    assert held["S"].level is not None


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_stations_at_one_level_the_first_by_code_speaks_and_a_higher_speaks_before_both(
    turned,
) -> None:
    windows = (rain(600, 3, station="SIM-P011"), rain(700, 3, station="SIM-P010"))
    (finding,) = found(*(windows[::-1] if turned else windows))
    assert finding.station == "SIM-P010"
    (finding,) = found(*windows, rain(1000, 3, station="SIM-P012"))
    assert (finding.level, finding.station) == (Level.RED, "SIM-P012")


def test_findings_stand_by_hazard_then_the_highest_then_by_town() -> None:
    windows = (
        rain(600, 3, place=PANLONG, station="A"),
        rain(1000, 3, place=WUJIA, station="B"),
        rain(600, 3, place=CHANGYUAN, station="C"),
    )
    held = observed(windows, [river(301_500, place=PANLONG)], rules(), NOON)
    assert [(f.kind, f.place) for f in held if f.kind in {"rain", "river"}] == [
        ("rain", WUJIA),
        ("rain", CHANGYUAN),
        ("rain", PANLONG),
        ("river", PANLONG),
    ]
    assert [f.kind for f in held] == sorted(f.kind for f in held)


def test_a_hazard_that_is_not_measured_or_not_in_effect_hides_no_other() -> None:
    held = {h.id: h for h in rules().hazards}
    past = replace(held["rain"], id="old", until=date(2020, 1, 1))
    silent = replace(held["rain"], id="silent", observed=())
    some = replace(rules(), hazards=(past, silent, held["rain"]))
    assert [f.kind for f in observed([rain(1000, 3)], [], some, NOON)] == ["rain"]


def test_the_rules_may_name_levels_in_any_order() -> None:
    held = next(h for h in rules().hazards if h.id == "rain")
    turned = replace(rules(), hazards=(replace(held, observed=held.observed[::-1]),))
    windows = [rain(1000, 3), rain(1000, 12)]
    assert [f.level for f in observed(windows, [], turned, NOON)] == [Level.RED]


def test_a_finding_tells_its_station_town_level_and_values() -> None:
    (finding,) = found(rain(600, 3))
    assert finding.reason.rule == "observed.rain.orange"
    told = dict(finding.reason.values)
    assert (told["station"], told["place"], told["level"]) == ("SIM-P009", PANLONG, "orange")
    assert len(told) > 3
    assert (finding.name, finding.kind) == ("暴雨", "rain")
