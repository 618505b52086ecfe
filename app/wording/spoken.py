"""Numbers as a voice says them: 20:05 is 二十点零五分, 85.3 is 八十五点三, a telephone number its digits."""

from __future__ import annotations

import re
from functools import lru_cache

_DIGITS = "零一二三四五六七八九"
_DATE = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_YEAR = re.compile(r"(?<!\d)(\d{4})年")
_SPANS = (
    re.compile(r"(?<=\d)[~～—至](?=\d)"),
    re.compile(r"(?<=:\d\d)-(?=\d{1,2}:\d\d)"),
    # A hyphen between short numbers is from … to; in 023-46733001 it is part of a telephone number.
    re.compile(r"(?<![\d:.-])(?!0\d)(\d{1,4}(?:\.\d+)?)-(?=\d{1,4}(?:\.\d+)?(?![\d-]))"),
)
_SIGNS = {
    "≥": "达到",
    "＞": "超过",
    ">": "超过",
    "≤": "不到",
    "＜": "低于",
    "<": "低于",
    "mm": "毫米",
    "℃": "摄氏度",
}
_LEVELS = {"Ⅰ": "一", "Ⅱ": "二", "Ⅲ": "三", "Ⅳ": "四"}
_TIME = re.compile(r"(?<!\d)([01]?\d|2[0-3]):([0-5]\d)(?!\d)")
_DIGIT_BY_DIGIT = re.compile(r"(?<=[A-Za-z])\d+|(?<![\d.])0\d+|\d{7,}")  # codes and telephone numbers
_NUMBER = re.compile(r"(\d+)(?:\.(\d+))?(小时|个|次|处|户|米|天)?")


@lru_cache(maxsize=4096)  # the same few facts are put into thousands of texts
def spoken(text: str) -> str:
    """The text with its dates, times, numbers and signs in words."""
    text = _DATE.sub(lambda m: f"{m[1]}年{int(m[2])}月{int(m[3])}日", text)
    text = _YEAR.sub(lambda m: "".join(_DIGITS[int(digit)] for digit in m[1]) + "年", text)
    for span in _SPANS:
        text = span.sub(lambda m: f"{m[1] if m.lastindex else ''}到", text)
    text = _TIME.sub(lambda m: _time(int(m[1]), int(m[2])), text)
    text = _DIGIT_BY_DIGIT.sub(lambda m: "".join(_DIGITS[int(digit)] for digit in m[0]), text)
    for written, said in (*_SIGNS.items(), *_LEVELS.items()):
        text = text.replace(written, said)
    text = re.sub(r"(\d+(?:\.\d+)?)%", r"百分之\1", text)
    return _NUMBER.sub(_number, text)


def in_words(value: int) -> str:
    """A whole number from 0 to 99,999,999 in words: 105 → 一百零五."""
    if value < 0 or value > 99_999_999:
        return "".join(_DIGITS[int(digit)] for digit in str(abs(value)))
    if value >= 10_000:
        high, low = divmod(value, 10_000)
        rest = "" if not low else ("零" if low < 1000 else "") + _below_ten_thousand(low)
        return f"{_below_ten_thousand(high)}万{rest}"
    words = _below_ten_thousand(value)
    return words[1:] if 10 <= value < 20 else words


def _below_ten_thousand(value: int) -> str:
    if value == 0:
        return _DIGITS[0]
    words, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, value = divmod(value, unit)
        if digit:
            words += ("零" if gap and words else "") + _DIGITS[digit] + name
            gap = False
        else:
            gap = True
    return words


def _time(hour: int, minute: int) -> str:
    clock = "两" if hour == 2 else in_words(hour)
    if minute == 0:
        return f"{clock}点"
    return f"{clock}点{'零' if minute < 10 else ''}{in_words(minute)}分"


def _number(match: re.Match[str]) -> str:
    whole, fraction, unit = match[1], match[2], match[3] or ""
    if fraction is None and int(whole) == 2 and unit:
        return f"两{unit}"  # 两小时, 两个
    words = in_words(int(whole))
    if fraction is not None:
        words += "点" + "".join(_DIGITS[int(digit)] for digit in fraction)
    return words + unit
