"""提级 is suggested one level at a time, with its reasons, and never done."""

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest

from app.warning.level import Level
from app.warning.news import CutOff
from app.warning.ruleset import Ruleset
from app.warning.situation import Situation, WarningFacts
from app.warning.uplift import next_edge, uplift
from app.warning.uplift_signs import Night, Upstream
from tests.warning.situations import (
    CHANGYUAN,
    MIDNIGHT,
    NOON,
    PANLONG,
    QINGLIU,
    WANLING,
    WUJIA,
    judged,
    rain,
    river,
    rules,
    situation,
    towns,
    warning,
)

GUANGSHUN = "500153003"


def suggested(now: Situation, ruleset: Ruleset | None = None) -> tuple[Level | None, list[str]]:
    held = uplift(now, *judged(now, ruleset or rules()))
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


def test_a_night_that_does_not_run_over_midnight_has_its_ends_too() -> None:
    short = replace(rules(), uplift=replace(rules().uplift, conditions=(Night(time(1, 0), time(5, 0)),)))
    for at, night in (
        (local(0, 59, 59), False),
        (local(1, 0), True),
        (local(4, 59), True),
        (local(5, 0), False),
    ):
        held = suggested(situation(warning(Level.YELLOW), at=at), short)
        assert held == ((Level.ORANGE, ["uplift.night"]) if night else (None, []))


def test_of_several_nights_the_next_edge_is_the_first() -> None:
    two = (Night(time(22, 0), time(6, 0)), Night(time(20, 0), time(5, 0)))
    held = replace(rules(), uplift=replace(rules().uplift, conditions=two))
    assert next_edge(held, NOON) == local(20, 0)


def test_of_what_holds_upstream_the_highest_counts() -> None:
    low = warning(Level.BLUE, places=(WANLING,), key="low")
    now = situation(
        warning(Level.YELLOW, places=(CHANGYUAN,)), others=(low,), windows=(rain(1000, 3, place=WANLING),)
    )
    assert suggested(now) == (Level.ORANGE, ["uplift.upstream"])


def test_what_is_measured_beside_the_stream_or_of_another_family_is_no_reason() -> None:
    here = warning(Level.YELLOW, places=(CHANGYUAN,))
    assert suggested(situation(here, windows=(rain(1000, 3, place=PANLONG),))) == (None, [])
    fire = warning(Level.YELLOW, hazard="11G01", places=(CHANGYUAN,))
    assert suggested(situation(fire, windows=(rain(1000, 3, place=WANLING),))) == (None, [])


def test_a_holiday_has_its_first_and_its_last_day() -> None:
    for at, crowd in (
        (datetime(2026, 9, 30, 15, 59, tzinfo=UTC), False),
        (datetime(2026, 10, 1, 4, 0, tzinfo=UTC), True),
        (datetime(2026, 10, 7, 4, 0, tzinfo=UTC), True),
        (datetime(2026, 10, 8, 4, 0, tzinfo=UTC), False),
    ):
        _, reasons = suggested(situation(warning(Level.YELLOW), at=at))
        assert ("uplift.holiday" in reasons) is crowd


def test_a_warning_no_rule_fits_is_no_reason_and_does_not_disturb() -> None:
    known = replace(rules(), hazards=tuple(h for h in rules().hazards if not h.anything))
    here = warning(Level.YELLOW, places=(CHANGYUAN,))
    strange = warning(Level.RED, hazard="99Z99", places=(CHANGYUAN, WANLING), key="strange")
    assert suggested(situation(here, others=(strange,)), known) == (None, [])
    slide = warning(Level.YELLOW, hazard="11D01", places=(CHANGYUAN,), key="slide")
    assert suggested(situation(here, others=(strange, slide)), known) == (Level.ORANGE, ["uplift.overlap"])


def reasons(now: Situation) -> list[str]:
    held = uplift(now, *judged(now, rules()))
    return [reason.text for reason in held.because] if held else []


@pytest.mark.parametrize("turned", [False, True])
def test_of_several_hazards_that_overlap_the_most_severe_is_named(turned) -> None:
    others = tuple(
        warning(level, hazard=hazard, places=places, key=hazard)
        for level, hazard, places in (
            (Level.YELLOW, "11A01", (PANLONG, CHANGYUAN)),
            (Level.ORANGE, "11D01", (PANLONG, CHANGYUAN)),
            (Level.RED, "11B09", (PANLONG, CHANGYUAN)),  # heat: no partner of rain
            (Level.RED, "11A03", (WANLING,)),  # not in these towns
        )
    )
    now = situation(
        warning(Level.YELLOW, places=(PANLONG, CHANGYUAN)), others=others[::-1] if turned else others
    )
    held = uplift(now, *judged(now, rules()))
    assert held
    (overlap,) = [reason for reason in held.because if reason.rule == "uplift.overlap"]
    assert overlap.text == "与地质灾害橙色预警叠加"
    assert overlap.values == {"hazard": "11D01", "towns": 2}


