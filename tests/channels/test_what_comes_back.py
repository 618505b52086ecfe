"""Receipts and replies: only what is authentic and readable becomes a fact."""

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from pydantic import SecretStr

from app.channels import ebd
from app.channels.adapter import callback_token
from app.channels.contract import Accepted, Channel, Limit, Receipt, Reply
from app.channels.plain import sign
from app.channels.registry import build
from app.errors import BadSignature, MalformedBody, Refused, StaleSignature, Unauthenticated

from .conftest import AREAS, AT, EBD, NUMBER, SECRET, Make, entry, message

pytestmark = pytest.mark.anyio
TOKEN = {"token": callback_token(SecretStr(SECRET))}


@cache
def channel(kind: str) -> Channel:
    return build([entry(kind)], {"JIAOYING_CHANNEL_MAIN_SECRET": SECRET}).by_name("main")


def signed(rows: Any, at: datetime = AT) -> tuple[dict[str, str], bytes]:
    body = rows if isinstance(rows, bytes) else json.dumps(rows).encode()
    return {"Jiaoying-Signature": sign(SecretStr(SECRET), body, at)}, body


DELIVERED = {
    "id": "g-1",
    "key": "k-1",
    "state": "delivered",
    "at": "2026-06-01T08:00:05+08:00",
    "event_id": "e-1",
}
PRESSED = {"from": NUMBER, "digit": "1", "key": "k-1", "at": "2026-06-01T08:00:09+08:00", "event_id": "e-2"}


def test_plain_receipts_and_replies_come_alone_or_together() -> None:
    assert channel("http").read(*signed(DELIVERED), AT) == [
        Receipt("g-1", "k-1", "delivered", AT + timedelta(seconds=5), "e-1", "delivered")
    ]
    both = channel("http").read(*signed([DELIVERED, PRESSED]), AT)
    assert both[1] == Reply(NUMBER, "k-1", None, "1", AT + timedelta(seconds=9), "e-2")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({}, Unauthenticated),
        ({"jiaoying-signature": "x"}, BadSignature),
        ({"jiaoying-signature": f"t={int(AT.timestamp())},v1={'0' * 64}"}, BadSignature),
    ],
)
def test_plain_refuses_what_is_not_signed_by_the_secret(
    change: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        channel("http").read(change, b"{}", AT)


def test_plain_refuses_another_body_and_an_old_signature() -> None:
    headers, body = signed(DELIVERED)
    with pytest.raises(BadSignature):
        channel("http").read(headers, body + b" ", AT)
    for late in (timedelta(minutes=5, seconds=1), timedelta(minutes=-5, seconds=-1)):
        with pytest.raises(StaleSignature):
            channel("http").read(headers, body, AT + late)
    assert channel("http").read(headers, body, AT + timedelta(minutes=5))


def test_without_a_secret_nothing_that_comes_in_is_believed() -> None:
    for kind in ("http", "sms-aliyun"):
        bare = build([entry(kind)], {}).by_name("main")
        with pytest.raises(Unauthenticated):
            bare.read(
                {"jiaoying-signature": sign(SecretStr(""), b"[]", AT)},
                b"[]",
                AT,
                {"token": callback_token(SecretStr(""))},
            )


@pytest.mark.parametrize(
    "row",
    [
        {"state": "delivered", "event_id": "e"},
        {"state": "delivered", "id": "g"},
        {"from": NUMBER, "event_id": "e"},
        {**DELIVERED, "at": "2026-06-01T08:00:05"},
        {**DELIVERED, "at": "soon"},
        {**DELIVERED, "key": ["k"]},
        {**DELIVERED, "key": "\x00"},
        {**DELIVERED, "key": "k" * 300},
        {**PRESSED, "text": "\ud800"},
    ],
)
def test_plain_refuses_what_cannot_be_a_fact(row: dict[str, Any]) -> None:
    with pytest.raises(MalformedBody) as refused:
        channel("http").read(*signed(row), AT)
    assert NUMBER not in str(refused.value)


@pytest.mark.parametrize("kind", ["http", "sms-aliyun", "voice-aliyun", "broadcast-ebd"])
@given(
    body=st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=5),
            lambda c: (
                st.lists(c, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["state", "id", "event_id", "out_id", "call_id", "content"]), c
                )
            ),
            max_leaves=8,
        ).map(lambda v: json.dumps(v).encode()),
    )
)
def test_any_body_is_read_or_refused_and_never_breaks(kind: str, body: bytes) -> None:
    headers, body = signed(body)
    try:
        facts = channel(kind).read(headers, body, AT, TOKEN)
    except Refused:
        return
    assert all(isinstance(fact, (Receipt, Reply)) for fact in facts)
    assert channel(kind).answer(body, AT).status == 200


def test_a_word_nobody_knows_stays_unknown() -> None:
    for kind, row in (
        ("http", {**DELIVERED, "state": "DELIVRD"}),
        ("sms-aliyun", {"out_id": "k", "biz_id": "b", "success": "true", "err_code": "NEW"}),
        ("voice-aliyun", {"call_id": "c", "status_code": "200777"}),
    ):
        [fact] = channel(kind).read(*signed(row), AT, TOKEN)
        assert isinstance(fact, Receipt)
        assert fact.state == "unknown"


