"""A channel of each kind, with a router in place of the network."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import respx

from app.channels.contract import Channel, ChannelKind, Message
from app.channels.registry import build

AT = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)
NUMBER = "00090300017"
SECRET = "a secret for tests only"
AREAS = ("500153102", "500153103")
ALIYUN_SMS = {
    "access_key_id": "key-id",
    "sign_name": "荣昌预警",
    "templates": [
        {"code": "SMS_1", "variables": ["a"]},
        {"code": "SMS_2", "variables": ["a", "b", "c"]},
    ],
}
ALIYUN_VOICE = {
    "access_key_id": "key-id",
    "show_number": "4000000000",
    "start_code": "TTS_1",
    "confirm_code": "TTS_2",
    "cannot_code": "TTS_3",
}
EBD = {
    "source": "010350015300000001",
    "dest": "010350015300000002",
    "sender_name": "荣昌区指挥部",
    "sender_code": "50015300000000",
    "signer": "hmac",
}
KINDS: dict[str, dict[str, Any]] = {
    "http": {"carries": ["sms", "voice", "broadcast"]},
    "sms-aliyun": {"carries": ["sms"], "options": ALIYUN_SMS},
    "voice-aliyun": {"carries": ["voice"], "options": ALIYUN_VOICE},
    "broadcast-ebd": {"carries": ["broadcast"], "options": EBD},
}


def entry(kind: str, **changes: Any) -> dict[str, Any]:
    """An entry of ``channels.yaml`` named ``main``, for a public host, not live."""
    return {
        "name": "main",
        "kind": kind,
        "url": "https://gateway.example/",
        "live": False,
        "timeout": "2s",
        **KINDS[kind],
        **changes,
    }


def message(kind: str = "sms", **changes: Any) -> Message:
    """A message of this kind to a synthetic number, or to two towns."""
    wanted: dict[str, Any] = {
        "key": "01900000-0000-7000-8000-000000000001",
        "kind": ChannelKind(kind),
        "text": "暴雨红色预警,请立即转移。",
        "to": "500153102" if kind == "broadcast" else NUMBER,
        "expires": AT + timedelta(hours=3),
        "level": "red",
        "areas": AREAS if kind == "broadcast" else (),
        "event": "11B03",
        "title": "暴雨红色预警",
        "reply_to": None,
    }
    return Message(**wanted | changes)


def router(reply: Any) -> tuple[respx.MockRouter, httpx.AsyncBaseTransport]:
    """A router that answers every POST with a response or raises an exception, and the transport over it."""
    routes = respx.MockRouter(assert_all_called=False)
    route = routes.post(url__regex=".*")
    if callable(reply) and not isinstance(reply, type):
        route.mock(side_effect=reply)
    elif isinstance(reply, httpx.Response):
        route.mock(return_value=reply)
    else:
        route.mock(side_effect=reply)
    return routes, httpx.MockTransport(routes.async_handler)


Make = Callable[..., tuple[Channel, respx.MockRouter]]


@pytest.fixture
def make() -> Make:
    """Build a channel: ``make("http", reply, live=True)`` gives it and the router that saw its calls."""

    def _make(kind: str, reply: Any, **changes: Any) -> tuple[Channel, respx.MockRouter]:
        routes, transport = router(reply)
        registry = build(
            [entry(kind, **changes)], {"JIAOYING_CHANNEL_MAIN_SECRET": SECRET}, {"main": transport}
        )
        return registry.by_name("main"), routes

    return _make
