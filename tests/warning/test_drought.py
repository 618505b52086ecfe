"""旱涝急转: rain after a drought asks for one level more, for so many days."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.warning.level import Level
from app.warning.uplift import uplift
from tests.warning.situations import NOON, PANLONG, QINGLIU, judged, rules, situation, warning

ENDED = NOON - timedelta(days=9)


def rain_after(*, now=(), past=(), hazard: str = "11B03") -> list[str]:
    held = situation(warning(Level.YELLOW, hazard=hazard, places=(PANLONG,)), others=now, past=past)
    found = uplift(held, *judged(held, rules()))
    return [reason.text for reason in found.because] if found else []


def drought(ended=ENDED, place: str = PANLONG, hazard: str = "11B22"):
    about = warning(Level.ORANGE, hazard=hazard, places=(place,), key="dry")
    return replace(about, expires=ended)


def test_a_drought_that_holds_or_has_just_ended_counts() -> None:
    assert rain_after(now=(drought(None),)) == ["旱涝急转：10天内有干旱橙色预警"]
    assert rain_after(past=(drought(),)) == ["旱涝急转：10天内有干旱橙色预警"]
    assert rain_after(past=(drought(hazard="11A52"),)) == ["旱涝急转：10天内有农业干旱橙色预警"]


@pytest.mark.parametrize("turned", [False, True])
def test_of_several_droughts_the_most_severe_is_named_then_by_code(turned) -> None:
    mild = replace(drought(hazard="11A52"), level=Level.YELLOW, key="a")
    severe = replace(drought(), key="z")
    both = replace(drought(hazard="11A52"), key="m")
    found = rain_after(past=(severe, mild) if turned else (mild, severe))
    assert found == ["旱涝急转：10天内有干旱橙色预警"]
    again = replace(severe, key="b")
    found = rain_after(past=(again, both) if turned else (both, again))
    assert found == ["旱涝急转：10天内有农业干旱橙色预警"]


@pytest.mark.parametrize("days", [10, 11])
def test_after_the_days_it_does_not(days) -> None:
    assert rain_after(past=(drought(NOON - timedelta(days=days)),)) == []


def test_a_drought_elsewhere_another_warning_and_a_hazard_that_is_no_flood_do_not() -> None:
    assert rain_after(past=(drought(place=QINGLIU),)) == []
    assert rain_after(past=(drought(hazard="11B09"),)) == []
    assert rain_after(past=(drought(),), hazard="11G01") == []


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_droughts_of_one_kind_and_level_the_same_is_told_in_any_order(turned) -> None:
    first = replace(drought(), key="a", places=frozenset({PANLONG, QINGLIU}))
    past = (first, replace(drought(), key="b"))
    now = situation(warning(Level.YELLOW, places=(PANLONG, QINGLIU)), past=past[::-1] if turned else past)
    found = uplift(now, *judged(now, rules()))
    assert found
    assert found.because[0].values["towns"] == 2
