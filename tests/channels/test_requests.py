"""What leaves the process, byte for byte where a signature depends on it."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, quote

import httpx
import pytest
from pydantic import SecretStr

from app.channels import aliyun
from app.channels.contract import Accepted, Rejected
from app.channels.plain import sign

from .conftest import AT, NUMBER, SECRET, Make, message

pytestmark = pytest.mark.anyio


def test_the_vendors_printed_example_gives_the_vendors_printed_signature() -> None:
    signed = aliyun.headers(
        action="RunInstances",
        version="2014-05-26",
        host="ecs.cn-shanghai.aliyuncs.com",
        query=aliyun.canonical(
            {
                "RegionId": "cn-shanghai",
                "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
            }
        ),
        key_id="YourAccessKeyId",
        secret=SecretStr("YourAccessKeySecret"),
        at=datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC),
        nonce="3156853299f313e23d1673dc12e1703d",
    )
    assert signed["authorization"].endswith(
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


@pytest.mark.parametrize(
    "text", ["", "a-Z_0.9~", " +&=/%*", "暴雨红色预警,请按1。\n", "𠮷a𠮷", '{"content": "转移"}']
)
def test_a_query_is_encoded_as_the_library_encodes_it(text: str) -> None:
    assert aliyun.canonical({"b": text, "a": "1"}) == f"a=1&b={quote(text, safe='')}"


def test_the_plain_signature_is_hmac_over_time_and_body() -> None:
    expected = hmac.new(b"whsec", b'1780272000.{"a":1}', hashlib.sha256).hexdigest()
    assert sign(SecretStr("whsec"), b'{"a":1}', AT) == f"t=1780272000,v1={expected}"


async def test_a_plain_request_is_the_contracts(make: Make) -> None:
    channel, calls = make("http", httpx.Response(200, json={"ok": True, "id": 7}))
    sent = message(reply_to="https://jiaoying.example/t/abc")
    assert await channel.send([sent], AT) == [Accepted("7")]
    request = calls.calls.last.request
    body = json.loads(request.content)
    assert request.headers["idempotency-key"] == sent.key
    assert request.headers["jiaoying-signature"] == sign(SecretStr(SECRET), request.content, AT)
    assert {name: body[name] for name in ("key", "to", "kind", "text", "reply_to", "expires")} == {
        "key": sent.key,
        "to": NUMBER,
        "kind": "sms",
        "text": sent.text,
        "reply_to": sent.reply_to,
        "expires": "2026-06-01T03:00:00+00:00",
    }


async def test_a_long_text_goes_into_a_longer_template_and_no_variable_is_empty(make: Make) -> None:
    channel, calls = make("sms-aliyun", httpx.Response(200, json={"Code": "OK", "BizId": "b"}))
    long, longest = "长" * 36, "长" * 106
    outcomes = await channel.send([message(text="短信"), message(text=long), message(text=longest)], AT)
    assert isinstance(outcomes[2], Rejected)
    asked = [parse_qs(call.request.url.query.decode()) for call in calls.calls]
    assert {q["TemplateCode"][0]: "".join(json.loads(q["TemplateParam"][0]).values()) for q in asked} == {
        "SMS_1": "短信",
        "SMS_2": long,
    }
    assert all(value for q in asked for value in json.loads(q["TemplateParam"][0]).values())
    assert {q["OutId"][0] for q in asked} == {message().key}


async def test_a_call_offers_confirm_cannot_and_repeat(make: Make) -> None:
    channel, calls = make("voice-aliyun", httpx.Response(200, json={"Code": "OK", "CallId": "1^2"}))
    assert await channel.send([message("voice", audio_text="请按一确认")], AT) == [Accepted("1^2")]
    query = parse_qs(calls.calls.last.request.url.query.decode())
    assert [query[f"MenuKeyMap.{n}.Key"][0] for n in (1, 2, 3)] == ["1", "2", "*"]
    assert json.loads(query["StartTtsParams"][0]) == {"content": "请按一确认"}
    assert calls.calls.last.request.headers["x-acs-action"] == "IvrCall"


def test_a_message_shows_neither_number_nor_text_when_printed() -> None:
    shown = repr(message(reply_to="https://jiaoying.example/t/secret"))
    assert NUMBER not in shown
    assert "暴雨" not in shown
    assert "secret" not in shown
