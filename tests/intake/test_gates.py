"""Bodies that want to harm: encodings, bombs, depth, numbers, control characters."""

import json
import time

import pytest

from app.errors import (
    BadEncoding,
    JiaoyingError,
    MalformedBody,
    TooDeep,
    TooLarge,
    UnsupportedMediaType,
    Validation,
    XmlDoctypeForbidden,
)
from app.intake import json_gate, xml_gate
from app.intake.read import read
from tests.intake.support import message

TEXT = message("national_a.xml").decode()


def declared(name: str) -> str:
    return TEXT.replace('encoding="UTF-8"', f'encoding="{name}"')


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("UTF-8", "utf-8"),
        ("UTF-8", "utf-8-sig"),
        ("GB18030", "gb18030"),
        ("gb2312", "gb18030"),
        ("GBK", "gbk"),
        ("UTF-16", "utf-16"),
        ("UTF-16LE", "utf-16-le"),
        ("UTF-16BE", "utf-16-be"),
    ],
)
def test_chinese_encodings_that_are_what_they_say_are_read(name: str, codec: str) -> None:
    assert read(declared(name).encode(codec), "text/xml").headline == "荣昌区气象台发布暴雨橙色预警信号"


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("UTF-8", "gb18030"),
        ("GBK", "utf-8"),
        ("GB18030", "utf-8"),
        ("UTF-16", "utf-8"),
        ("UTF-8", "utf-16"),
        ("ISO-8859-1", "utf-8"),
        ("ISO-8859-1", "gb18030"),
        ("US-ASCII", "utf-8"),
        ("GBK", "utf-8-sig"),
        ("Big5", "big5hkscs"),
        ("UTF-7", "utf-7"),
        ("EBCDIC-CP-US", "utf-8"),
    ],
)
def test_a_wrong_declaration_is_refused_and_never_read_as_something_else(name: str, codec: str) -> None:
    with pytest.raises(BadEncoding):
        read(declared(name).encode(codec, "replace"), "text/xml")


def test_the_content_type_names_the_encoding_only_where_the_document_does_not() -> None:
    bare = TEXT.replace('<?xml version="1.0" encoding="UTF-8"?>\n', "")
    assert read(bare.encode("gb18030"), "text/xml; charset=GBK").sender == "荣昌区气象台"
    assert read(TEXT.encode(), "text/xml; charset=GBK").sender == "荣昌区气象台"
    with pytest.raises(BadEncoding):
        read(bare.encode("gb18030"), "text/xml")


def test_latin_text_is_read_as_latin_text() -> None:
    body = '<?xml version="1.0" encoding="ISO-8859-1"?><a><b>Überflutung, Málaga</b></a>'.encode("latin-1")
    assert xml_gate.parse(body)[0].text == "Überflutung, Málaga"


LAUGHS = (
    '<!DOCTYPE a [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]><a>&j;</a>"
)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (LAUGHS, XmlDoctypeForbidden),
        ('<!-- x --><?p q?>\n<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd"><a/>', XmlDoctypeForbidden),
        ("<!doctype a><a/>", XmlDoctypeForbidden),
        (f'<!DOCTYPE a [<!ENTITY x "{"x" * 50_000}">]><a>{"&x;" * 10_000}</a>', XmlDoctypeForbidden),
        ("<a>" * 100_000, TooDeep),
        ("<a>" * 40 + "</a>" * 40, TooDeep),
        ("<a>&x;</a>", MalformedBody),
        ("<a>\x01</a>", MalformedBody),
        ("<a>&#0;</a>", MalformedBody),
        ("<a>\ufffe</a>", MalformedBody),
        ("<a><b></a>", MalformedBody),
        ("<a>5 < 6 & 7</a>", MalformedBody),
        ("", MalformedBody),
        ("   ", MalformedBody),
        ("{}", MalformedBody),
        ("<a/>", Validation),
        ("<alerts><alert/></alerts>", Validation),
    ],
)
def test_harmful_xml_is_refused_at_once(body: str, error: type[JiaoyingError]) -> None:
    begun = time.monotonic()
    with pytest.raises(error):
        read(body.encode(), "application/xml")
    assert time.monotonic() - begun < 1


def test_more_than_a_mebibyte_is_not_parsed() -> None:
    with pytest.raises(TooLarge):
        xml_gate.parse(b"<a>" + b" " * (1 << 20) + b"</a>")


def test_a_comment_does_not_cut_a_text_in_two() -> None:
    assert read(
        TEXT.replace("荣昌区气象台发布暴雨", "荣昌区气象台<!-- x -->发布<![CDATA[暴雨]]>").encode(),
        "text/xml",
    ).headline == ("荣昌区气象台发布暴雨橙色预警信号")


