"""Response levels are proposed from signs, the highest first, and only within the warning's family."""

import pytest

from app.warning.level import Level
from app.warning.plan import Suggestion
from app.warning.response import response
from app.warning.situation import Situation
from tests.warning.situations import (
    CHANGYUAN,
    PANLONG,
    QINGLIU,
    WUJIA,
    judged,
    rain,
    river,
    rules,
    situation,
    warning,
)


def proposed(now: Situation) -> Suggestion | None:
    return response(now, *judged(now, rules()))


def numeral(now: Situation) -> str | None:
    held = proposed(now)
    return held.level.response if held and held.level else None


@pytest.mark.parametrize(
    ("level", "places", "expected"),
    [
        (Level.BLUE, (PANLONG, WUJIA, QINGLIU), None),
        (Level.YELLOW, (PANLONG, WUJIA), None),
        (Level.YELLOW, (PANLONG, WUJIA, QINGLIU), "IV"),
        (Level.ORANGE, (PANLONG, WUJIA, QINGLIU), "III"),
        (Level.RED, (PANLONG,), "III"),
        (Level.RED, (PANLONG, WUJIA, QINGLIU), "II"),
    ],
)
def test_towns_under_a_level_are_counted(level, places, expected) -> None:
    assert numeral(situation(warning(level, places=places))) == expected


def test_towns_under_several_warnings_and_measured_ones_are_counted_once_each() -> None:
    now = situation(
        warning(Level.RED, places=(PANLONG,)),
        others=(warning(Level.RED, places=(PANLONG, WUJIA), key="two"),),
        windows=(rain(1000, 3, place=QINGLIU), rain(1000, 3, place=PANLONG, station="SIM-P010")),
    )
    held = proposed(now)
    assert held
    assert held.level is Level.ORANGE
    assert "涉及3个镇街" in held.text


@pytest.mark.parametrize(("level_mm", "expected"), [(301_499, None), (301_500, "IV"), (303_000, "II")])
def test_a_river_over_its_mark_speaks_for_a_response(level_mm, expected) -> None:
    assert numeral(situation(warning(Level.BLUE, places=(CHANGYUAN,)), levels=(river(level_mm),))) == expected


def test_over_the_warning_mark_and_still_rising_is_one_higher() -> None:
    rising = river(301_600, rise_mm={60: 120})  # type: ignore[arg-type]
    assert numeral(situation(warning(Level.BLUE), levels=(rising,))) == "III"
    falling = river(301_600, rise_mm={60: -10, 180: 400})  # type: ignore[arg-type]
    assert numeral(situation(warning(Level.BLUE), levels=(falling,))) == "IV"


def test_a_family_without_rules_proposes_nothing() -> None:
    assert proposed(situation(warning(Level.RED, hazard="11B09"), levels=(river(305_000),))) is None


def test_the_signs_only_a_person_can_see_for_one_level_more_are_said() -> None:
    held = proposed(situation(warning(Level.YELLOW, places=(PANLONG, WUJIA, QINGLIU))))
    assert held
    assert held.text.startswith("建议启动Ⅳ级响应（区防指办公室主任签发）：暴雨黄色及以上涉及3个镇街")
    assert held.text.endswith("若小型水库出现险情，可到Ⅲ级")


def test_towns_that_are_not_ours_do_not_count() -> None:
    beyond = ("510521100", "500111101")
    assert numeral(situation(warning(Level.YELLOW, places=(PANLONG, *beyond)))) is None


def test_what_is_measured_below_the_level_asked_for_does_not_count() -> None:
    now = situation(warning(Level.BLUE), windows=(rain(500, 3),))  # orange; for one town, red is asked
    assert numeral(now) is None


def test_where_no_sign_of_one_level_more_can_be_seen_none_is_named() -> None:
    now = situation(warning(Level.YELLOW, hazard="11D01", places=(PANLONG, WUJIA, QINGLIU)))
    held = proposed(now)
    assert held
    assert held.text == "建议启动Ⅳ级响应（区地灾指办公室主任签发）：地质灾害黄色及以上涉及3个镇街（≥3个）"
