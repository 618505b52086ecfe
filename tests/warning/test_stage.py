"""分段: which input decides, where the cuts lie, and that they are data."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from app.warning.level import Level
from app.warning.news import FieldReport
from app.warning.planner import plan
from app.warning.ruleset import Ruleset, Segment, StageRules
from app.warning.situation import WarningFacts
from app.warning.stage import Stage, stage
from app.warning.thresholds import observed
from tests.warning.situations import (
    CHANGYUAN,
    NOON,
    PANLONG,
    QINGLIU,
    WUJIA,
    rain,
    reported,
    river,
    rules,
    situation,
    warning,
)


def staged(about: WarningFacts, *, at: datetime = NOON, ruleset: Ruleset | None = None, windows=()) -> Stage:
    held = ruleset or rules()
    hazard = held.hazard(about.hazard, at)
    assert hazard
    return stage(about, hazard, observed(windows, (), held, at), held, at)


def hours(value: float) -> timedelta:
    return timedelta(hours=value)


@pytest.mark.parametrize(
    ("lead", "segment"),
    [
        (100, "T1"),
        (72, "T1"),
        (24.01, "T1"),
        (24, "T2"),
        (6.01, "T2"),
        (6, "T3"),
        (2.01, "T3"),
        (2, "T4"),
        (-3, "T4"),
    ],
)
def test_the_lead_to_onset_decides_and_a_segment_s_upper_end_is_its_own(lead, segment) -> None:
    held = staged(warning(onset=NOON + hours(lead)))
    assert (held.segment.id, held.source) == (segment, "onset")


def test_effective_ahead_is_taken_where_there_is_no_onset() -> None:
    held = staged(warning(effective=NOON + hours(5)))
    assert (held.segment.id, held.source) == ("T3", "effective")
    assert staged(warning(effective=NOON - hours(5))).source == "window"


@pytest.mark.parametrize(
    ("level", "segment"),
    [(Level.BLUE, "T2"), (Level.YELLOW, "T3"), (Level.ORANGE, "T4"), (Level.RED, "T4")],
)
def test_with_neither_the_signal_s_own_window_decides(level, segment) -> None:
    held = staged(warning(level))
    assert (held.segment.id, held.source) == (segment, "window")


def test_a_signal_s_window_moves_on_as_its_end_draws_near() -> None:
    blue = warning(Level.BLUE)  # 12 hours
    assert staged(blue).next_cut == NOON + hours(6)
    assert staged(blue, at=NOON + hours(5.99)).segment.id == "T2"
    assert staged(blue, at=NOON + hours(6)).segment.id == "T3"
    assert staged(blue, at=NOON + hours(10)).segment.id == "T4"
    assert staged(blue, at=NOON + hours(10)).next_cut is None


def test_a_gauge_of_the_area_over_the_threshold_means_now_whatever_the_onset_says() -> None:
    later = warning(Level.ORANGE, onset=NOON + hours(30))
    held = staged(later, windows=[rain(500, 3, place=PANLONG)])
    assert (held.segment.id, held.source) == ("T4", "observed")
    assert "50毫米" in held.because.text
    assert staged(later, windows=[rain(500, 3, place=QINGLIU)]).segment.id == "T1"
    assert staged(later, windows=[rain(499, 3, place=PANLONG)]).segment.id == "T1"


def test_a_rise_counts_for_the_river_s_warning_and_rain_does_not() -> None:
    flood = warning(Level.YELLOW, hazard="11A01", places=(CHANGYUAN,), onset=NOON + hours(30))
    risen = river(300_000, rise_mm={180: 3000})  # type: ignore[arg-type]
    assert plan(situation(flood, levels=(risen,)), rules()).segment_from == "observed"
    assert plan(situation(flood, windows=(rain(1000, 3, place=CHANGYUAN),)), rules()).segment == "T1"
    wet = warning(Level.YELLOW, places=(CHANGYUAN,), onset=NOON + hours(30))
    assert plan(situation(wet, levels=(risen,)), rules()).segment == "T1"


def test_a_reminder_is_about_what_has_begun_though_the_gauge_has_fallen_silent() -> None:
    held = staged(warning(Level.YELLOW, observed=True, onset=NOON + hours(30)))
    assert (held.segment.id, held.source, held.next_cut) == ("T4", "observed", None)


def test_the_window_runs_from_when_the_signal_took_effect() -> None:
    blue = warning(Level.BLUE, sent=NOON - hours(5), effective=NOON - hours(2))  # 12 hours
    assert staged(blue).next_cut == NOON - hours(2) + hours(12) - hours(6)


def said_of(*reports: FieldReport) -> str:
    made = plan(situation(warning(Level.YELLOW, onset=NOON + hours(30)), reports=reports), rules())
    return made.because[0].text


@pytest.mark.parametrize("turned", [False, True])
def test_of_several_reports_the_first_that_began_is_told_then_by_town_then_by_kind(turned) -> None:
    def one(text: str, ago: float, place: str, kind: str) -> FieldReport:
        return replace(reported(kind, place=place, ago=hours(ago)), text=text)

    def told(*reports: FieldReport) -> str:
        return said_of(*(reports[::-1] if turned else reports))

    early = one("早", 2, WUJIA, "waterlogging")
    assert told(early, one("晚", 1, PANLONG, "flood")) == "区域内已报灾：早，为T4临灾紧急"
    assert told(early, one("甲", 2, PANLONG, "waterlogging")) == "区域内已报灾：甲，为T4临灾紧急"
    assert told(early, one("水", 2, WUJIA, "flood")) == "区域内已报灾：水，为T4临灾紧急"


def test_rules_that_take_no_word_from_the_field_look_at_the_other_inputs() -> None:
    deaf = replace(rules(), stage=replace(rules().stage, reported=None))
    now = situation(warning(Level.YELLOW, onset=NOON + hours(30)), reports=(reported("flood"),))
    assert plan(now, deaf).segment_from == "onset"
    assert plan(now, rules()).segment_from == "reported"


def test_a_gauge_speaks_for_its_own_hazard_under_whatever_code_it_is_reported() -> None:
    own = tuple(replace(h, reported_as="11A01") if h.id == "rain" else h for h in rules().hazards)
    held = replace(rules(), hazards=own)
    later = warning(Level.ORANGE, onset=NOON + hours(30))
    assert staged(later, ruleset=held, windows=[rain(500, 3)]).source == "observed"


def test_a_hazard_without_a_window_stands_in_the_default_segment() -> None:
    held = staged(warning(hazard="12D01"))
    assert (held.segment.id, held.source, held.next_cut) == ("T3", "default", None)


@pytest.mark.parametrize(("lead", "cut"), [(100, 24), (24, 6), (6, 2)])
def test_the_next_cut_is_when_the_next_segment_begins(lead, cut) -> None:
    onset = NOON + hours(lead)
    assert staged(warning(onset=onset)).next_cut == onset - hours(cut)


def test_at_its_cut_a_plan_is_in_the_next_segment() -> None:
    about = warning(onset=NOON + hours(100))
    seen = []
    at: datetime | None = NOON
    while at is not None:
        held = staged(about, at=at)
        seen.append(held.segment.id)
        at = held.next_cut
    assert seen == ["T1", "T2", "T3", "T4"]


def test_segments_may_be_of_any_number() -> None:
    two = StageRules(
        (Segment("T1", "早", hours(12), hours(1)), Segment("T2", "晚", hours(1), hours(0))),
        ((hours(0), "T2"),),
        "T2",
        "T1",
    )
    held = replace(rules(), stage=two)
    assert staged(warning(onset=NOON + hours(5)), ruleset=held).segment.id == "T1"
    assert staged(warning(onset=NOON + hours(1)), ruleset=held).segment.id == "T2"
