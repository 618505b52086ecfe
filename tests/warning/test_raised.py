"""A warning that the district has raised: more people are called, but the signal remains the bureau's."""

from dataclasses import replace

import pytest

from app.warning.level import Level
from app.warning.plan import Plan
from app.warning.planner import plan
from tests.warning.situations import MIDNIGHT, NOON, PANLONG, QINGLIU, WUJIA, rules, situation, warning

THREE = (PANLONG, QINGLIU, WUJIA)


def made(level: Level, raised_from: Level | None = None) -> Plan:
    facts = replace(warning(level, places=THREE, sent=NOON), raised_from=raised_from)
    return plan(situation(facts, at=MIDNIGHT), rules())


@pytest.mark.parametrize("level", [Level.BLUE, Level.YELLOW, Level.ORANGE])
def test_a_raise_calls_everybody_the_signal_calls_and_more_in_the_same_segment(level) -> None:
    signal, raised = made(level), made(Level(level + 1), level)
    assert raised.segment == signal.segment
    assert raised.segment_from == signal.segment_from
    called = {(line.place, line.layer, line.duty) for line in signal.lines}
    assert called < {(line.place, line.layer, line.duty) for line in raised.lines}


def test_a_raise_proposes_nothing_and_time_of_night_does_not_move_it() -> None:
    signal, raised = made(Level.ORANGE), made(Level.RED, Level.ORANGE)
    assert {one.kind for one in signal.suggestions} == {"uplift", "response", "outlived"}
    assert raised.suggestions == ()
    assert raised.response_level is None


def test_the_plan_says_that_the_level_is_the_districts_own() -> None:
    (reason,) = [one for one in made(Level.RED, Level.ORANGE).because if one.rule == "uplift.decided"]
    assert reason.text == "信号为橙色，区里决定提级，按红色叫应"
    assert not [one for one in made(Level.RED).because if one.rule == "uplift.decided"]
