"""Numbers as a voice says them."""

import pytest

from app.wording.spoken import in_words, spoken


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "零"),
        (2, "二"),
        (10, "十"),
        (15, "十五"),
        (20, "二十"),
        (100, "一百"),
        (105, "一百零五"),
        (110, "一百一十"),
        (1005, "一千零五"),
        (1050, "一千零五十"),
        (10000, "一万"),
        (10500, "一万零五百"),
        (66897, "六万六千八百九十七"),
        (200000, "二十万"),
    ],
)
def test_whole_numbers(value, words) -> None:
    assert in_words(value) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("20:05前到岗", "二十点零五分前到岗"),
        ("02:47", "两点四十七分"),
        ("08:00", "八点"),
        ("3小时已下85.3毫米", "三小时已下八十五点三毫米"),
        ("2小时内", "两小时内"),
        ("水位301.50米", "水位三百零一点五零米"),
        ("0.5米", "零点五米"),
        ("打00090000001", "打零零零九零零零零零零一"),
        ("SIM-P009站", "SIM-P零零九站"),
        ("40℃", "四十摄氏度"),
        ("湿度90%", "湿度百分之九十"),
    ],
)
def test_numbers_in_a_sentence(text, words) -> None:
    assert spoken(text) == words
