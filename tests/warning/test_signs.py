"""Signs for a response level: what each needs, and that it names the same place in any order of rows."""

from dataclasses import replace

import pytest

from app.warning.level import Level
from app.warning.news import CutOff
from app.warning.plan import Reason
from app.warning.ruleset import Look, Sign
from app.warning.signs import CutOffTown, ReportedEvent, RiverOver, WarnedTowns
from app.warning.situation import Situation
from tests.warning.situations import (
    CHANGYUAN,
    NOON,
    PANLONG,
    QINGLIU,
    WUJIA,
    judged,
    rain,
    reported,
    river,
    rules,
    situation,
    warning,
)


def look(now: Situation) -> Look:
    hazard, held, findings = judged(now, rules())
    return Look(Level.YELLOW, hazard, now, held, findings)


def said(sign: Sign, **more) -> Reason | None:
    return sign.holds(look(situation(warning(Level.BLUE), **more)))


def test_a_measurement_counts_for_its_own_hazard_at_its_own_level_and_above() -> None:
    wet = (rain(500, 3), rain(1000, 3, place=WUJIA, station="SIM-P011"))  # orange, red
    for level, towns in ((Level.YELLOW, 2), (Level.ORANGE, 2), (Level.RED, 1)):
        found = said(WarnedTowns("rain", level, 1), windows=wet)
        assert found
        assert found.values["towns"] == towns
        assert said(WarnedTowns("rain", level, towns + 1), windows=wet) is None
        assert said(WarnedTowns("river", level, 1), windows=wet) is None


def test_a_warning_no_rule_fits_counts_for_nothing() -> None:
    known = replace(rules(), hazards=tuple(h for h in rules().hazards if not h.anything))
    strange = warning(Level.RED, hazard="99Z99", places=(PANLONG, WUJIA, QINGLIU), key="strange")
    held = replace(look(situation(warning(Level.BLUE), others=(strange,))), rules=known)
    assert WarnedTowns("rain", Level.RED, 1).holds(held) is None


@pytest.mark.parametrize("turned", [False, True])
def test_of_several_stations_over_the_mark_the_first_by_code_is_named(turned) -> None:
    levels = (river(301_700, station="SIM-Z002"), river(301_600, station="SIM-Z001"))
    found = said(RiverOver("warning", rising=False), levels=levels[::-1] if turned else levels)
    assert found
    assert found.text == "濑溪河SIM-Z001站水位301.60米，超过警戒水位"
    assert found.values == {"station": "SIM-Z001", "mark": "warning", "mark_mm": 301_500}


def test_a_station_without_the_mark_or_below_it_does_not_hide_the_next() -> None:
    levels = (
        river(301_400, station="SIM-Z001"),
        replace(river(301_700, station="SIM-Z002"), warning_mm=None),
        river(301_500, station="SIM-Z003"),
    )
    found = said(RiverOver("warning", rising=False), levels=levels)
    assert found
    assert found.values["station"] == "SIM-Z003"


@pytest.mark.parametrize(
    ("rise", "rises"),
    [({60: 1}, True), ({60: 0}, False), ({60: -10, 180: 400}, False), ({10: 5, 60: -10}, True), ({}, False)],
)
def test_a_river_rises_if_it_rose_over_the_shortest_stretch_known(rise, rises) -> None:
    found = said(RiverOver("warning", rising=True), levels=(replace(river(301_600), rise_mm=rise),))
    assert (found is not None) is rises
    if found:
        assert found.text.endswith("超过警戒水位且仍在上涨")


@pytest.mark.parametrize("turned", [False, True])
def test_of_several_towns_that_report_the_first_by_code_is_named(turned) -> None:
    reports = (reported("reservoir", place=WUJIA), reported("reservoir", place=PANLONG))
    sign = ReportedEvent(frozenset({"reservoir"}), 0, "水库出险")
    found = said(sign, reports=reports[::-1] if turned else reports)
    assert found == Reason("response.III", "盘龙镇报告：水库出险", {"place": PANLONG})


def test_an_event_needs_its_kind_and_its_dead_and_one_that_lacks_them_does_not_hide_the_next() -> None:
    two = ReportedEvent(frozenset({"landslide"}), 2, "滑坡死亡")
    assert said(two, reports=(reported("landslide", dead=1),)) is None
    assert said(two, reports=(reported("fire", dead=2),)) is None
    first, second = reported("landslide", dead=1), reported("fire", "landslide", dead=2, place=WUJIA)
    found = said(two, reports=(first, second))
    assert found
    assert found.values == {"place": WUJIA}


def test_the_trapped_of_a_town_s_reports_add_up_and_those_of_others_do_not() -> None:
    lost = (CutOff(PANLONG, NOON, reported=True),)
    first, second = reported("trapped", trapped=1), reported("trapped", trapped=2)
    elsewhere = reported("trapped", trapped=9, place=WUJIA)
    found = said(CutOffTown(3), reports=(first, second, elsewhere), cut_off=lost)
    assert found
    assert found.text == "盘龙镇失联，有3人被困"
    assert said(CutOffTown(4), reports=(first, second, elsewhere), cut_off=lost) is None


@pytest.mark.parametrize("turned", [False, True])
def test_of_several_towns_cut_off_the_first_by_code_with_people_trapped_is_named(turned) -> None:
    lost = tuple(CutOff(town, NOON, reported=True) for town in (WUJIA, CHANGYUAN, PANLONG))
    trapped = tuple(reported("trapped", trapped=1, place=town) for town in (WUJIA, PANLONG))
    found = said(CutOffTown(1), reports=trapped, cut_off=lost[::-1] if turned else lost)
    assert found == Reason("response.III", "盘龙镇失联，有1人被困", {"place": PANLONG})


def test_the_rules_may_say_that_to_be_cut_off_is_enough() -> None:
    found = said(CutOffTown(0), cut_off=(CutOff(PANLONG, NOON, reported=True),))
    assert found
    assert found.text == "盘龙镇失联，有0人被困"
