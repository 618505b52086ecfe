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
    beyond = [f"51052110{n}" for n in range(6)]
    now = situation(warning(places=(PANLONG, *beyond)))
    assert said(now) == {"area.foreign": f"报文还写了{'、'.join(beyond)}，不是本区镇街，没有叫"}
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


def missing(*windows: RainWindow) -> list[str]:
    now = situation(warning(Level.RED), windows=windows)
    return [reason.text for reason in made(now).because if reason.rule == "windows.missing"]


@pytest.mark.parametrize("turned", [False, True])
def test_the_gauges_with_the_largest_holes_are_named_first_and_the_rest_counted(turned) -> None:
    windows = tuple(rain(0, 3, station=f"SIM-P01{n}", missing=gap) for n, gap in enumerate((3, 36, 12, 12)))
    (text,) = missing(*(windows[::-1] if turned else windows))
    assert text == (
        "缺数：SIM-P011站3小时至少0毫米，36个时段缺36个；SIM-P012站3小时至少0毫米，36个时段缺12个；"
        "SIM-P013站3小时至少0毫米，36个时段缺12个等4处。没有数据不等于没有雨"
    )
    (three,) = missing(*windows[:3])
    assert "处" not in three


def test_a_hole_counts_by_its_share_of_the_window() -> None:
    now = situation(
        warning(Level.RED, hazard="11A51"),
        windows=(rain(0, 24, missing=40), rain(0, 1, station="SIM-P010", missing=6)),
    )
    (text,) = [reason.text for reason in made(now).because if reason.rule == "windows.missing"]
    assert text.startswith("缺数：SIM-P010站1小时")  # half of its hour, and not a seventh of its day


@pytest.mark.parametrize("turned", [False, True])
def test_of_equal_holes_at_one_gauge_the_shorter_window_comes_first(turned) -> None:
    halves = (rain(0, 1, missing=6), rain(0, 3, missing=18), rain(0, 6, missing=36))
    now = situation(warning(Level.RED, hazard="11A51"), windows=halves[::-1] if turned else halves)
    (text,) = [reason.text for reason in made(now).because if reason.rule == "windows.missing"]
    assert [part[: part.index("小时")] for part in text.removeprefix("缺数：").split("；")] == [
        "SIM-P009站1",
        "SIM-P009站3",
        "SIM-P009站6",
    ]


def test_a_window_with_holes_that_is_exactly_at_the_threshold_is_proof_enough() -> None:
    assert missing(rain(1000, 3, missing=1)) == []
    assert len(missing(rain(999, 3, missing=1))) == 1


def test_only_the_windows_of_the_warning_s_own_level_are_asked_for() -> None:
    assert missing(rain(0, 6, missing=9)) == []  # yellow is read off 6 hours, red off 3


@pytest.mark.parametrize("turned", [False, True])
def test_of_a_gauge_that_contradicts_itself_twice_the_shortest_is_told_and_every_gauge_is(turned) -> None:
    wet = (
        rain(1000, 3, station="SIM-P010"),
        rain(500, 6, station="SIM-P010"),
        rain(400, 12, station="SIM-P010"),
        rain(500, 3),
        rain(499, 6),
    )
    now = situation(windows=wet[::-1] if turned else wet)
    told = [reason for reason in made(now).because if reason.rule == "windows.contradict"]
    assert [reason.values for reason in told] == [
        {"station": "SIM-P009", "hours": 3},
        {"station": "SIM-P010", "hours": 3},
    ]


def test_a_contradiction_between_longer_windows_is_found_too() -> None:
    assert "windows.contradict" in said(situation(windows=(rain(100, 3), rain(500, 6), rain(400, 12))))


def test_a_hint_is_no_missing_level_and_both_times_may_contradict() -> None:
    assert "hazard.level-missing" not in said(situation(warning(Level.HINT)))
    about = warning(places=(PANLONG,))
    assert about.expires
    late = replace(about, onset=about.expires + timedelta(hours=1), effective=about.expires)
    texts = [r.text for r in made(situation(late)).because if r.rule == "times.contradict"]
    assert [text[:13] for text in texts] == ["报文自相矛盾：发生时间不早", "报文自相矛盾：生效时间不早"]
