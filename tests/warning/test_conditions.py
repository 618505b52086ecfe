"""Each condition: where it holds, at exactly its edge, and what it says; no data is no zero."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.warning.condition import (
    AllOf,
    DepthOver,
    Limit,
    RainOver,
    Said,
    StageOver,
    Station,
    Temperature,
    TemperatureFall,
)
from app.warning.finding import Finding
from app.warning.level import Level
from app.warning.situation import ElementReading, LevelReading, RainWindow
from app.warning.thresholds import observed
from app.warning.window import beaufort, decimal
from tests.warning.situations import CHANGYUAN, NOON, PANLONG, rain, river, rules

HOURS = (1, 6, 12, 24)


def reading(element: str, milli: int, *, kind: str = "weather", station: str = "SIM-W01") -> ElementReading:
    """A station that measured the same all along."""
    same = dict.fromkeys(HOURS, milli)
    return ElementReading(
        station, PANLONG, element, NOON, milli, same, same, ((milli, milli),) * 3, {24: 0, 48: 0}, kind
    )


def found(*elements: ElementReading, kind: str, levels: Iterable[LevelReading] = ()) -> list[Finding]:
    return [one for one in observed([], levels, rules(), NOON, elements) if one.kind == kind]


@pytest.mark.parametrize(
    ("element", "milli", "hazard", "level"),
    [
        ("depth", 9_990, "waterlogging", None),
        ("depth", 10_000, "waterlogging", Level.BLUE),
        ("depth", 15_000, "waterlogging", Level.YELLOW),
        ("depth", 25_000, "waterlogging", Level.ORANGE),
        ("depth", 40_000, "waterlogging", Level.RED),
        ("wind", 10_790, "gale", None),
        ("wind", 10_800, "gale", Level.BLUE),
        ("wind", 32_700, "gale", Level.RED),
        ("gust", 13_890, "gale", None),
        ("gust", 13_900, "gale", Level.BLUE),
        ("gust", 20_800, "gale", Level.YELLOW),
        ("gust", 28_500, "gale", Level.ORANGE),
        ("gust", 37_000, "gale", Level.RED),
        ("visibility", 500_000, "fog", None),
        ("visibility", 499_990, "fog", Level.YELLOW),
        ("visibility", 199_990, "fog", Level.ORANGE),
        ("visibility", 49_990, "fog", Level.RED),
        ("temp", 35_000, "heat", None),
        ("temp", 35_100, "heat", Level.YELLOW),
        ("temp", 37_000, "heat", Level.YELLOW),
        ("temp", 37_100, "heat", Level.ORANGE),
        ("temp", 40_100, "heat", Level.RED),
        ("ground_temp", 0, "frost", None),
        ("ground_temp", -100, "frost", Level.BLUE),
        ("ground_temp", -3_100, "frost", Level.YELLOW),
        ("ground_temp", -5_100, "frost", Level.ORANGE),
        ("temp", -20_000, "frost", None),
        ("snow_12h", 3_990, "snow", None),
        ("snow_12h", 4_000, "snow", Level.BLUE),
        ("snow_12h", 6_000, "snow", Level.YELLOW),
        ("snow_12h", 90_000, "snow", Level.YELLOW),
        ("snow_6h", 9_990, "snow", None),
        ("snow_6h", 10_000, "snow", Level.ORANGE),
        ("snow_6h", 15_000, "snow", Level.RED),
    ],
)
def test_a_level_is_reached_at_its_edge_by_what_was_measured(element, milli, hazard, level) -> None:
    assert [one.level for one in found(reading(element, milli), kind=hazard)] == (
        [] if level is None else [level]
    )


def test_an_underpass_is_red_at_a_depth_that_is_orange_elsewhere() -> None:
    (finding,) = found(reading("depth", 25_000, kind="underpass"), kind="waterlogging")
    assert finding.level is Level.RED
    assert finding.reason.text == "SIM-W01站实测下穿道积水25厘米（≥25厘米），达到城市内涝红色标准"


def test_a_gust_is_said_in_metres_a_second_and_in_force() -> None:
    (finding,) = found(reading("gust", 22_300), kind="gale")
    assert "1小时内阵风22.3米/秒（9级，≥9级）" in finding.reason.text


def test_water_that_has_drained_and_fog_that_has_lifted_are_over_a_gust_of_this_hour_is_not() -> None:
    old = replace(reading("depth", 40_000), milli=None)
    assert found(old, kind="waterlogging") == []
    assert found(replace(reading("visibility", 10_000), milli=None), kind="fog") == []
    assert found(replace(reading("gust", 37_000), milli=3_000), kind="gale")


def test_heat_of_three_days_asks_for_each_of_them() -> None:
    hot, mild = (24_000, 36_000), (22_000, 31_000)
    three = replace(reading("temp", 36_000), days=(hot, hot, hot))
    assert [one.level for one in found(three, kind="heat")] == [Level.YELLOW]
    assert "连续3天最高气温36℃（＞35℃）" in found(three, kind="heat")[0].reason.text
    assert found(replace(three, days=(hot, mild, hot)), kind="heat") == []
    assert found(replace(three, days=(hot, None, hot)), kind="heat") == [], (
        "a day nobody measured is no hot day"
    )


def test_a_cold_wave_is_fall_cold_and_wind_together_at_one_station() -> None:
    cold = replace(reading("temp", 3_000), fell={24: 10_500, 48: 14_000})
    wind = reading("wind", 11_000)
    assert [one.level for one in found(cold, wind, kind="cold-wave")] == [Level.YELLOW]
    assert found(cold, kind="cold-wave") == []
    assert found(cold, replace(wind, station="SIM-W02"), kind="cold-wave") == []
    assert found(replace(cold, fell={}), wind, kind="cold-wave") == [], "the day before was not measured"


def test_a_reservoir_reaches_the_level_of_its_own_marks() -> None:
    def at(level_mm: int, rise: int = 0) -> LevelReading:
        return LevelReading(
            "SIM-V001",
            "高升桥水库",
            CHANGYUAN,
            NOON,
            level_mm,
            rise_mm={60: rise},
            flood_limit_mm=352_000,
            design_mm=355_200,
        )

    def level(*levels: LevelReading) -> list[Level]:
        return [one.level for one in found(kind="reservoir", levels=levels)]

    assert level(at(351_799, 50)) == []
    assert level(at(351_800, 50)) == [Level.BLUE]
    assert level(at(351_900, 0)) == [], "close to the limit, but not rising"
    assert level(at(352_000)) == [Level.YELLOW]
    assert level(at(355_200)) == [Level.ORANGE]
    assert level(replace(at(356_299), check_mm=356_300)) == [Level.ORANGE]
    assert level(replace(at(356_300), check_mm=356_300)) == [Level.RED]
    assert level(at(999_999)) == [Level.ORANGE], (
        "of a dam without a check level nobody can say that it is over"
    )
    assert found(kind="river", levels=(at(999_999),)) == [], "a reservoir has no marks of a river"


def said(condition: object, station: Station) -> Said:
    """What a condition says of a station where it holds."""
    found = condition.met(station)  # type: ignore[attr-defined]
    assert isinstance(found, Said)
    return found


def dry_but(*windows: RainWindow) -> Station:
    station = Station(PANLONG)
    for window in windows:
        station.take_rain(window)
    return station


def test_of_two_windows_that_contradict_a_longer_one_the_wetter_is_told_of_equals_the_shorter() -> None:
    def notes(*windows: RainWindow) -> str:
        return said(RainOver(6, 500), dry_but(*windows)).text

    longest = rain(400, 6)
    assert "1小时已有70毫米" in notes(longest, rain(600, 3), rain(700, 1))
    assert "1小时已有70毫米" in notes(longest, rain(700, 1), rain(600, 3))
    for order in ((rain(600, 1), rain(600, 3)), (rain(600, 3), rain(600, 1))):
        assert "1小时已有60毫米" in notes(longest, *order)
    assert "矛盾" not in notes(rain(600, 6), rain(600, 3)), "the same rain is no contradiction"


def test_a_stage_is_reached_at_its_mark_and_near_it_below() -> None:
    station = Station(CHANGYUAN, level=river(301_500))
    assert said(StageOver("warning"), station).text == "濑溪河水位301.50米，达到警戒水位301.50米"
    station.level = river(301_499)
    assert StageOver("warning").met(station) is None
    assert said(StageOver("warning", -1), station).text == "濑溪河水位301.49米，接近警戒水位301.50米"


def test_depth_is_said_with_where_it_stands_only_for_an_underpass() -> None:
    station = Station(PANLONG, elements={"depth": reading("depth", 25_000, kind="underpass")})
    assert said(DepthOver(10_000), station).text == "积水25厘米（≥10厘米）"
    assert said(DepthOver(10_000, "underpass"), station).text == "下穿道积水25厘米（≥10厘米）"
    station.elements["depth"] = reading("depth", 25_000, kind="waterlogging")
    assert said(DepthOver(10_000, "waterlogging"), station).text == "积水25厘米（≥10厘米）"


def test_mean_wind_and_snow_have_their_own_words() -> None:
    (windy,) = found(reading("wind", 10_800), kind="gale")
    assert "1小时内平均风10.8米/秒（6级，≥6级）" in windy.reason.text
    (snowy,) = found(reading("snow_6h", 10_500), kind="snow")
    assert "6小时降雪10.5毫米（≥10毫米）" in snowy.reason.text
    assert found(replace(reading("snow_6h", 20_000), milli=None), kind="snow") == [], "an old sum is over"


def air(*days: tuple[int, int], **hours: tuple[int, int]) -> Station:
    """A station's air by days (lowest, highest); ``last``: the last 24 hours, where that is not day one."""
    lowest, highest = hours.get("last", days[0] if days else (0, 0))
    element = ElementReading(
        "SIM-W01", PANLONG, "temp", NOON, None, {24: highest} if hours or days else {}, {24: lowest}, days
    )
    return Station(PANLONG, elements={"temp": element})


