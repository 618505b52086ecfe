"""The same table for every adapter: what the gateway says becomes one of our outcomes."""

import logging
from typing import Any

import httpx
import pytest

from app.channels import ebd
from app.channels.contract import (
    Accepted,
    BadNumber,
    NotAccepted,
    Rejected,
    SendError,
    Throttled,
    Unreachable,
)

from .conftest import AT, NUMBER, Make, message

pytestmark = pytest.mark.anyio
CARRIED = {"http": "sms", "sms-aliyun": "sms", "voice-aliyun": "voice", "broadcast-ebd": "broadcast"}


def ebd_answer(code: str) -> httpx.Response:
    root = ebd.packet("EBDResponse", "01" + "0" * 34, "0" * 18, "1" * 18, AT)
    return httpx.Response(200, content=ebd.tar("1", ebd.response(root, "2", code, "x"), None))


SAYS: dict[str, dict[str, Any]] = {
    "http": {
        "good": httpx.Response(200, json={"ok": True, "id": "g-1"}),
        "refuses": httpx.Response(200, json={"ok": False}),
    },
    "sms-aliyun": {
        "good": httpx.Response(200, json={"Code": "OK", "BizId": "g-1"}),
        "refuses": httpx.Response(200, json={"Code": "isv.SMS_TEMPLATE_ILLEGAL", "Message": NUMBER}),
    },
    "voice-aliyun": {
        "good": httpx.Response(200, json={"Code": "OK", "CallId": "g-1"}),
        "refuses": httpx.Response(200, json={"Code": "isv.OUT_OF_SERVICE"}),
    },
    "broadcast-ebd": {"good": ebd_answer("1"), "refuses": ebd_answer("3")},
}
ROWS = [
    ("good", Accepted, False),
    ("refuses", Rejected, False),
    (httpx.Response(200, text="<html>login</html>"), NotAccepted, True),
    (httpx.Response(429, headers={"retry-after": "20"}), Throttled, False),
    (httpx.Response(502), Unreachable, True),
    (httpx.ReadTimeout("slow, said " + NUMBER), Unreachable, True),
    (httpx.ConnectError("no route"), Unreachable, False),
    (httpx.Response(302, headers={"location": "https://elsewhere.example/"}), NotAccepted, False),
    (httpx.Response(401), Rejected, False),
    (httpx.Response(200, content=b""), NotAccepted, True),
    (httpx.Response(200, content=b"[" * 60000), NotAccepted, True),
    (httpx.Response(200, content=b"x" * 70000), Unreachable, True),
]


@pytest.mark.parametrize("kind", SAYS)
@pytest.mark.parametrize(("says", "outcome", "maybe_sent"), ROWS)
async def test_what_the_gateway_says_becomes_one_of_our_outcomes(
    kind: str, says: Any, outcome: type, maybe_sent: bool, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    channel, _ = make(kind, SAYS[kind][says] if isinstance(says, str) else says)
    [became] = await channel.send([message(CARRIED[kind])], AT)
    assert isinstance(became, outcome)
    if isinstance(became, SendError):
        assert became.maybe_sent == maybe_sent
        assert NUMBER not in f"{became!r} {became.code} {became.__context__!r} {caplog.text}"
    await channel.aclose()


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("http", httpx.Response(200, json={"ok": False, "code": "bad-number"})),
        ("sms-aliyun", httpx.Response(200, json={"Code": "isv.MOBILE_NUMBER_ILLEGAL"})),
        ("voice-aliyun", httpx.Response(400, json={"Code": "isv.INVALID_PARAMETERS_CALLEDNUMBER"})),
    ],
)
async def test_a_bad_number_is_final(kind: str, says: httpx.Response, make: Make) -> None:
    channel, _ = make(kind, says)
    [became] = await channel.send([message(CARRIED[kind])], AT)
    assert isinstance(became, BadNumber)
    assert not became.retry


@pytest.mark.parametrize("ok", [None, "true", 1, 0, "yes", [True]])
async def test_only_true_is_true(ok: object, make: Make) -> None:
    channel, _ = make("http", httpx.Response(200, json={"ok": ok, "id": "g-1"}))
    [became] = await channel.send([message()], AT)
    assert isinstance(became, NotAccepted)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"ok": True}, "http"),
        ({"ok": True, "id": ""}, "http"),
        ({"ok": True, "id": {"a": 1}}, "http"),
        ({"Code": "OK"}, "sms-aliyun"),
        ({"Code": "ok", "BizId": "1"}, "sms-aliyun"),
        ({"Code": "OK"}, "voice-aliyun"),
    ],
)
async def test_an_acceptance_without_an_id_is_none(answer: dict[str, Any], kind: str, make: Make) -> None:
    channel, _ = make(kind, httpx.Response(200, json=answer))
    [became] = await channel.send([message(CARRIED[kind])], AT)
    assert isinstance(became, NotAccepted)


async def test_half_a_batch_may_fail(make: Make) -> None:
    def by_key(request: httpx.Request) -> httpx.Response:
        good = request.headers["idempotency-key"].endswith(("0", "2"))
        return httpx.Response(200, json={"ok": good, "id": request.headers["idempotency-key"]})

    channel, _ = make("http", by_key)
    outcomes = await channel.send([message(key=f"k-{n}") for n in range(4)], AT)
    assert [getattr(o, "gateway_id", None) for o in outcomes] == ["k-0", None, "k-2", None]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("20", 20),
        ("0", 1),
        ("86400", 300),
        ("-5", None),
        ("soon", None),
        ("9" * 400, 300),
        (None, None),
        ("Mon, 01 Jun 2026 00:00:30 GMT", 30),
        ("Fri, 01 Jan 1999 00:00:00 GMT", 1),
    ],
)
async def test_retry_after_is_honoured_within_reason(
    header: str | None, seconds: float | None, make: Make
) -> None:
    channel, _ = make("http", httpx.Response(429, headers={"retry-after": header} if header else {}))
    [became] = await channel.send([message()], AT)
    assert isinstance(became, Throttled)
    assert became.retry_after == seconds


async def test_a_vendors_error_word_cannot_carry_a_number_into_a_log(make: Make) -> None:
    channel, _ = make("http", httpx.Response(200, json={"ok": False, "code": f"no {NUMBER}\nforged line"}))
    [became] = await channel.send([message()], AT)
    assert isinstance(became, NotAccepted)
    assert NUMBER not in became.code
    assert "\n" not in became.code
