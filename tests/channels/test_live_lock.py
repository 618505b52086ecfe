"""Synthetic and real numbers, exercises and live channels: one lock stands before every send."""

from typing import Any

import httpx
import pytest

from app import metrics
from app.channels.contract import Accepted, BadNumber, ChannelKind, Rejected
from app.channels.registry import Registry, build, check
from app.origin import Origin

from .conftest import AT, KINDS, NUMBER, SECRET, Make, entry, message, router

pytestmark = pytest.mark.anyio
GOOD = httpx.Response(200, json={"ok": True, "id": "1"})
# Built from parts: no digit run in this repository looks like a mobile number.
MOBILE = "1" + "39" + "0" * 8
LANDLINE = "023" + "46770000"
ODD = [
    "",
    "110",
    "0001000001",
    "+86" + MOBILE,
    "0" + MOBILE,
    " " + MOBILE,
    MOBILE + "\n",
    "００" + NUMBER[2:],
    "023" + NUMBER,
    NUMBER + "0",
    NUMBER[:-1],
    "00092200001",
]


@pytest.mark.parametrize("number", [NUMBER, *ODD])
async def test_a_real_channel_refuses_every_synthetic_or_undialable_number(number: str, make: Make) -> None:
    channel, calls = make("http", GOOD, live=True)
    before = metrics.NUMBER_LOCK.labels("main")._value.get()
    for kind in ("sms", "voice"):
        [became] = await channel.send([message(kind, to=number)], AT)
        assert isinstance(became, BadNumber)
        assert became.code == "number-lock"
    assert not calls.calls
    assert metrics.NUMBER_LOCK.labels("main")._value.get() == before + 2


@pytest.mark.parametrize("number", [MOBILE, LANDLINE, *ODD])
async def test_a_synthetic_channel_takes_nothing_else(number: str, make: Make) -> None:
    channel, calls = make("http", GOOD, live=True, numbers="synthetic")
    [became] = await channel.send([message(to=number)], AT)
    assert isinstance(became, BadNumber)
    assert not calls.calls


@pytest.mark.parametrize("number", [MOBILE, LANDLINE])
async def test_a_real_channel_takes_real_numbers(number: str, make: Make) -> None:
    channel, calls = make("http", GOOD, live=True)
    [became] = await channel.send([message(to=number)], AT)
    assert isinstance(became, Accepted)
    assert len(calls.calls) == 1


async def test_the_lock_answers_for_its_own_message_only(make: Make) -> None:
    channel, calls = make("http", GOOD)
    outcomes = await channel.send([message(to=MOBILE), message(), message(to="110"), message()], AT)
    assert [type(o) for o in outcomes] == [BadNumber, Accepted, BadNumber, Accepted]
    assert len(calls.calls) == 2


async def test_an_exercise_never_leaves_by_a_live_channel(make: Make) -> None:
    channel, calls = make("http", GOOD, live=True, numbers="synthetic")
    [became] = await channel.send([message(exercise=True)], AT)
    assert isinstance(became, Rejected)
    assert not calls.calls


async def test_a_kind_that_the_channel_does_not_carry_is_refused(make: Make) -> None:
    channel, calls = make("sms-aliyun", GOOD)
    [became] = await channel.send([message("voice")], AT)
    assert isinstance(became, Rejected)
    assert not calls.calls


def registry(*entries: dict[str, Any]) -> Registry:
    secrets = {f"JIAOYING_CHANNEL_{one['name'].upper()}_SECRET": SECRET for one in entries}
    return build(entries, secrets, {one["name"]: router(GOOD)[1] for one in entries})


def test_origin_and_live_decide_who_may_use_a_channel_in_the_order_of_the_file() -> None:
    found = registry(
        entry("http", name="a", live=True),
        entry("http", name="b"),
        entry("http", name="c", live=True),
        entry("sms-aliyun", name="d"),
    )
    names = {origin: [c.name for c in found.for_kind("sms", origin)] for origin in Origin}
    assert names == {
        Origin.REAL: ["a", "c"],
        Origin.CANARY: ["a", "c"],
        Origin.EXERCISE: ["b", "d"],
        Origin.SIMULATED: ["b", "d"],
    }
    assert [c.name for c in found.for_kind(ChannelKind.VOICE, Origin.SIMULATED)] == ["b"]
    assert found.any_live
    assert found.takes_real_numbers


def test_a_channel_tried_out_with_synthetic_numbers_rings_nobody() -> None:
    found = registry(entry("http", name="a", live=True, numbers="synthetic"))
    assert found.any_live
    assert not found.takes_real_numbers


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "pigeon"}, "unknown-kind"),
        ({"live": False, "numbers": "real"}, "real-but-not-live"),
        ({"live": True, "url": "http://127.0.0.1:9001/", "allow_loopback": True}, "real-on-loopback"),
        ({"live": True, "url": "http://gateway.example/"}, "not-encrypted"),
        ({"url": "http://127.0.0.1:9001/"}, "address-not-allowed"),
        ({"url": "http://[::1]/"}, "address-not-allowed"),
        ({"url": "http://localhost/"}, "address-not-allowed"),
        (
            {"url": "http://169.254.169.254/", "allow_loopback": True, "allow_private": True},
            "address-not-allowed",
        ),
        ({"url": "http://10.1.2.3/"}, "address-not-allowed"),
        ({"live": True}, "no-secret"),
        ({"carries": ["door"]}, "value-error"),
        ({"carries": []}, "too-short"),
        ({"timeout": "soon"}, "float-parsing"),
        ({"sender": "x"}, "extra-forbidden"),
        ({"options": {"colour": "red"}}, "extra-forbidden"),
    ],
)
def test_scheme_check_names_every_fault(changes: dict[str, Any], code: str) -> None:
    faults = check([entry("http") | changes], {})
    assert code in {fault.code for fault in faults}
    assert all(fault.pointer.startswith("/channels/0") for fault in faults)


def test_the_contracts_own_example_is_without_fault() -> None:
    example = {
        "name": "sms-main",
        "kind": "http",
        "carries": ["sms"],
        "url": "http://127.0.0.1:9001/",
        "live": True,
        "numbers": "synthetic",
        "timeout": "8s",
        "rate": "200/s",
        "allow_loopback": True,
    }
    secrets = {"JIAOYING_CHANNEL_SMS_MAIN_SECRET": "s"}
    assert check([example], secrets) == []
    [channel] = build([example], secrets)
    assert (channel.timeout, channel.capabilities.rate, channel.numbers) == (8.0, 200.0, "synthetic")


def test_every_kind_has_an_entry_without_fault() -> None:
    for kind in KINDS:
        assert check([entry(kind)]) == []


def test_a_kind_given_what_it_cannot_carry_is_a_fault() -> None:
    assert [f.code for f in check([entry("sms-aliyun", carries=["sms", "voice"])])] == ["not-carried"]
    assert [f.code for f in check([entry("http"), entry("http")])] == ["duplicate-name"]