@pytest.mark.parametrize(
    "media",
    [
        "text/xml",
        "application/xml",
        "application/cap+xml",
        "application/vnd.cma.cap+xml; charset=utf-8",
        "TEXT/XML",
    ],
)
def test_any_xml_media_type_will_do(media: str) -> None:
    assert read(TEXT.encode(), media).form == "12379"
    assert read(message("cap.xml"), media).form == "cap"


@pytest.mark.parametrize(
    "media", [None, "", "text/plain", "multipart/form-data", "application/xmlish", "application/octet-stream"]
)
def test_another_media_type_is_not_guessed_at(media: str | None) -> None:
    with pytest.raises(UnsupportedMediaType):
        read(TEXT.encode(), media)


WARNING = message("warning.json").decode()


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("[" * 5000, TooDeep),
        ('{"a":' * 5000, TooDeep),
        ("[" * 17 + "]" * 17, TooDeep),
        (WARNING.replace("{", '{"identifier": "other",', 1), MalformedBody),
        ('{"a": NaN}', MalformedBody),
        ('{"a": -Infinity}', MalformedBody),
        ('{"a": 1e999}', MalformedBody),
        ('{"a": ' + "9" * 5000 + "}", MalformedBody),
        ('{"a": 1.' + "0" * 100_000 + "}", Validation),
        ("{", MalformedBody),
        ("", MalformedBody),
        ("null", Validation),
        ("[]", Validation),
        ('"x"', Validation),
        (WARNING.replace("盘龙镇", "\\ud800"), Validation),
        (WARNING.replace("盘龙镇", "\\u0000"), Validation),
        (WARNING.replace("盘龙镇", "\\u0085\\u009f"), Validation),
        (WARNING.replace("盘龙镇", "\\ufffe"), Validation),
        (WARNING.replace('"orange"', "true"), Validation),
        (WARNING.replace('"orange"', "3"), Validation),
        (WARNING.replace('["500153102"]', "[500153102]"), Validation),
        (
            WARNING.replace('"codes": ["500153102"]', '"circle": {"centre": [true, 29.4], "radius_km": 1}'),
            Validation,
        ),
        (
            WARNING.replace('"codes": ["500153102"]', '"circle": {"centre": ["105", 29.4], "radius_km": 1}'),
            Validation,
        ),
        (WARNING.replace("W-2026-0716-1", "x" * 151), Validation),
        (WARNING.replace("W-2026-0716-1", ""), Validation),
        (WARNING.replace("W-2026-0716-1", "   "), Validation),
    ],
)
def test_harmful_json_is_refused_at_once(body: str, error: type[JiaoyingError]) -> None:
    begun = time.monotonic()
    with pytest.raises(error):
        read(body.encode(), "application/json")
    assert time.monotonic() - begun < 1


def test_json_is_utf_8_with_or_without_a_mark() -> None:
    assert read(b"\xef\xbb\xbf" + WARNING.encode(), "application/json").identifier == "W-2026-0716-1"
    for codec in ("utf-16", "gb18030"):
        with pytest.raises(BadEncoding):
            read(WARNING.encode(codec), "application/json")


def test_a_fault_names_the_field_and_never_the_value() -> None:
    with pytest.raises(Validation) as refused:
        read(WARNING.replace("{", '{"手机/<b>": "00091234567",', 1).encode(), "application/json")
    (fault,) = refused.value.errors
    assert (fault.code, "0009" in str(refused.value.errors)) == ("unknown-field", False)


def test_brackets_inside_strings_are_no_depth() -> None:
    assert json_gate.loads(json.dumps({"a": "[" * 500 + '\\"' + "{" * 500}).encode())["a"].startswith("[[")


@pytest.mark.parametrize(
    ("written", "utc"), [("23:59:60Z", "2017-01-01T00:00:00+00:00"), ("2016-12-31T23:59:59.25-00:00", None)]
)
def test_leap_seconds_and_fractions_are_understood(written: str, utc: str | None) -> None:
    text = written if utc is None else f"2016-12-31T{written}"
    found = read(WARNING.replace("2026-07-16T02:30:00+08:00", text).encode(), "application/json").sent
    assert found.isoformat() == (utc or "2016-12-31T23:59:59.250000+00:00")


@pytest.mark.parametrize(
    "written",
    [
        "2026-07-16T02:30:00",
        "2026-07-16 02:30:00+08:00",
        "2026-02-30T00:00:00Z",
        "2026-07-16T12:59:60Z",
        "2026-07-16T25:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-07-16T00:00:00+99:99",
    ],
)
def test_a_time_that_is_none_is_refused(written: str) -> None:
    with pytest.raises(Validation):
        read(WARNING.replace("2026-07-16T02:30:00+08:00", written).encode(), "application/json")
