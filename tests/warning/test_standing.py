"""Many warnings at once: what holds for each place, a higher absorbs a lower, in any order."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.warning.level import Level
from app.warning.planner import plan
from app.warning.situation import WarningFacts
from app.warning.standing import standing
from tests.warning.situations import NOON, PANLONG, QINGLIU, WUJIA, rules, situation, warning


def holds(*warnings: WarningFacts) -> dict[str, list[tuple[str, Level, str, tuple[str, ...]]]]:
    found = standing(warnings, rules(), NOON)
    return {place: [(h.name, h.level, h.key, h.absorbs) for h in held] for place, held in found.items()}


YELLOW = warning(Level.YELLOW, places=(PANLONG, WUJIA), key="yellow")
RED = warning(Level.RED, places=(PANLONG,), key="red")
SLIDE = warning(Level.ORANGE, hazard="11D01", places=(PANLONG,), key="slide")


def test_the_higher_of_one_hazard_holds_and_the_lower_goes_on_elsewhere() -> None:
    assert holds(YELLOW, RED, SLIDE) == {
        PANLONG: [
            ("暴雨", Level.RED, "red", ("yellow",)),
            ("地质灾害", Level.ORANGE, "slide", ()),
        ],
        WUJIA: [("暴雨", Level.YELLOW, "yellow", ())],
    }


def test_of_two_of_one_level_the_first_holds_and_none_is_absorbed() -> None:
    later = replace(YELLOW, key="again", sent=NOON + timedelta(minutes=1))
    assert holds(later, YELLOW)[WUJIA] == [("暴雨", Level.YELLOW, "yellow", ())]


def test_a_reminder_is_no_signal_and_a_raise_is_above_it() -> None:
    raised = replace(RED, raised_from=Level.ORANGE, key="raised")
    signal = replace(RED, level=Level.ORANGE, key="signal")
    seen = replace(RED, observed=True, key="seen", sent=NOON - timedelta(hours=1))
    assert holds(signal, raised, seen)[PANLONG] == [("暴雨", Level.RED, "raised", ("signal",))]


def test_a_reminder_alone_holds_nothing() -> None:
    assert holds(replace(RED, observed=True)) == {}


def test_a_warning_no_rule_fits_holds_nothing_and_does_not_disturb() -> None:
    known = replace(rules(), hazards=tuple(h for h in rules().hazards if not h.anything))
    strange = warning(Level.RED, hazard="99Z99", places=(PANLONG,), key="strange")
    found = standing([strange, RED], known, NOON)
    assert [held.key for held in found[PANLONG]] == ["red"]


def test_the_higher_holds_though_the_lower_was_sent_first() -> None:
    later = replace(RED, sent=NOON + timedelta(hours=1))
    assert holds(YELLOW, later)[PANLONG] == [("暴雨", Level.RED, "red", ("yellow",))]


def test_what_holds_at_one_level_stands_by_hazard_and_then_by_key() -> None:
    wet = warning(Level.ORANGE, places=(PANLONG,), key="a")
    gale = warning(Level.ORANGE, hazard="11B06", places=(PANLONG,), key="y")
    thunder = warning(Level.ORANGE, hazard="11B20", places=(PANLONG,), key="x")
    for warnings in ((wet, gale, thunder, SLIDE), (SLIDE, thunder, gale, wet)):
        assert [key for _, _, key, _ in holds(*warnings)[PANLONG]] == ["x", "y", "slide", "a"]


def test_two_different_other_hazards_do_not_absorb_each_other() -> None:
    leak = warning(Level.RED, hazard="12D02", places=(PANLONG,), key="leak")
    quake = warning(Level.BLUE, hazard="11C02", places=(PANLONG,), key="quake")
    assert [h[0] for h in holds(leak, quake)[PANLONG]] == ["危险化学品泄漏事故", "天然地震"]


def test_two_kinds_of_event_under_the_same_rules_are_each_called_by_their_own_name() -> None:
    thunder = warning(Level.RED, hazard="11B20", places=(PANLONG,), key="thunder")
    gale = warning(Level.YELLOW, hazard="11B06", places=(PANLONG,), key="gale")
    assert [h[3] for h in holds(thunder, gale)[PANLONG]] == [(), ()]
    lines = plan(situation(gale, others=(thunder,)), rules()).lines
    assert not [r for line in lines for r in line.because if r.rule == "level.absorbed"]


def test_the_plan_of_the_lower_says_that_the_higher_counts_and_calls_nobody_twice() -> None:
    made = plan(situation(YELLOW, others=(RED,)), rules())
    said = {line.place for line in made.lines for reason in line.because if reason.rule == "level.absorbed"}
    assert said == {PANLONG}
    text = "盘龙镇另有暴雨红色预警在执行，以高一级为准，已按它叫到的不重复叫"
    assert text in {reason.text for line in made.lines for reason in line.because}
    assert not [
        reason
        for line in plan(situation(RED, others=(YELLOW, SLIDE)), rules()).lines
        for reason in line.because
        if reason.rule == "level.absorbed"
    ]


def _warning(hazard: str, level: Level, places: set[str], lead: int | None, key: str) -> WarningFacts:
    onset = None if lead is None else NOON + timedelta(hours=lead)
    return warning(level, hazard=hazard, places=tuple(places), onset=onset, key=key)


one = st.builds(
    _warning,
    st.sampled_from(["11B03", "11A01", "11D01", "11B22", "11B06", "12D01"]),
    st.sampled_from(list(Level)),
    st.sets(st.sampled_from([PANLONG, QINGLIU, WUJIA]), min_size=1),
    st.one_of(st.none(), st.integers(-5, 80)),
    st.uuids().map(str),
)


@given(many=st.lists(one, min_size=2, max_size=6), data=st.data())
def test_any_set_of_warnings_in_any_order_gives_the_same_plans(many, data) -> None:
    shuffled = data.draw(st.permutations(many))
    assert standing(many, rules(), NOON) == standing(shuffled, rules(), NOON)
    about = many[0]
    others, elsewhere = ([w for w in order if w.key != about.key] for order in (many, shuffled))
    first = plan(situation(about, others=tuple(others), past=tuple(others)), rules())
    second = plan(situation(about, others=tuple(elsewhere), past=tuple(elsewhere)), rules())
    assert first == second
    assert first.digest("s") == second.digest("s")
