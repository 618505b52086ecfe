"""Claiming: the most urgent first, each row once, under a lease; what a dead worker held is due again."""

import asyncio
from datetime import timedelta

import pytest

from app.db import Database
from app.dispatch import permit
from app.dispatch.policy import POISON_CLAIMS
from app.dispatch.states import State
from tests.dispatch.line import LEASE, Line, build, rate

pytestmark = pytest.mark.anyio


async def test_eight_claimers_at_once_take_each_message_exactly_once(postgres_url: str) -> None:
    db = Database(postgres_url)
    line = build(db)
    placed = await line.put("blue", number=150)

    async def claimer(name: str) -> list[str]:
        mine: list[str] = []
        while taken := await line.take(name, limit=7):
            mine += [one.id for one in taken]
        return mine

    claimed = await asyncio.gather(*(claimer(f"c-{n}") for n in range(8)))
    everything = [one for some in claimed for one in some]
    # A claimer may find the line empty while others hold the rest; one more look takes what is left.
    everything += await claimer("last")
    assert sorted(everything) == sorted(placed)
    assert sum(1 for some in claimed if some) > 1
    await line.registry.aclose()
    await db.close()


async def test_a_claim_takes_the_most_urgent_first_then_the_oldest(line: Line) -> None:
    blue, *_ = await line.put("blue", number=3)
    line.clock.advance(timedelta(seconds=1))
    later = await line.put("blue")
    red = await line.put("red")
    orange = await line.put("orange")
    taken = [one.id for one in await line.take("t", limit=3)]
    assert taken[:2] == [*red, *orange]
    assert taken[2] != later[0]
    assert await line.take("t", limit=50)
    assert blue in {row.id for row in await line.rows(state=State.SENDING)}


async def test_a_red_that_comes_later_overtakes_every_blue_still_in_line(line: Line) -> None:
    await line.put("blue", number=200)
    first = await line.take("t", limit=50)
    red = await line.put("red")
    assert len(first) == 50
    assert [one.id for one in await line.take("t", limit=1)] == red


async def test_the_red_lane_takes_nothing_else(line: Line) -> None:
    await line.put("orange", number=3)
    red = await line.put("red", number=2)
    assert {one.id for one in await line.take("t", red_only=True)} == set(red)
    assert not await line.take("t", red_only=True)


async def test_a_lease_keeps_others_away_until_it_ends_then_the_message_is_due_again(line: Line) -> None:
    (sent,) = await line.put("red")
    (first,) = await line.take("dies")
    line.clock.advance(LEASE - timedelta(microseconds=1))
    assert not await line.take("other")
    line.clock.advance(timedelta(microseconds=1))
    (second,) = await line.take("other")
    assert (second.id, second.key, second.attempt) == (first.id, first.key, 2)
    row = await line.row(sent)
    assert (row.state, row.claimed_by, row.possibly_twice) == (State.SENDING, "other", True)
    assert [one.outcome for one in await line.attempts(sent)] == [None, None]


async def test_a_first_claim_is_not_marked_as_possibly_twice(line: Line) -> None:
    (sent,) = await line.put("red")
    await line.take("t")
    assert (await line.row(sent)).possibly_twice is False


async def test_nothing_is_taken_before_its_time(line: Line) -> None:
    (sent,) = await line.put("red")
    line.clock.advance(timedelta(seconds=-0))
    assert not await line.take("t", at=line.clock.now() - timedelta(microseconds=1))
    assert [one.id for one in await line.take("t")] == [sent]


async def test_what_exceeds_a_channels_rate_goes_back_uncounted_and_is_due_when_it_allows(lines) -> None:
    line = lines("sms", rate="2/s")
    placed = await line.put("blue", number=5)
    budget = rate(line)
    assert len(await line.take("t", budget=budget)) == 2
    waiting = [row for row in await line.rows() if row.claimed_by is None]
    assert len(waiting) == 3
    assert all(
        (row.attempts, row.lease_until, row.possibly_twice) == (0, None, False)
        and row.not_before is not None
        and row.not_before > line.clock.now()
        for row in waiting
    )
    seconds = 0.0
    while not all(row.claimed_by for row in await line.rows()):
        due = min(row.not_before for row in await line.rows() if row.claimed_by is None and row.not_before)
        seconds += (due - line.clock.now()).total_seconds()
        line.clock.set(due)
        await line.take("t", budget=budget)
        assert seconds < 5
    assert {row.attempts for row in await line.rows()} == {1}
    assert len(placed) == 5


async def test_a_red_may_borrow_from_the_channels_rate_and_blues_pay_it_back(lines) -> None:
    line = lines("sms", rate="2/s")
    budget = rate(line)
    await line.put("blue", number=2)
    assert len(await line.take("t", budget=budget)) == 2
    red = await line.put("red", number=2)
    assert {one.id for one in await line.take("t", budget=budget)} == set(red)
    blue = await line.put("blue")
    line.clock.advance(timedelta(seconds=1))
    assert not await line.take("t", budget=budget)
    line.clock.advance(timedelta(seconds=1))
    assert [one.id for one in await line.take("t", budget=budget)] == blue


async def test_a_blue_does_not_borrow_because_a_red_stands_before_it(lines) -> None:
    line = lines("sms", rate="2/s")
    budget = rate(line)
    red = await line.put("red")
    await line.put("blue", number=6)
    taken = await line.take("t", budget=budget)
    assert taken[0].id == red[0]
    assert len(taken) == 2
    second = await line.put("red", number=2)
    assert {one.id for one in await line.take("t", budget=budget)} == set(second)


async def test_what_ends_without_being_sent_does_not_hide_what_is_due_behind_it(line: Line) -> None:
    await line.put("red", number=60)
    (behind,) = await line.put("blue", warning_id="w-2")
    async with line.db.transaction() as session:
        await permit.revoke(session, ["w-1"], at=line.clock.now())
    await line.sender.drain()
    assert (await line.row(behind)).state == State.ACCEPTED
    assert {row.state for row in await line.rows(warning_id="w-1")} == {State.CANCELLED}


async def test_what_kills_its_worker_each_time_is_parked_with_a_reason_and_goes_to_another_channel(
    lines,
) -> None:
    line = lines("sms", "sms-b")
    (sent,) = await line.put("blue")
    for _ in range(POISON_CLAIMS):
        assert await line.take("dies")
        line.clock.advance(LEASE)
    await line.sender.drain()
    row = await line.row(sent)
    assert (row.state, row.reason, row.not_before) == (State.FAILED, "poison", None)
    assert [call.channel for call in line.phones.rang] == ["sms-b"]
    assert not line.lost


async def test_what_is_parked_with_no_other_channel_is_lost_and_whoever_is_next_is_told(line: Line) -> None:
    (sent,) = await line.put("blue")
    for _ in range(POISON_CLAIMS):
        await line.take("dies")
        line.clock.advance(LEASE)
    await line.sender.drain()
    assert line.lost == [sent]


async def test_a_channel_that_is_no_longer_configured_holds_up_nobody_and_its_messages_go_elsewhere(
    lines,
) -> None:
    before = lines("sms-old", "sms", "voice")
    (old,) = await before.put("red")
    after = lines("sms", "voice")
    after.serial = 10
    (other,) = await after.put("blue", "voice", warning_id="w-2")
    await after.sender.drain()
    assert (await after.row(other)).state == State.ACCEPTED
    row = await after.row(old)
    assert (row.state, row.reason) == (State.FAILED, "no-channel")
    assert sorted(call.channel for call in after.phones.rang) == ["sms", "voice"]
