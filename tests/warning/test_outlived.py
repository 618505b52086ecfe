"""A warning that outlives its hazard is flagged, and never ended by a machine."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.warning.level import Level
from app.warning.plan import Suggestion
from app.warning.planner import plan
from app.warning.situation import RainWindow, WarningFacts
from tests.warning.situations import CHANGYUAN, NOON, PANLONG, QINGLIU, rain, river, rules, situation, warning

HOURS = (1, 2, 3, 6, 12, 24)


def flagged(about: WarningFacts, after: float, *windows: RainWindow) -> Suggestion | None:
    at = NOON + timedelta(hours=after)
    made = plan(situation(about, at=at, windows=windows), rules())
    return next((s for s in made.suggestions if s.kind == "outlived"), None)


def dry(place: str = PANLONG, missing: int = 0) -> tuple[RainWindow, ...]:
    return tuple(rain(0, hours, place=place, missing=missing) for hours in HOURS)


RED = warning(Level.RED, places=(PANLONG,))  # three hours from noon


def test_when_its_time_is_over_and_no_gauge_shows_it_the_issuer_is_to_be_asked() -> None:
    assert flagged(RED, 2.99, *dry()) is None
    found = flagged(RED, 3, *dry())
    assert found
    assert found.text == "暴雨红色预警所报时限已于15:00过，区域内测站都未达标准，请向气象台核实是否解除"
    assert found.level is None


def test_the_issuer_of_the_message_is_the_one_to_ask() -> None:
    found = flagged(replace(RED, issuer="荣昌区气象台"), 3, *dry())
    assert found
    assert found.text.endswith("请向荣昌区气象台核实是否解除")


def test_a_gauge_of_the_area_that_still_shows_its_level_keeps_it() -> None:
    assert flagged(RED, 5, rain(1000, 3)) is None
    lower = flagged(RED, 5, *dry()[3:], rain(600, 3))
    assert lower
    assert "区域内实测最高只到橙色" in lower.text
    assert flagged(RED, 5, rain(1000, 3, place=QINGLIU)) is not None


def test_a_rise_that_counts_as_the_river_s_flood_keeps_the_river_s_warning() -> None:
    flood = warning(Level.YELLOW, hazard="11A01", places=(CHANGYUAN,))
    at = flood.sent + timedelta(hours=9)
    for metres, asked in ((3, False), (2, True)):  # yellow, blue
        risen = river(300_000, rise_mm={180: metres * 1000})  # type: ignore[arg-type]
        made = plan(situation(flood, at=at, levels=(risen,)), rules())
        assert (made.segment_from == "observed") is not asked
        assert ("outlived" in {s.kind for s in made.suggestions}) is asked


def test_gauges_that_are_silent_or_have_gaps_are_said_to_be() -> None:
    one_gap = (*dry()[:2], rain(0, 3, missing=1), *dry()[3:])
    for windows in ((), dry(missing=1), one_gap, dry(QINGLIU)):
        found = flagged(RED, 3, *windows)
        assert found
        assert "（资料不全）" in found.text


def test_a_hazard_no_gauge_can_see_says_so() -> None:
    found = flagged(warning(Level.RED, hazard="11D01", places=(PANLONG,)), 24)
    assert found
    assert "本区测站看不出这种灾害" in found.text


@pytest.mark.parametrize(("after", "asked"), [(5.99, False), (6, True)])
def test_a_signal_that_promises_no_time_is_asked_after_by_its_age(after, asked) -> None:
    assert bool(flagged(warning(Level.RED, hazard="11A03"), after)) is asked


def test_the_time_runs_from_onset_then_effective_then_sending() -> None:
    assert flagged(replace(RED, onset=NOON + timedelta(hours=4)), 6.99) is None
    assert flagged(replace(RED, onset=NOON + timedelta(hours=4)), 7)
    assert flagged(replace(RED, effective=NOON + timedelta(hours=2)), 4.99) is None
    assert flagged(replace(RED, effective=NOON + timedelta(hours=2)), 5)


def test_a_reminder_and_a_raise_end_with_what_they_are_about() -> None:
    assert flagged(replace(RED, observed=True), 20, *dry()) is None
    assert flagged(replace(RED, raised_from=Level.ORANGE), 20, *dry()) is None


def test_the_plan_is_made_again_when_the_promised_time_is_over() -> None:
    made = plan(situation(RED), rules())
    assert made.segment == "T4"  # no further cut
    assert made.next_cut == NOON + timedelta(hours=3)
    assert plan(situation(RED, at=NOON + timedelta(hours=3)), rules()).next_cut is None


def test_gaps_of_other_windows_and_other_towns_do_not_make_it_doubtful() -> None:
    others = (rain(0, 1, missing=3), rain(0, 24, missing=9), rain(0, 3, place=QINGLIU, missing=3))
    found = flagged(RED, 3, *dry()[2:5], *others)  # the rules of rain ask for 3, 6 and 12 hours
    assert found
    assert "资料不全" not in found.text


def test_one_silent_town_of_two_makes_it_doubtful() -> None:
    found = flagged(replace(RED, places=frozenset({PANLONG, QINGLIU})), 3, *dry())
    assert found
    assert "（资料不全）" in found.text


def test_what_no_rain_gauge_measures_is_not_doubtful_for_want_of_rain() -> None:
    found = flagged(warning(Level.RED, hazard="11A01", places=(PANLONG,)), 48)
    assert found
    assert "区域内测站都未达标准，请" in found.text


def test_another_hazard_that_is_measured_does_not_keep_it() -> None:
    slide = warning(Level.YELLOW, hazard="11A51", places=(PANLONG,))  # 75 mm in 3 hours
    assert flagged(slide, 24, rain(600, 3), rain(600, 24)) is not None  # rain is orange by that


def test_the_reason_tells_the_time_and_what_is_measured() -> None:
    found = flagged(RED, 5, *dry()[3:], rain(600, 3))
    assert found
    (reason,) = found.because
    assert reason.rule == "outlived.rain"
    assert reason.values == {"until": "2026-07-21T07:00:00+00:00", "measured": "orange"}


def test_of_several_towns_the_highest_that_is_measured_counts() -> None:
    two = replace(RED, places=frozenset({PANLONG, QINGLIU}))
    lower = rain(600, 3, place=QINGLIU, station="SIM-P012")
    assert flagged(two, 5, rain(1000, 3), lower) is None


def test_rules_that_name_no_age_never_ask_after_a_signal_that_promises_no_time() -> None:
    silent = replace(rules(), stage=replace(rules().stage, outlived=None))
    about = warning(Level.RED, hazard="11A03")
    made = plan(situation(about, at=NOON + timedelta(days=9)), silent)
    assert "outlived" not in {s.kind for s in made.suggestions}
