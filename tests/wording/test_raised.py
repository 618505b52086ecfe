"""Texts of a raise and of a correction in an officer's own words: they claim no more than is so."""

from dataclasses import replace

import pytest

from app.scheme.models import Templates
from app.warning.level import Level
from app.wording.compose import in_own_words, task, text
from app.wording.facts import Facts
from tests.warning.situations import MIDNIGHT, scheme

RAISED = Facts(
    kind="alert",
    channel="sms",
    district="荣昌区",
    signature="荣昌防汛",
    desk="00090000001",
    hazard="暴雨",
    level=Level.RED,
    places="盘龙镇",
    issued=MIDNIGHT,
    what="3小时内降雨量将达50毫米以上",
    hazard_id="rain",
    family="flood",
    layer="L2",
    duty="town-duty",
    raised_from=Level.ORANGE,
)


@pytest.mark.parametrize("channel", ["sms", "voice", "broadcast", "page"])
@pytest.mark.parametrize(("layer", "duty"), sorted(scheme().layers))
def test_every_alert_of_a_raise_names_the_signals_colour_and_says_that_the_district_raised_it(
    channel, layer, duty
) -> None:
    words = text(scheme().templates, replace(RAISED, channel=channel, layer=layer, duty=duty))
    assert "暴雨橙色" in words
    assert "区里提级，按红色应对" in words
    assert "红色预警" not in words


def test_what_to_do_is_that_of_the_raised_level() -> None:
    assert "危险区转移" in task(scheme().templates, RAISED)
    assert task(Templates([]), RAISED) == "区里提级，按红色应对"


def test_an_officers_own_words_go_out_whole_under_the_districts_name() -> None:
    words = "刚才发给盘龙镇的暴雨红色预警系操作失误，" * 8
    sms = in_own_words(words, RAISED)
    assert sms.startswith("【荣昌防汛】更正：")
    assert sms.count("操作失误") == 8
    assert "…" not in sms


def test_own_words_are_one_line_and_an_exercise_says_so() -> None:
    assert in_own_words("原通知\n有误。\u202e", RAISED) == "【荣昌防汛】更正：原通知 有误。"
    aloud = in_own_words("02:40的通知有误", replace(RAISED, channel="broadcast", exercise=True))
    assert aloud.startswith("演练，演练。荣昌区应急指挥中心，现在更正：两点四十分的通知有误。")
    measured = in_own_words("刚才的预警信号有误", replace(RAISED, observed=True))
    assert "预警信号" not in measured
