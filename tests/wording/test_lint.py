"""For each hazard, level, layer and channel a text exists, passes the lint, and has what takes it back."""

from collections import Counter
from dataclasses import replace

import pytest

from app.scheme.models import Template, Templates
from app.warning.level import Level
from app.wording import lint
from app.wording.compose import effect, text
from app.wording.lint import LINK, cases, check, faults
from app.wording.paired import paired
from app.wording.sms import sms_parts
from tests.warning.situations import scheme

ALL = list(cases(scheme()))


def test_every_text_that_can_go_out_exists_and_passes_with_its_correction_downgrade_and_all_clear() -> None:
    assert list(check(scheme())) == []


def test_the_cases_are_every_hazard_level_layer_and_channel_that_is_called() -> None:
    seen = Counter((facts.hazard_id, facts.level) for _, facts in ALL)
    for hazard in scheme().ruleset.hazards:
        for level in hazard.signal:
            assert seen[hazard.id, level], (hazard.id, level)
    assert {facts.channel for _, facts in ALL} == {"sms", "voice", "broadcast", "page"}
    assert {facts.layer for _, facts in ALL} == set(scheme().layer_names)
    assert {facts.observed for _, facts in ALL} == {False, True}
    assert len({name for name, _ in ALL}) == len(ALL) > 2500


def test_what_is_ready_beforehand_says_from_what_to_what_and_that_it_is_over() -> None:
    facts = next(f for n, f in ALL if n == "rain red L6/household sms")
    made = paired(scheme().templates, facts)
    assert "现在就走" in made.alert
    assert "原通知有误" in made.correction
    assert "由红色降为橙色" in made.lowered
    assert "已解除" in made.clear
    assert "由红色降为蓝色" in paired(scheme().templates, facts, below=Level.BLUE).lowered
    assert "降为提示" in paired(scheme().templates, replace(facts, level=Level.BLUE)).lowered
    assert paired(scheme().templates, replace(facts, level=Level.HINT)).lowered == ""


def test_no_text_made_from_measurements_calls_itself_a_signal_even_if_its_facts_do() -> None:
    for _, facts in ALL:
        hostile = replace(facts, observed=True, what="发布预警信号", headline="预警信号")
        made = paired(scheme().templates, hostile)
        assert all(
            "预警信号" not in words for words in (made.alert, made.correction, made.lowered, made.clear)
        )


def test_the_public_hears_what_will_happen_and_no_millimetres() -> None:
    public = [(name, f) for name, f in ALL if f.layer == "L6"]
    assert len(public) > 100
    for name, facts in public:
        words = text(scheme().templates, facts)
        assert "毫米" not in words, name
        assert effect(scheme().templates, facts), name


def test_a_message_says_its_time_and_whom_to_ring_where_there_is_room_and_always_fits() -> None:
    named = 0
    for name, facts in ALL:
        if facts.channel == "sms":
            words = text(scheme().templates, facts).replace(LINK, "x" * 52)
            assert "02:47发" in words, name
            assert sms_parts(words) <= 2, name
            named += facts.desk in words
    assert named > 100


def only(channel: str, words: str, kind: str = "alert") -> Templates:
    return Templates([Template(kind, channel, words, observed=False), Template("do", "", "做好防范")])


@pytest.mark.parametrize(
    ("channel", "words", "fault"),
    [
        ("sms", "{hazard}{what}。{do}。{time}{reply}", "没有地方"),
        ("sms", "{places}{what}。{do}。{reply}", "没有时间"),
        ("sms", "{places}{what}。{time}{reply}", "没有写做什么"),
        ("sms", "{places}{what}。{do}。{time}问{desk}", "没有写怎么回"),
        ("page", "{places}{what}。{do}。{time}", "没有写找谁"),
        ("page", "{places}{what}。{do}。{time}{desk}{headline}{headline}" + "长" * 400, "太长"),
        ("sms", "{places}{do}{time}{reply}" + "长" * 140, "太长"),
        ("voice", "{places}{do}{time}{desk}长123米", "没有念成话"),
    ],
)
def test_a_text_with_a_fault_is_told(channel: str, words: str, fault: str) -> None:
    facts = next(f for _, f in ALL if f.channel == channel and f.layer == "L2" and not f.observed)
    made = text(only(channel, words), facts)
    assert any(fault in one for one in faults(made, facts, "做好防范"))


def test_millimetres_to_the_public_are_told() -> None:
    facts = next(f for n, f in ALL if n == "rain red L6/household sms")
    made = text(only("sms", "{places}{what}。{do}。{ask}{reply}"), facts)
    assert "给公众的话写了毫米数" in list(faults(made, facts, "做好防范"))


def test_a_scheme_that_lacks_a_text_is_told_so_by_case() -> None:
    lacking = replace(scheme(), templates=Templates(t for t in scheme().templates if t.kind != "lowered"))
    found = list(lint.check(lacking))
    assert found
    assert all(fault.startswith("没有文字") for _, fault in found)
