"""A forecast never counts as observed: it moves no segment, calls nobody, and asks for a consultation."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.warning.level import Level
from app.warning.news import Outlook
from app.warning.plan import Plan, Suggestion
from app.warning.planner import plan
from tests.warning.situations import PANLONG, QINGLIU, forecast, rules, situation, warning


def planned(*ahead: Outlook, level: Level = Level.YELLOW, **more) -> Plan:
    return plan(situation(warning(level, places=(PANLONG,), **more), outlooks=ahead), rules())


def asked(made: Plan) -> Suggestion | None:
    return next((s for s in made.suggestions if s.kind == "outlook"), None)


def test_a_forecast_of_any_height_leaves_segment_level_lines_and_response_as_they_are() -> None:
    without, flooded = planned(), planned(forecast(2000))
    assert replace(without, suggestions=(), not_chosen=()) == replace(flooded, suggestions=(), not_chosen=())
    assert {s.kind for s in flooded.suggestions} - {s.kind for s in without.suggestions} == {"outlook"}


@pytest.mark.parametrize(
    ("mm", "level"), [(49, None), (50, Level.ORANGE), (99, Level.ORANGE), (100, Level.RED)]
)
def test_more_than_the_warning_says_asks_for_a_consultation(mm, level) -> None:
    found = asked(planned(forecast(mm)))
    assert (found.level if found else None) == level


def test_what_it_says_names_town_time_rain_and_that_nothing_was_measured() -> None:
    found = asked(planned(forecast(62)))
    assert found
    assert found.text == ("预报（非实测）盘龙镇7月21日14:00起3小时62毫米，将达暴雨橙色标准，请与气象台会商")


def test_what_the_warning_says_already_is_not_asked() -> None:
    assert asked(planned(forecast(60), level=Level.ORANGE)) is None
    assert asked(planned(forecast(60), observed=True)) is None


def test_rows_of_one_source_and_length_add_up_and_of_others_never() -> None:
    hourly = [forecast(20, hours=1, lead=n) for n in (1, 2, 3)]
    assert asked(planned(*hourly)) is not None
    assert asked(planned(*hourly[:2])) is None
    assert asked(planned(*hourly[:2], forecast(20, hours=1, lead=3, source="other"))) is None
    assert asked(planned(*hourly[:2], forecast(20, hours=2, lead=3))) is None
    half = [
        replace(row, begins=row.begins + timedelta(minutes=30), ends=row.ends + timedelta(minutes=30))
        for row in hourly
    ]
    assert asked(planned(*hourly[:2], half[0])) is None  # overlaps both: its rain is not new


def test_a_row_that_reaches_beyond_the_window_is_left_out() -> None:
    assert asked(planned(forecast(90, hours=24))) is None


def test_another_element_the_past_and_a_place_outside_say_nothing() -> None:
    assert asked(planned(forecast(90, element="wind"))) is None
    assert asked(planned(forecast(90, lead=-3))) is None
    assert asked(planned(forecast(90, place="510521100"))) is None


def test_a_town_that_is_not_chosen_is_watched() -> None:
    made = planned(forecast(60, place=QINGLIU))
    assert asked(made) is None
    (qingliu,) = [n for n in made.not_chosen if n.place == QINGLIU]
    assert [r.rule for r in qingliu.because] == ["area.outside", "area.expected"]
    assert qingliu.because[1].text == (
        "但请留意：预报（非实测）清流镇7月21日14:00起3小时60毫米，将达暴雨橙色标准"
    )


def test_the_first_moment_is_named() -> None:
    found = asked(planned(forecast(60, lead=9), forecast(55, lead=4)))
    assert found
    assert "16:00起3小时55毫米" in found.text
