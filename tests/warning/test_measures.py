"""断禁停撤疏 and 一行业一措施: rows stand at their level and above, in their families and segments."""

from dataclasses import replace

import pytest

from app.warning import measures
from app.warning.hazard import HazardRules
from app.warning.level import Level
from app.warning.planner import plan
from app.warning.ruleset import ControlRule, IndustryMeasure, Ruleset
from tests.warning.situations import NOON, PANLONG, WUJIA, rules, situation, warning

SCHOOLS = IndustryMeasure(
    "学校", "区教委", Level.ORANGE, frozenset({"flood"}), frozenset({"T3", "T4"}), "停课", "industry.schools"
)
CLEAR = ControlRule(
    "C1", "撤", "全部转移", "区长", "镇长", "", Level.ORANGE, frozenset({"flood"}), frozenset({"T3", "T4"})
)

ROWS = [
    (Level.YELLOW, "T3", "11B03", False),
    (Level.ORANGE, "T3", "11B03", True),
    (Level.RED, "T4", "11B03", True),
    (Level.RED, "T2", "11B03", False),
    (Level.RED, "T4", "11G01", False),
]


def small(**changed) -> Ruleset:
    return replace(rules(), **{"measures": (SCHOOLS,), "controls": (CLEAR,), "towns": {}, **changed})


def hazard(code: str) -> HazardRules:
    held = rules().hazard(code, NOON)
    assert held
    return held


@pytest.mark.parametrize(("level", "segment", "code", "there"), ROWS)
def test_an_industry_acts_from_its_level_on_in_its_segments_and_families(level, segment, code, there) -> None:
    held = measures.measures(level, segment, hazard(code), (PANLONG,), small())
    assert [(one.industry, one.department, one.text) for one in held] == [("学校", "区教委", "停课")] * there


@pytest.mark.parametrize(("level", "segment", "code", "there"), ROWS)
def test_an_order_may_be_given_from_its_level_on_in_its_segments_and_families(
    level, segment, code, there
) -> None:
    held = measures.controls(level, segment, hazard(code), small())
    assert [(one.id, one.ordered_by, one.confirmed_by) for one in held] == [("C1", "区长", "镇长")] * there


@pytest.mark.parametrize("kind", ["撤", "停"])
def test_where_people_go_stands_only_beside_an_order_to_leave(kind) -> None:
    held = small(controls=(replace(CLEAR, kind=kind),), towns=rules().towns, measures=())
    texts = [
        one.text
        for one in measures.measures(Level.ORANGE, "T4", hazard("11B03"), (PANLONG,), held)
        if one.because[0].rule.endswith(".transfer")
    ]
    assert texts == (["按盘龙镇转移方案，各村到登记的集合点，老弱先走，逐户点名"] if kind == "撤" else [])


def test_a_town_that_says_nothing_of_where_its_people_go_has_no_such_row() -> None:
    silent = replace(rules().towns[PANLONG], transfer="", measures=())
    held = small(towns={PANLONG: silent}, measures=())
    assert measures.measures(Level.RED, "T4", hazard("11B03"), (PANLONG,), held) == ()


def test_a_town_without_a_plan_of_its_own_does_as_the_district_says_and_hides_no_other() -> None:
    alone = replace(rules(), towns={PANLONG: rules().towns[PANLONG]})
    made = plan(situation(warning(places=(WUJIA, PANLONG))), alone)
    assert {line.place for line in made.lines} == {"500153", PANLONG, WUJIA}
    local = plan(situation(warning(places=(WUJIA,))), alone)
    assert local.lines == plan(situation(warning(places=(WUJIA,))), small()).lines
    first = plan(situation(warning(places=("500153001", PANLONG))), alone)  # the first has none
    assert {one.industry for one in first.measures} >= {"盘龙镇"}


def test_the_towns_own_measures_stand_by_code_whatever_order_they_are_named_in() -> None:
    def named(*towns: str) -> list[str]:
        held = measures.measures(Level.RED, "T4", hazard("11B03"), towns, small(towns=rules().towns))
        return [one.industry for one in held[1:]]

    assert named(WUJIA, PANLONG) == named(PANLONG, WUJIA)
    assert named(WUJIA, PANLONG)[-1] == "吴家镇"
