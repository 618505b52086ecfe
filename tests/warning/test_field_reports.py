"""What towns report, and what they no longer can: it has begun, it is worse, somebody is cut off."""

from datetime import timedelta

import pytest

from app.disaster import form
from app.warning.level import Level
from app.warning.news import CutOff
from app.warning.plan import Plan
from app.warning.planner import plan
from tests.warning.situations import (
    CHANGYUAN,
    NOON,
    PANLONG,
    QINGLIU,
    WUJIA,
    reported,
    rules,
    situation,
    warning,
)

LATER = NOON + timedelta(hours=30)
HOUR = timedelta(hours=1)


def planned(level: Level = Level.YELLOW, hazard: str = "11B03", **more) -> Plan:
    return plan(situation(warning(level, hazard=hazard, onset=LATER), **more), rules())


def raises(made: Plan) -> list[str]:
    return [r.rule for s in made.suggestions if s.kind == "uplift" for r in s.because]


def test_an_event_reported_from_the_area_means_it_has_begun() -> None:
    made = planned(reports=(reported("house-flooded"),))
    assert (made.segment, made.segment_from) == ("T4", "reported")
    assert made.because[0].text == "区域内已报灾：盘龙镇滑坡，为T4临灾紧急"


@pytest.mark.parametrize(
    "report",
    [
        reported("house-flooded", place=QINGLIU),  # not in the area
        reported("fire"),  # no flood
        reported("house-flooded", ago=timedelta(hours=12)),  # too long ago
    ],
)
def test_an_event_elsewhere_of_another_kind_or_of_yesterday_does_not(report) -> None:
    assert planned(reports=(report,)).segment == "T1"


def test_just_within_the_hours_it_still_does() -> None:
    still = reported("house-flooded", ago=timedelta(hours=12) - timedelta(seconds=1))
    assert planned(reports=(still,)).segment_from == "reported"


def test_a_slide_speaks_for_the_geological_warning_and_not_for_a_flood() -> None:
    slide = (reported("landslide"),)
    assert planned(hazard="11D01", reports=slide).segment == "T4"
    assert planned(hazard="11A01", reports=slide).segment == "T1"


def test_the_kinds_of_the_rules_are_those_of_the_report_s_form() -> None:
    held = rules().stage.reported
    assert held
    named = {kind for kinds in held.kinds.values() for kind in kinds}
    assert named <= set(form.KINDS)


def test_a_town_that_is_cut_off_asks_for_one_level_more() -> None:
    lost = CutOff(PANLONG, NOON - HOUR, reported=False)
    made = planned(cut_off=(lost,))
    assert raises(made) == ["uplift.isolated"]
    (asked,) = [s for s in made.suggestions if s.kind == "uplift"]
    assert asked.level is Level.ORANGE
    assert asked.because[0].text == "盘龙镇失联（叫应链走完无人应），自11:00起"
    three = CutOff(WUJIA, NOON - 2 * HOUR, reported=True)
    (both,) = [s for s in planned(cut_off=(lost, three)).suggestions if s.kind == "uplift"]
    assert both.because[0].text == "盘龙镇、吴家镇失联（叫应链走完无人应），自10:00起"
    (only,) = [s for s in planned(cut_off=(three,)).suggestions if s.kind == "uplift"]
    assert only.because[0].text == "吴家镇报告三断，自10:00起"


def test_a_town_outside_the_warning_that_is_cut_off_does_not() -> None:
    assert raises(planned(cut_off=(CutOff(CHANGYUAN, NOON, reported=True),))) == []


def numeral(made: Plan) -> str | None:
    return made.response_level


def test_reported_events_speak_for_a_response_level() -> None:
    assert numeral(planned(Level.BLUE)) is None
    assert numeral(planned(Level.BLUE, reports=(reported("reservoir"),))) == "III"
    assert numeral(planned(Level.BLUE, reports=(reported("landslide", dead=1),))) == "II"
    assert numeral(planned(Level.BLUE, reports=(reported("landslide"),))) is None
    trapped = (reported("trapped", trapped=2),)
    assert numeral(planned(Level.BLUE, reports=trapped)) is None
    lost = (CutOff(PANLONG, NOON, reported=True),)
    assert numeral(planned(Level.BLUE, reports=trapped, cut_off=lost)) == "I"
    assert numeral(planned(Level.BLUE, cut_off=lost)) is None
    elsewhere = (CutOff(QINGLIU, NOON, reported=True),)
    assert numeral(planned(Level.BLUE, reports=trapped, cut_off=elsewhere)) is None


def test_a_death_speaks_for_the_geological_response_too() -> None:
    made = planned(Level.BLUE, "11D01", reports=(reported("casualty", dead=1),))
    assert numeral(made) == "II"
    (sign,) = [s for s in made.suggestions if s.kind == "response"]
    assert sign.because[0].text == "盘龙镇报告：有人员死亡，过程仍在持续"


@pytest.mark.parametrize(
    ("level", "hazard", "level_of_response"),
    [
        (Level.YELLOW, "11A01", "IV"),
        (Level.BLUE, "11A01", None),
        (Level.ORANGE, "11A03", "III"),
        (Level.RED, "11A03", "II"),
    ],
)
def test_what_the_water_bureau_expects_of_river_and_reservoir_counts(
    level, hazard, level_of_response
) -> None:
    assert numeral(planned(level, hazard)) == level_of_response
