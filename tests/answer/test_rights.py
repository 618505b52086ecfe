"""Who may give an answer by link, page, phone or at a door, for whom, and what each leaves behind."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.access import links
from app.access.links import Bundle
from app.access.officer import Officer
from app.activation.release import release
from app.answer import record, urge
from app.answer.settle import Effect
from app.answer.tables import Answer, Obligation
from app.errors import Forbidden, NotFound, OutOfScope, Validation, WrongState
from tests.support.hamlet import SECOND, TOWN, VILLAGE
from tests.support.officers import officer
from tests.support.world import World

pytestmark = pytest.mark.anyio

DESK = officer("duty")
HERE, THERE = officer("town", "here", place=TOWN), officer("town", "there", place=SECOND)
ELSEWHERE = Officer("u-x", "x", "duty", None, "500112")


async def one(world: World, **by: str) -> Obligation:
    (row,) = await world.obligations(**by)
    return row


async def answers(world: World, row: Obligation) -> list[Answer]:
    async with world.db.reading() as session:
        return list(
            await session.scalars(sa.select(Answer).filter_by(obligation_id=row.id).order_by(Answer.id))
        )


async def phoned(
    world: World, by: Officer, row: Obligation, rung: str = "confirmed", *, place: str | None = None
) -> list[Effect]:
    async with world.db.transaction() as session:
        return await record.by_phone(
            session,
            row.warning_id,
            place or row.place_id,
            row.duty,
            rung,
            "复述无误",
            by=by,
            scheme=world.scheme,
            at=world.clock.now(),
        )


async def paged(
    world: World, by: Officer, *rows: str, event: str = "e-1", rung: str = "confirmed"
) -> list[Effect]:
    async with world.db.transaction() as session:
        return await record.by_page(
            session,
            rows,
            rung,
            None,
            by=by,
            occurred_at=world.clock.now() - timedelta(minutes=3),
            event_id=event,
            scheme=world.scheme,
            at=world.clock.now(),
        )


async def tapped(
    world: World, bundle: Bundle, *, event: str = "e-1", rung: str = "confirmed"
) -> list[Effect]:
    async with world.db.transaction() as session:
        effects = await record.by_link(
            session,
            bundle,
            rung,
            occurred_at=world.clock.now(),
            event_id=event,
            scheme=world.scheme,
            at=world.clock.now(),
        )
    await world.worker.drain()
    return effects


async def link(world: World, row: Obligation) -> Bundle:
    """Open the link in the text that the first person of a duty was sent."""
    texts = [call.text for call in world.phones.to(await world.number(row.a_person)) if "/t/" in call.text]
    token = texts[-1].rpartition("/t/")[2][:22]
    async with world.db.reading() as session:
        bundle = await links.look(session, token, world.clock.now())
    assert bundle is not None
    return bundle


async def test_the_link_in_a_text_answers_for_everything_its_person_was_asked(hamlet: World) -> None:
    await hamlet.issues("blue", TOWN)
    row = await one(hamlet, town=TOWN, duty="town-duty")
    bundle = await link(hamlet, row)
    assert (bundle.person_id, bundle.warning_id, bundle.expired) == (row.a_person, row.warning_id, False)
    (effect,) = await tapped(hamlet, bundle)
    assert (effect.obligation_id, effect.counts, effect.state) == (row.id, True, "met")
    met = await one(hamlet, id=row.id)
    assert (met.via, met.next_step_at) == ("link", None)
    assert (await tapped(hamlet, bundle))[0].state == "met"
    assert len(await answers(hamlet, row)) == 1


async def test_a_link_answers_until_two_hours_after_its_warning_and_says_so_after(hamlet: World) -> None:
    ends = hamlet.clock.now() + timedelta(hours=3)
    await hamlet.issues("blue", TOWN, expires=ends)
    row = await one(hamlet, town=TOWN, duty="town-duty")
    await hamlet.advance(hours=5, seconds=-1)
    assert not (await link(hamlet, row)).expired
    await hamlet.advance(seconds=1)
    assert (await link(hamlet, row)).expired


async def test_a_link_of_a_warning_that_another_took_over_unchanged_still_answers(hamlet: World) -> None:
    await hamlet.issues("blue", TOWN, identifier="E-1")
    bundle = await link(hamlet, await one(hamlet, town=TOWN, duty="town-duty"))
    update = await hamlet.issues("blue", TOWN, SECOND, msg_type="Update", refers=("E-1",))
    await tapped(hamlet, bundle)
    row = await one(hamlet, town=TOWN, duty="town-duty")
    assert (row.state, row.warning_id) == ("met", update.warning_id)


async def test_a_link_to_which_nothing_belongs_answers_nothing(hamlet: World) -> None:
    outcome = await hamlet.issues("blue", TOWN)
    nobody = Bundle("b", "500153", "nobody", outcome.warning_id, hamlet.clock.now(), expired=False)
    with pytest.raises(NotFound):
        await tapped(hamlet, nobody)


async def test_a_word_that_is_no_answer_is_refused_on_every_way(hamlet: World) -> None:
    await hamlet.issues("blue", TOWN)
    row = await one(hamlet, town=TOWN, duty="town-duty")
    for rung in ("heard", "delivered", "", "met"):
        with pytest.raises(Validation):
            await phoned(hamlet, DESK, row, rung)
        with pytest.raises(Validation):
            await paged(hamlet, HERE, row.id, rung=rung)
    assert not await answers(hamlet, row)


async def test_a_town_answers_on_its_page_for_itself_and_the_time_it_tapped_stands_beside(
    hamlet: World,
) -> None:
    await hamlet.issues("red", TOWN)
    row = await one(hamlet, town=TOWN, duty="town-duty")
    await hamlet.advance(minutes=3)
    (effect,) = await paged(hamlet, HERE, row.id)
    assert effect.state == "met"
    (answer,) = await answers(hamlet, row)
    assert (answer.via, answer.entered_by) == ("page", HERE.id)
    assert answer.occurred_at == answer.received_at - timedelta(minutes=3)
    await paged(hamlet, HERE, row.id)
    assert len(await answers(hamlet, row)) == 1


async def test_the_page_of_another_town_the_desk_or_an_unknown_id_answers_nothing(hamlet: World) -> None:
    await hamlet.issues("red", TOWN)
    row = await one(hamlet, town=TOWN, duty="town-duty")
    with pytest.raises(OutOfScope):
        await paged(hamlet, THERE, row.id)
    with pytest.raises(Forbidden):
        await paged(hamlet, DESK, row.id)
    with pytest.raises(NotFound):
        await paged(hamlet, HERE, row.id, "nothing")
    assert not await answers(hamlet, row)


async def test_the_desk_enters_by_phone_what_anybody_said(hamlet: World) -> None:
    await hamlet.issues("red", TOWN)
    for row in (
        await one(hamlet, town=TOWN, duty="town-duty"),
        await one(hamlet, place_id=VILLAGE, duty="village-head"),
        await one(hamlet, duty="district-duty"),
    ):
        (effect,) = await phoned(hamlet, DESK, row)
        assert (effect.counts, effect.state) == (True, "met")
        (answer,) = await answers(hamlet, row)
        assert (answer.via, answer.entered_by, answer.words) == ("phone", DESK.id, "复述无误")


async def test_a_town_enters_what_its_villages_and_its_keepers_said_and_never_its_own(hamlet: World) -> None:
    await hamlet.issues("red", TOWN)
    village = await one(hamlet, place_id=VILLAGE, duty="village-head")
    keeper = await one(hamlet, place_id="RP-500153-003", duty="keeper")
    for row in (village, keeper):
        assert [effect.state for effect in await phoned(hamlet, HERE, row)] == ["met"]
    own = await one(hamlet, town=TOWN, duty="town-duty")
    with pytest.raises(Forbidden):
        await phoned(hamlet, HERE, own)
    assert not await answers(hamlet, own)


async def test_another_town_a_reader_and_another_district_enter_nothing(hamlet: World) -> None:
    await hamlet.issues("red", TOWN)
    row = await one(hamlet, place_id=VILLAGE, duty="village-head")
    with pytest.raises(OutOfScope):
        await phoned(hamlet, THERE, row)
    for role in ("viewer", "leader", "supervisor", "operator", "auditor", "department"):
        with pytest.raises(Forbidden):
            await phoned(hamlet, officer(role), row)
    with pytest.raises(NotFound):
        await phoned(hamlet, ELSEWHERE, row)
    assert not await answers(hamlet, row)


async def test_one_call_does_not_answer_for_all_villages_of_a_town(hamlet: World) -> None:
    await hamlet.issues("red", TOWN)
    row = await one(hamlet, place_id=VILLAGE, duty="village-head")
    with pytest.raises(Validation) as refused:
        await phoned(hamlet, DESK, row, place=TOWN)
    assert [fault.code for fault in refused.value.errors] == ["several-units"]
    assert not [row for row in await hamlet.obligations(duty="village-head") if row.answered_at]
    (effect,) = await phoned(hamlet, DESK, await one(hamlet, duty="keeper"), place=TOWN)
    assert effect.state == "met"


async def test_a_duty_that_nobody_was_asked_for_cannot_be_answered(hamlet: World) -> None:
    await hamlet.issues("blue", TOWN)
    row = await one(hamlet, town=TOWN, duty="town-duty")
    row.duty = "town-mayor"
    with pytest.raises(NotFound):
        await phoned(hamlet, DESK, row)


async def home(world: World) -> Obligation:
    """Let the public part of a red out, and return a household that was called."""
    warning = (await world.issues("red", TOWN)).warning_id
    for by in (officer("duty", sure=True), officer("chief", sure=True)):
        async with world.db.transaction() as session:
            await release(
                session,
                warning,
                "public",
                (await session.get_one(type(await world.warning(warning)), warning)).plan_hash or "",
                by=by,
                scheme=world.scheme,
                registry=world.registry,
                at=world.clock.now(),
            )
    await world.worker.drain()
    return (await world.obligations(layer="L6"))[0]


async def at_the_door(world: World, by: Officer, row: Obligation, event: str = "d-1") -> list[Effect]:
    async with world.db.transaction() as session:
        return await record.told_at_the_door(
            session,
            row.place_id,
            "confirmed",
            by=by,
            occurred_at=world.clock.now(),
            event_id=event,
            scheme=world.scheme,
            at=world.clock.now(),
            warning_id=row.warning_id,
        )


async def test_a_household_told_at_its_door_has_answered_and_is_not_rung_again(hamlet: World) -> None:
    row = await home(hamlet)
    (effect,) = await at_the_door(hamlet, HERE, row)
    assert (effect.state, effect.counts) == ("met", True)
    (answer,) = await answers(hamlet, row)
    assert (answer.via, answer.entered_by) == ("onsite", HERE.id)
    rang = len(hamlet.phones.to(await hamlet.number(row.a_person)))
    await hamlet.advance(minutes=4)
    assert len(hamlet.phones.to(await hamlet.number(row.a_person))) == rang
    assert not await at_the_door(hamlet, HERE, row, "d-2")  # nothing is open there any more


async def test_only_who_may_visit_there_tells_a_household(hamlet: World) -> None:
    row = await home(hamlet)
    with pytest.raises(OutOfScope):
        await at_the_door(hamlet, THERE, row)
    with pytest.raises(Forbidden):
        await at_the_door(hamlet, officer("department"), row)
    assert not await at_the_door(hamlet, ELSEWHERE, row)
    assert not await answers(hamlet, row)


async def urged(world: World, by: Officer, row: Obligation) -> str:
    async with world.db.transaction() as session:
        who = await urge.urge(
            session, row.id, by=by, scheme=world.scheme, registry=world.registry, at=world.clock.now()
        )
    await world.worker.drain()
    return who


async def test_the_officer_calls_the_next_without_waiting_until_there_is_nobody_left(hamlet: World) -> None:
    await hamlet.issues("red", TOWN)
    row = await one(hamlet, place_id=VILLAGE, duty="village-head")
    assert await urged(hamlet, DESK, row) == "B"
    assert hamlet.phones.to(await hamlet.number(row.b_person))
    assert [await urged(hamlet, DESK, row) for _ in range(3)] == ["superior", "chief", "onsite"]
    with pytest.raises(WrongState):
        await urged(hamlet, DESK, row)


async def test_nobody_is_urged_about_what_was_answered_or_by_another_town(hamlet: World) -> None:
    await hamlet.issues("red", TOWN)
    row = await one(hamlet, place_id=VILLAGE, duty="village-head")
    with pytest.raises(OutOfScope):
        await urged(hamlet, THERE, row)
    with pytest.raises(NotFound):
        await urged(hamlet, ELSEWHERE, row)
    await phoned(hamlet, DESK, row)
    with pytest.raises(WrongState):
        await urged(hamlet, DESK, row)
