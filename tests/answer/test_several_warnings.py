"""One person, several warnings: each call says all that is open, one answer is for all that it said."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.answer.ring import Ask, ring
from app.answer.tables import Call, Obligation, StepTaken
from app.channels.contract import Receipt, Reply
from app.ids import new_id
from app.origin import Origin
from tests.answer.people import answers, calls, number, one
from tests.support.hamlet import SECOND, TOWN
from tests.support.world import Rang, World

pytestmark = pytest.mark.anyio

RAIN, WIND = "11B03", "11B06"


async def _two(world: World, gap: float = 30, level: str = "red") -> tuple[Obligation, Obligation, str]:
    """Rain first, then another hazard, for one town; return what its officer was asked, and the number."""
    await world.issues(level, TOWN, hazard=RAIN)
    await world.advance(seconds=gap)
    await world.issues(level, TOWN, hazard=WIND)
    rain = await one(world, town=TOWN, duty="town-duty", hazard=RAIN)
    wind = await one(world, town=TOWN, duty="town-duty", hazard=WIND)
    assert rain.a_person == wind.a_person
    return rain, wind, await number(world, rain.a_person)


def _voice(rang: Sequence[Rang]) -> list[Rang]:
    return [call for call in rang if call.channel == "voice"]


async def test_a_call_for_a_new_warning_also_says_the_older_one_and_a_key_answers_both(hamlet: World) -> None:
    rain, wind, to = await _two(hamlet)
    first, second = _voice(calls(hamlet, to))
    assert "另有" not in first.text
    assert "另有暴雨红色一并确认" in second.text
    await hamlet.reply(second, "1")
    rain, wind = await one(hamlet, id=rain.id), await one(hamlet, id=wind.id)
    assert {(row.state, row.via) for row in (rain, wind)} == {("met", "voice")}
    assert rain.answered_at == wind.answered_at == hamlet.clock.now()
    await hamlet.advance(minutes=4)
    assert _voice(calls(hamlet, to)) == [first, second]


async def test_an_answer_to_the_older_call_says_nothing_about_the_newer(hamlet: World) -> None:
    rain, wind, to = await _two(hamlet)
    await hamlet.reply(_voice(calls(hamlet, to))[0], "1")
    assert (await one(hamlet, id=rain.id)).state == "met"
    assert (await one(hamlet, id=wind.id)).answered_at is None


async def test_what_was_said_within_the_last_minute_is_not_rung_again(hamlet: World) -> None:
    rain, wind, to = await _two(hamlet)
    await hamlet.advance(minutes=2)  # the second round: rain's at +2:00, the other's thirty seconds later
    third = _voice(calls(hamlet, to))[2:]
    assert [(call.at - rain.released_at, "另有" in call.text) for call in third] == [
        (timedelta(minutes=2), True)
    ]
    async with hamlet.db.reading() as session:
        taken = (await session.scalars(sa.select(StepTaken).filter_by(obligation_id=wind.id))).all()
        noted = (await session.scalars(sa.select(Call).filter_by(obligation_id=wind.id))).all()
    assert [(row.step, row.outcome) for row in sorted(taken, key=lambda row: row.step)] == [
        (0, "called"),
        (1, "called"),
    ]
    (message,) = await hamlet.deliveries(key=third[0].key)
    assert message.id in {call.delivery_id for call in noted}
    await hamlet.reply(third[0], "1")
    assert {(await one(hamlet, id=row.id)).state for row in (rain, wind)} == {"met"}


async def test_what_was_said_longer_ago_is_rung_again_and_says_both(hamlet: World) -> None:
    rain, wind, to = await _two(hamlet, gap=300, level="yellow")
    await hamlet.advance(minutes=10)
    later = [call for call in calls(hamlet, to) if call.at > wind.released_at]
    assert {call.at for call in later} == {
        rain.released_at + timedelta(minutes=10),
        wind.released_at + timedelta(minutes=10),
    }
    assert all("另有" in call.text for call in later)


async def test_a_first_call_is_never_left_to_another_warnings_message(hamlet: World) -> None:
    _, wind, to = await _two(hamlet, gap=1)
    first = _voice(calls(hamlet, to))
    assert [call.at for call in first][1:] == [wind.released_at]
    (own,) = await hamlet.deliveries(key=first[1].key)
    assert own.warning_id == wind.warning_id


async def test_where_the_number_of_a_message_that_said_both_is_none_both_go_on_to_the_next(
    hamlet: World,
) -> None:
    rain, wind, to = await _two(hamlet)
    await hamlet.advance(minutes=2)
    third = _voice(calls(hamlet, to))[2]
    at = hamlet.clock.now()
    await hamlet.posts("voice", [Receipt(None, third.key, "failed", at, new_id(), final_for_number=True)])
    async with hamlet.db.reading() as session:
        asked = await session.scalars(
            sa.select(Call).where(Call.at == at, Call.obligation_id.in_([rain.id, wind.id]))
        )
        assert {(call.obligation_id, call.who) for call in asked} == {(rain.id, "B"), (wind.id, "B")}


async def test_a_text_message_is_answered_for_all_that_the_newest_one_said(hamlet: World) -> None:
    rain, wind, to = await _two(hamlet, level="blue")
    texts = [call for call in calls(hamlet, to) if call.channel == "sms"]
    assert ["另有" in call.text for call in texts] == [False, True]
    await hamlet.posts("sms", [Reply(to, None, "1", None, hamlet.clock.now(), "r")])
    assert {(await one(hamlet, id=row.id)).via for row in (rain, wind)} == {"sms"}


async def test_what_somebody_cannot_do_is_not_asked_of_them_again(hamlet: World) -> None:
    await hamlet.issues("red", TOWN, hazard=RAIN)
    rain = await one(hamlet, town=TOWN, duty="town-duty", hazard=RAIN)
    to = await number(hamlet, rain.a_person)
    await hamlet.reply(_voice(calls(hamlet, to))[0], "2")
    await hamlet.advance(seconds=30)
    await hamlet.issues("red", TOWN, hazard=WIND)
    assert "另有" not in _voice(calls(hamlet, to))[-1].text


async def test_an_exercise_and_a_real_warning_are_never_said_in_one_message(hamlet: World) -> None:
    await hamlet.issues("red", TOWN, hazard=RAIN, origin=Origin.EXERCISE)
    await hamlet.advance(seconds=30)
    await hamlet.issues("red", TOWN, hazard=WIND)
    wind = await one(hamlet, town=TOWN, duty="town-duty", hazard=WIND)
    assert wind.origin != Origin.EXERCISE
    said = [call.text for call in calls(hamlet, await number(hamlet, wind.a_person))]
    assert said
    assert not any("另有" in text for text in said)


async def test_what_is_over_is_not_said_any_more(hamlet: World) -> None:
    await hamlet.issues("red", TOWN, hazard=RAIN, identifier="R-1")
    await hamlet.issues("red", TOWN, hazard=RAIN, msg_type="Cancel", refers=("R-1",))
    await hamlet.advance(seconds=30)
    await hamlet.issues("red", TOWN, hazard=WIND)
    wind = await one(hamlet, town=TOWN, duty="town-duty", hazard=WIND)
    assert "另有" not in _voice(calls(hamlet, await number(hamlet, wind.a_person)))[-1].text


async def test_another_towns_warning_is_named_to_those_alone_who_were_asked_for_it(hamlet: World) -> None:
    await hamlet.issues("red", SECOND, hazard=RAIN)
    await hamlet.advance(seconds=30)
    await hamlet.issues("red", TOWN, hazard=WIND)
    wind = await one(hamlet, town=TOWN, duty="town-duty", hazard=WIND)
    assert "另有" not in _voice(calls(hamlet, await number(hamlet, wind.a_person)))[-1].text
    desk = await one(hamlet, layer="L1", duty="district-duty", hazard=WIND)
    assert "另有暴雨红色" in _voice(calls(hamlet, await number(hamlet, desk.a_person)))[-1].text


async def test_an_answer_is_written_down_once_for_each_thing_that_was_said(hamlet: World) -> None:
    rain, wind, to = await _two(hamlet)
    await hamlet.reply(_voice(calls(hamlet, to))[1], "1")
    given = [row.obligation_id for row in await answers(hamlet)]
    assert sorted(given) == sorted({*given})
    assert {rain.id, wind.id} <= set(given)


async def test_a_repeat_that_ends_its_chain_is_said_by_the_message_it_rides_on(hamlet: World) -> None:
    await hamlet.issues("red", TOWN, hazard=RAIN)
    await hamlet.issues("red", TOWN, hazard=WIND)
    hamlet.clock.advance(timedelta(minutes=5))
    at = hamlet.clock.now()
    async with hamlet.db.transaction() as session:
        rows = (await session.scalars(sa.select(Obligation).filter_by(town=TOWN, duty="town-duty"))).all()
        asks = [Ask(row, str(row.a_person), "A", 3, ("voice",), again=True) for row in rows]
        for row in rows:
            row.step, row.next_step_at = row.step + 1, None
        await ring(session, asks, scheme=hamlet.scheme, registry=hamlet.registry, at=at)
    async with hamlet.db.reading() as session:
        noted = (await session.scalars(sa.select(Call).where(Call.at == at))).all()
    wanted = {(row.id, "A", 3) for row in rows}
    assert {(call.obligation_id, call.who, call.round) for call in noted} == wanted
    (message,) = {call.delivery_id for call in noted}
    await hamlet.worker.drain()
    (delivery,) = await hamlet.deliveries(id=message)
    (said,) = [call for call in hamlet.phones.rang if call.key == delivery.key]
    assert "另有" in said.text
