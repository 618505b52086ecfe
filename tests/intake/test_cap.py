"""CAP 1.2: the official schema, then the standard's own rules, then which of several infos is meant."""

from datetime import UTC, datetime

import pytest

from app.errors import Validation, XmlDoctypeForbidden
from app.intake import cap
from app.intake.message import MsgType, Reference, Status
from app.warning.level import Level
from tests.intake.support import message

NS = "urn:oasis:names:tc:emergency:cap:1.2"
GEOCODE = (
    "<geocode><valueName>CPEAS Geographic Code, edition of 2023</valueName>"
    "<value>500153102000</value></geocode>"
)


def codes(read) -> dict[str, bool]:
    return {problem.code: problem.blocking for problem in read.problems}


def refused(*changed: tuple[str, str], name: str = "cap.xml") -> dict[str, str]:
    with pytest.raises(Validation) as error:
        cap.read(message(name, *changed))
    return {fault.pointer: fault.code for fault in error.value.errors}


def test_of_two_languages_the_chinese_is_used_and_its_place_is_read_once() -> None:
    read = cap.read(message("cap.xml"))
    assert (read.headline, read.event_code, read.level) == (
        "荣昌区气象台发布暴雨橙色预警",
        "11B03",
        Level.ORANGE,
    )
    assert [area.codes for area in read.areas] == [("500153102000",)]
    assert read.expires == datetime(2026, 7, 16, 6, 4, 1, tzinfo=UTC)
    assert read.problems == ()


def test_polygons_turn_to_lon_lat_circles_to_metres_and_a_colour_rules_over_severity() -> None:
    read = cap.read(message("cap_polygon.xml"))
    assert (read.status, read.msg_type, read.level, read.event_code) == (
        Status.EXERCISE,
        MsgType.UPDATE,
        Level.RED,
        "11A01",
    )
    (area,) = read.areas
    assert area.polygons[0][:2] == ((105.55, 29.38), (105.62, 29.38))
    assert (area.circles[0].lon, area.circles[0].lat, area.circles[0].radius_m) == (105.59, 29.40, 2500)
    assert read.references == (
        Reference("flood-5", "water.rongchang", datetime(2026, 7, 15, 17, tzinfo=UTC)),
        Reference("flood-6", "water.rongchang", datetime(2026, 7, 15, 18, tzinfo=UTC)),
    )


def test_two_events_in_one_message_are_never_sent_to_all_people() -> None:
    text = message("cap.xml").decode()
    second = text[text.rindex("<info>") : text.rindex("</info>") + 7]
    other = (
        second.replace("11B03", "11B06").replace("Severe", "Extreme").replace("500153102000", "500153103000")
    )
    read = cap.read(text.replace(second, second + other).encode())
    assert codes(read)["several-events"] is True
    assert read.level is Level.RED


def test_the_same_event_for_several_areas_is_one_warning_for_all_of_them() -> None:
    text = message("cap.xml").decode()
    second = text[text.rindex("<info>") : text.rindex("</info>") + 7]
    other = second.replace("500153102000", "500153103000")
    read = cap.read(text.replace(second, second + other).encode())
    assert [area.codes for area in read.areas] == [("500153102000",), ("500153103000",)]
    assert read.problems == ()


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (("<value>11B03</value>", "<value>RRW</value>"), "unknown-event"),
        (("<severity>Severe</severity>", "<severity>Unknown</severity>"), "unknown-severity"),
        ((GEOCODE, "<polygon>29.4,105.5 29.5,105.5 29.5,105.6</polygon>"), "open-polygon"),
        (
            (GEOCODE, "<polygon>29.4,105.5 29.5,105.6 29.5,105.5 29.4,105.6 29.4,105.5</polygon>"),
            "self-crossing",
        ),
        ((GEOCODE, "<polygon>105.5,29.4 105.5,29.5 105.6,29.5 105.5,29.4</polygon>"), "swapped-coordinates"),
        ((GEOCODE, "<polygon>29.4,105.5 29.5,105.5</polygon>"), "bad-polygon"),
        ((GEOCODE, "<polygon>NaN,105.5 29.5,105.5 29.5,105.6 NaN,105.5</polygon>"), "bad-polygon"),
        ((GEOCODE, "<polygon>29.4,105.5 29.4,105.6 29.4,105.7 29.4,105.5</polygon>"), "self-crossing"),
        ((GEOCODE, "<circle>29.4,105.5 -3</circle>"), "bad-circle"),
        (("<responseType>", "<responseType>"), "all-clear"),
    ],
)
def test_what_is_allowed_but_unclear_goes_before_a_person(changed: tuple[str, str], code: str) -> None:
    if code == "all-clear":
        changed = ("<urgency>", "<responseType>AllClear</responseType><urgency>")
    assert codes(cap.read(message("cap.xml", changed)))[code] is True