def test_a_temperature_is_told_by_its_side_its_stretch_and_the_day_that_held_by_the_least() -> None:
    hot, cold = Limit("≥", 35_000), Limit("≤", -5_000)
    three = air((20_000, 36_000), (21_000, 38_000), (22_000, 37_000))
    assert said(Temperature("temp", hot, 24, 3), three).text == "连续3天最高气温36℃（≥35℃）"
    assert said(Temperature("temp", hot, 24, 2), three).text == "连续2天最高气温36℃（≥35℃）"
    assert said(Temperature("temp", hot, 24), three).text == "24小时内最高气温36℃（≥35℃）"
    frost = air((-7_000, 0), (-6_000, 1_000), (-9_000, 2_000))
    assert said(Temperature("temp", cold, 24, 3), frost).text == "连续3天最低气温-6℃（≤-5℃）"
    assert said(Temperature("temp", cold, 24), frost).text == "24小时内最低气温-7℃（≤-5℃）"


def test_two_days_ask_for_two_days_and_not_for_the_third() -> None:
    station = air((20_000, 36_000), (21_000, 38_000), (22_000, 20_000))
    assert Temperature("temp", Limit("≥", 35_000), 24, 2).met(station)
    assert Temperature("temp", Limit("≥", 35_000), 24, 3).met(station) is None
    mild = air((20_000, 36_000), (21_000, 30_000))
    assert Temperature("temp", Limit("≥", 35_000), 24, 2).met(mild) is None


