"""Who is rung, how often, and whose answer it is: at real people of a small district, over real HTTP."""

from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.activation.release import release
from app.answer import obligations
from app.answer.tables import Call, StepTaken
from app.channels.contract import Receipt, Reply
from app.directory.tables import Holding
from app.dispatch.states import State
from tests.answer.people import answers, calls, head, holds, number, one, set_number
from tests.support.hamlet import SECOND, TOWN, VILLAGE, Opens
from tests.support.officers import officer
from tests.support.world import World

pytestmark = pytest.mark.anyio


async def test_one_person_with_two_duties_is_rung_once_and_answers_for_both(hamlet: World) -> None:
    person = await head(hamlet)
    await holds(hamlet, person, "grid.worker", f"{VILLAGE}-G01")
    await hamlet.issues("red", TOWN)
    mine = [row for row in await hamlet.obligations() if row.a_person == person]
    assert {row.duty for row in mine} == {"village-head", "grid-worker"}
    (call,) = calls(hamlet, await number(hamlet, person))
    await hamlet.reply(call, "1")
    mine = [row for row in await hamlet.obligations() if row.a_person == person]
    assert {(row.state, row.via) for row in mine} == {("met", "voice")}
    assert len(await answers(hamlet)) == 2
    await hamlet.advance(minutes=4)
    assert calls(hamlet, call.to) == [call]


