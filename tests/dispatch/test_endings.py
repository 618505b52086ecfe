"""How messages end without being sent, and how an all-clear waits behind everything that calls."""

from datetime import timedelta

import pytest

from app.access import links
from app.channels.contract import Receipt
from app.dispatch import expire, notify, permit, withdraw
from app.dispatch.states import State
from app.dispatch.withdraw import hand_over
from tests.dispatch.line import DISTRICT, Line
from tests.support.due import next_due

pytestmark = pytest.mark.anyio


async def sweep(line: Line) -> list[str]:
    async with line.db.transaction() as session:
        return await expire.sweep(session, at=line.clock.now())


async def clear(line: Line, warning: str = "w-1") -> int:
    async with line.db.transaction() as session:
        await withdraw.warnings(session, [warning], reason="cancelled", at=line.clock.now())
    await line.permit(warning, purpose="clear")
    async with line.db.transaction() as session:
        return await notify.all_clear(
            session, warning, text="解除", registry=line.registry, at=line.clock.now()
        )


async def test_what_still_waits_when_its_time_is_over_is_given_its_end_and_told(line: Line) -> None:
    await line.permit("w-1", expires_at=line.clock.now() + timedelta(minutes=5))
    waiting = await line.put("blue", number=3)
    (other,) = await line.put("blue", warning_id="w-2")
    async with line.db.reading() as session:
        assert await next_due(session, expire.NEXT_END) == line.clock.now() + timedelta(minutes=5)
    assert not await sweep(line)
    line.clock.advance(timedelta(minutes=5))
    assert sorted(await sweep(line)) == sorted(waiting)
    assert {(row.state, row.reason) for row in await line.rows(warning_id="w-1")} == {
        (State.EXPIRED.value, "expired")
    }
    assert (await line.row(other)).state == State.QUEUED


async def test_what_a_cancel_skipped_ends_cancelled_and_says_so(line: Line) -> None:
    (sent,) = await line.put("blue")
    async with line.db.transaction() as session:
        await permit.revoke(session, ["w-1"], at=line.clock.now())
    assert await sweep(line) == [sent]
    row = await line.row(sent)
    assert (row.state, row.reason) == (State.CANCELLED, "cancelled")


async def test_what_is_at_a_gateway_is_left_to_its_outcome(line: Line) -> None:
    await line.permit("w-1", expires_at=line.clock.now() + timedelta(seconds=30))
    (sent,) = await line.put("blue")
    await line.take("t")
    line.clock.advance(timedelta(seconds=30))
    assert not await sweep(line)
    line.clock.advance(timedelta(seconds=30))
    assert await sweep(line) == [sent]  # its worker is gone, and so is its time


async def test_single_messages_nobody_needs_any_more_are_stopped_and_others_go_on(line: Line) -> None:
    one, two = await line.put("red", number=2)
    async with line.db.transaction() as session:
        assert await withdraw.deliveries(session, [one], reason="answered", at=line.clock.now()) == 1
    await line.sender.drain()
    assert (await line.row(one)).state == State.CANCELLED
    assert (await line.row(two)).state == State.ACCEPTED


async def test_what_was_accepted_cannot_be_withdrawn(line: Line) -> None:
    (sent,) = await line.put("red")
    await line.sender.drain()
    async with line.db.transaction() as session:
        assert await withdraw.deliveries(session, [sent], reason="answered", at=line.clock.now()) == 0
    assert (await line.row(sent)).state == State.ACCEPTED


async def test_an_all_clear_goes_once_to_everybody_who_may_have_been_reached_and_to_nobody_else(
    line: Line,
) -> None:
    reached, retried, never = [await line.person() for _ in range(3)]
    await line.put("red", "voice", person_id=reached)
    await line.put("red", "sms", person_id=reached)
    await line.sender.drain()
    line.phones.says = lambda _call: 503
    await line.put("red", "sms", person_id=retried)
    await line.sender.drain()
    await line.put("red", "sms", person_id=never)
    line.phones.says = lambda _call: {"ok": True}
    assert await clear(line) == 2
    before = len(line.phones.rang)
    await line.sender.drain()
    told = line.phones.rang[before:]
    assert {(call.channel, call.text) for call in told} == {("sms", "解除")}
    assert {call.to for call in told} == {await line.number(reached), await line.number(retried)}


