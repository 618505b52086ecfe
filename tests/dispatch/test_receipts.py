"""What gateways report later: each event one fact, matched to its delivery now or within ten minutes."""

import itertools
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.channels.contract import Accepted, Receipt
from app.dispatch import receipts
from app.dispatch.states import State
from app.dispatch.tables import Delivery, ReceiptRow
from tests.dispatch.line import Line
from tests.support.due import next_due

pytestmark = pytest.mark.anyio


async def kept(line: Line) -> list[ReceiptRow]:
    async with line.db.reading() as session:
        return list(await session.scalars(sa.select(ReceiptRow).order_by(ReceiptRow.id)))


async def again(line: Line) -> receipts.Recorded:
    async with line.db.transaction() as session:
        return await receipts.match_again(session, at=line.clock.now())


async def waits(line: Line) -> bool:
    async with line.db.reading() as session:
        return await next_due(session, receipts.unmatched(line.clock.now)) is not None


async def accepted(line: Line, level: str = "red") -> Delivery:
    (sent,) = await line.put(level)
    await line.sender.drain()
    return await line.row(sent)


async def test_a_receipt_is_found_by_our_key_or_by_the_vendors_id(line: Line) -> None:
    one, two = await accepted(line), await accepted(line)
    told_ = await line.receipts(
        "sms",
        [
            Receipt(None, one.key, "delivered", line.clock.now(), "e-1"),
            Receipt(two.vendor_id, None, "delivered", line.clock.now(), "e-2"),
        ],
    )
    assert {seen.delivery_id for seen in told_.seen} == {one.id, two.id}
    assert {row.state for row in await line.rows()} == {State.DELIVERED}


async def test_the_same_event_a_hundred_times_is_one_fact(line: Line) -> None:
    sent = await accepted(line)
    event = Receipt(sent.vendor_id, None, "delivered", line.clock.now(), "e-1")
    first = await line.receipts("sms", [event] * 50)
    assert (first.repeated, len(await kept(line))) == (49, 1)
    for _ in range(5):
        line.clock.advance(timedelta(seconds=1))
        assert (await line.receipts("sms", [event] * 10)).repeated == 10
    assert len(await kept(line)) == 1
    row = await line.row(sent.id)
    assert (row.state, row.state_at) == (State.DELIVERED, sent.state_at)


@pytest.mark.parametrize(
    "order", list(itertools.permutations(["delivered", "failed", "heard"])), ids=" ".join
)
@pytest.mark.parametrize("together", [True, False])
async def test_delivered_and_failed_in_any_order_is_delivered_and_both_are_kept(
    line, order, together
) -> None:
    sent = await accepted(line)
    events = [Receipt(sent.vendor_id, None, state, line.clock.now(), f"e-{state}") for state in order]
    for batch in [events] if together else [[event] for event in events]:
        await line.receipts("sms", batch)
    row = await line.row(sent.id)
    assert (row.state, row.reason) == (State.DELIVERED, None)
    assert {one.state for one in await kept(line)} == set(order)


@pytest.mark.parametrize(("final", "reason"), [(True, "bad-number"), (False, "carrier")])
async def test_only_a_number_that_does_not_exist_is_told_as_lost_a_call_that_rang_out_is_not(
    line: Line, final: bool, reason: str
) -> None:
    sent = await accepted(line)
    event = Receipt(sent.vendor_id, None, "failed", line.clock.now(), "e-1", "UNDELIV", final)
    told_ = await line.receipts("sms", [event])
    assert told_.failed == ((sent.id,) if final else ())
    row = await line.row(sent.id)
    assert (row.state, row.reason) == (State.FAILED, reason)


async def test_a_receipt_before_its_send_returned_stands_and_the_later_yes_does_not_undo_it(
    line: Line,
) -> None:
    (sent,) = await line.put("red")
    (taken,) = await line.take("t")
    await line.receipts("sms", [Receipt("g-1", taken.key, "delivered", line.clock.now(), "e-1")])
    await line.told(taken, Accepted("g-1"))
    row = await line.row(sent)
    assert (row.state, row.vendor_id, row.not_before) == (State.DELIVERED, "g-1", None)


async def test_a_receipt_that_knows_only_the_vendors_id_and_came_first_is_matched_when_its_send_is_recorded(
    line: Line,
) -> None:
    (sent,) = await line.put("red")
    (taken,) = await line.take("t")
    told_ = await line.receipts("sms", [Receipt("g-1", None, "delivered", line.clock.now(), "e-1")])
    assert (told_.unmatched, told_.seen) == (1, ())
    assert not await waits(line)
    await line.told(taken, Accepted("g-1"))
    assert await waits(line)
    assert [seen.delivery_id for seen in (await again(line)).seen] == [sent]
    assert (await line.row(sent)).state == State.DELIVERED
    assert [row.delivery_id for row in await kept(line)] == [sent]
    assert not await waits(line)


async def test_a_failure_matched_late_is_told_as_one_matched_at_once(line: Line) -> None:
    (sent,) = await line.put("red")
    (taken,) = await line.take("t")
    event = Receipt("g-1", None, "failed", line.clock.now(), "e-1", "NOEXIST", final_for_number=True)
    await line.receipts("sms", [event])
    await line.told(taken, Accepted("g-1"))
    assert (await again(line)).failed == (sent,)
    assert (await line.row(sent)).reason == "bad-number"


async def test_an_unknown_receipt_is_kept_and_after_ten_minutes_no_longer_matched_or_waited_for(
    line: Line,
) -> None:
    told_ = await line.receipts("sms", [Receipt("g-1", None, "delivered", line.clock.now(), "e-1")])
    assert told_.unmatched == 1
    line.clock.advance(timedelta(minutes=10))
    sent = await accepted(line)  # a vendor that began to count anew: the same id is another message
    assert sent.vendor_id == "g-1"
    assert not await waits(line)
    assert (await again(line)).seen == ()
    assert (await line.row(sent.id)).state == State.ACCEPTED
    assert len(await kept(line)) == 1


async def test_only_deliveries_of_the_channel_that_reports_are_touched(line: Line) -> None:
    sent = await accepted(line)
    told_ = await line.receipts(
        "voice", [Receipt(sent.vendor_id, sent.key, "delivered", line.clock.now(), "e-1")]
    )
    assert told_.unmatched == 1
    assert (await line.row(sent.id)).state == State.ACCEPTED


async def test_a_word_that_nobody_knows_is_kept_and_moves_nothing(line: Line) -> None:
    sent = await accepted(line)
    told_ = await line.receipts(
        "sms", [Receipt(sent.vendor_id, None, "unknown", line.clock.now(), "e-1", "NEWWORD")]
    )
    assert (told_.seen, told_.failed) == ((), ())
    assert (await line.row(sent.id)).state == State.ACCEPTED
    assert [row.detail for row in await kept(line)] == ["NEWWORD"]


async def test_a_receipt_stops_the_retries_of_a_send_whose_answer_was_lost(line: Line) -> None:
    line.phones.says = lambda _call: 503
    (sent,) = await line.put("red")
    await line.sender.drain()
    await line.receipts("sms", [Receipt(None, "k-1", "delivered", line.clock.now(), "e-1")])
    await line.later(minutes=1)
    assert len(line.phones.rang) == 1
    assert (await line.row(sent)).state == State.DELIVERED
