"""No send starts after its warning's end has committed, however cancel and claim fall across each other."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.db import Database
from app.dispatch import permit, withdraw
from app.dispatch.states import State
from tests.dispatch.line import Line, build

pytestmark = pytest.mark.anyio


async def cancel(line: Line, *warnings: str) -> int:
    async with line.db.transaction() as session:
        return await withdraw.warnings(session, warnings, reason="cancelled", at=line.clock.now())


async def somebody_waits(db: Database) -> None:
    """Return as soon as a connection waits for another's lock."""
    async with asyncio.timeout(10), db.raw() as connection:
        while not await connection.scalar(sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
            pass


async def test_after_a_cancel_nothing_of_that_warning_starts_and_another_one_goes_on(line: Line) -> None:
    placed = await line.put("red", number=5)
    other = await line.put("red", warning_id="w-2")
    in_flight = {one.id for one in await line.take("t", limit=2)}
    assert in_flight < set(placed)
    assert await cancel(line, "w-1") == 5
    assert [one.id for one in await line.take("t")] == other
    await line.sender.drain()
    assert not line.phones.rang
    assert {row.state for row in await line.rows(warning_id="w-1")} == {State.CANCELLED}
    # Those two may be at the gateway already, and it shows: they were tried.
    assert {row.id for row in await line.rows(warning_id="w-1") if row.attempts} == in_flight


async def test_between_two_claims_of_the_sender_a_cancel_stops_the_rest(line: Line) -> None:
    await line.put("red", number=60)
    await line.sender._start(line.sender.lanes[0])
    await cancel(line, "w-1")
    await line.sender.drain()
    assert len(line.phones.rang) == 50
    assert sum(row.state == State.CANCELLED for row in await line.rows()) == 10


async def test_a_cancel_waits_for_a_claim_that_is_under_way_and_marks_what_it_took(postgres_url: str) -> None:
    db = Database(postgres_url)
    line = build(db)
    placed = await line.put("red", number=4)
    async with db.transaction() as session:
        taken = await line.take("t", limit=2, session=session)
        ending = asyncio.create_task(cancel(line, "w-1"))
        await somebody_waits(db)
        assert not ending.done()
    assert await ending == 4
    assert not await line.take("t")
    rows = {row.id: row for row in await line.rows()}
    assert {row.state for row in rows.values()} == {State.CANCELLED}
    assert {row_id for row_id in placed if rows[row_id].attempts} == {one.id for one in taken}
    await line.registry.aclose()
    await db.close()


async def test_a_claim_that_meets_an_uncommitted_cancel_waits_and_then_takes_nothing(
    postgres_url: str,
) -> None:
    db = Database(postgres_url)
    line = build(db)
    await line.put("red", number=4)
    async with db.transaction() as session:
        await permit.revoke(session, ["w-1"], at=line.clock.now())
        claiming = asyncio.create_task(line.take("t"))
        await somebody_waits(db)
        # What is being claimed is skipped here; the claim itself cancels it.
        stopped = await withdraw.warnings(session, ["w-1"], reason="cancelled", at=line.clock.now())
        assert stopped == 0
    assert await claiming == []
    assert {(row.state, row.attempts) for row in await line.rows()} == {(State.CANCELLED.value, 0)}
    await line.registry.aclose()
    await db.close()


async def test_a_claim_that_meets_a_cancel_taken_back_goes_on(postgres_url: str) -> None:
    db = Database(postgres_url)
    line = build(db)
    placed = await line.put("red", number=4)
    async with db.transaction() as session:
        await permit.revoke(session, ["w-1"], at=line.clock.now())
        claiming = asyncio.create_task(line.take("t"))
        await somebody_waits(db)
        await session.rollback()
    assert sorted(one.id for one in await claiming) == sorted(placed)
    await line.registry.aclose()
    await db.close()


async def test_what_is_due_after_its_warning_is_over_ends_expired_and_is_not_sent(line: Line) -> None:
    await line.permit("w-1", expires_at=line.clock.now() + timedelta(minutes=10))
    (sent,) = await line.put("red")
    line.clock.advance(timedelta(minutes=10))
    await line.sender.drain()
    row = await line.row(sent)
    assert (row.state, row.reason, row.attempts, row.not_before) == (State.EXPIRED, "expired", 0, None)
    assert not line.phones.rang


async def test_a_message_with_an_end_of_its_own_is_not_sent_at_it(line: Line) -> None:
    (sent,) = await line.put("red", expires_at=line.clock.now() + timedelta(minutes=1))
    assert not await line.take("t", at=line.clock.now() + timedelta(minutes=1))
    assert (await line.row(sent)).state == State.EXPIRED


async def test_without_a_permit_nothing_starts(line: Line) -> None:
    line.permitted.add("w-9")  # says so, but nobody granted it
    (sent,) = await line.put("red", warning_id="w-9")
    assert not await line.take("t")
    assert (await line.row(sent)).state == State.CANCELLED


async def test_an_all_clear_has_a_permit_that_outlives_the_cancel(line: Line) -> None:
    await line.put("red")
    await cancel(line, "w-1")
    await line.permit("w-1", purpose="clear")
    clear = await line.put("red", purpose="clear")
    assert [one.id for one in await line.take("t")] == clear