REPORT = {
    "phone_number": NUMBER,
    "send_time": "2026-06-01 08:00:01",
    "report_time": "2026-06-01 08:00:04",
    "success": True,
    "err_code": "DELIVERED",
    "sms_size": "2",
    "biz_id": "b-1",
    "out_id": "k-1",
}


def test_an_sms_report_is_matched_by_key_told_in_utc_and_the_same_when_repeated() -> None:
    body = json.dumps(
        [REPORT, REPORT, {**REPORT, "success": False, "err_code": "MOBILE_NOT_ON_SERVICE"}]
    ).encode()
    first, again, failed = channel("sms-aliyun").read({}, body, AT, TOKEN)
    assert isinstance(first, Receipt)
    assert (first.key, first.gateway_id, first.state) == ("k-1", "b-1", "delivered")
    assert first.at == datetime(2026, 6, 1, 0, 0, 4, tzinfo=UTC)
    assert first == again
    assert isinstance(failed, Receipt)
    assert failed.state == "failed"
    assert failed.final_for_number
    assert failed.event_id != first.event_id


def test_an_sms_reply_has_the_senders_number_without_the_country() -> None:
    up = {
        "phone_number": "86" + NUMBER,
        "content": "1",
        "send_time": "2026-06-01 08:01:00",
        "dest_code": "77",
        "sequence_id": "42",
    }
    [reply] = channel("sms-aliyun").read({"X-Jiaoying-Token": TOKEN["token"]}, json.dumps([up]).encode(), AT)
    assert reply == Reply(NUMBER, None, "1", None, AT + timedelta(minutes=1), "up-42")


@pytest.mark.parametrize("query", [None, {}, {"token": ""}, {"token": "0" * 32}, {"token": SECRET}])
def test_a_vendor_that_signs_nothing_shows_the_token(query: dict[str, str] | None) -> None:
    for kind in ("sms-aliyun", "voice-aliyun", "broadcast-ebd"):
        with pytest.raises(Unauthenticated):
            channel(kind).read({}, b"[]", AT, query)


def test_vendors_get_the_answer_they_wait_for() -> None:
    assert json.loads(channel("sms-aliyun").answer(b"[]", AT).body) == {"code": 0, "msg": "成功"}
    assert channel("http").answer(b"{}", AT).status == 200


def call(**changes: Any) -> list[Receipt | Reply]:
    row = {"call_id": "c-1", "status_time": "2026-06-01 08:00:20", **changes}
    return channel("voice-aliyun").read({}, json.dumps([row]).encode(), AT, TOKEN)


@pytest.mark.parametrize(
    ("row", "state"),
    [
        ({"status_code": "200101"}, None),
        ({"status_code": "200201"}, None),
        ({"status_code": "200100"}, None),
        ({"status_code": "200102"}, "connected"),
        ({"status_code": "200000", "duration": "21"}, "heard"),
        ({"status_code": "200001", "duration": "8"}, "delivered"),
        ({"status_code": "200001", "duration": "7秒"}, "connected"),
        ({"status_code": "200008"}, "connected"),
        ({"status_code": "200003"}, "failed"),
        ({"status_code": "200010"}, "failed"),
    ],
)
def test_how_a_call_went(row: dict[str, str], state: str | None) -> None:
    assert [fact.state for fact in call(**row) if isinstance(fact, Receipt)] == ([state] if state else [])


def test_only_a_key_is_an_answer_and_both_reports_of_it_are_one_fact() -> None:
    [pressed] = call(status_code="300000", dtmf="1")
    at_the_end = call(status_code="200000", dtmf="*1", duration="30")
    assert isinstance(pressed, Reply)
    assert pressed.digit == "1"
    assert pressed.event_id == at_the_end[-1].event_id
    assert not [fact for fact in call(status_code="200000", duration="30") if isinstance(fact, Reply)]


def test_no_such_number_is_said_of_the_number() -> None:
    [gone] = call(status_code="200004")
    assert isinstance(gone, Receipt)
    assert gone.final_for_number
    [off] = call(status_code="200010")
    assert isinstance(off, Receipt)
    assert not off.final_for_number


def test_voice_tells_the_limits_of_one_callee() -> None:
    assert channel("voice-aliyun").capabilities.per_number == (
        Limit(1, timedelta(minutes=1)),
        Limit(5, timedelta(hours=1)),
        Limit(20, timedelta(days=1)),
    )


