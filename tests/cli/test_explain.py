"""explain: the plan and its reasons from files alone, with or without an installation; nothing is written."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.intake.support import message as national

WANLING = "500153105"
AT = datetime(2026, 7, 15, 18, 40, tzinfo=UTC)


def warning(**more: Any) -> str:
    return json.dumps(
        {
            "identifier": "W-1",
            "sender": "qxj",
            "sent": AT.isoformat(),
            "status": "Actual",
            "msg_type": "Alert",
            "references": [],
            "event_code": "11B03",
            "level": "red",
            "expires": (AT + timedelta(hours=3)).isoformat(),
            "headline": "暴雨红色预警",
            "areas": [{"codes": [WANLING]}],
            **more,
        }
    )


def rain(station: str, each: float, minutes: int) -> str:
    times = [(AT - timedelta(minutes=n)).astimezone(tz=None).isoformat() for n in range(0, minutes, 5)]
    return "STCD,TM,DRP,INTV\n" + "".join(f"{station},{at},{each},0.05\n" for at in times)


def test_a_warning_is_explained_without_an_installation_and_nothing_is_left(bare_cli: Cli) -> None:
    file = bare_cli.folder / "w.json"
    file.write_text(warning())
    ran = bare_cli("explain", str(file), "--json")
    assert ran.code == 0, ran.err
    plan = ran.json["plan"]
    assert (plan["level"], ran.json["disposition"]) == ("red", "applies")
    assert plan["segment"] in {"T1", "T2", "T3", "T4"}
    assert all(line["because"] for line in plan["lines"])
    assert WANLING in {line["place"] for line in plan["lines"]}
    assert {one["place"] for one in plan["not_chosen"]} & {WANLING} == set()
    assert "no-directory" in {one["code"] for one in ran.json["problems"]}
    assert [one.name for one in bare_cli.folder.iterdir()] == ["w.json"]
    words = bare_cli("explain", str(file)).out
    assert "因为" in words
    assert bare_cli("explain", str(file), "--json").json == ran.json


def test_what_is_not_for_us_is_said_and_calls_nobody(bare_cli: Cli) -> None:
    for more, disposition in (
        ({"areas": [{"codes": ["500226"[:4] + "99"]}]}, "not-applicable"),
        ({"status": "Test"}, "not-applicable"),
        ({"expires": (AT + timedelta(minutes=1)).isoformat()}, "expired"),
    ):
        file = bare_cli.folder / "w.json"
        file.write_text(warning(**more))
        ran = bare_cli("explain", str(file), "--at", (AT + timedelta(hours=1)).isoformat(), "--json")
        assert ran.json["disposition"] == disposition
        assert (ran.json["plan"]["level"], ran.json["plan"]["lines"]) == (None, [])


def test_measurements_alone_start_a_reminder_and_a_bad_row_is_told(bare_cli: Cli) -> None:
    file = bare_cli.folder / "rain.csv"
    file.write_text(
        rain("SIM-P001", 5.0, 180)
        + "SIM-P001,2026-07-15T18:00:00+00:00,-3,0.05\nSIM-X,2026-07-15T18:00:00+00:00,1,0.05\n"
    )
    ran = bare_cli("explain", str(file), "--json")
    assert ran.code == 0, ran.err
    assert ran.json["plan"]["level"] == "red"
    assert {one["row"] for one in ran.json["rejected"]} == {36, 37}
    assert {one["place"] for one in ran.json["findings"]} == {"500153001"}
    assert "orders" not in {line["part"] for line in ran.json["plan"]["lines"]}
    quiet = bare_cli.folder / "quiet.csv"
    quiet.write_text(rain("SIM-P001", 0.1, 60))
    assert bare_cli("explain", str(quiet), "--json").json["plan"]["level"] is None


def test_a_warning_and_measurements_together_bring_the_segment_forward(bare_cli: Cli) -> None:
    file, gauges = bare_cli.folder / "w.json", bare_cli.folder / "rain.csv"
    file.write_text(warning(areas=[{"codes": ["500153001"]}], onset=(AT + timedelta(hours=5)).isoformat()))
    before = bare_cli("explain", str(file), "--json").json["plan"]["segment"]
    gauges.write_text(rain("SIM-P001", 5.0, 180))
    after = bare_cli("explain", str(file), str(gauges), "--json").json["plan"]["segment"]
    assert (before, after) == ("T3", "T4") or after >= before


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("a.json", "{", 1),
        ("a.xml", "<!DOCTYPE a []><a/>", 1),
        ("a.csv", "when,what\n1,2\n", 1),
        ("none.json", None, 2),
    ],
)
def test_a_file_that_cannot_be_read_is_named(bare_cli: Cli, name: str, text: str | None, code: int) -> None:
    if text is not None:
        (bare_cli.folder / name).write_text(text)
    ran = bare_cli("explain", name)
    assert ran.code == code
    assert name in ran.err


def test_an_installation_is_read_and_not_written(bare_cli: Cli) -> None:
    bare_cli("migrate")
    bare_cli("seed", "--profile", "tiny")
    file = bare_cli.folder / "w.json"
    file.write_text(warning(areas=[{"codes": ["500153001"]}]))
    database = bare_cli.folder / "jiaoying.db"

    def digest(path: Path) -> str:
        return hashlib.sha256(path.read_bytes()).hexdigest()

    before = digest(database)
    ran = bare_cli("explain", str(file), "--json")
    assert ran.code == 0, ran.err
    assert "no-directory" not in {one["code"] for one in ran.json["problems"]}
    assert any(line["people"] for line in ran.json["plan"]["lines"])
    assert digest(database) == before


def test_a_12379_red_for_two_towns_says_why_of_every_line_and_of_every_town_not_called(bare_cli: Cli) -> None:
    file = bare_cli.folder / "red.xml"
    file.write_bytes(national("national_a.xml", ("<severity>Orange", "<severity>Red")))
    ran = bare_cli("explain", str(file), "--at", "2026-07-16T02:31:00+08:00", "--json")
    assert ran.code == 0, ran.err
    plan = ran.json["plan"]
    assert {line["place"] for line in plan["lines"]} == {"500153", "500153102", "500153103"}
    assert all(line["because"] and all(one["text"] for one in line["because"]) for line in plan["lines"])
    assert len(plan["not_chosen"]) == 19
    assert all(one["because"][0]["text"] for one in plan["not_chosen"])
    words = bare_cli("explain", str(file), "--at", "2026-07-16T02:31:00+08:00").out
    assert "清流镇：清流镇不在本次暴雨预警区域内" in words
    assert "待放行·公众 盘龙镇 L6 危险区住户（电话、短信、上门，40分钟内应）" in words
    assert {"指挥：", "行业：", "可令：", "建议："} <= {line[:3] for line in words.splitlines()}
