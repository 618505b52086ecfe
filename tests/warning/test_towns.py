"""一乡镇一方案: towns differ in what they fear, whom they call, how soon, by what means, what they do."""

from datetime import timedelta

import pytest

from app.warning.level import Level
from app.warning.plan import Plan
from app.warning.planner import plan
from tests.warning.situations import (
    CHANGYUAN,
    NOON,
    PANLONG,
    WANLING,
    WUJIA,
    rules,
    situation,
    towns,
    warning,
)


def planned(level: Level, hazard: str, *places: str, lead: float = 4) -> Plan:
    onset = NOON + timedelta(hours=lead)
    return plan(situation(warning(level, hazard=hazard, places=places, onset=onset)), rules())


def called(made: Plan, town: str) -> set[str]:
    return {f"{line.layer}/{line.duty}" for line in made.lines if line.place == town}


def differs(code: str) -> int:
    own = rules().towns[code]
    return sum(map(bool, (own.clocks, own.channels, own.also, own.sensitive, own.measures)))


def test_every_town_has_its_scheme_and_at_least_five_really_differ() -> None:
    assert set(rules().towns) == {town.code for town in towns()}
    different = [code for code in rules().towns if differs(code) >= 3]
    assert len(different) >= 5
    assert all(rules().towns[code].why for code in different)
    assert all(own.transfer for own in rules().towns.values())


def test_a_town_is_called_a_segment_ahead_for_what_it_fears_and_says_why() -> None:
    made = planned(Level.YELLOW, "11A01", WANLING, WUJIA, lead=10)  # T2
    assert "L3/village-head" in called(made, WANLING)
    assert "L3/village-head" not in called(made, WUJIA)
    (line,) = [x for x in made.lines if x.duty == "village-head"]
    assert line.because[0].text == "万灵镇预案：上游来水先到万灵，提前按T3叫应"
    assert line.because[0].rule == f"town.{WANLING}.sensitive"


@pytest.mark.parametrize(
    ("level", "hazard", "lead"),
    [
        (Level.BLUE, "11A01", 10),  # below its level
        (Level.YELLOW, "11B03", 10),  # not what it fears
    ],
)
def test_otherwise_it_is_called_as_the_others_are(level, hazard, lead) -> None:
    made = planned(level, hazard, WANLING, WUJIA, lead=lead)
    assert called(made, WANLING) == called(made, WUJIA)


def test_only_the_next_segment_is_taken_ahead() -> None:
    made = planned(Level.YELLOW, "11A01", WANLING, WUJIA, lead=30)  # T1; villages are called from T3 on
    assert called(made, WANLING) == called(made, WUJIA)


def test_in_the_last_segment_there_is_none_ahead() -> None:
    made = planned(Level.YELLOW, "11A01", WANLING, WUJIA, lead=1)
    assert called(made, WANLING) == called(made, WUJIA)


def test_neither_the_public_nor_orders_come_early() -> None:
    made = planned(Level.RED, "11A51", PANLONG, WUJIA, lead=10)  # T2, ahead lies T3 with household and orders
    assert {line.part for line in made.lines} == {"responsible"}
    assert "L4/grid-worker" in called(made, PANLONG)
    assert "L4/grid-worker" not in called(made, WUJIA)


def test_the_transfer_plan_stands_where_people_are_to_be_moved() -> None:
    red = planned(Level.RED, "11B03", CHANGYUAN)
    assert [m.text for m in red.measures if m.because[0].rule == f"town.{CHANGYUAN}.transfer"] == [
        "按昌元街道转移方案，各村到登记的集合点，老弱先走，逐户点名"
    ]
    yellow = planned(Level.YELLOW, "11B03", CHANGYUAN)
    assert not [m for m in yellow.measures if m.because[0].rule.endswith(".transfer")]


def test_a_reminder_made_from_gauges_calls_nobody_early() -> None:
    about = warning(Level.YELLOW, hazard="11A01", places=(WANLING,), observed=True)
    assert called(plan(situation(about), rules()), WANLING) == {"L2/town-duty"}
