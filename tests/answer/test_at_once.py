"""Two hands at one obligation in the same moment, on PostgreSQL: what is kept is what the facts say."""

import asyncio

import pytest
import sqlalchemy as sa

from app.answer import escalate, gateway
from app.answer.fold import AnswerFact, standing
from app.answer.settle import Given, settle
from app.answer.tables import Answer, Obligation
from app.channels.contract import Receipt
from app.db import Session
from app.dispatch.receipts import Seen
from tests.dispatch.test_permit import somebody_waits
from tests.support.hamlet import TOWN, VILLAGE
from tests.support.world import World, open_world

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(hamlet_postgres_url: str):
    opened = await open_world(hamlet_postgres_url)
    yield opened
    await opened.registry.aclose()
    await opened.db.close()


async def asked(world: World) -> Obligation:
    (row,) = await world.obligations(place_id=VILLAGE, duty="village-head")
    return row


async def give(world: World, session: Session, row: Obligation, rung: str) -> None:
    mine = await session.get_one(Obligation, row.id)
    given = Given(rung, "voice", "voice", f"e-{rung}", world.clock.now(), person_id=row.a_person)
    await settle(session, [(given, [mine], {row.id: {"A"}})], scheme=world.scheme, at=world.clock.now())


async def folded(world: World, row: Obligation) -> tuple[str, bool, object]:
    async with world.db.reading() as session:
        facts = [
            AnswerFact(one.rung, one.counts, one.received_at, one.via, 0, one.event_id)
            for one in await session.scalars(sa.select(Answer).filter_by(obligation_id=row.id))
        ]
    now = standing(facts, due_at=row.due_at, at=world.clock.now())
    return now.state, now.cannot, now.answered_at


@pytest.mark.parametrize(
    ("first", "second"), [("confirmed", "cannot"), ("cannot", "confirmed"), ("confirmed", "done")]
)
async def test_two_answers_at_once_end_as_both_together_say(world: World, first: str, second: str) -> None:
    await world.issues("red", TOWN)
    row = await asked(world)

    async def other() -> None:
        async with world.db.transaction() as session:
            await give(world, session, row, second)

    async with world.db.transaction() as session:
        await give(world, session, row, first)
        waiting = asyncio.create_task(other())
        await somebody_waits(world.db)
    await waiting
    now = await asked(world)
    assert (now.state, now.cannot, now.answered_at) == await folded(world, row)
    assert (now.state, now.next_step_at) == ("met", None)
    rang = len(world.phones.rang)
    await world.advance(minutes=10)
    assert not [
        call
        for call in world.phones.rang[rang:]
        if call.to == await world.number(row.a_person) and "叫不应" not in call.text
    ]


async def test_a_receipt_written_while_somebody_answers_does_not_take_the_answer_down_the_ladder(
    world: World,
) -> None:
    await world.issues("red", TOWN)
    row = await asked(world)
    (call,) = world.phones.to(await world.number(row.a_person))
    (sent,) = [one for one in await world.deliveries() if one.key == call.key]

    async def played() -> None:
        async with world.db.transaction() as session:
            await gateway.heard(session, [Seen(sent.id, "heard", world.clock.now())], at=world.clock.now())

    async with world.db.transaction() as session:
        await give(world, session, row, "done")
        hearing = asyncio.create_task(played())
        await somebody_waits(world.db)
    await hearing
    assert (await asked(world)).rung == 6


async def test_a_message_lost_while_its_person_answers_does_not_start_the_calls_again(world: World) -> None:
    await world.issues("red", TOWN)
    row = await asked(world)
    (call,) = world.phones.to(await world.number(row.a_person))
    (sent,) = [one for one in await world.deliveries() if one.key == call.key]
    await world.posts("voice", [Receipt(None, call.key, "failed", world.clock.now(), "e")])

    async def hurried() -> int:
        async with world.db.transaction() as session:
            return await escalate.hurry(session, [sent.id], scheme=world.scheme, at=world.clock.now())

    async with world.db.transaction() as session:
        await give(world, session, row, "confirmed")
        losing = asyncio.create_task(hurried())
        await somebody_waits(world.db)
    assert await losing == 0
    assert (await asked(world)).next_step_at is None
