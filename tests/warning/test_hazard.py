"""Which rules an event code goes by, what it is called, and which level lies above."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.warning.hazard import HazardRules, in_effect, next_level
from app.warning.level import Level
from app.warning.ruleset import Look, Ruleset
from tests.warning.situations import NOON, PANLONG, rules, situation


def hazard(name: str, *codes: str, prefixes: tuple[str, ...] = (), anything: bool = False) -> HazardRules:
    held = next(h for h in rules().hazards if h.id == "rain")
    return replace(
        held, id=name, name=name, codes=frozenset(codes), prefixes=prefixes, anything=anything, since=None
    )


ANY = hazard("any", anything=True)
WIDE, NARROW = hazard("wide", prefixes=("99Z",)), hazard("narrow", prefixes=("99Z9",))
OWN = hazard("own", "99Z99")


def by(*hazards: HazardRules) -> Ruleset:
    return replace(rules(), hazards=hazards)


@pytest.mark.parametrize(
    ("held", "found"),
    [
        ((ANY, WIDE, OWN), "own"),
        ((ANY, WIDE), "wide"),
        ((WIDE, NARROW), "wide"),  # the first that stands
        ((NARROW, WIDE), "narrow"),
        ((hazard("other", "88Z88"), ANY), "any"),
        ((hazard("other", "88Z88", prefixes=("88",)),), None),
    ],
)
def test_a_code_goes_by_its_own_rules_then_by_its_class_s_then_by_those_for_anything(held, found) -> None:
    hazard = by(*held).hazard("99Z99", NOON)
    assert (hazard.id if hazard else None) == found


def test_rules_that_are_not_in_effect_give_way() -> None:
    old = replace(OWN, until=date(2026, 7, 20))
    assert by(old, WIDE).hazard("99Z99", NOON) == WIDE
    late = datetime(2026, 7, 20, 15, 59, tzinfo=UTC)  # one minute before midnight in the district
    assert by(old, WIDE).hazard("99Z99", late) == old


@pytest.mark.parametrize(
    ("since", "until", "holds"),
    [
        (None, None, True),
        (date(2026, 7, 21), None, True),
        (date(2026, 7, 22), None, False),
        (None, date(2026, 7, 21), True),
        (None, date(2026, 7, 20), False),
        (date(2026, 7, 21), date(2026, 7, 21), True),
    ],
)
def test_both_ends_of_the_days_belong_to_them(since, until, holds) -> None:
    assert in_effect(replace(OWN, since=since, until=until), date(2026, 7, 21)) is holds


def test_an_event_is_called_by_its_own_name_by_that_of_its_rules_or_by_its_code() -> None:
    named = replace(WIDE, names={"99Z01": "雷雨大风"})
    assert by(named).called("99Z01", NOON) == "雷雨大风"
    assert by(named).called("99Z02", NOON) == "wide"
    assert by(named).called("88Z88", NOON) == "88Z88"


def test_the_level_above_is_the_next_that_the_hazard_has() -> None:
    signal = OWN.signal
    some = replace(OWN, signal={Level.RED: signal[Level.RED], Level.YELLOW: signal[Level.YELLOW]})
    assert [next_level(some, level) for level in Level] == [
        *(Level.YELLOW, Level.YELLOW, Level.RED, Level.RED),
        None,
    ]


def test_segments_stand_in_their_order_and_another_word_is_none() -> None:
    assert [rules().segment_index(segment) for segment in ("T1", "T2", "T3", "T4")] == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="T9"):
        rules().segment_index("T9")


def test_a_town_nobody_knows_goes_by_its_code() -> None:
    look = Look(Level.RED, OWN, situation(), rules(), ())
    assert (look.name(PANLONG), look.name("510521100")) == ("盘龙镇", "510521100")


@pytest.mark.parametrize("level", list(Level))
def test_a_level_is_found_by_its_word(level) -> None:
    assert Level.of(level.word) is level


def test_another_word_is_no_level() -> None:
    with pytest.raises(ValueError, match="purple"):
        Level.of("purple")
