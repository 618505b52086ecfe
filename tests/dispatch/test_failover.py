"""Another channel of the kind takes over: at once for a red, for others when the first has given up."""

from datetime import timedelta

import pytest

from app.channels.contract import BadNumber, Receipt, Rejected, Unreachable
from app.dispatch import standing, withdraw
from app.dispatch.states import State
from tests.dispatch.line import Line
from tests.support.world import Rang

pytestmark = pytest.mark.anyio


def only_second(call: Rang) -> dict[str, bool] | int:
    return 503 if call.channel == "sms" else {"ok": True}


async def test_a_red_is_with_the_second_vendor_while_the_first_is_still_asked_again(lines) -> None:
    line = lines("sms", "sms-b", "voice")
    line.phones.says = only_second
    (sent,) = await line.put("red")
    await line.sender.drain()
    assert [call.channel for call in line.phones.rang] == ["sms", "sms-b"]
    first, second = await line.rows()
    assert (first.id, first.state) == (sent, State.SENDING)
    assert (second.failover_of, second.state, second.channel) == (sent, State.ACCEPTED, "sms-b")
    assert second.key != first.key
    assert second.key.startswith(first.key)
    assert (second.content_id, second.person_id, second.round) == (
        first.content_id,
        first.person_id,
        first.round,
    )


@pytest.mark.parametrize(("level", "after"), [("orange", 33), ("blue", 450)])
async def test_others_go_to_the_second_vendor_when_the_first_has_used_up_its_tries(
    lines, level, after
) -> None:
    line = lines("sms", "sms-b", "voice")
    line.phones.says = only_second
    (sent,) = await line.put(level)
    await line.sender.drain()
    for _ in range(after - 1):
        await line.later(seconds=1)
    assert {call.channel for call in line.phones.rang} == {"sms"}
    await line.later(seconds=1)
    assert line.phones.rang[-1].channel == "sms-b"
    assert (await line.row(sent)).state == State.FAILED
    assert not line.lost


async def test_a_refusal_for_good_goes_over_at_once_at_any_level(lines) -> None:
    line = lines("sms", "sms-b")
    line.phones.says = lambda call: 403 if call.channel == "sms" else {"ok": True}
    (sent,) = await line.put("blue")
    await line.sender.drain()
    assert [call.channel for call in line.phones.rang] == ["sms", "sms-b"]
    assert (await line.row(sent)).reason == "rejected"
    assert not line.lost


async def test_a_red_that_every_vendor_has_refused_is_lost_when_the_last_gives_up(lines) -> None:
    line = lines("sms", "sms-b")
    line.phones.says = lambda _call: 503
    (sent,) = await line.put("red")
    await line.sender.drain()
    for _ in range(17):
        await line.later(seconds=1)
    rows = await line.rows()
    assert {row.state for row in rows} == {State.FAILED}
    assert len(rows) == 2
    # Told when nothing is left: not with the first's end, when the second still tried, and not never.
    assert sent in line.lost or rows[1].id in line.lost


@pytest.mark.parametrize("last", ["sms", "sms-b"])
async def test_whichever_vendor_gives_up_last_the_message_is_told_lost_then_and_not_before(
    lines, last
) -> None:
    line = lines("sms", "sms-b")
    (sent,) = await line.put("red")
    (first,) = await line.take("t")
    await line.told(first, Unreachable("timeout"))
    (second,) = [one for one in await line.take("t") if one.channel == "sms-b"]
    assert first.key != second.key
    line.clock.advance(timedelta(seconds=2))
    again = [one for one in await line.take("t") if one.channel == "sms"]
    held = {"sms": again[0], "sms-b": second}
    early = held["sms" if last == "sms-b" else "sms-b"]
    assert await line.told(early, BadNumber("gone")) == []
    assert await line.told(held[last], BadNumber("gone")) == [held[last].id]
    assert sent


async def test_what_was_given_to_another_vendor_is_alive_as_long_as_that_one_tries(lines) -> None:
    line = lines("sms", "sms-b")
    (sent,) = await line.put("blue")
    (first,) = await line.take("t")
    await line.told(first, Rejected("template"))
    async with line.db.reading() as session:
        assert await standing.alive(session, [sent]) == {sent}
        assert await standing.root(session, [row.id for row in await line.rows()]) == {
            row.id: sent for row in await line.rows()
        }
    (second,) = await line.take("t")
    await line.told(second, BadNumber("gone"))
    async with line.db.reading() as session:
        assert await standing.alive(session, [sent]) == set()


async def test_a_receipt_of_the_second_vendor_is_the_second_deliverys(lines) -> None:
    line = lines("sms", "sms-b")
    line.phones.says = only_second
    (sent,) = await line.put("red")
    await line.sender.drain()
    second = (await line.rows(channel="sms-b"))[0]
    await line.receipts("sms-b", [Receipt(second.vendor_id, None, "delivered", line.clock.now(), "e-1")])
    assert (await line.row(second.id)).state == State.DELIVERED
    assert (await line.row(sent)).state == State.SENDING


async def test_with_one_vendor_alone_there_is_nowhere_to_go(line: Line) -> None:
    line.phones.says = lambda _call: 403
    (sent,) = await line.put("red")
    await line.sender.drain()
    assert line.lost == [sent]
    assert len(await line.rows()) == 1


async def test_whoever_has_answered_is_not_rung_by_the_second_vendor_either(lines) -> None:
    line = lines("sms", "sms-b")
    line.phones.says = lambda _call: 503
    (sent,) = await line.put("red")
    await line.sender.drain()
    assert len(await line.rows()) == 2
    async with line.db.transaction() as session:
        assert await withdraw.deliveries(session, [sent], reason="answered", at=line.clock.now()) == 2
    rang = len(line.phones.rang)
    await line.later(minutes=5)
    assert len(line.phones.rang) == rang
    assert {(row.state, row.reason) for row in await line.rows()} == {(State.CANCELLED.value, "answered")}
