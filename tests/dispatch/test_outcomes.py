"""What a gateway said, or did not say, becomes a try on record, and the delivery's next step."""

import asyncio
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from typing_extensions import override

from app import logs
from app.channels import registry as channels
from app.channels.contract import Accepted, BadNumber, Receipt, Throttled, Unreachable
from app.db import Database
from app.directory.tables import Person
from app.dispatch import withdraw
from app.dispatch.send import NEXT_SEND
from app.dispatch.states import State
from tests.dispatch.line import Line, build
from tests.support.due import next_due
from tests.support.world import SECRET, entries

pytestmark = pytest.mark.anyio


async def due(line: Line) -> Any:
    async with line.db.reading() as session:
        return await next_due(session, NEXT_SEND)


async def test_an_accepted_message_has_the_vendors_id_and_leaves_the_line(line: Line) -> None:
    (sent,) = await line.put("red")
    await line.sender.drain()
    row = await line.row(sent)
    assert (row.state, row.vendor_id, row.not_before, row.lease_until, row.reason) == (
        State.ACCEPTED,
        "g-1",
        None,
        None,
        None,
    )
    assert [(one.number, one.outcome, one.channel) for one in await line.attempts(sent)] == [
        (1, "accepted", "sms")
    ]
    assert (line.phones.rang[0].to, line.phones.rang[0].text) == (
        await line.number(row.person_id or ""),
        "第1条",
    )
    assert await due(line) is None


@pytest.mark.parametrize(
    ("level", "waits"), [("red", (2, 5, 10)), ("yellow", (10, 30, 60)), ("blue", (30, 120, 300))]
)
async def test_a_gateway_in_trouble_is_asked_again_by_the_levels_pace_under_one_key(
    line, level, waits
) -> None:
    line.phones.says = lambda _call: 503
    (sent,) = await line.put(level)
    await line.sender.drain()
    for wait in waits:
        row = await line.row(sent)
        assert (row.state, row.reason) == (State.SENDING, "unreachable")
        assert await due(line) == line.clock.now() + timedelta(seconds=wait)
        await line.later(seconds=wait)
    row = await line.row(sent)
    assert (row.state, row.reason, row.not_before) == (State.FAILED, "unreachable", None)
    assert row.possibly_twice  # a 5xx does not say whether it was taken
    assert {call.key for call in line.phones.rang} == {"k-1"}
    tries = await line.attempts(sent)
    assert [one.outcome for one in tries] == ["retry"] * (len(waits) + 1)
    assert {one.reason for one in tries} == {"unreachable http-503"}
    assert line.lost == [sent]


async def test_a_gateway_that_refuses_is_told_in_the_log_and_a_number_that_is_none_is_not(line: Line) -> None:
    told = io.StringIO()
    logs.configure(level="info", strict=True, stream=told)
    try:
        line.phones.says = lambda call: 503 if call.key == "k-1" else {"ok": False, "code": "bad-number"}
        await line.put("red", number=2)
        await line.sender.drain()
    finally:
        logs.configure(level="info", strict=True)
    lines = [json.loads(one) for one in told.getvalue().splitlines()]
    assert [
        {name: one[name] for name in ("level", "channel", "reason", "code", "count")}
        for one in lines
        if one["event"] == "gateway.refused"
    ] == [{"level": "warning", "channel": "sms", "reason": "unreachable", "code": "http-503", "count": 1}]


async def test_a_retry_that_succeeds_ends_as_if_the_first_had(line: Line) -> None:
    said: Iterator[dict[str, Any] | int] = iter([503, {"ok": True}])
    line.phones.says = lambda _call: next(said)
    (sent,) = await line.put("red")
    await line.sender.drain()
    await line.later(seconds=2)
    row = await line.row(sent)
    assert (row.state, row.reason, row.attempts) == (State.ACCEPTED, None, 2)
    assert not line.lost


async def test_a_number_that_does_not_exist_is_final_at_once(lines) -> None:
    line = lines("sms", "sms-b")
    line.phones.says = lambda _call: {"ok": False, "code": "bad-number"}
    (sent,) = await line.put("red")
    await line.sender.drain()
    row = await line.row(sent)
    assert (row.state, row.reason) == (State.FAILED, "bad-number")
    assert [call.channel for call in line.phones.rang] == ["sms"]
    assert line.lost == [sent]


async def test_a_vendor_that_says_when_is_asked_then(line: Line) -> None:
    (sent,) = await line.put("red")
    (taken,) = await line.take("t")
    await line.told(taken, Throttled("http-429", retry_after=45))
    assert (await line.row(sent)).reason == "throttled"
    assert await due(line) == line.clock.now() + timedelta(seconds=45)


class Oops(BaseException):
    """Not an Exception: nothing that catches those sees it."""


