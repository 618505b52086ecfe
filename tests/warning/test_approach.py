"""The distance and the time to 警戒 and 保证, as the plan tells them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.warning.approach import Distance, distances, sentence
from app.warning.level import Level
from app.warning.planner import plan
from tests.warning.situations import CHANGYUAN, PANLONG, river, rules, situation, warning


def rising(level_mm: int, rise: int | None):
    return replace(river(level_mm), rise_mm={} if rise is None else {60: rise})


@pytest.mark.parametrize(
    ("level_mm", "rise", "said"),
    [
        (
            301_080,
            504,
            "距警戒水位0.42米，按近1小时涨速约50分钟；距保证水位1.92米，按近1小时涨速约3小时49分钟",
        ),
        (301_500, 600, "距保证水位1.50米，按近1小时涨速约2小时30分钟"),
        (303_000, 600, ""),
        (303_000, 0, ""),
        (303_000, None, ""),
        (301_080, 0, "距警戒水位0.42米；距保证水位1.92米；近1小时没有上涨"),
        (301_080, -90, "距警戒水位0.42米；距保证水位1.92米；近1小时没有上涨"),
        (301_080, None, "距警戒水位0.42米；距保证水位1.92米；近1小时涨速不明"),
        (301_080, 1, "距警戒水位0.42米；距保证水位1.92米"),
    ],
)
def test_the_distance_is_said_with_the_time_at_the_rate_of_the_last_hour(level_mm, rise, said) -> None:
    assert sentence(rising(level_mm, rise)) == said


def test_a_mark_that_is_not_known_has_no_distance() -> None:
    assert distances(replace(rising(301_080, 100), warning_mm=None, guarantee_mm=None)) == ()


@given(level=st.integers(290_000, 303_000), rise=st.integers(1, 5_000))
def test_at_that_rate_the_mark_is_reached_within_the_minutes_and_not_one_before(level, rise) -> None:
    for one in distances(rising(level, rise)):
        assert isinstance(one, Distance)
        if one.minutes is not None:
            assert one.minutes * rise >= one.gap_mm * 60 > (one.minutes - 1) * rise


def test_the_plan_tells_it_for_the_rivers_of_the_area_in_a_flood_alone() -> None:
    near = rising(301_080, 504)
    flood = situation(warning(Level.YELLOW, hazard="11A01", places=(CHANGYUAN,)), levels=(near,))
    (told,) = [one for one in plan(flood, rules()).because if one.rule == "level.distance"]
    assert told.text.startswith("濑溪河SIM-Z001站水位301.08米，距警戒水位0.42米，按近1小时涨速约50分钟")
    assert (told.values["to_warning_mm"], told.values["to_warning_minutes"]) == (420, 50)
    elsewhere = situation(warning(Level.YELLOW, hazard="11A01", places=(PANLONG,)), levels=(near,))
    fog = situation(warning(Level.YELLOW, hazard="11B17", places=(CHANGYUAN,)), levels=(near,))
    for other in (elsewhere, fog):
        assert not [one for one in plan(other, rules()).because if one.rule == "level.distance"]


def test_a_day_ahead_is_the_longest_that_is_said() -> None:
    (near, far) = distances(replace(rising(300_060, 60), guarantee_mm=301_501))
    assert (near.gap_mm, near.minutes) == (1440, 1440)
    assert (far.gap_mm, far.minutes) == (1441, None)
    assert distances(rising(301_499, 1))[0] == Distance("warning", 1, 60)


@pytest.mark.parametrize("turned", [False, True])
def test_each_station_below_a_mark_is_told_by_code_and_one_above_hides_none(turned) -> None:
    levels = (
        replace(rising(301_080, 0), station="SIM-Z003"),
        replace(rising(305_000, 60), station="SIM-Z001"),  # over both
        replace(rising(301_080, 504), station="SIM-Z000", place=PANLONG),  # not of the area
        replace(rising(301_500, 600), station="SIM-Z002"),
    )
    about = warning(Level.YELLOW, hazard="11A01", places=(CHANGYUAN,))
    made = plan(situation(about, levels=levels[::-1] if turned else levels), rules())
    told = [one.values for one in made.because if one.rule == "level.distance"]
    assert told == [
        {
            "station": "SIM-Z002",
            "level_mm": 301_500,
            "to_guarantee_mm": 1500,
            "to_guarantee_minutes": 150,
        },
        {"station": "SIM-Z003", "level_mm": 301_080, "to_warning_mm": 420, "to_guarantee_mm": 1920},
    ]