def test_a_polygon_of_a_hundred_thousand_points_is_not_worked_through() -> None:
    many = " ".join(f"29.{number % 10000:04},105.5" for number in range(60_000))
    assert codes(cap.read(message("cap.xml", (GEOCODE, f"<polygon>{many}</polygon>"))))["bad-polygon"] is True


def test_six_digits_of_another_list_are_no_chinese_code() -> None:
    read = cap.read(message("cap.xml", ("CPEAS Geographic Code", "SAME"), ("500153102000", "006109")))
    assert read.areas[0].codes == ()
    assert codes(read)["unknown-geocode"] is False


@pytest.mark.parametrize(
    ("changed", "pointer", "code"),
    [
        (("<sent>2026-07-16T02:30:01+08:00", "<sent>2026-07-16T02:30:01Z"), "/alert/sent", "schema"),
        (("<sent>2026-07-16T02:30:01+08:00", "<sent>2026-07-16T02:30:01"), "/alert/sent", "schema"),
        (("<sent>2026-07-16T02:30:01+08:00", "<sent>2026-07-16T02:30:01.5+08:00"), "/alert/sent", "schema"),
        (("<sent>2026-07-16T02:30:01+08:00", "<sent>2026-07-16T02:30:01,08:00"), "/alert/sent", "schema"),
        (("<scope>Public", "<scope>Restricted"), "/alert/restriction", "missing"),
        (("<scope>Public", "<scope>Private"), "/alert/addresses", "missing"),
        (("<msgType>Alert", "<msgType>Cancel"), "/alert/references", "no-reference"),
        (
            ("</scope>", "</scope><references>only-an-identifier</references>"),
            "/alert/references",
            "bad-reference",
        ),
        (("<urgency>Expected", "<urgency>Soon"), "/alert/info[1]/urgency", "schema"),
        (("<identifier>50015341600000_20260716090401</identifier>", ""), "/alert/sender", "schema"),
        (("</scope>", "</scope><reference>x</reference>"), "/alert/reference", "schema"),
        ((NS, "urn:example:other"), "/alert", "namespace"),
    ],
)
def test_what_the_schema_or_the_standard_forbids_is_refused_by_its_path(
    changed, pointer: str, code: str
) -> None:
    assert refused(changed)[pointer] == code


def test_a_message_that_names_itself_is_refused() -> None:
    own = "Rongchang_Meteorological_Station,50015341600000_20260716090401,2026-07-16T02:30:01+08:00"
    assert (
        refused(("</scope>", f"</scope><references>{own}</references>"))["/alert/references"]
        == "self-reference"
    )


def test_a_wrong_order_of_elements_is_put_right_and_told() -> None:
    late = ("<senderName>荣昌区气象台</senderName>\n", "")
    moved = ("</description>", "</description><senderName>荣昌区气象台</senderName>")
    read = cap.read(message("cap.xml", late, moved))
    assert codes(read) == {"element-order": False}
    assert read.issuer == "荣昌区气象台"


@pytest.mark.parametrize(
    "namespace", ["urn:oasis:names:tc:emergency:cap:1.1", "http://www.incident.com/cap/1.0"]
)
def test_older_cap_is_read_and_told(namespace: str) -> None:
    read = cap.read(message("cap.xml", (NS, namespace), ("<certainty>Likely", "<certainty>Very Likely")))
    assert codes(read) == {"old-cap": False}
    assert read.level is Level.ORANGE


def test_cap_1_0_writes_codes_as_plain_text() -> None:
    pair = "<valueName>CPEAS Geographic Code, edition of 2023</valueName><value>500153102000</value>"
    read = cap.read(message("cap.xml", (NS, "http://www.incident.com/cap/1.0"), (pair, "CPEAS=500153102000")))
    assert read.areas[0].codes == ("500153102000",)


def test_a_cancel_without_info_is_legal() -> None:
    text = message("cap_polygon.xml", ("<msgType>Update", "<msgType>Cancel")).decode()
    read = cap.read((text[: text.index("<info>")] + "</alert>").encode())
    assert (read.msg_type, read.event_code, read.level, read.areas) == (MsgType.CANCEL, "", None, ())
    assert read.problems == ()


def test_nothing_is_fetched_or_expanded() -> None:
    bomb = (
        message("cap.xml")
        .decode()
        .replace("<alert", '<!DOCTYPE alert [<!ENTITY x SYSTEM "file:///etc/hostname">]><alert', 1)
    )
    with pytest.raises(XmlDoctypeForbidden):
        cap.read(bomb.encode())
    include = (
        "<event>暴雨</event>",
        '<event><x:include xmlns:x="http://www.w3.org/2001/XInclude" href="/etc/hostname"/></event>',
    )
    assert "/alert/info[2]/event" in refused(include)
