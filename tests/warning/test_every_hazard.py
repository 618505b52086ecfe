"""Every event code reaches a hazard, and a 12379 message without onset has its segment for each of them."""

import csv
from datetime import timedelta

import pytest

from app import bundled
from app.warning.level import Level
from app.warning.planner import plan
from tests.warning.bulletins import CODES, facts
from tests.warning.situations import NOON, rain, rules, situation

# What the tables of warning signals promise: hours by level. None: the table names no time.
BLUE, YELLOW, ORANGE, RED = Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED
WINDOWS: dict[str, dict[Level, int | None]] = {
    "rain": {BLUE: 12, YELLOW: 6, ORANGE: 3, RED: 3},
    "snow": {BLUE: 12, YELLOW: 12, ORANGE: 6, RED: 6},
    "gale": {BLUE: 24, YELLOW: 12, ORANGE: 6, RED: 6},
    "heat": {YELLOW: 72, ORANGE: 24, RED: 24},
    "cold-wave": {BLUE: 48, YELLOW: 24, ORANGE: 24, RED: 24},
    "fog": {YELLOW: 12, ORANGE: 6, RED: 2},
    "haze": {YELLOW: 12, ORANGE: 6},
    "lightning": {YELLOW: 6, ORANGE: 2, RED: 2},
    "hail": {ORANGE: 6, RED: 2},
    "frost": {BLUE: 48, YELLOW: 24, ORANGE: 24},
    "road-ice": {YELLOW: 12, ORANGE: 6, RED: 2},
    "drought": {ORANGE: None, RED: None},
    "river": {BLUE: None, YELLOW: None, ORANGE: None, RED: None},
    "flash-flood": {BLUE: 24, YELLOW: 24, ORANGE: 6, RED: 3},
    "geology": {BLUE: 24, YELLOW: 24, ORANGE: 24, RED: 24},
    "forest-fire": {YELLOW: 24, ORANGE: 24, RED: 24},
    "reservoir": {BLUE: None, YELLOW: None, ORANGE: None, RED: None},
    "waterlogging": {BLUE: 3, YELLOW: 3, ORANGE: 3, RED: 3},
    "typhoon": {BLUE: 24, YELLOW: 24, ORANGE: 12, RED: 6},
    "sandstorm": {YELLOW: 12, ORANGE: 6, RED: 6},
    "dike": {BLUE: None, YELLOW: None, ORANGE: None, RED: None},
    "freeze": {BLUE: 48, YELLOW: 48, ORANGE: 24, RED: 24},
    "any": {BLUE: None, YELLOW: None, ORANGE: None, RED: None},
}
EACH = [(hazard, level) for hazard in WINDOWS for level in WINDOWS[hazard]]


def by_its_window(hours: int | None) -> tuple[str, str]:
    """The rule: 12 hours or more T2, 6 T3, 3 or less T4; a signal that promises no time: the default."""
    if hours is None:
        return "T3", "default"
    return ("T2" if hours >= 12 else "T3" if hours >= 6 else "T4"), "window"


def test_the_table_of_this_test_holds_every_hazard_that_has_a_code() -> None:
    held = {h.id: set(h.signal) for h in rules().hazards if h.codes or h.prefixes or h.anything}
    assert {hazard: set(of) for hazard, of in WINDOWS.items()} == held
    assert set(CODES) == set(held)


@pytest.mark.parametrize(("hazard", "level"), EACH)
def test_a_12379_message_without_onset_gets_its_segment_by_the_window_of_its_signal(hazard, level) -> None:
    about = facts(CODES[hazard], level)
    assert about.onset is None
    made = plan(situation(about, at=about.sent), rules())
    assert (made.segment, made.segment_from) == by_its_window(WINDOWS[hazard][level])
    assert made.because[0].rule == f"segment.{made.segment_from}"


@pytest.mark.parametrize(("hazard", "level"), EACH)
def test_effective_ahead_comes_before_the_window(hazard, level) -> None:
    ahead = ("<effective>2026-07-16 02:30:00", "<effective>2026-07-16 12:30:00")
    about = facts(CODES[hazard], level, ahead)
    made = plan(situation(about, at=about.sent), rules())
    assert (made.segment, made.segment_from) == ("T2", "effective")


@pytest.mark.parametrize("level", [BLUE, YELLOW, ORANGE, RED])
def test_a_gauge_of_the_area_already_over_the_threshold_comes_before_all(level) -> None:
    about = facts("11B03", level)
    wet = tuple(rain(1000, hours, at=about.sent) for hours in (3, 6, 12))
    made = plan(situation(about, at=about.sent, windows=wet), rules())
    assert (made.segment, made.segment_from) == ("T4", "observed")


def event_codes() -> dict[str, str]:
    with (bundled.path("data") / "event_codes.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["code"]: row["name_zh"] for row in csv.DictReader(file)}
    return {code: name for code, name in rows.items() if code not in {"00000", "10000"}}


def test_every_known_event_code_reaches_a_hazard_and_is_called_by_its_name() -> None:
    fallback = next(h for h in rules().hazards if h.anything)
    for code in event_codes():
        hazard = rules().hazard(code, NOON)
        assert hazard, code
        assert hazard.called(code) != fallback.name, code


@pytest.mark.parametrize(
    "code",
    [
        *("11A01", "11A02", "11A03", "11A04", "11A05", "11A51", "11B01", "11B03", "11B04", "11B05", "11B06"),
        *("11B07", "11B09", "11B14", "11B15", "11B16", "11B17", "11B19", "11B20", "11B21", "11B22", "11D01"),
        *("11D02", "11A06", "11B08", "11B10", "11G01"),
    ],
)
def test_the_first_need_has_rules_of_its_own(code) -> None:
    hazard = rules().hazard(code, NOON)
    assert hazard
    assert not hazard.anything


def test_a_code_that_shares_rules_keeps_its_own_name() -> None:
    made = plan(situation(facts("11B20", Level.ORANGE)), rules())
    inside = {r.text for line in made.lines for r in line.because if r.rule == "area.inside"}
    assert inside == {"盘龙镇在雷雨大风预警区域内", "吴家镇在雷雨大风预警区域内"}
    assert made.not_chosen[0].because[0].text.endswith("不在本次雷雨大风预警区域内")


def test_a_code_nobody_knows_is_planned_as_anything_else_and_never_guessed() -> None:
    hazard = rules().hazard("11B73", NOON)
    assert hazard
    assert (hazard.id, hazard.called("11B73")) == ("any", "其他灾害")


def test_the_onset_where_there_is_one_comes_before_the_window() -> None:
    onset = ("<onset/>", "<onset>2026-07-18 02:30:00+08:00</onset>")
    about = facts("11B03", Level.RED, onset)
    made = plan(situation(about, at=about.sent), rules())
    assert (made.segment, made.segment_from) == ("T1", "onset")
    assert made.next_cut == about.sent + timedelta(hours=24)