def test_one_day_is_the_last_hours_and_a_stretch_nobody_measured_is_unknown() -> None:
    station = air((20_000, 30_000), last=(20_000, 36_000))
    assert said(Temperature("temp", Limit("≥", 35_000), 24), station).values["milli"] == 36_000
    assert Temperature("temp", Limit("≤", 90_000), 6).met(station) is None


def test_a_fall_is_reached_at_exactly_its_degrees_and_says_over_how_long() -> None:
    station = Station(PANLONG, elements={"temp": replace(reading("temp", 3_000), fell={24: 8_000})})
    assert said(TemperatureFall(24, 8_000), station).text == "24小时降温8℃（≥8℃）"
    assert TemperatureFall(24, 8_001).met(station) is None
    assert TemperatureFall(48, 1).met(station) is None


def test_all_of_several_says_the_words_and_keeps_the_values_of_each() -> None:
    station = Station(PANLONG, elements={"depth": reading("depth", 25_000)}, level=river(301_500))
    both = said(AllOf((DepthOver(10_000), StageOver("warning"))), station)
    assert both.text == "积水25厘米（≥10厘米）、濑溪河水位301.50米，达到警戒水位301.50米"
    assert dict(both.values) == {
        "depth_milli": 25_000,
        "threshold_milli": 10_000,
        "level_mm": 301_500,
        "mark": "warning",
        "mark_mm": 301_500,
    }


