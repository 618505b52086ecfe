"""Bad input: the plan says what does not fit; nothing is dropped, and nothing means everywhere."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from app.warning.level import Level
from app.warning.plan import Plan
from app.warning.planner import plan
from app.warning.situation import RainWindow, Situation, WarningFacts
from tests.warning.situations import (
    CHANGYUAN,
    NOON,
    PANLONG,
    QINGLIU,
    holdings,
    rain,
    rules,
    situation,
    warning,
)


def said(now: Situation) -> dict[str, str]:
    return {reason.rule: reason.text for reason in made(now).because[1:]}


def made(now: Situation) -> Plan:
    return plan(now, rules())


def test_nothing_doubtful_nothing_said() -> None:
    assert said(situation()) == {}


def test_a_code_nobody_knows_is_planned_and_said() -> None:
    now = situation(warning(Level.RED, hazard="11B73"))
    assert said(now) == {
        "hazard.unknown-code": "不认识代码11B73，没有它的规则，按“其他灾害”执行，灾种以报文为准"
    }
    assert made(now).lines
    assert "hazard.unknown-code" not in said(situation(warning(Level.RED, hazard="12D01")))


def test_towns_that_are_not_ours_are_named_beside_those_that_are() -> None:
    now = situation(warning(places=(PANLONG, "510521100", "500111101")))
    assert said(now) == {"area.foreign": "报文还写了500111101、510521100，不是本区镇街，没有叫"}
    assert {line.place for line in made(now).lines} == {"500153", PANLONG}


@pytest.mark.parametrize("onset", [True, False])
def test_times_that_contradict_each_other_are_said(onset) -> None:
    about = warning(places=(PANLONG,))
    end = about.expires
    assert end

    def at(moment: datetime) -> WarningFacts:
        return replace(about, onset=moment) if onset else replace(about, effective=moment)

    assert set(said(situation(at(end)))) == {"times.contradict"}
    assert said(situation(at(end - timedelta(seconds=1)))) == {}
    assert said(situation(replace(at(end), expires=None))) == {}


def test_windows_that_contradict_each_other_are_said_and_each_still_counts() -> None:
    wet = (rain(1000, 3), rain(500, 6))
    now = situation(warning(places=(PANLONG,)), windows=wet)
    assert said(now) == {
        "windows.contradict": "SIM-P009站读数矛盾：3小时100毫米，6小时反而50毫米，按大的算，请核实"
    }
    assert made(now).segment_from == "observed"
    assert said(situation(windows=(rain(500, 3), rain(500, 6)))) == {}
    assert said(situation(windows=(rain(1000, 3, place=QINGLIU), rain(500, 6, place=QINGLIU)))) == {}
    assert said(situation(windows=(rain(1000, 3, at=NOON - timedelta(minutes=5)), rain(500, 6)))) == {}


def test_towns_without_officers_and_people_without_phones_have_their_lines() -> None:
    few = tuple(replace(h, people=0, no_contact=2) if h.town == PANLONG else h for h in holdings())
    lines = [line for line in made(situation(held=few)).lines if line.place == PANLONG]
    owed = [line for line in lines if line.duty != "broadcast"]
    assert owed
    assert all(line.because[-1].rule == "holding.none" for line in owed)
    assert made(situation(held=())).lines


def test_a_gauge_with_holes_below_the_threshold_is_told_and_one_over_it_or_whole_is_not() -> None:
    def told(*windows: RainWindow) -> list[str]:
        made = plan(situation(warning(Level.RED), windows=windows), rules())
        return [reason.text for reason in made.because if reason.rule == "windows.missing"]

    assert told(rain(412, 3, missing=3)) == [
        "缺数：SIM-P009站3小时至少41.2毫米，36个时段缺3个。没有数据不等于没有雨"
    ]
    assert told(rain(412, 3), rain(1000, 3, station="SIM-P010", missing=3), rain(0, 24, missing=9)) == []
    assert told(rain(0, 3, place=CHANGYUAN, missing=36)) == [], "no gauge of the area"
    assert "等5处" in told(*(rain(0, 3, station=f"SIM-P01{n}", missing=36) for n in range(5)))[0]
