"""A forecast never counts as observed: it moves no segment, calls nobody, and asks for a consultation."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.warning.level import Level
from app.warning.news import Outlook
from app.warning.plan import Plan, Suggestion
from app.warning.planner import plan
from tests.warning.situations import PANLONG, QINGLIU, WANLING, WUJIA, forecast, rules, situation, warning


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


def test_a_thousandth_of_a_millimetre_below_is_below() -> None:
    assert asked(planned(replace(forecast(50), milli=49_999))) is None


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


def test_of_two_forecasts_of_one_source_for_one_stretch_the_greater_counts_in_any_order() -> None:
    low, high = forecast(20, lead=4), forecast(60, lead=4)
    for rows in ((low, high), (high, low)):
        found = asked(planned(*rows))
        assert found
        assert "16:00起3小时60毫米" in found.text


def test_of_two_sources_that_begin_together_the_wetter_is_told_in_any_order() -> None:
    rows = (forecast(70, source="b"), forecast(60, source="a"), forecast(65, source="c"))
    for given in (rows, rows[::-1]):
        found = asked(planned(*given))
        assert found
        assert "3小时70毫米" in found.text


def test_rows_of_one_source_add_up_in_any_order() -> None:
    hourly = [forecast(20, hours=1, lead=n) for n in (1, 2, 3)]
    for rows in (hourly, hourly[::-1], [hourly[1], hourly[2], hourly[0]]):
        found = asked(planned(*rows))
        assert found
        assert "13:00起3小时60毫米" in found.text


def test_a_row_that_has_not_ended_is_still_ahead() -> None:
    assert asked(planned(forecast(90, lead=-2)))


def several(*rows: Outlook) -> Suggestion | None:
    where = tuple(row.place for row in rows)
    now = situation(warning(Level.YELLOW, places=where), outlooks=rows)
    given = [asked(plan(replace(now, towns=towns), rules())) for towns in (now.towns, now.towns[::-1])]
    assert given[0] == given[1]
    return given[0]


def test_the_worst_town_is_named_first_then_the_soonest_then_by_code() -> None:
    rows = (
        forecast(60, lead=2, place=WUJIA),
        forecast(60, lead=1, place=QINGLIU),
        forecast(120, lead=9, place=WANLING),
        forecast(60, lead=2, place=PANLONG),
    )
    for given in (rows, rows[::-1]):
        found = several(*given)
        assert found
        assert found.level is Level.RED
        assert [reason.values["place"] for reason in found.because] == [WANLING, QINGLIU, PANLONG, WUJIA]
        assert [name in found.text for name in ("万灵镇", "清流镇", "盘龙镇", "吴家镇")] == [True] * 3 + [
            False
        ]
        assert found.text.endswith("等，请与气象台会商")


def test_three_towns_are_all_named() -> None:
    found = several(*(forecast(60, place=place) for place in (PANLONG, WUJIA, QINGLIU)))
    assert found
    assert found.text.count("预报（非实测）") == 3
    assert found.text.endswith("标准，请与气象台会商")


def test_a_forecast_that_reaches_two_levels_is_told_at_the_higher() -> None:
    found = asked(planned(forecast(60, hours=1, lead=2), forecast(60, hours=1, lead=4)))
    assert found
    assert found.level is Level.RED
    assert found.because[0].values == {
        "place": PANLONG,
        "hours": 3,
        "tenths": 1200,
        "threshold_tenths": 1000,
        "begins": "2026-07-21T06:00:00+00:00",
    }


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_conditions_reached_at_one_moment_the_shorter_is_told(turned) -> None:
    held = rules()
    if turned:
        hazards = tuple(replace(h, observed=h.observed[::-1]) for h in held.hazards)
        held = replace(held, hazards=hazards)
    rows = (forecast(60, hours=1, lead=2), forecast(40, hours=1, lead=3))  # 1 h 60 mm, 3 h 100 mm: orange
    now = situation(warning(Level.YELLOW, hazard="11A51", places=(PANLONG,)), outlooks=rows)
    found = asked(plan(now, held))
    assert found
    assert "14:00起1小时60毫米，将达山洪灾害橙色标准" in found.text