class Raises(httpx.AsyncBaseTransport):
    """A network that breaks in the adapter's hands."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise self.error


@pytest.mark.parametrize(
    "error",
    [Oops(), ValueError("x"), SystemExit(3), asyncio.CancelledError()],
    ids=lambda e: type(e).__name__,
)
async def test_an_adapter_that_breaks_costs_one_try_of_its_own_messages(
    db: Database, error: BaseException
) -> None:
    line = build(db)
    broken = channels.build(
        entries(names=("sms", "voice")),
        {"JIAOYING_CHANNEL_SMS_SECRET": SECRET, "JIAOYING_CHANNEL_VOICE_SECRET": SECRET},
        {"sms": httpx.ASGITransport(line.phones), "voice": Raises(error)},
    )
    line.sender._registry = broken
    (ill,) = await line.put("yellow", "voice")
    (well,) = await line.put("yellow", "sms")
    await line.sender.drain()
    assert (await line.row(well)).state == State.ACCEPTED
    row = await line.row(ill)
    assert (row.state, row.reason, row.claimed_by) == (State.SENDING, "unreachable", None)
    assert row.possibly_twice
    assert [(one.outcome, one.reason) for one in await line.attempts(ill)] == [
        ("retry", "unreachable adapter")
    ]
    assert await due(line) == line.clock.now() + timedelta(seconds=10)
    await broken.aclose()
    await line.registry.aclose()


async def test_whoever_has_no_number_any_more_is_lost_without_a_call(line: Line) -> None:
    person = await line.person()
    (sent,) = await line.put("red", person_id=person)
    async with line.db.transaction() as session:
        (await session.get_one(Person, person)).retired_at = line.clock.now()
    await line.sender.drain()
    row = await line.row(sent)
    assert (row.state, row.reason) == (State.FAILED, "bad-number")
    assert [one.reason for one in await line.attempts(sent)] == ["bad-number no-number"]
    assert not line.phones.rang
    assert line.lost == [sent]


async def test_a_number_changed_before_the_send_is_the_one_that_is_called(line: Line) -> None:
    person = await line.person()
    await line.put("red", person_id=person)
    async with line.db.transaction() as session:
        (await session.get_one(Person, person)).phone = "00090199999"
    await line.sender.drain()
    assert [call.to for call in line.phones.rang] == ["00090199999"]


async def test_a_late_failure_of_a_worker_that_lost_its_lease_moves_nothing(line: Line) -> None:
    (sent,) = await line.put("red")
    (first,) = await line.take("slow")
    line.clock.advance(timedelta(seconds=60))
    (second,) = await line.take("t")
    await line.told(first, Unreachable("timeout"), ticket="slow")
    row = await line.row(sent)
    assert (row.claimed_by, row.lease_until) == ("t", line.clock.now() + timedelta(seconds=60))
    assert await line.told(first, BadNumber("gone"), ticket="slow") == []
    assert (await line.row(sent)).state == State.SENDING
    await line.told(second, Accepted("g-2"))
    assert (await line.row(sent)).state == State.ACCEPTED
    assert [one.outcome for one in await line.attempts(sent)] == ["failed", "accepted"]


async def test_a_late_yes_of_a_worker_that_lost_its_lease_is_a_fact(line: Line) -> None:
    (sent,) = await line.put("red")
    (first,) = await line.take("slow")
    line.clock.advance(timedelta(seconds=60))
    await line.take("t")
    await line.told(first, Accepted("g-1"), ticket="slow")
    row = await line.row(sent)
    assert (row.state, row.vendor_id, row.possibly_twice) == (State.ACCEPTED, "g-1", True)


async def test_outcomes_whose_writing_fails_are_kept_and_written_next(line: Line) -> None:
    (sent,) = await line.put("red")
    trouble = iter([RuntimeError("the disk is full")])

    def fault(step: str) -> None:
        if step == "uncommitted" and (error := next(trouble, None)):
            raise error

    line.sender._fault = fault
    with pytest.raises(RuntimeError):
        await line.sender.drain()
    assert (await line.row(sent)).state == State.SENDING
    await line.sender.drain()
    assert (await line.row(sent)).state == State.ACCEPTED
    assert len(line.phones.rang) == 1


@pytest.mark.parametrize(
    "name", ["g\u0000-1", "g\ud800", "g" * 150, "号码\n1"], ids=["nul", "surrogate", "long", "line"]
)
async def test_no_id_that_a_vendor_may_give_keeps_its_yes_from_being_written(line: Line, name: str) -> None:
    (sent,) = await line.put("red")
    (taken,) = await line.take("t")
    await line.told(taken, Accepted(name))
    assert (await line.row(sent)).state == State.ACCEPTED


async def test_a_message_cancelled_in_flight_that_the_gateway_took_shows_that_it_did(line: Line) -> None:
    (sent,) = await line.put("red")
    (taken,) = await line.take("t")
    async with line.db.transaction() as session:
        await withdraw.warnings(session, ["w-1"], reason="cancelled", at=line.clock.now())
    await line.told(taken, Accepted("g-1"))
    assert (await line.row(sent)).state == State.ACCEPTED


async def test_a_message_cancelled_in_flight_that_failed_is_not_tried_again_here_or_elsewhere(lines) -> None:
    line = lines("sms", "sms-b")
    (sent,) = await line.put("red")
    (taken,) = await line.take("t")
    async with line.db.transaction() as session:
        # The person has answered meanwhile; the warning itself goes on.
        await withdraw.deliveries(session, [sent], reason="answered", at=line.clock.now())
    assert await line.told(taken, Unreachable("timeout", maybe_sent=True)) == []
    assert await due(line) is None
    assert [row.id for row in await line.rows()] == [sent]
    row = await line.row(sent)
    assert (row.state, row.reason) == (State.CANCELLED, "answered")


async def test_a_carriers_no_that_came_before_the_record_keeps_its_reason(line: Line) -> None:
    (sent,) = await line.put("red")
    (taken,) = await line.take("t")
    await line.receipts("sms", [Receipt("g-1", taken.key, "failed", line.clock.now(), "e-1")])
    failed_at = (await line.row(sent)).state_at
    line.clock.advance(timedelta(seconds=3))
    await line.told(taken, Accepted("g-1"))
    row = await line.row(sent)
    assert (row.state, row.reason, row.state_at, row.vendor_id) == (State.FAILED, "carrier", failed_at, "g-1")
