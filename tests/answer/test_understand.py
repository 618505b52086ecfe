"""What a reply means: 1 confirms, 2 cannot; what does not say so clearly is left to a person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.answer.understand import pressed, understand

CONFIRMED = [
    "1",
    " 1 ",
    "1。",
    "１",
    "①",
    "回复1",
    "1，马上到",
    "收到",
    "已收到",
    "确认",
    "明白了",
    "收到，谢谢",
]
CANNOT = ["2", "２", "2 有困难", "不能到岗", "无法到达", "路断了，办不了", "有困难", "不行"]
UNCLEAR = [
    "",
    " ",
    "12",
    "1 2",
    "21",
    "0",
    "3",
    "一",
    "没收到",
    "未收到",
    "没有收到语音",
    "好的",
    "？",
    "你是谁",
    "收到但是不能到",
    "确认，但有困难",
    "1 不能去",
    "2 收到",
    "1.5",
    "退订",
    "TD",
    "不明白",
    "不确认",
]


@pytest.mark.parametrize("text", CONFIRMED)
def test_these_words_confirm(text: str) -> None:
    assert understand(text) == "confirmed"


@pytest.mark.parametrize("text", CANNOT)
def test_these_words_say_that_they_cannot(text: str) -> None:
    assert understand(text) == "cannot"


@pytest.mark.parametrize("text", UNCLEAR)
def test_these_words_are_not_guessed_at(text: str) -> None:
    assert understand(text) is None


@given(st.text(max_size=200))
def test_no_text_at_all_breaks_it(text: str) -> None:
    assert understand(text) in {"confirmed", "cannot", None}


@given(st.integers(0, 10**12).map(str))
def test_no_other_number_is_taken_for_an_answer(number: str) -> None:
    assert understand(number) == {"1": "confirmed", "2": "cannot"}.get(number)


@pytest.mark.parametrize(
    ("digit", "meaning"),
    [
        ("1", "confirmed"),
        ("2", "cannot"),
        ("１", "confirmed"),
        ("*", None),
        ("#", None),
        ("3", None),
        ("", None),
        ("11", None),
    ],
)
def test_a_pressed_key(digit: str, meaning: str | None) -> None:
    assert pressed(digit) == meaning