async def test_whoever_a_lost_answer_may_have_reached_is_told_too(line: Line) -> None:
    line.phones.says = lambda _call: 503
    (sent,) = await line.put("red")
    await line.sender.drain()
    for seconds in (2, 5, 10):
        await line.later(seconds=seconds)
    row = await line.row(sent)
    assert (row.state, row.possibly_twice) == (State.FAILED, True)
    assert await clear(line) == 1


@pytest.mark.parametrize("recorded", [True, False])
async def test_whoever_the_gateway_had_taken_is_told_though_its_carrier_says_that_nothing_arrived(
    line: Line, recorded: bool
) -> None:
    (sent,) = await line.put("red")
    if recorded:
        await line.sender.drain()
    else:
        await line.take("dies")  # and with it what the gateway said
    await line.receipts("sms", [Receipt(None, "k-1", "failed", line.clock.now(), "e-1")])
    assert (await line.row(sent)).state == State.FAILED
    assert await clear(line) == 1  # a carrier may say so, and bring it a minute later all the same


async def test_a_place_whose_loudspeakers_played_hears_that_it_is_over(line: Line) -> None:
    await line.put("red", "broadcast", person_id=None, place_id="500153001")
    await line.sender.drain()
    await clear(line)
    await line.sender.drain()
    assert [(call.channel, call.to) for call in line.phones.rang] == [("broadcast", "500153001")] * 2


async def test_an_all_clear_waits_behind_everything_that_calls(line: Line) -> None:
    await line.put("red")
    await line.sender.drain()
    await clear(line)
    line.clock.advance(timedelta(seconds=1))
    calls = [(await line.put(level, warning_id="w-2"))[0] for level in ("blue", "yellow", "red")]
    taken = [one.id for one in await line.take("t", limit=3)]
    assert taken == list(reversed(calls))
    (last,) = await line.take("t")
    assert last.text == "解除"


async def test_a_message_handed_to_the_warning_that_took_over_goes_out_under_it_with_a_link_that_opens(
    line: Line,
) -> None:
    person = await line.person()
    (sent,) = await line.put("blue", person_id=person, text="请看 {link}")
    async with line.db.transaction() as session:
        until = line.clock.now() + timedelta(hours=8)
        await links.issue_many(
            session, [(person, "w-1")], district=DISTRICT, expires=until, at=line.clock.now()
        )
    await line.permit("w-2")
    async with line.db.transaction() as session:
        await hand_over(session, "w-1", "w-2", ["500153001"])
        await withdraw.warnings(session, ["w-1"], reason="superseded", at=line.clock.now())
    await line.sender.drain()
    (call,) = line.phones.rang
    token = call.text.rpartition("/")[2]
    async with line.db.reading() as session:
        opened = await links.look(session, token, line.clock.now())
    assert opened is not None
    assert (opened.person_id, (await line.row(sent)).warning_id) == (person, "w-2")


async def test_a_try_and_its_retry_carry_the_same_words_even_when_another_warning_took_over_between(
    line: Line,
) -> None:
    line.phones.says = lambda _call: 503
    person = await line.person()
    await line.put("blue", person_id=person, text="请看 {link}")
    await line.sender.drain()
    await line.permit("w-2")
    async with line.db.transaction() as session:
        await hand_over(session, "w-1", "w-2", ["500153001"])
    line.phones.says = lambda _call: {"ok": True}
    await line.later(seconds=30)
    assert len(line.phones.rang) == 2
    assert len({(call.key, call.text) for call in line.phones.rang}) == 1
