"""Whom our own gauges call while no bureau has spoken: the duty rooms, and the district's rungs above."""

from dataclasses import replace

import pytest

from app.warning.level import Level
from app.warning.planner import plan
from app.warning.ruleset import RemindedFrom
from app.warning.thresholds import observed
from tests.warning.situations import NOON, PANLONG, rain, rules, situation, warning

RAIN, RIVER, FOG = "11B03", "11A01", "11B07"
ROOMS = {"district-duty", "town-duty"}


def reminded(level: Level, hazard: str = RAIN) -> set[str]:
    about = warning(level, hazard=hazard, places=(PANLONG,), observed=True)
    return {line.duty for line in plan(situation(about), rules()).lines}


@pytest.mark.parametrize(
    ("level", "besides"),
    [
        (Level.BLUE, set()),
        (Level.YELLOW, set()),
        (Level.ORANGE, {"district-chief"}),
        (Level.RED, {"district-chief", "district-deputy-head"}),
    ],
)
def test_rain_measured_calls_higher_in_the_district_as_it_grows(level, besides) -> None:
    assert reminded(level) == ROOMS | besides


def test_of_another_hazard_the_duty_rooms_alone_are_told() -> None:
    assert reminded(Level.RED, FOG) == ROOMS


def test_who_is_called_besides_hears_why_and_has_a_clock() -> None:
    about = warning(Level.RED, places=(PANLONG,), observed=True)
    line = next(one for one in plan(situation(about), rules()).lines if one.duty == "district-chief")
    assert (line.part, line.place, line.layer) == ("responsible", "500153", "L1")
    assert line.because[0].rule == "observed.reminder.orange"
    assert line.because[0].text == "实测暴雨橙色起也叫区值班长：雨势已到要有人坐镇的程度"
    assert line.answer_within is not None


def test_two_rules_for_one_duty_call_it_once_by_the_first_that_fits() -> None:
    twice = (
        *rules().reminder_from,
        RemindedFrom(("L1", "district-chief"), Level.RED, frozenset({"rain"}), "再说一次"),
    )
    about = warning(Level.RED, places=(PANLONG,), observed=True)
    made = plan(situation(about), replace(rules(), reminder_from=twice))
    assert [line.duty for line in made.lines].count("district-chief") == 1


def test_a_signal_of_the_bureau_calls_by_the_matrix_and_not_by_the_rungs() -> None:
    made = plan(situation(warning(Level.ORANGE, places=(PANLONG,))), rules())
    assert "district-chief" not in {line.duty for line in made.lines}


@pytest.mark.parametrize(
    ("mm10", "hours", "level"),
    [
        (299, 1, None),
        (300, 1, Level.YELLOW),
        (999, 12, None),
        (1000, 12, Level.ORANGE),
        (1999, 12, Level.ORANGE),
        (2000, 12, Level.RED),
    ],
)
def test_the_districts_own_triggers_are_reached_at_their_edge_and_told_of_as_rain(mm10, hours, level) -> None:
    found = [one for one in observed([rain(mm10, hours)], [], rules(), NOON) if one.kind == "downpour"]
    assert [(one.level, one.hazard) for one in found] == ([] if level is None else [(level, RAIN)])


@pytest.mark.parametrize(
    ("level", "who"),
    [
        (Level.YELLOW, {"bureau"}),
        (Level.ORANGE, {"bureau", "bureau-deputy", "district-deputy-head"}),
        (
            Level.RED,
            {"bureau", "bureau-deputy", "district-deputy-head", "district-head", "district-secretary"},
        ),
    ],
)
def test_who_is_called_in_the_district_rises_with_the_level_of_a_signal(level, who) -> None:
    made = plan(situation(warning(level, places=(PANLONG,))), rules())
    above = {line.duty for line in made.lines if line.layer == "L1"} - {"district-duty"}
    assert {duty for duty in above if not duty.endswith(("dazu", "luxian", "neijiang"))} == who