async def test_a_release_rings_the_upper_layers_itself_and_the_sweep_the_others_at_the_same_instant(
    hamlet: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(obligations, "AT_ONCE", 3)
    drain = hamlet.worker.drain

    async def not_yet() -> int:
        return 0

    monkeypatch.setattr(hamlet.worker, "drain", not_yet)
    await hamlet.issues("red", TOWN)
    rung = [row for row in await hamlet.obligations() if row.step]
    assert rung
    assert {row.layer for row in rung} <= {"L1", "L2"}
    monkeypatch.setattr(hamlet.worker, "drain", drain)
    assert await hamlet.worker.settle() != (0, None)
    rows = await hamlet.obligations()
    assert len(rows) > len(rung)
    assert all(row.step for row in rows)
    async with hamlet.db.reading() as session:
        taken = set(await session.scalars(sa.select(StepTaken.taken_at)))
    assert taken == {hamlet.clock.now()}


async def test_whoever_has_an_upper_and_a_lower_duty_is_rung_once_though_the_sweep_rings_the_lower_ones(
    hamlet: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hamlet.issues("red", SECOND)
    upper = sum(row.layer in ("L1", "L2") for row in await hamlet.obligations())
    monkeypatch.setattr(obligations, "AT_ONCE", upper)
    mayor = await one(hamlet, town=SECOND, duty="town-mayor")
    person = str(mayor.a_person)
    await holds(hamlet, person, "town.mayor", TOWN)
    await holds(hamlet, person, "grid.worker", f"{VILLAGE}-G01")
    before = len(calls(hamlet, await number(hamlet, person)))
    await hamlet.issues("red", TOWN, hazard="11B06")
    mine = [row for row in await hamlet.obligations(town=TOWN) if row.a_person == person]
    assert {row.layer for row in mine} == {"L2", "L4"}
    assert len(calls(hamlet, await number(hamlet, person))) == before + 1


async def test_the_head_of_two_villages_is_rung_once_and_both_are_named(hamlet: World) -> None:
    person = await head(hamlet)
    second = "500153001002"
    async with hamlet.db.transaction() as session:
        await session.execute(
            sa.delete(Holding).where(Holding.place_id == second, Holding.role == "village.head")
        )
    await holds(hamlet, person, "village.head", second)
    await hamlet.issues("red", TOWN)
    (call,) = calls(hamlet, await number(hamlet, person))
    async with hamlet.db.reading() as session:
        asked = await session.scalar(
            sa.select(sa.func.count()).select_from(Call).where(Call.person_id == person)
        )
    assert asked == 2
    await hamlet.reply(call, "1")
    assert {row.state for row in await hamlet.obligations(duty="village-head")} == {"met"}


async def test_a_reply_from_a_number_two_people_share_answers_what_was_asked_on_it(hamlet: World) -> None:
    await hamlet.issues("blue", TOWN)
    deputy = await one(hamlet, town=TOWN, duty="town-duty")
    person = await head(hamlet)
    shared = await number(hamlet, deputy.a_person)
    await set_number(hamlet, person, shared)
    await hamlet.issues("yellow", TOWN, hazard="11B05")
    call = [call for call in hamlet.phones.rang if call.to == shared][-1]
    await hamlet.posts("sms", [Reply(call.to, None, "1", None, hamlet.clock.now(), "r")])
    newest = [
        row for row in await hamlet.obligations(hazard="11B05") if row.a_person in {person, deputy.a_person}
    ]
    assert newest
    assert {row.state for row in newest} == {"met"}
    # The newer message to that number says the older warning too.
    assert "另有" in call.text
    assert (await one(hamlet, hazard="11B03", duty="town-duty", town=TOWN)).state == "met"


async def test_a_town_called_for_its_villages_answers_for_them_and_never_so_for_itself(hamlet: World) -> None:
    await hamlet.issues("red", TOWN)
    village = await one(hamlet, place_id=VILLAGE, duty="village-head")
    town = await one(hamlet, town=TOWN, duty="town-duty")
    assert village.superior_person == town.a_person
    await hamlet.advance(minutes=8)
    superior = calls(hamlet, await number(hamlet, village.superior_person), "叫不应")
    voice = next(call for call in superior if call.channel == "voice")
    assert (await hamlet.reply(voice, "1"))["answered"] == 1
    village = await one(hamlet, id=village.id)
    assert (village.state, village.via) == ("met", "voice")
    assert (await one(hamlet, id=town.id)).answered_at is None


async def test_a_superior_of_a_town_cannot_answer_for_it(hamlet: World) -> None:
    await hamlet.issues("red", TOWN)
    town = await one(hamlet, town=TOWN, duty="town-duty")
    await hamlet.advance(minutes=8)
    async with hamlet.db.reading() as session:
        call = await session.scalar(
            sa.select(Call).where(Call.obligation_id == town.id, Call.who == "superior").limit(1)
        )
    assert call is not None
    delivery = next(row for row in await hamlet.deliveries(id=call.delivery_id))
    key = Reply(None, delivery.key, None, "1", hamlet.clock.now(), "r-s")
    await hamlet.posts(delivery.channel, [key])
    assert (await one(hamlet, id=town.id)).answered_at is None
    given = [answer for answer in await answers(hamlet) if answer.obligation_id == town.id]
    assert [(answer.counts, answer.why_not) for answer in given] == [(False, "not-their-duty")]


async def test_the_duty_chief_is_told_and_never_answers_for_a_place(hamlet: World) -> None:
    await hamlet.issues("red", TOWN)
    await hamlet.advance(minutes=8)
    async with hamlet.db.reading() as session:
        told = list(await session.scalars(sa.select(Call).where(Call.who == "chief")))
    below = {row.id for row in await hamlet.obligations() if row.layer != "L1"}
    assert {call.obligation_id for call in told} >= below
    for delivery in {call.delivery_id for call in told}:
        (row,) = await hamlet.deliveries(id=delivery)
        reply = Reply(None, row.key, None, "1", hamlet.clock.now(), f"r-{row.key}")
        await hamlet.posts(row.channel, [reply])
    assert not [row for row in await hamlet.obligations() if row.id in below and row.answered_at]
    given = [answer for answer in await answers(hamlet) if answer.obligation_id in below]
    assert given
    assert {(answer.counts, answer.why_not) for answer in given} == {(False, "not-their-duty")}


async def test_a_chief_who_presses_a_key_does_not_answer_what_the_place_was_asked_before_either(
    hamlet: World,
) -> None:
    await hamlet.issues("yellow", TOWN, identifier="E-1")
    await hamlet.issues("red", TOWN, msg_type="Update", refers=("E-1",))
    await hamlet.advance(minutes=8)
    async with hamlet.db.reading() as session:
        told = list(await session.scalars(sa.select(Call).where(Call.who == "chief")))
    for delivery in {call.delivery_id for call in told}:
        (row,) = await hamlet.deliveries(id=delivery)
        await hamlet.posts(row.channel, [Reply(None, row.key, None, "1", hamlet.clock.now(), f"r-{row.key}")])
    assert not [row for row in await hamlet.obligations(town=TOWN) if row.answered_at]


async def test_two_parts_that_go_unanswered_in_one_moment_are_both_told_to_their_common_superior(
    hamlet: World,
) -> None:
    await hamlet.issues("orange", TOWN)
    warning = (await hamlet.obligations())[0].warning_id
    async with hamlet.db.transaction() as session:
        seen = (await hamlet.warning(warning)).plan_hash or ""
        at = hamlet.clock.now()
        await release(
            session,
            warning,
            "orders",
            seen,
            by=officer("chief"),
            scheme=hamlet.scheme,
            registry=hamlet.registry,
            at=at,
        )
    await hamlet.worker.drain()
    await hamlet.advance(minutes=8)
    asked = {row.id: row for row in await hamlet.obligations(town=TOWN, layer="L2")}
    assert {row.part for row in asked.values()} == {"responsible", "orders"}
    async with hamlet.db.reading() as session:
        told = list(await session.scalars(sa.select(Call).where(Call.who == "superior")))
    assert {call.obligation_id for call in told} >= set(asked)


async def test_somebody_without_a_number_is_skipped_at_once_and_the_next_is_rung(hamlet: World) -> None:
    person = await head(hamlet)
    await set_number(hamlet, person, None)
    await hamlet.issues("red", TOWN)
    row = await one(hamlet, place_id=VILLAGE, duty="village-head")
    assert (row.a_person, row.who, row.escalated) == (person, "B", True)
    assert calls(hamlet, await number(hamlet, row.b_person))
    async with hamlet.db.reading() as session:
        steps = await session.scalars(
            sa.select(StepTaken).filter_by(obligation_id=row.id).order_by(StepTaken.step)
        )
        assert [(step.who, step.outcome) for step in steps] == [("A", "no-contact"), ("B", "called")]


async def test_whoever_holds_one_duty_and_stands_in_for_another_at_once_is_rung_once_for_both(
    hamlet: World,
) -> None:
    await hamlet.issues("red", TOWN)
    deputy = str((await one(hamlet, place_id=VILLAGE, duty="village-head")).b_person)
    await set_number(hamlet, await head(hamlet), None)
    await holds(hamlet, deputy, "grid.worker", f"{VILLAGE}-G01")
    dialled = await number(hamlet, deputy)
    before = len(calls(hamlet, dialled))
    await hamlet.issues("red", TOWN, hazard="11A51")
    mine = {
        row.duty: row
        for row in await hamlet.obligations(hazard="11A51")
        if (row.place_id, row.duty) == (VILLAGE, "village-head") or row.a_person == deputy
    }
    assert (mine["village-head"].who, mine["grid-worker"].who) == ("B", "A")
    (call,) = (rang for rang in calls(hamlet, dialled)[before:] if rang.channel == "voice")
    await hamlet.reply(call, "1")
    for duty, row in mine.items():
        assert (await one(hamlet, place_id=row.place_id, duty=duty, hazard="11A51")).state == "met"


async def test_where_neither_the_first_nor_the_deputy_has_a_number_the_superior_is_told_at_once(
    hamlet: World,
) -> None:
    await hamlet.issues("red", TOWN)
    row = await one(hamlet, place_id=VILLAGE, duty="village-head")
    for person in (row.a_person, row.b_person):
        await set_number(hamlet, person or "", None)
    await hamlet.issues("red", TOWN, hazard="11A51")
    row = await one(hamlet, place_id=VILLAGE, duty="village-head", hazard="11A51")
    assert (row.who, row.no_contact) == ("superior", True)
    told = calls(hamlet, await number(hamlet, row.superior_person), "叫不应")
    assert [call.at for call in told] == [row.released_at] * len(told)
    assert told


async def test_a_worker_that_was_away_for_a_whole_chain_rings_everybody_once_when_it_is_back(
    hamlet: World,
) -> None:
    await hamlet.issues("red", TOWN)
    row = await one(hamlet, duty="group-leader", place_id=f"{VILLAGE}-S01")
    before = len(hamlet.phones.rang)
    hamlet.clock.advance(timedelta(minutes=11))
    await hamlet.worker.drain()
    rung = Counter((call.to, call.channel) for call in hamlet.phones.rang[before:])
    assert rung[await number(hamlet, row.a_person), "voice"] == 1
    async with hamlet.db.reading() as session:
        steps = await session.scalars(sa.select(StepTaken.step).filter_by(obligation_id=row.id))
        assert sorted(steps) == list(range(7))


async def test_a_number_that_does_not_exist_brings_the_deputy_at_once_on_every_way(hamlet: World) -> None:
    hamlet.phones.says = lambda call: {"ok": False, "code": "bad-number"} if call.to == ill else {"ok": True}
    await hamlet.issues("yellow", SECOND)
    person = await head(hamlet)
    ill = await number(hamlet, person)
    await hamlet.issues("red", TOWN)
    row = await one(hamlet, place_id=VILLAGE, duty="village-head")
    assert (row.a_person, row.who) == (person, "B")
    assert calls(hamlet, await number(hamlet, row.b_person))


async def test_when_every_vendor_of_a_call_fails_the_next_round_comes_then_and_after_the_rounds_the_deputy(
    hamlets: Opens,
) -> None:
    world = await hamlets("sms", "voice", "voice-b", "broadcast")
    person = await head(world)
    ill = await number(world, person)
    world.phones.says = lambda call: 503 if call.to == ill else {"ok": True}
    await world.issues("red", TOWN)
    await world.advance(seconds=16)
    assert (await one(world, place_id=VILLAGE, duty="village-head")).round == 1
    await world.advance(seconds=1)
    assert (await one(world, place_id=VILLAGE, duty="village-head")).round == 2
    assert {call.channel for call in calls(world, ill)} == {"voice", "voice-b"}
    await world.advance(seconds=40)
    row = await one(world, place_id=VILLAGE, duty="village-head")
    assert (row.round, row.who) == (3, "B")


@pytest.mark.parametrize("first", ["send", "receipt"])
async def test_a_carrier_that_knows_no_such_number_brings_the_deputy_even_if_it_said_so_first(
    hamlet: World, first: str
) -> None:
    person = await head(hamlet)
    ill = await number(hamlet, person)
    at = hamlet.clock.now()
    if first == "receipt":
        ids = [f"g-{n}" for n in range(1, 60)]
        await hamlet.posts(
            "voice", [Receipt(one_, None, "failed", at, one_, "x", final_for_number=True) for one_ in ids]
        )
        hamlet.clock.advance(timedelta(minutes=9))
    await hamlet.issues("red", TOWN)
    if first == "send":
        (call,) = calls(hamlet, ill)
        await hamlet.posts("voice", [Receipt(None, call.key, "failed", at, "e", "x", final_for_number=True)])
    row = await one(hamlet, place_id=VILLAGE, duty="village-head")
    assert row.escalated
    sent = (await hamlet.deliveries(person_id=person, kind="voice"))[0]
    assert (sent.state, sent.reason) == (State.FAILED, "bad-number")


async def test_a_call_that_rang_out_is_a_round_without_an_answer(hamlet: World) -> None:
    await hamlet.issues("red", TOWN)
    row = await one(hamlet, place_id=VILLAGE, duty="village-head")
    (call,) = calls(hamlet, await number(hamlet, row.a_person))
    await hamlet.posts("voice", [Receipt(None, call.key, "failed", hamlet.clock.now(), "e", "NOANSWER")])
    now = await one(hamlet, id=row.id)
    assert (now.who, now.next_step_at) == ("A", row.next_step_at)
