"""A line of the plan: who is called, by what means, how soon, and each reason that it has."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.warning.level import Level
from app.warning.news import CutOff
from app.warning.plan import Plan, PlanLine, Reason
from app.warning.planner import plan
from app.warning.ruleset import AlsoCall, Ruleset, TownRules
from tests.warning.situations import (
    CHANGYUAN,
    MIDNIGHT,
    NOON,
    PANLONG,
    QINGLIU,
    WUJIA,
    forecast,
    holdings,
    rain,
    river,
    rules,
    situation,
    warning,
)

VILLAGE_HEAD, DEPUTY = ("L3", "village-head"), ("L2", "town-deputy")


def hours(value: float) -> timedelta:
    return timedelta(hours=value)


def line_of(made: Plan, duty: str, place: str = PANLONG) -> PlanLine:
    (line,) = [one for one in made.lines if (one.duty, one.place) == (duty, place)]
    return line


def with_town(**changed) -> Ruleset:
    """The rules, with 盘龙 doing nothing otherwise than the district but what is said."""
    own = TownRules(PANLONG, "盘龙镇", {}, {}, (), (), "试")
    return replace(rules(), towns={PANLONG: replace(own, **changed)})


def with_duty(key: tuple[str, str], **changed) -> Ruleset:
    return replace(rules(), towns={}, duties={**rules().duties, key: replace(rules().duties[key], **changed)})


def test_a_hazard_no_rule_fits_is_refused() -> None:
    known = replace(rules(), hazards=tuple(h for h in rules().hazards if not h.anything))
    with pytest.raises(ValueError, match="no rules for hazard 99Z99"):
        plan(situation(warning(hazard="99Z99")), known)


def test_its_reasons_are_the_cell_the_area_what_is_measured_there_and_the_clock() -> None:
    windows = (rain(1000, 3), rain(600, 3, place=WUJIA, station="SIM-P011"))
    floods = (river(305_000, place=PANLONG),)  # another hazard, in the same town
    made = plan(situation(windows=windows, levels=floods), replace(rules(), towns={}))
    line = line_of(made, "town-deputy")
    assert [reason.rule for reason in line.because] == [
        "matrix.T1.yellow",
        "area.inside",
        "observed.rain.red",
        "clock.H1.red",
    ]
    assert line.because[1] == Reason("area.inside", "盘龙镇在暴雨预警区域内", {"place": PANLONG})
    assert line.because[3] == Reason("clock.H1.red", "红色限10分钟内应答", {"seconds": 600})
    assert [r.rule for r in line_of(made, "town-deputy", WUJIA).because][2] == "observed.rain.orange"


def test_a_town_left_out_hears_of_its_own_hazard_only_and_with_its_values() -> None:
    now = situation(
        warning(places=(WUJIA,)),
        windows=(rain(1000, 3),),
        levels=(river(305_000, place=PANLONG),),
        outlooks=(forecast(120),),
    )
    (left,) = [one for one in plan(now, rules()).not_chosen if one.place == PANLONG]
    assert [reason.rule for reason in left.because] == ["area.outside", "area.measured", "area.expected"]
    assert left.because[1].values["station"] == "SIM-P009"
    assert left.because[2].values["tenths"] == 1200
    assert left.because[1].text.startswith("但请留意：SIM-P009站实测3小时降雨100毫米")
    river_too = plan(replace(now, warning=warning(hazard="11A01", places=(WUJIA,))), rules())
    (left,) = [one for one in river_too.not_chosen if one.place == PANLONG]
    assert [reason.rule for reason in left.because] == ["area.outside", "area.measured"]
    assert left.because[1].values["station"] == "SIM-Z001"


def test_towns_left_out_stand_by_code_in_any_order_of_towns() -> None:
    now = situation()
    turned = replace(now, towns=now.towns[::-1])
    places = [one.place for one in plan(turned, rules()).not_chosen]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("clock", "text", "seconds"),
    [
        (timedelta(seconds=45), "红色限45秒内应答", 45),
        (timedelta(seconds=90), "红色限90秒内应答", 90),
        (timedelta(minutes=1), "红色限1分钟内应答", 60),
        (timedelta(days=1), "红色限1440分钟内应答", 86_400),
    ],
)
def test_the_clock_is_said_exactly(clock, text, seconds) -> None:
    made = plan(situation(), with_duty(DEPUTY, clocks={Level.RED: clock}))
    line = line_of(made, "town-deputy")
    assert line.because[-1] == Reason("clock.H1.red", text, {"seconds": seconds})
    assert line.answer_within == clock


def test_where_no_answer_is_owed_no_clock_is_said() -> None:
    line = line_of(plan(situation(), with_duty(DEPUTY, clocks={})), "town-deputy")
    assert line.answer_within is None
    assert [reason.rule for reason in line.because] == ["matrix.T1.yellow", "area.inside"]


def test_a_town_that_sets_what_the_district_sets_says_nothing_of_it() -> None:
    district = rules().duties[DEPUTY]
    same = with_town(
        clocks={DEPUTY: {Level.RED: district.clocks[Level.RED]}},
        channels={DEPUTY: {Level.RED: district.channels[Level.RED]}},
    )
    assert line_of(plan(situation(), same), "town-deputy") == line_of(
        plan(situation(), with_town()), "town-deputy"
    )


def test_a_town_s_own_clock_and_channels_hold_at_the_levels_it_names() -> None:
    own = with_town(
        clocks={DEPUTY: {Level.RED: timedelta(minutes=3)}}, channels={DEPUTY: {Level.RED: ("door",)}}
    )
    red = line_of(plan(situation(), own), "town-deputy")
    assert (red.answer_within, red.channels) == (timedelta(minutes=3), ("door",))
    assert [reason.rule for reason in red.because][2:] == [
        f"town.{PANLONG}.clock",
        f"town.{PANLONG}.channels",
        "clock.H1.red",
    ]
    assert red.because[-1].values == {"seconds": 180}
    orange = situation(warning(Level.ORANGE))
    assert line_of(plan(orange, own), "town-deputy") == line_of(plan(orange, with_town()), "town-deputy")


def also(
    level: Level = Level.BLUE, families: tuple[str, ...] = (), segments: tuple[str, ...] = ()
) -> Ruleset:
    call = AlsoCall(VILLAGE_HEAD, level, frozenset(families), frozenset(segments), "也叫到村")
    return with_town(also=(call,))


@pytest.mark.parametrize(
    ("held", "called"),
    [
        (also(), True),
        (also(Level.YELLOW), False),
        (also(families=("flood", "fire")), True),
        (also(families=("fire",)), False),
        (also(segments=("T3",)), True),
        (also(segments=("T4",)), False),
    ],
)
def test_a_town_s_own_call_has_its_level_its_families_and_its_segments(held, called) -> None:
    about = warning(Level.BLUE, onset=NOON + hours(4))  # T3; the district calls villages from yellow on
    made = plan(situation(about), held)
    own = [line for line in made.lines if line.duty == "village-head"]
    assert [line.place for line in own] == [PANLONG] * called
    if called:
        assert own[0].because[0] == Reason(f"town.{PANLONG}.also", "盘龙镇预案：也叫到村")
        assert (own[0].channels, own[0].answer_within) == (("sms",), timedelta(hours=2))


def test_a_duty_the_district_calls_anyway_is_called_once_for_the_district_s_reason() -> None:
    made = plan(situation(warning(Level.YELLOW, onset=NOON + hours(4))), also())
    assert line_of(made, "village-head").because[0].rule == "matrix.T3.yellow"


def test_a_duty_is_not_called_below_its_own_level_whatever_the_matrix_says() -> None:
    held = with_duty(DEPUTY, from_level=Level.ORANGE)
    for level, called in ((Level.YELLOW, False), (Level.ORANGE, True)):
        made = plan(situation(warning(level)), held)
        assert ("town-deputy" in {line.duty for line in made.lines}) is called


def test_called_below_its_levels_a_duty_is_reached_as_at_the_lowest_it_has() -> None:
    held = also()
    duty = replace(held.duties[VILLAGE_HEAD], channels={Level.RED: ("voice",), Level.YELLOW: ("door",)})
    made = plan(
        situation(warning(Level.BLUE, onset=NOON + hours(4))),
        replace(held, duties={**held.duties, VILLAGE_HEAD: duty}),
    )
    assert line_of(made, "village-head").channels == ("door",)


def test_nobody_registered_is_said_once_and_of_a_broadcast_never() -> None:
    none = tuple(replace(h, units=3, people=0, no_contact=3) for h in holdings())
    made = plan(situation(held=none), replace(rules(), towns={}))
    line = line_of(made, "keeper")
    assert (line.units, line.people, line.no_contact) == (3, 0, 3)
    assert line.because[-1] == Reason("holding.none", "盘龙镇没有登记隐患点监测员，叫不到人", {"units": 3})
    assert "holding.no-contact" not in {reason.rule for reason in line.because}
    silent = plan(situation(held=()), rules())
    assert "holding.none" not in {reason.rule for reason in line_of(silent, "broadcast").because}
    nobody = line_of(silent, "keeper")
    assert (nobody.units, nobody.people, nobody.no_contact) == (0, 0, 0)
    assert line_of(silent, "district-head", "500153").because[-1].text == "荣昌区没有登记区长，叫不到人"


def test_of_one_person_for_many_the_rest_that_cannot_be_reached_are_counted() -> None:
    few = tuple(replace(h, units=3, people=1, no_contact=2) for h in holdings())
    last = line_of(plan(situation(held=few), rules()), "keeper").because[-1]
    assert last == Reason("holding.no-contact", "盘龙镇隐患点监测员有2处叫不到人", {"no_contact": 2})


def sent_to(made: Plan) -> list[Reason]:
    return [action.because[0] for action in made.actions if action.because[0].rule == "news.cut-off"]


@pytest.mark.parametrize("turned", [False, True])
def test_whoever_cannot_be_called_is_gone_to_by_town(turned) -> None:
    lost = (
        CutOff(WUJIA, NOON - hours(2), reported=True),
        CutOff(QINGLIU, NOON, reported=True),  # not of this warning
        CutOff(PANLONG, NOON - hours(1), reported=False),
    )
    made = plan(situation(cut_off=lost[::-1] if turned else lost), rules())
    assert sent_to(made) == [
        Reason("news.cut-off", "盘龙镇叫应链走完无人应，自11:00起", {"place": PANLONG}),
        Reason("news.cut-off", "吴家镇报告三断，自10:00起", {"place": WUJIA}),
    ]
    assert [action.text for action in made.actions][-2:] == [
        "派人到盘龙镇，用卫星电话或370兆联络",
        "派人到吴家镇，用卫星电话或370兆联络",
    ]


NEXT_NIGHT = MIDNIGHT - hours(2)


def test_a_reminder_and_a_raise_are_not_raised_by_night_nor_made_again_for_it() -> None:
    yellow = warning(Level.YELLOW, places=(PANLONG,), onset=NOON)
    reminder = replace(yellow, observed=True)
    raised = replace(yellow, level=Level.ORANGE, raised_from=Level.YELLOW)
    for about in (reminder, raised):
        night = plan(situation(about, at=MIDNIGHT), rules())
        assert "uplift" not in {one.kind for one in night.suggestions}
        assert plan(situation(about), rules()).next_cut is None
    assert "uplift" in {one.kind for one in plan(situation(yellow, at=MIDNIGHT), rules()).suggestions}


@pytest.mark.parametrize(
    ("level", "hazard", "waits"),
    [
        (Level.HINT, "11B03", False),  # no signal that could be raised
        (Level.BLUE, "11B03", True),
        (Level.ORANGE, "11B03", True),
        (Level.RED, "11B03", False),
        (Level.ORANGE, "11B16", False),  # frost has no red
    ],
)
def test_only_a_signal_that_could_be_raised_waits_for_the_night(level, hazard, waits) -> None:
    about = warning(level, hazard=hazard, places=(CHANGYUAN,), onset=NOON)
    evening = plan(situation(about, at=NOON + hours(9)), rules())
    assert (evening.next_cut == NEXT_NIGHT) is waits


def test_the_first_of_the_moments_that_change_a_plan_is_the_next() -> None:
    far = warning(Level.YELLOW, onset=NOON + hours(30))  # T2 in 6 h; night in 10 h; its time over in 36 h
    assert plan(situation(far), rules()).next_cut == NOON + hours(6)
    late = warning(Level.YELLOW, onset=NOON)  # its 6 hours end before the night
    assert plan(situation(late), rules()).next_cut == NOON + hours(6)
    assert plan(situation(late, at=NOON + hours(6)), rules()).next_cut == NEXT_NIGHT


def test_rules_without_a_night_wait_for_none() -> None:
    calm = replace(rules(), uplift=replace(rules().uplift, conditions=()))
    about = warning(Level.YELLOW, onset=NOON, places=(CHANGYUAN,))
    assert plan(situation(about, at=NOON + hours(6)), calm).next_cut is None
    assert plan(situation(about), calm).next_cut == NOON + hours(6)


@pytest.mark.parametrize("own", [False, True])
def test_of_a_broadcast_no_answer_is_owed_or_spoken_of_whatever_clock_is_given(own) -> None:
    broadcast, clocks = ("L6", "broadcast"), {Level.RED: timedelta(minutes=5)}
    held = with_town(clocks={broadcast: clocks}) if own else with_duty(broadcast, clocks=clocks)
    line = line_of(plan(situation(), held), "broadcast")
    assert line.answer_within is None
    assert [reason.rule for reason in line.because] == ["matrix.T3.red", "area.inside"]
