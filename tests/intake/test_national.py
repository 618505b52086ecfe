"""12379 XML as its writers really produce it."""

from datetime import UTC, datetime

import pytest

from app.errors import JiaoyingError, Validation
from app.intake import national
from app.intake.message import MeansText, MsgType, Reference, Scope, Status
from app.warning.level import Level
from tests.intake.support import message


def codes(read) -> dict[str, bool]:
    return {problem.code: problem.blocking for problem in read.problems}


def test_the_first_writers_form_is_read_whole() -> None:
    read = national.read(message("national_a.xml"))
    assert (read.form, read.identifier, read.sender) == (
        "12379",
        "50015341600000_20260716090400_3",
        "荣昌区气象台",
    )
    assert read.sent == datetime(2026, 7, 15, 18, 30, tzinfo=UTC)
    assert (read.status, read.msg_type, read.scope) == (Status.ACTUAL, MsgType.ALERT, Scope.PUBLIC)
    assert (read.event_code, read.level) == ("11B03", Level.ORANGE)
    assert (read.onset, read.expires, read.references) == (None, None, ())
    assert read.texts == (MeansText("SMS", "荣昌区气象台发布暴雨橙色预警，请防范山洪和内涝。"),)
    (area,) = read.areas
    assert area.named_codes == (("50015310200000", "盘龙镇"), ("50015310300000", "吴家镇"))
    assert read.description == "过去两小时盘龙镇、吴家镇雨量已达45毫米，\n预计未来三小时仍将持续。"
    assert read.problems == ()


def test_the_second_writers_form_is_read_whole() -> None:
    read = national.read(message("national_b.xml"))
    assert (read.msg_type, read.level) == (MsgType.UPDATE, Level.RED)
    assert read.references == (Reference("50015341600000_20260716090400_3"),)
    assert [text.means for text in read.texts] == ["SPEAKER"]
    assert read.areas[0].codes == ("500153102000",)
    assert read.areas[0].circles[0].radius_m == 0
    assert read.problems == ()


def test_cancle_is_read_as_cancel_and_told() -> None:
    read = national.read(message("national_cancel.xml"))
    assert read.msg_type is MsgType.CANCEL
    assert codes(read) == {"misspelt-cancel": False}
    assert read.note == "降雨结束"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("<severity>Red</severity>", "<severity>Unknown</severity>", "unknown-severity"),
        ("<severity>Red</severity>", "<severity/>", "unknown-severity"),
        ("<eventType>11B03</eventType>", "<eventType>暴雨</eventType>", "unknown-event"),
        ("500153102000", "50015310", "bad-code"),
        (">50015341600000_20260716090400_3<", "><", "no-reference"),
        ("</info>", "</info><info><eventType>11B06</eventType></info>", "several-infos"),
    ],
)
def test_what_is_authentic_but_unclear_goes_before_a_person(old: str, new: str, code: str) -> None:
    read = national.read(message("national_b.xml", (old, new)))
    assert codes(read)[code] is True


def test_a_shape_that_fails_is_in_the_way_only_where_no_code_tells_the_place() -> None:
    broken = ("<circle>29.52,105.38 0</circle>", "<polygon>29,105 30,106</polygon>")
    assert codes(national.read(message("national_b.xml", broken)))["bad-polygon"] is False
    read = national.read(message("national_b.xml", broken, ("500153102000", "")))
    assert codes(read)["bad-polygon"] is True


@pytest.mark.parametrize(
    "pairs", ["29.4,105.5 29.4,105.6 29.5,105.6 29.4,105.5", "105.5,29.4 105.6,29.4 105.6,29.5 105.5,29.4"]
)
def test_either_order_of_coordinates_is_understood_because_china_tells_them_apart(pairs: str) -> None:
    read = national.read(
        message("national_b.xml", ("<circle>29.52,105.38 0</circle>", f"<polygon>{pairs}</polygon>"))
    )
    assert read.areas[0].polygons[0][0] == (105.5, 29.4)


def test_a_classified_message_is_restricted() -> None:
    read = national.read(message("national_a.xml", (">None<", ">Inner<")))
    assert (read.scope, read.restriction) == (Scope.RESTRICTED, "Inner")


@pytest.mark.parametrize(
    ("old", "new", "pointer"),
    [
        ("<identifier>50015341600000_20260716103000</identifier>", "", "/alert/identifier"),
        ("2026-07-16 02:36:00+08:00</sendTime>", "2026-07-16 02:36:00</sendTime>", "/alert/sendTime"),
        ("2026-07-16 08:30:00+08:00", "tomorrow", "/alert/info/expires"),
        ("<msgType>Update", "<msgType>News", "/alert/msgType"),
        ("<status>Actual", "<status>Perhaps", "/alert/status"),
        ("<headline>", "<headline><b>大</b>", "/alert/info/headline"),
        (
            "<msgType>Update</msgType>",
            "<msgType>Update</msgType><msgType>Cancel</msgType>",
            "/alert/msgType[2]",
        ),
    ],
)
def test_what_cannot_be_a_message_is_refused_by_the_path_of_its_fault(
    old: str, new: str, pointer: str
) -> None:
    with pytest.raises(Validation) as refused:
        national.read(message("national_b.xml", (old, new)))
    assert pointer in [fault.pointer for fault in refused.value.errors]
    assert "tomorrow" not in str([refused.value, *refused.value.errors])


def test_the_same_words_laid_out_anew_are_the_same_message() -> None:
    first = national.read(message("national_a.xml"))
    same = message("national_a.xml", ("\n  ", " "), ("<onset/>", "<onset></onset>"), ('"UTF-8"', '"GB18030"'))
    again = national.read(same.decode().encode("gb18030"))
    assert again.content_digest == first.content_digest
    other = national.read(message("national_a.xml", ("停止户外作业。", "停止户外作业")))
    assert other.content_digest != first.content_digest


def test_a_headline_with_hidden_marks_and_line_breaks_becomes_one_plain_line() -> None:
    read = national.read(
        message("national_b.xml", ("<headline>", "<headline>\u202e\r\nX: {{ 7*7 }} &lt;script> "))
    )
    assert read.headline.startswith("X: {{ 7*7 }} <script> 荣昌区")
    assert codes(read)["hidden-marks"] is False


def test_no_error_of_a_reader_is_anything_but_ours() -> None:
    for cut in range(0, len(message("national_a.xml")), 37):
        body = message("national_a.xml")[:cut]
        with pytest.raises(JiaoyingError):
            national.read(body)