def test_a_longer_window_that_says_less_than_a_shorter_one_is_told_and_the_greater_sum_counts() -> None:
    (finding,) = [
        one for one in observed([rain(620, 1), rain(400, 3)], [], rules(), NOON) if one.kind == "rain"
    ]
    assert finding.level is Level.ORANGE
    assert "3小时降雨至少62毫米（≥50毫米，1小时已有62毫米，两者矛盾，按大的算）" in finding.reason.text


def test_a_window_says_how_much_of_it_is_missing() -> None:
    (finding,) = [one for one in observed([rain(512, 3, missing=3)], [], rules(), NOON) if one.kind == "rain"]
    assert "3小时降雨至少51.2毫米（≥50毫米，36个时段缺3个）" in finding.reason.text
    assert (finding.reason.values["missing"], finding.reason.values["expected"]) == (3, 36)


def test_a_rise_over_ten_minutes_an_hour_and_three_hours_is_read_each_by_itself() -> None:
    rising = replace(river(300_000), rise_mm={10: 400, 60: 900, 180: 1_000})
    (finding,) = found(kind="rise", levels=(rising,))
    assert finding.level is Level.BLUE
    assert "3小时上涨1.00米" in finding.reason.text


@pytest.mark.parametrize(
    ("sign", "value", "holds"),
    [("≥", 5, True), ("＞", 5, False), ("≤", 5, True), ("＜", 5, False), ("＞", 4, True), ("＜", 6, True)],
)
def test_a_limit_says_itself_which_side_of_it_counts(sign, value, holds) -> None:
    assert Limit(sign, value).holds(5) is holds


@pytest.mark.parametrize(
    ("milli", "force"), [(0, 0), (299, 0), (300, 1), (10_799, 5), (10_800, 6), (56_100, 17), (90_000, 17)]
)
def test_a_force_begins_at_its_lower_edge(milli, force) -> None:
    assert beaufort(milli) == force


@pytest.mark.parametrize(
    ("milli", "read"), [(37_500, "37.5"), (-3_000, "-3"), (0, "0"), (-50, "-0.05"), (10, "0.01")]
)
def test_thousandths_read_as_people_write_them(milli, read) -> None:
    assert decimal(milli) == read


readings = st.lists(
    st.builds(
        reading,
        st.sampled_from(["depth", "wind", "gust", "visibility", "temp", "ground_temp"]),
        st.integers(-10_000, 60_000),
        kind=st.sampled_from(["weather", "underpass"]),
        station=st.sampled_from(["SIM-W01", "SIM-W02"]),
    ),
    max_size=12,
    unique_by=lambda one: (one.station, one.element),
)


@given(rows=readings, data=st.data())
def test_elements_in_any_order_and_repeated_give_the_same_findings(rows, data) -> None:
    shuffled = data.draw(st.permutations([*rows, *rows[:2]]))
    assert observed([], [], rules(), NOON, rows) == observed([], [], rules(), NOON, shuffled)