def state_packet(
    code: str, *, items: int, forged: bool = False, signed: bool = True, form: bool = True
) -> bytes:
    root = ebd.packet("EBMStateResponse", "01" + "7" * 34, EBD["dest"], EBD["source"], AT)
    body = etree.SubElement(root, "EBMStateResponse")
    for path, text in (("RptTime", "2026-06-01 08:03:00"), ("BrdStateCode", code), ("BrdStateDesc", "x")):
        etree.SubElement(body, path).text = text
    etree.SubElement(etree.SubElement(body, "EBM"), "EBMID").text = "m-1"
    info = etree.SubElement(body, "ResBrdInfo")
    for _ in range(items):
        item = etree.SubElement(info, "ResBrdItem")
        etree.SubElement(item, "StartTime").text = "2026-06-01 08:01:00"
        etree.SubElement(item, "ResultCode").text = "3"
    document = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    signer = ebd.HmacSigner(SecretStr("another" if forged else SECRET))
    packed = ebd.tar("x", document, signer.signature("x", document, AT) if signed else None)
    return ebd.multipart("EBDT_x.tar", packed, "b0undary") if form else packed


@pytest.mark.parametrize(
    ("code", "items", "state"),
    [
        ("0", 0, None),
        ("1", 0, None),
        ("2", 1, "connected"),
        ("2", 0, "unknown"),
        ("3", 2, "delivered"),
        ("3", 0, "unknown"),
        ("4", 1, "unknown"),
        ("4", 0, "failed"),
        ("5", 0, "failed"),
        ("9", 1, "unknown"),
    ],
)
@pytest.mark.parametrize("form", [True, False])
def test_played_counts_only_with_a_terminal_that_played(
    code: str, items: int, state: str | None, form: bool
) -> None:
    facts = channel("broadcast-ebd").read({}, state_packet(code, items=items, form=form), AT, TOKEN)
    assert [fact.state for fact in facts if isinstance(fact, Receipt)] == ([state] if state else [])
    assert all(fact.gateway_id == "m-1" and fact.at == AT + timedelta(minutes=3) for fact in facts)


def test_a_state_packet_is_signed_and_the_answer_names_it() -> None:
    for bad in (state_packet("3", items=1, forged=True), state_packet("3", items=1, signed=False)):
        with pytest.raises(BadSignature):
            channel("broadcast-ebd").read({}, bad, AT, TOKEN)
    answer = channel("broadcast-ebd").answer(state_packet("3", items=1), AT)
    root = ebd.parse(ebd.untar(answer.body)[0])
    assert answer.content_type == "application/x-tar"
    assert root.findtext("RelatedEBD/EBDID") == "01" + "7" * 34
    assert ebd.read_result(root) == "1"


def test_a_packet_with_a_doctype_is_refused() -> None:
    packed = ebd.tar("x", b'<!DOCTYPE EBD [<!ENTITY x "y">]><EBD><EBDType>&x;</EBDType></EBD>', None)
    with pytest.raises(MalformedBody):
        channel("broadcast-ebd").read({}, packed, AT, TOKEN)


async def test_a_broadcast_names_its_area_its_level_and_the_same_id_when_repeated(make: Make) -> None:
    seen: list[etree._Element] = []

    def platform(request: httpx.Request) -> httpx.Response:
        document, signature = ebd.untar(ebd.unwrap(request.content))
        ebd.HmacSigner(SecretStr(SECRET)).check(document, signature)
        seen.append(ebd.parse(document))
        root = ebd.packet("EBDResponse", "1", EBD["dest"], EBD["source"], AT)
        return httpx.Response(200, content=ebd.tar("1", ebd.response(root, "2", "1", "x"), None))

    speaker, _ = make("broadcast-ebd", platform)
    for _ in range(2):
        [accepted] = await speaker.send([message("broadcast", exercise=True)], AT)
        assert isinstance(accepted, Accepted)
        ebm_id = accepted.gateway_id
    stopped = await speaker.cancel(ebm_id, AT)
    first, again, cancel = seen
    text = {
        path: first.findtext(f"EBM/{path}")
        for path in (
            "TestType",
            "MsgBasicInfo/MsgType",
            "MsgBasicInfo/EventType",
            "MsgBasicInfo/Severity",
            "MsgBasicInfo/StartTime",
            "MsgBasicInfo/EndTime",
            "MsgContent/AreaCode",
        )
    }
    assert text == {
        "TestType": "1",
        "MsgBasicInfo/MsgType": "1",
        "MsgBasicInfo/EventType": "11B03",
        "MsgBasicInfo/Severity": "1",
        "MsgBasicInfo/StartTime": "2026-06-01 08:00:00",
        "MsgBasicInfo/EndTime": "2026-06-01 08:15:00",
        "MsgContent/AreaCode": ",".join(f"{code}000" for code in AREAS),
    }
    assert len(first.findtext("EBDID") or "") == 36
    assert first.findtext("EBDID") == again.findtext("EBDID")
    assert first.findtext("EBM/EBMID") == again.findtext("EBM/EBMID") == ebm_id
    assert isinstance(stopped, Accepted)
    assert cancel.findtext("EBM/MsgBasicInfo/MsgType") == "2"
    assert cancel.findtext("EBM/RelatedEBM/EBMID") == ebm_id


async def test_an_empty_area_is_never_everywhere(make: Make) -> None:
    speaker, calls = make("broadcast-ebd", httpx.Response(200))
    await speaker.send([message("broadcast", areas=())], AT)
    assert not calls.calls
