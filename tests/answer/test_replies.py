"""What comes back from a call: heard, understood or not, twice, too late, after the end; all is kept."""

from datetime import timedelta

import pytest

from app import sealed
from app.channels.contract import Receipt, Reply
from app.tasks import alarms
from app.warning.level import Level
from tests.answer.people import answers, calls, head, number, one, replies
from tests.support.hamlet import TOWN, VILLAGE
from tests.support.seeded import DISTRICT
from tests.support.world import World

pytestmark = pytest.mark.anyio


async def test_what_is_heard_shows_on_the_ladder_and_is_no_answer(hamlet: World) -> None:
    await hamlet.issues("red", TOWN)
    row = await one(hamlet, place_id=VILLAGE, duty="village-head")
    (call,) = calls(hamlet, await number(hamlet, row.a_person))
    at = hamlet.clock.now()
    await hamlet.posts("voice", [Receipt(None, call.key, "connected", at, "e-1")])
    assert (await one(hamlet, id=row.id)).rung == 2
    await hamlet.posts("voice", [Receipt(None, call.key, "heard", at, "e-2")])
    await hamlet.posts("voice", [Receipt(None, call.key, "delivered", at, "e-3")])
    heard = await one(hamlet, id=row.id)
    assert (heard.rung, heard.state, heard.answered_at) == (3, "open", None)
    await hamlet.advance(minutes=2)
    assert len(calls(hamlet, call.to)) == 2


async def test_a_reply_from_a_number_nobody_knows_is_kept_and_answers_nothing(hamlet: World) -> None:
    await hamlet.issues("red", TOWN)
    told = await hamlet.posts("sms", [Reply("00090199999", None, "1", None, hamlet.clock.now(), "r")])
    assert told["unknown-number"] == 1
    (row,) = await replies(hamlet)
    assert (row.outcome, row.words, row.phone_index) == (
        "unknown-number",
        "1",
        sealed.blind_index("00090199999"),
    )
    assert not await answers(hamlet)


async def test_a_reply_that_says_nothing_clear_is_kept_and_the_calls_go_on(hamlet: World) -> None:
    await hamlet.issues("blue", TOWN)
    row = await one(hamlet, town=TOWN, duty="town-duty")
    (call,) = calls(hamlet, await number(hamlet, row.a_person))
    assert (await hamlet.reply(call, "你是谁"))["not-understood"] == 1
    assert [reply.outcome for reply in await replies(hamlet)] == ["not-understood"]
    await hamlet.advance(minutes=30)
    assert len(calls(hamlet, call.to)) == 2


async def test_a_reply_without_any_call_is_kept_as_one_with_nothing_open(hamlet: World) -> None:
    person = await head(hamlet)
    told = await hamlet.posts(
        "sms", [Reply(await number(hamlet, person), None, "1", None, hamlet.clock.now(), "r")]
    )
    assert told["nothing-open"] == 1


async def test_the_same_reply_twice_is_one_and_a_second_reply_changes_nothing(hamlet: World) -> None:
    await hamlet.issues("blue", TOWN)
    row = await one(hamlet, town=TOWN, duty="town-duty")
    (call,) = calls(hamlet, await number(hamlet, row.a_person))
    reply = Reply(call.to, None, "１", None, hamlet.clock.now(), "r-1")
    assert (await hamlet.posts("sms", [reply, reply]))["repeated"] == 1
    assert (await hamlet.posts("sms", [reply]))["repeated"] == 1
    met = await one(hamlet, id=row.id)
    assert (met.state, met.via) == ("met", "sms")
    await hamlet.advance(minutes=1)
    await hamlet.posts("sms", [Reply(call.to, None, "收到", None, hamlet.clock.now(), "r-2")])
    again = await one(hamlet, id=row.id)
    assert (again.state, again.answered_at, again.rung) == (met.state, met.answered_at, met.rung)
    assert len(await replies(hamlet)) == 2


