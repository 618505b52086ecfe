"""提级 is suggested one level at a time, with its reasons, and never done."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.warning.level import Level
from app.warning.ruleset import Ruleset
from app.warning.situation import Situation
from app.warning.uplift import next_edge, uplift
from tests.warning.situations import (
    CHANGYUAN,
    MIDNIGHT,
    NOON,
    PANLONG,
    WANLING,
    rain,
    river,
    rules,
    situation,
    warning,
)


def suggested(now: Situation, ruleset: Ruleset | None = None) -> tuple[Level | None, list[str]]:
    held = uplift(now.warning.level, now, ruleset or rules())
    return (held.level, [reason.rule for reason in held.because]) if held else (None, [])


def local(hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(2026, 7, 21, (hour - 8) % 24, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "night"),
    [
        (local(21, 59, 59), False),
        (local(22, 0), True),
        (local(0, 0), True),
        (local(5, 59, 59), True),
        (local(6, 0), False),
    ],
)
def test_the_night_runs_from_22_to_06(at, night) -> None:
    assert suggested(situation(warning(Level.YELLOW), at=at)) == (
        (Level.ORANGE, ["uplift.night"]) if night else (None, [])
    )


def test_nothing_is_suggested_above_red_or_below_blue() -> None:
    assert suggested(situation(warning(Level.RED), at=MIDNIGHT)) == (None, [])
    assert suggested(situation(warning(Level.HINT), at=MIDNIGHT)) == (None, [])


def test_several_conditions_suggest_one_level_with_every_reason() -> None:
    above = warning(Level.RED, places=(WANLING,), key="above")
    flood = warning(Level.YELLOW, hazard="11A01", places=(CHANGYUAN,), key="flood")
    now = situation(warning(Level.BLUE, places=(CHANGYUAN,)), at=MIDNIGHT, others=(above, flood))
    level, reasons = suggested(now)
    assert level is Level.YELLOW
    assert reasons == ["uplift.night", "uplift.upstream", "uplift.overlap"]


def test_a_higher_level_upstream_counts_whether_signalled_or_measured() -> None:
    here = warning(Level.YELLOW, places=(CHANGYUAN,))
    signalled = situation(here, others=(warning(Level.ORANGE, places=(WANLING,), key="above"),))
    measured = situation(here, windows=(rain(1000, 3, place=WANLING),))
    same = situation(here, others=(warning(Level.YELLOW, places=(WANLING,), key="above"),))
    downstream = situation(
        replace(here, places=frozenset({WANLING})),
        others=(warning(Level.RED, places=(CHANGYUAN,), key="below"),),
    )
    assert suggested(signalled) == (Level.ORANGE, ["uplift.upstream"])
    assert suggested(measured) == (Level.ORANGE, ["uplift.upstream"])
    assert suggested(same) == (None, [])
    assert suggested(downstream) == (None, [])


def test_another_family_upstream_is_no_reason() -> None:
    fire = warning(Level.RED, hazard="11G01", places=(WANLING,), key="fire")
    assert suggested(situation(warning(Level.YELLOW, places=(CHANGYUAN,)), others=(fire,))) == (None, [])


def test_two_hazards_in_one_town_overlap_only_where_both_are() -> None:
    here = warning(Level.YELLOW, places=(PANLONG,))
    slide = warning(Level.YELLOW, hazard="11D01", places=(PANLONG,), key="slide")
    assert suggested(situation(here, others=(slide,))) == (Level.ORANGE, ["uplift.overlap"])
    elsewhere = replace(slide, places=frozenset({WANLING}))
    assert suggested(situation(here, others=(elsewhere,))) == (None, [])
    weak = replace(slide, level=Level.BLUE)
    assert suggested(situation(here, others=(weak,))) == (None, [])


def test_a_transit_flood_that_is_only_measured_overlaps_too() -> None:
    now = situation(warning(Level.YELLOW, places=(CHANGYUAN,)), levels=(river(301_500),))
    assert suggested(now) == (Level.ORANGE, ["uplift.overlap"])


def test_a_level_the_hazard_lacks_is_passed_over() -> None:
    frost = warning(Level.ORANGE, hazard="11B16")  # has no red
    assert suggested(situation(frost, at=MIDNIGHT)) == (None, [])


def test_the_night_s_next_edge_is_told() -> None:
    assert next_edge(rules(), NOON) == local(22, 0)
    assert next_edge(rules(), local(22, 0)) == datetime(2026, 7, 21, 22, 0, tzinfo=UTC)
