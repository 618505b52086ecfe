"""流域联防: duty rooms up and down the river are called where the water goes, once, never otherwise."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.warning.level import Level
from app.warning.plan import Plan, PlanLine
from app.warning.planner import plan
from app.warning.ruleset import Ruleset
from app.warning.situation import LevelReading, Situation, WarningFacts
from tests.warning.situations import (
    CHANGYUAN,
    NOON,
    PANLONG,
    QINGLIU,
    WANLING,
    holdings,
    rain,
    river,
    rules,
    scheme,
    situation,
    towns,
    warning,
)

RIVER, RAIN, DIKE, RESERVOIR, FLASH_FLOOD, HEAT = "11A01", "11B03", "11A04", "11A03", "11A51", "11B09"
DAZU, LUXIAN, NEIJIANG = "upstream-dazu", "downstream-luxian", "downstream-neijiang"
COLOURS = [Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED]
OVER, UNDER = river(301_500), river(301_499)


def rooms(made: Plan) -> dict[str, PlanLine]:
    return {line.duty: line for line in made.lines if scheme().duty(line.layer, line.duty).unit}


def left(made: Plan) -> dict[str, str]:
    """Who is not called, and the words why."""
    return {room.duty: room.because[0].text for room in made.not_asked}


def called(hazard: str, level: Level, *places: str, levels: tuple[LevelReading, ...] = ()) -> set[str]:
    return set(rooms(plan(situation(warning(level, hazard=hazard, places=places), levels=levels), rules())))


@pytest.mark.parametrize(
    ("hazard", "level", "place", "who"),
    [
        (RIVER, Level.BLUE, CHANGYUAN, set()),
        (RIVER, Level.YELLOW, CHANGYUAN, {DAZU, LUXIAN}),
        (RIVER, Level.ORANGE, WANLING, {DAZU, LUXIAN}),
        (RIVER, Level.RED, QINGLIU, {NEIJIANG}),
        (RIVER, Level.RED, PANLONG, set()),
        (RAIN, Level.ORANGE, CHANGYUAN, set()),
        (RAIN, Level.RED, CHANGYUAN, {LUXIAN}),
        (RAIN, Level.RED, PANLONG, set()),
        (DIKE, Level.YELLOW, CHANGYUAN, set()),
        (DIKE, Level.ORANGE, CHANGYUAN, {DAZU, LUXIAN}),
        (RESERVOIR, Level.YELLOW, CHANGYUAN, {LUXIAN}),
        (FLASH_FLOOD, Level.RED, QINGLIU, {NEIJIANG}),
        (HEAT, Level.RED, CHANGYUAN, set()),
    ],
)
def test_who_is_called_follows_the_river_the_side_and_the_level(hazard, level, place, who) -> None:
    assert called(hazard, level, place) == who


def test_towns_on_both_rivers_call_the_rooms_of_both() -> None:
    assert called(RIVER, Level.YELLOW, CHANGYUAN, QINGLIU) == {DAZU, LUXIAN, NEIJIANG}


def test_heavy_rain_upon_high_water_calls_both_sides_a_level_earlier_from_exactly_the_mark_on() -> None:
    assert called(RAIN, Level.ORANGE, CHANGYUAN, levels=(UNDER,)) == set()
    assert called(RAIN, Level.ORANGE, CHANGYUAN, levels=(OVER,)) == {DAZU, LUXIAN}
    elsewhere = replace(OVER, river="清流河", place=QINGLIU)
    assert called(RAIN, Level.ORANGE, CHANGYUAN, levels=(elsewhere,)) == set()


def test_a_line_says_who_how_until_when_and_why_with_the_values() -> None:
    made = plan(situation(warning(Level.ORANGE, places=(CHANGYUAN,)), levels=(UNDER, OVER)), rules())
    line = rooms(made)[LUXIAN]
    assert (line.part, line.place, line.layer) == ("responsible", "500153", "L1")
    assert (line.channels, line.answer_within) == (("voice", "sms"), timedelta(minutes=15))
    why, *_, clock = line.because
    assert why.rule == "basin.rain-on-high-water"
    assert (
        why.text == "濑溪河流经昌元街道，叫下游：河水已过警戒又有强降雨（SIM-Z001站301.50米，已过警戒水位）"
    )
    assert dict(why.values) == {
        "river": "濑溪河",
        "side": "down",
        "towns": 1,
        "station": "SIM-Z001",
        "level_mm": 301_500,
    }
    assert clock.rule == "clock.H1n.orange"


def test_a_line_tells_what_the_gauges_of_its_river_show_and_of_no_other() -> None:
    other = replace(river(313_000, station="SIM-Z005", place=QINGLIU), river="清流河")
    about = warning(Level.YELLOW, hazard=RIVER, places=(CHANGYUAN, QINGLIU))
    made = rooms(plan(situation(about, levels=(OVER, other)), rules()))
    seen = [
        reason.values["station"] for reason in made[LUXIAN].because if reason.rule.startswith("observed.")
    ]
    assert seen == ["SIM-Z001"]


@pytest.mark.parametrize(
    ("hazard", "level", "place", "duty", "why"),
    [
        (RIVER, Level.BLUE, CHANGYUAN, LUXIAN, "江河洪水黄色起才叫"),
        (RIVER, Level.RED, CHANGYUAN, NEIJIANG, "预警区域不在清流河沿线"),
        (RAIN, Level.YELLOW, CHANGYUAN, DAZU, "暴雨橙色起且濑溪河过警戒水位才叫"),
        (RAIN, Level.RED, CHANGYUAN, DAZU, "濑溪河没有站过警戒水位"),
        (RESERVOIR, Level.RED, CHANGYUAN, DAZU, "水库险情不涉及流域联防的上游"),
    ],
)
def test_who_is_not_called_hears_why_in_words(hazard, level, place, duty, why) -> None:
    made = plan(situation(warning(level, hazard=hazard, places=(place,))), rules())
    assert left(made)[duty] == why


def test_a_reason_names_the_towns_on_the_river_in_the_order_of_their_codes() -> None:
    places = ("500153107", "500153003", WANLING, "500153002", CHANGYUAN, "500153106")
    made = plan(situation(warning(Level.YELLOW, hazard=RIVER, places=places)), rules())
    assert (
        rooms(made)[LUXIAN]
        .because[0]
        .text.startswith("濑溪河流经昌元街道、昌州街道、广顺街道、万灵镇、清升镇、清江镇，叫下游：")
    )


def test_of_two_stations_over_the_mark_the_first_by_code_is_told_in_whatever_order_they_came() -> None:
    higher = river(302_000, station="SIM-Z000")
    for levels in ((OVER, higher), (higher, OVER)):
        made = plan(situation(warning(Level.ORANGE, places=(CHANGYUAN,)), levels=levels), rules())
        assert rooms(made)[LUXIAN].because[0].values["station"] == "SIM-Z000"


def test_a_room_is_told_what_gauges_of_the_hazard_show_and_of_no_other() -> None:
    wet = rain(1200, 3, place=CHANGYUAN, station="SIM-P001")
    about = warning(Level.YELLOW, hazard=RIVER, places=(CHANGYUAN,))
    line = rooms(plan(situation(about, levels=(OVER,), windows=(wet,)), rules()))[LUXIAN]
    assert {r.rule.split(".")[1] for r in line.because if r.rule.startswith("observed.")} == {"river"}


def test_of_a_hazard_that_no_river_carries_nothing_is_said() -> None:
    assert plan(situation(warning(Level.RED, hazard=HEAT, places=(CHANGYUAN,))), rules()).not_asked == ()


def test_gauges_alone_call_them_for_a_river_and_not_for_rain() -> None:
    def reminded(hazard: str) -> Plan:
        about = warning(Level.RED, hazard=hazard, places=(CHANGYUAN,), observed=True)
        return plan(situation(about, levels=(OVER,)), rules())

    assert set(rooms(reminded(RIVER))) == {DAZU, LUXIAN}
    assert set(rooms(reminded(RAIN))) == set()
    assert left(reminded(RAIN))[LUXIAN] == "实测暴雨只提醒本区，没有信号不叫邻区"


def then(about: WarningFacts, *earlier: WarningFacts) -> Situation:
    return situation(about, others=earlier)


def first(level: Level, **but: object) -> WarningFacts:
    about = warning(level, hazard=RIVER, places=(CHANGYUAN,), key="first", sent=NOON - timedelta(hours=1))
    return replace(about, **but)  # type: ignore[arg-type]


def test_a_second_warning_of_the_event_calls_them_again_only_at_a_higher_level() -> None:
    second = warning(Level.ORANGE, hazard=RIVER, places=(WANLING,), key="second")
    same = plan(then(second, first(Level.ORANGE)), rules())
    assert set(rooms(same)) == set()
    assert left(same)[LUXIAN] == "已按江河洪水橙色预警叫过，不重复叫"
    assert set(rooms(plan(then(second, first(Level.YELLOW)), rules()))) == {DAZU, LUXIAN}


def test_a_higher_warning_of_the_event_speaks_for_a_lower_in_whatever_order_they_came() -> None:
    low = warning(Level.YELLOW, hazard=RIVER, places=(WANLING,), key="second")
    made = plan(then(low, first(Level.RED, sent=NOON + timedelta(minutes=1))), rules())
    assert set(rooms(made)) == set()
    assert left(made)[LUXIAN] == "已按江河洪水红色预警叫过，不重复叫"


def called_by(now: Situation) -> str | int:
    """Which warning has called the room down 濑溪河 already."""
    return next(room for room in plan(now, rules()).not_asked if room.duty == LUXIAN).because[0].values["by"]


def test_of_several_that_called_the_room_the_highest_is_named_then_the_earliest_then_by_key() -> None:
    second = warning(Level.YELLOW, hazard=RIVER, places=(WANLING,), key="second")
    early, late = (
        first(Level.RED, key=key, sent=NOON - timedelta(hours=h)) for key, h in (("z", 3), ("a", 2))
    )
    twin = replace(early, key="y")
    low = first(Level.ORANGE, key="0", sent=NOON - timedelta(hours=9))
    for others in ((low, late, early, twin), (twin, early, late, low), (late, twin, low, early)):
        assert called_by(then(second, *others)) == "y"
    assert called_by(then(second, late, low)) == called_by(then(second, low, late)) == "a"


def test_of_two_warnings_of_one_level_and_moment_one_calls_the_room_and_one_does_not() -> None:
    a, b = (first(Level.ORANGE, key=key, sent=NOON) for key in ("a", "b"))
    assert set(rooms(plan(then(a, b), rules()))) == {DAZU, LUXIAN}
    assert set(rooms(plan(then(b, a), rules()))) == set()


def test_what_came_later_or_of_another_river_or_event_takes_nobody_from_a_warning() -> None:
    second = warning(Level.ORANGE, hazard=RIVER, places=(WANLING,), key="second")
    for other in (
        first(Level.ORANGE, sent=NOON + timedelta(minutes=1)),
        first(Level.RED, places=frozenset({QINGLIU})),
        first(Level.RED, hazard=DIKE),
        first(Level.RED, places=frozenset({PANLONG})),
    ):
        assert set(rooms(plan(then(second, other), rules()))) == {DAZU, LUXIAN}


def test_a_reminder_made_here_takes_nobody_from_a_bureau_s_signal_but_from_the_next_reminder() -> None:
    signal = warning(Level.YELLOW, hazard=RIVER, places=(WANLING,), key="second")
    before = first(Level.YELLOW, observed=True)
    assert set(rooms(plan(then(signal, before), rules()))) == {DAZU, LUXIAN}
    again = plan(then(replace(signal, observed=True), before), rules())
    assert set(rooms(again)) == set()
    assert left(again)[DAZU] == "已按江河洪水黄色实测提醒叫过，不重复叫"


def test_high_water_may_have_come_since_an_earlier_rain_so_the_room_is_called_for_the_second() -> None:
    earlier = first(Level.ORANGE, hazard=RAIN)
    second = warning(Level.ORANGE, places=(WANLING,), key="second")
    now = situation(second, levels=(OVER,), others=(earlier,))
    assert set(rooms(plan(now, rules()))) == {DAZU, LUXIAN}


def on_both_rivers() -> Ruleset:
    """One room for both rivers, up and down."""
    reaches = tuple(replace(reach, duty=("L1", LUXIAN)) for reach in rules().basin.reaches)
    return replace(rules(), basin=replace(rules().basin, reaches=reaches))


def test_a_room_on_two_rivers_is_left_in_peace_where_it_was_called_for_the_one_that_counts() -> None:
    second = warning(Level.ORANGE, hazard=RIVER, places=(WANLING,), key="second")
    assert LUXIAN not in rooms(plan(then(second, first(Level.ORANGE)), on_both_rivers()))


def test_a_room_on_two_rivers_hears_what_the_touched_one_still_lacks() -> None:
    about = warning(Level.BLUE, hazard=RIVER, places=(CHANGYUAN,))
    assert left(plan(situation(about), on_both_rivers()))[LUXIAN] == "江河洪水黄色起才叫"


def test_a_reminder_below_the_level_of_a_measured_rule_hears_of_the_level() -> None:
    about = warning(Level.BLUE, hazard=RIVER, places=(CHANGYUAN,), observed=True)
    assert left(plan(situation(about), rules()))[LUXIAN] == "江河洪水黄色起才叫"


def test_of_two_rules_of_one_level_the_one_that_asks_for_no_mark_is_told() -> None:
    (marked,) = (rule for rule in rules().basin.rules if rule.id == "rain-on-high-water")
    two = replace(rules(), basin=replace(rules().basin, rules=(marked, replace(marked, id="plain", mark=""))))
    about = warning(Level.YELLOW, places=(CHANGYUAN,))
    assert left(plan(situation(about), two))[LUXIAN] == "暴雨橙色起才叫"


def test_a_room_on_two_rivers_is_called_for_the_second_though_it_was_for_the_first() -> None:
    both = on_both_rivers()
    second = warning(Level.YELLOW, hazard=RIVER, places=(CHANGYUAN, QINGLIU), key="second")
    assert LUXIAN in rooms(plan(then(second, first(Level.YELLOW)), both))


def test_a_room_that_no_directory_has_keeps_its_line_and_says_so() -> None:
    held = tuple(one for one in holdings() if one.duty != LUXIAN)
    about = warning(Level.RED, hazard=RIVER, places=(CHANGYUAN,))
    line = rooms(plan(situation(about, held=held), rules()))[LUXIAN]
    assert (line.units, line.people) == (0, 0)
    assert line.because[-1].text == "荣昌区没有登记泸县防汛值班室（濑溪河下游），叫不到人"


areas = st.sets(st.sampled_from([town.code for town in towns()]), min_size=1).map(tuple)
hazards = st.sampled_from([RIVER, RAIN, DIKE, RESERVOIR, FLASH_FLOOD, HEAT])
waters = st.integers(300_000, 305_000).map(river)


@given(
    hazard=hazards,
    where=areas,
    levels=st.tuples(st.sampled_from(COLOURS), st.sampled_from(COLOURS)),
    water=waters,
    earlier=st.sampled_from(COLOURS),
    measured=st.booleans(),
)
def test_a_higher_level_never_takes_a_room_away_nor_gives_it_longer(
    hazard, where, levels, water, earlier, measured
) -> None:
    low, high = sorted(levels)

    def made(level: Level) -> dict[str, PlanLine]:
        about = warning(level, hazard=hazard, places=where, observed=measured, key="second")
        now = replace(situation(about, levels=(water,)), others=(first(earlier),))
        return rooms(plan(now, rules()))

    weaker, stronger = made(low), made(high)
    assert weaker.keys() <= stronger.keys()
    for duty, line in weaker.items():
        assert (stronger[duty].answer_within or timedelta.max) <= (line.answer_within or timedelta.max)
        assert set(line.channels) <= set(stronger[duty].channels)


@given(hazard=hazards, where=areas, level=st.sampled_from(COLOURS), water=waters, data=st.data())
def test_every_room_is_called_or_told_of_and_the_order_of_rows_is_nothing(
    hazard, where, level, water, data
) -> None:
    wet = (rain(1000, 3), rain(1200, 3, place=CHANGYUAN, station="SIM-P001"))
    others = (first(Level.YELLOW), first(Level.ORANGE, key="third", places=frozenset({QINGLIU})))
    about = warning(level, hazard=hazard, places=where, key="second")
    higher = replace(water, station="SIM-Z003", level_mm=water.level_mm + 1)
    now = replace(situation(about, windows=wet, levels=(water, higher)), others=others)
    mixed = replace(
        now,
        others=tuple(data.draw(st.permutations(others))),
        levels=tuple(reversed(now.levels)),
        towns=tuple(reversed(now.towns)),
        windows=tuple(reversed(wet)),
    )
    made = plan(now, rules())
    assert plan(mixed, rules()) == made
    asked, spared = rooms(made).keys(), left(made).keys()
    assert not asked & spared
    assert asked | spared == (set() if hazard == HEAT else {DAZU, LUXIAN, NEIJIANG})