async def test_whoever_confirmed_and_then_writes_that_they_cannot_is_not_lost(hamlet: World) -> None:
    await hamlet.issues("blue", TOWN)
    row = await one(hamlet, town=TOWN, duty="town-duty")
    (call,) = calls(hamlet, await number(hamlet, row.a_person))
    await hamlet.reply(call, "1")
    await hamlet.advance(minutes=3)
    assert (await hamlet.reply(call, "2"))["answered"] == 1
    now = await one(hamlet, id=row.id)
    assert (now.state, now.cannot) == ("met", True)


async def test_a_cannot_and_then_a_confirmation_is_met_and_the_deputys_calls_stop(hamlet: World) -> None:
    await hamlet.issues("red", TOWN)
    row = await one(hamlet, place_id=VILLAGE, duty="village-head")
    (call,) = calls(hamlet, await number(hamlet, row.a_person))
    await hamlet.reply(call, "2")
    now = await one(hamlet, id=row.id)
    assert (now.state, now.cannot, now.who) == ("open", True, "B")
    await hamlet.advance(seconds=30)
    await hamlet.reply(call, "1")
    now = await one(hamlet, id=row.id)
    assert (now.state, now.cannot, now.next_step_at) == ("met", False, None)


async def test_an_answer_at_its_last_moment_is_met_and_one_after_it_was_missed_is_late(hamlet: World) -> None:
    await hamlet.issues("red", TOWN)
    one_, two = await hamlet.obligations(duty="village-head")
    first, second = [calls(hamlet, await number(hamlet, row.a_person))[0] for row in (one_, two)]
    await hamlet.advance(minutes=20)
    assert hamlet.clock.now() == one_.due_at
    await hamlet.reply(first, "1")
    assert (await one(hamlet, id=one_.id)).state == "met"
    await hamlet.advance(seconds=1)
    assert (await one(hamlet, id=two.id)).state == "missed"
    await hamlet.reply(second, "1")
    now = await one(hamlet, id=two.id)
    assert (now.state, now.answered_at) == ("late", two.due_at + timedelta(seconds=1))


async def test_a_reply_after_the_cancel_is_kept_with_its_answer_and_calls_nobody(hamlet: World) -> None:
    await hamlet.issues("red", TOWN, identifier="E-1")
    row = await one(hamlet, place_id=VILLAGE, duty="village-head")
    (call,) = calls(hamlet, await number(hamlet, row.a_person))
    await hamlet.issues("red", TOWN, msg_type="Cancel", refers=("E-1",))
    rang = len(hamlet.phones.rang)
    assert (await hamlet.reply(call, "1"))["answered"] == 1
    now = await one(hamlet, id=row.id)
    assert (now.state, now.excluded_reason, now.next_step_at) == ("met", "warning cancelled", None)
    await hamlet.reply(call, "2")
    await hamlet.advance(hours=1)
    assert len(hamlet.phones.rang) == rang


async def test_a_cannot_after_the_cancel_rings_nobody(hamlet: World) -> None:
    await hamlet.issues("red", TOWN, identifier="E-1")
    row = await one(hamlet, place_id=VILLAGE, duty="village-head")
    (call,) = calls(hamlet, await number(hamlet, row.a_person))
    await hamlet.issues("red", TOWN, msg_type="Cancel", refers=("E-1",))
    rang = len(hamlet.phones.rang)
    await hamlet.reply(call, "2")
    assert (await one(hamlet, id=row.id)).next_step_at is None
    await hamlet.advance(hours=1)
    assert len(hamlet.phones.rang) == rang


async def test_a_chain_that_ends_without_an_answer_stands_before_the_desk(hamlet: World) -> None:
    await hamlet.issues("red", TOWN)
    await hamlet.advance(minutes=25)
    async with hamlet.db.reading() as session:
        standing = {alarm.kind for alarm in await alarms.standing(session, DISTRICT)}
    assert {"unanswered", "calling-chief"} <= standing
    row = await one(hamlet, place_id=VILLAGE, duty="village-head")
    assert (row.state, row.next_step_at, row.who) == ("missed", None, "onsite")
    assert row.level == Level.RED
