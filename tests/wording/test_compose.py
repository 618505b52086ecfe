"""Texts: the right one for each case, in one part, and never more than what is known."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.scheme.models import Template, Templates
from app.warning.level import Level
from app.wording.compose import task, text
from app.wording.facts import Facts, places_text
from app.wording.sms import sms_parts
from tests.warning.situations import scheme

AT = datetime(2026, 7, 21, 18, 47, tzinfo=UTC)  # 02:47 in the district
KINDS, CHANNELS = ("alert", "correction", "lowered", "clear"), ("sms", "voice", "broadcast", "page")
HAZARDS = sorted({(hazard.id, hazard.name, hazard.family) for hazard in scheme().ruleset.hazards})
DUTIES = sorted(scheme().layers)


def facts(**changed: Any) -> Facts:
    given_facts: dict[str, Any] = {
        "kind": "alert",
        "channel": "sms",
        "district": "荣昌区",
        "signature": "荣昌防汛",
        "desk": "00090000001",
        "hazard": "暴雨",
        "level": Level.RED,
        "places": "盘龙镇",
        "issued": AT,
        "what": "3小时内降雨量将达100毫米以上",
        "hazard_id": "rain",
        "family": "flood",
        "layer": "L2",
        "duty": "town-duty",
    }
    return Facts(**{**given_facts, **changed})


def made(**changed: Any) -> str:
    return text(scheme().templates, facts(**changed))


def spoken_once(case: dict[str, Any]) -> bool:
    return not (case["exercise"] and case["channel"] in {"voice", "broadcast"})


def every_case() -> list[dict[str, Any]]:
    return [
        {
            "kind": kind,
            "channel": channel,
            "observed": observed,
            "exercise": exercise,
            "level": level,
            "layer": layer,
            "duty": duty,
            "hazard_id": hazard,
            "hazard": name,
            "family": family,
        }
        for kind in KINDS
        for channel in CHANNELS
        for observed in (False, True)
        for exercise in (False, True)
        for level in Level
        for layer, duty in DUTIES
        for hazard, name, family in (HAZARDS if not exercise else HAZARDS[:1])
    ]


def test_every_case_has_words_and_they_keep_the_promises() -> None:
    said: set[str] = set()
    for case in every_case():
        words = made(**case, what="这里有预警信号四个字")
        assert words
        assert "{" not in words
        assert "。。" not in words
        assert words.startswith("演练") == case["exercise"]
        if case["observed"]:
            assert "预警信号" not in words, case
            assert "实测" in words, case
        said.add(words)
    assert len(said) > 500


def test_every_text_of_the_scheme_is_used_by_some_case() -> None:
    held = scheme().templates
    marked = Templates([replace(template, text=str(i)) for i, template in enumerate(held)])
    used = {
        int(text(marked, facts(**case)).removeprefix("演练")) for case in every_case() if spoken_once(case)
    }
    assert [t for i, t in enumerate(held) if t.kind not in {"do", "effect"} and i not in used] == []


def test_an_alert_by_sms_fits_one_part_for_every_duty_and_level() -> None:
    for case in every_case():
        if case["channel"] == "sms" and case["kind"] == "alert":
            assert sms_parts(made(**case)) == 1, made(**case)


def test_the_answer_line_stands_at_the_end_of_an_alert() -> None:
    words = made()
    assert words.startswith("【荣昌防汛】暴雨红色预警：盘龙镇")
    assert words.endswith("回1确认，回2有困难。")
    linked = made(link="https://jy.example/t/abc")
    assert linked.endswith("回1确认，回2有困难，或点 https://jy.example/t/abc")


def test_a_voice_says_numbers_and_how_to_answer() -> None:
    words = made(channel="voice")
    assert "三小时内降雨量将达一百毫米以上" in words
    assert words.endswith("按1确认，按2有困难，按星号重听。")


def test_the_most_specific_words_win() -> None:
    assert "现在就走" in made(layer="L6", duty="household")
    assert "不要进山用火" in made(layer="L6", duty="household", family="fire", hazard_id="forest-fire")
    assert "按令断禁停撤疏" in made(duty="orders", family="fire", hazard_id="forest-fire")
    assert "上坝巡查" in made(layer="L3", duty="reservoir-keeper")


def test_a_specific_duty_goes_before_a_specific_hazard_and_that_before_a_level() -> None:
    def row(words: str, **selectors: Any) -> Template:
        return Template("alert", "sms", words, observed=False, **selectors)

    rows = Templates(
        [
            row("一般"),
            row("级别", level=Level.RED),
            row("灾种", hazard="rain"),
            row("职责", duty="town-duty"),
        ]
    )
    assert text(rows, facts()) == "职责"
    assert text(rows, facts(duty="keeper")) == "灾种"
    assert text(rows, facts(duty="keeper", hazard_id="river")) == "级别"
    assert text(rows, facts(duty="keeper", hazard_id="river", level=Level.BLUE)) == "一般"


def test_all_clear_warns_of_return_only_where_people_were_moved_from_water_or_slopes() -> None:
    assert "不得返回危险区" in made(kind="clear")
    assert "不得返回" not in made(kind="clear", hazard="高温", family="heat", hazard_id="heat")


def test_a_fact_is_data_and_never_a_template() -> None:
    words = made(what="{desk}{what}{hazard}")
    assert "{desk}{what}{hazard}" in words
    assert "00090000001" not in words


@given(hostile=st.text(max_size=300))
def test_no_control_character_line_break_or_direction_mark_gets_through(hostile) -> None:
    words = made(what=hostile + "\r\n\u202e\u200b\x00续", places=hostile or "x")
    assert not any(c in words for c in "\r\n\t\x00\u202e\u200b\u2028")
    assert len(words) < 250


def test_a_headline_of_ten_thousand_characters_is_cut_and_marked() -> None:
    words = made(what="雨" * 10_000)
    assert "…" in words
    assert sms_parts(words) <= 2


def test_a_long_measurement_is_cut_so_that_the_sms_fits_and_still_says_where_and_how_much() -> None:
    what = "SIM-P009站实测3小时降雨103.5毫米（≥100毫米），达到暴雨红色标准；SIM-P010站实测3小时降雨120毫米"
    words = made(observed=True, what=what, places="盘龙镇、吴家镇等3处")
    assert sms_parts(words) == 1
    assert "SIM-P009站实测3小时降雨" in words
    assert "…" in words
    linked = made(observed=True, what=what, link="https://jy.example.cn/t/" + "a" * 22)
    assert sms_parts(linked) == 2
    assert linked.endswith("a" * 22)


def test_what_to_do_is_the_same_on_every_channel() -> None:
    held = facts(layer="L6", duty="household")
    assert task(scheme().templates, held) == "危险区的人现在就走，去村安置点，不要回头"
    assert task(scheme().templates, held) in text(scheme().templates, held)
    assert task(scheme().templates, replace(held, do="去镇中学。")) == "去镇中学"
    assert task(Templates([]), held) == ""


def test_without_words_of_the_event_the_headline_is_said() -> None:
    assert "某某台发布预报" in made(what="", headline="某某台发布预报。")


def test_time_is_local() -> None:
    assert "02:47" in made(kind="correction")
    assert "两点四十七分" in made(kind="correction", channel="voice")
    assert "7月22日02:47" in made(channel="page")


def test_a_hint_names_no_colour() -> None:
    assert made(level=Level.HINT).startswith("【荣昌防汛】暴雨提示：")


def test_a_scheme_without_words_for_a_case_says_so() -> None:
    with pytest.raises(LookupError, match="alert by sms"):
        text(Templates([]), facts())


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], ""),
        (["盘龙镇"], "盘龙镇"),
        (["盘龙镇", "吴家镇"], "盘龙镇、吴家镇"),
        (["盘龙镇", "吴家镇", "清流镇"], "盘龙镇、吴家镇等3个镇街"),
        ([f"镇{i}" for i in range(21)], "全区"),
    ],
)
def test_places_are_said_in_a_few_characters(names, said) -> None:
    assert places_text(names, 21) == said