def test_a_measured_partner_counts_in_the_towns_of_the_warning_from_its_level_on() -> None:
    flood = warning(Level.YELLOW, hazard="11A01", places=(PANLONG,))
    assert reasons(situation(flood, windows=(rain(500, 6),))) == ["与实测暴雨黄色叠加"]
    assert reasons(situation(flood, windows=(rain(500, 12),))) == []  # blue
    assert reasons(situation(flood, windows=(rain(500, 6, place=WANLING),))) == []
    assert reasons(situation(warning(Level.YELLOW, places=(PANLONG,)), windows=(rain(500, 6),))) == []


@pytest.mark.parametrize("turned", [False, True])
def test_of_several_towns_below_a_higher_level_the_first_by_code_is_named(turned) -> None:
    above = tuple(
        warning(level, places=(town,), key=town)
        for level, town in ((Level.RED, WANLING), (Level.RED, WUJIA), (Level.ORANGE, CHANGYUAN))
    )
    here = warning(Level.YELLOW, places=(QINGLIU, GUANGSHUN))
    now = situation(here, others=above[::-1] if turned else above)
    assert reasons(now) == ["广顺街道的上游昌元街道已达橙色"]


def test_a_night_that_ends_when_it_begins_is_none() -> None:
    none = replace(rules(), uplift=replace(rules().uplift, conditions=(Night(time(6, 0), time(6, 0)),)))
    for at in (NOON, MIDNIGHT, local(6, 0)):
        assert suggested(situation(warning(Level.YELLOW), at=at), none) == (None, [])


def test_of_every_town_below_the_first_by_code_is_named() -> None:
    codes = tuple(town.code for town in towns())
    below = Upstream({code: frozenset({WANLING}) for code in codes})
    held = replace(rules(), uplift=replace(rules().uplift, conditions=(below,)))
    above = warning(Level.RED, places=(WANLING,), key="above")
    now = situation(warning(Level.YELLOW, places=codes), others=(above,))
    found = uplift(now, *judged(now, held))
    assert found
    assert found.because[0].values["place"] == min(codes)


def test_two_pairs_of_hazards_are_not_mixed() -> None:
    fire = warning(Level.RED, hazard="11G01", places=(PANLONG,), key="fire")  # a partner of gale alone
    assert suggested(situation(warning(Level.YELLOW, places=(PANLONG,)), others=(fire,))) == (None, [])


@pytest.mark.parametrize("turned", [False, True])
def test_of_equal_partners_the_first_by_code_is_named_then_by_key(turned) -> None:
    def told(*others: WarningFacts) -> dict[str, str | int]:
        here = warning(Level.YELLOW, places=(PANLONG, CHANGYUAN))
        now = situation(here, others=others[::-1] if turned else others)
        held = uplift(now, *judged(now, rules()))
        assert held
        return dict(held.because[0].values)

    slide = warning(Level.ORANGE, hazard="11D01", places=(PANLONG,), key="a")
    flood = warning(Level.ORANGE, hazard="11A01", places=(PANLONG, CHANGYUAN), key="z")
    assert told(slide, flood) == {"hazard": "11A01", "towns": 2}
    assert told(slide, replace(slide, key="b", places=flood.places)) == {"hazard": "11D01", "towns": 1}


@pytest.mark.parametrize("turned", [False, True])
def test_towns_that_are_cut_off_are_named_by_code(turned) -> None:
    lost = tuple(CutOff(town, NOON, reported=True) for town in (WUJIA, CHANGYUAN, PANLONG))
    here = warning(Level.YELLOW, places=(WUJIA, CHANGYUAN, PANLONG))
    now = situation(here, cut_off=lost[::-1] if turned else lost)
    assert reasons(now) == ["昌元街道、盘龙镇、吴家镇报告三断，自12:00起"]


def test_of_everything_above_a_town_the_first_by_code_is_named() -> None:
    codes = frozenset(town.code for town in towns()) - {WUJIA}
    held = replace(rules(), uplift=replace(rules().uplift, conditions=(Upstream({WUJIA: codes}),)))
    above = warning(Level.RED, places=tuple(codes), key="above")
    now = situation(warning(Level.YELLOW, places=(WUJIA,)), others=(above,))
    found = uplift(now, *judged(now, held))
    assert found
    assert found.because[0].values["upstream"] == min(codes)
