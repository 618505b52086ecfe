"""What else its person has open is said in the same message: short, before the keys, fit for its channel."""

import pytest

from app.warning.level import Level
from app.wording.sms import sms_parts
from tests.wording.test_compose import DUTIES, HAZARDS, made

LONG = ("实测水库超汛限水位红色", "实测道路结冰橙色", "暴雨红色")


def test_one_other_is_named_and_asked_to_be_confirmed_before_the_keys() -> None:
    call = made(channel="voice", also=("暴雨橙色",))
    assert "另有暴雨橙色一并确认。按1确认" in call
    assert "另有" not in made(channel="voice")


def test_of_many_two_are_named_and_the_rest_counted() -> None:
    assert "另有暴雨红色、大风橙色等4件一并确认。" in made(
        also=("暴雨红色", "大风橙色", "冰雹橙色", "大雾黄色")
    )


@pytest.mark.parametrize("level", [Level.BLUE, Level.RED])
def test_it_fits_what_carries_it(level: Level) -> None:
    for layer, duty in DUTIES:
        for hazard, name, family in HAZARDS:
            case = {"layer": layer, "duty": duty, "hazard_id": hazard, "hazard": name, "family": family}
            text = made(**case, level=level, also=LONG, link="{link}")
            assert sms_parts(text.replace("{link}", "x" * 52)) <= 3
            assert "回1确认" in text
            call = made(**case, level=level, channel="voice", also=LONG)
            assert len(call) <= 260
            assert call.index("另有") < call.index("按1")


def test_a_name_from_outside_cannot_break_the_sentence() -> None:
    assert "另有暴雨 红色一并确认。" in made(also=("暴雨\n\u202e红色。",))
