"""提级: one level up, by a person, for some towns; the bureau's warning stays what it was."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.access.officer import Officer
from app.activation import close
from app.activation.tables import Decision, Warning
from app.activation.uplift import Raised, raise_
from app.errors import Forbidden, NotFound, SamePerson, Validation, WrongState
from app.tasks import alarms
from app.warning.level import Level
from tests.support.hamlet import SECOND, THIRD, TOWN
from tests.support.officers import officer
from tests.support.seeded import DISTRICT
from tests.support.world import World

pytestmark = pytest.mark.anyio

CHIEF, DUTY, LEADER = officer("chief"), officer("duty"), officer("leader")


async def raises(
    world: World,
    warning_id: str,
    *places: str,
    to: Level = Level.RED,
    accept: bool = True,
    by: Officer = DUTY,
    reason: str = "夜间，已有险情",
) -> Raised:
    async with world.db.transaction() as session:
        raised = await raise_(
            session,
            warning_id,
            places,
            to,
            accept,
            reason,
            by=by,
            scheme=world.scheme,
            registry=world.registry,
            at=world.clock.now(),
        )
    await world.worker.drain()
    return raised


async def own(world: World, warning_id: str, *places: str, **more: Any) -> Warning:
    raised = await raises(world, warning_id, *places, **more)
    assert raised.state == "raised"
    return await world.warning(str(raised.warning_id))


async def end(world: World, warning_id: str) -> None:
    for by in (officer("duty", sure=True), officer("chief", sure=True)):
        async with world.db.transaction() as session:
            await close.close(
                session,
                warning_id,
                "险情排除",
                by=by,
                scheme=world.scheme,
                registry=world.registry,
                at=world.clock.now(),
            )
    await world.worker.drain()


async def decisions(world: World, warning_id: str) -> list[Decision]:
    async with world.db.reading() as session:
        rows = await session.scalars(sa.select(Decision).filter_by(subject=warning_id).order_by(Decision.id))
        return list(rows)


async def test_the_district_calls_one_level_higher_and_the_bureaus_warning_stays_what_it_was(
    hamlet: World,
) -> None:
    base = (await hamlet.issues("orange", TOWN, SECOND)).warning_id
    raised = await own(hamlet, base, TOWN)
    assert (raised.level, raised.raised_from, raised.places) == (Level.RED, Level.ORANGE, [TOWN])
    assert (raised.source, raised.origin, raised.state) == ("uplift", "simulated", "in-force")
    now = await hamlet.warning(base)
    assert (now.level, now.places, now.state) == (Level.ORANGE, [TOWN, SECOND], "in-force")
    assert raised.expires == now.expires
    secretary = await hamlet.duty(TOWN, "town-secretary")
    assert secretary.warning_id == raised.id
    assert not await hamlet.obligations(town=SECOND, duty="town-secretary")


async def test_no_text_claims_a_signal_that_the_bureau_has_not_issued(hamlet: World) -> None:
    base = (await hamlet.issues("orange", TOWN)).warning_id
    heard = len(hamlet.phones.rang)
    raised = await own(hamlet, base, TOWN)
    texts = [call.text for call in hamlet.phones.rang[heard:]]
    assert texts
    for text in texts:
        assert "橙色" in text
        assert "区里提级，按红色应对" in text
        assert "红色预警" not in text
        assert "100毫米" not in text  # what the red signal would promise
    (plan,) = await hamlet.plans(raised.id)
    assert plan.segment == (await hamlet.warning(base)).segment


async def test_nobody_is_called_at_both_levels(hamlet: World) -> None:
    base = (await hamlet.issues("orange", TOWN, SECOND)).warning_id
    raised = await own(hamlet, base, TOWN)
    await hamlet.advance(minutes=4)
    since = raised.received_at
    later = [row for row in await hamlet.deliveries(warning_id=base) if row.created_at > since]
    assert {row.town for row in later} == {SECOND}
    assert [row for row in await hamlet.deliveries(warning_id=raised.id) if row.created_at > since]
    asked = await hamlet.duty(TOWN, warning_id=raised.id)
    (call, *_) = [one for one in hamlet.phones.to(await hamlet.number(asked.a_person)) if one.at == since]
    await hamlet.reply(call)
    assert (await hamlet.duty(TOWN, warning_id=raised.id)).state == "met"
    assert (
        await hamlet.duty(TOWN, warning_id=base)
    ).state == "met"  # who confirms the higher has heard the lower


async def test_a_segment_that_begins_calls_at_the_raised_level_and_not_at_both(hamlet: World) -> None:
    onset = hamlet.clock.now() + timedelta(hours=6, minutes=30)
    base = (
        await hamlet.issues("yellow", TOWN, SECOND, onset=onset, expires=onset + timedelta(hours=9))
    ).warning_id
    raised = await own(hamlet, base, TOWN, to=Level.ORANGE)
    await hamlet.advance(minutes=30)
    assert [(await hamlet.warning(one)).segment for one in (base, raised.id)] == ["T3", "T3"]
    cut = hamlet.clock.now()
    begun = [row for row in await hamlet.obligations(town=TOWN) if row.released_at == cut]
    assert begun
    assert {row.warning_id for row in begun} == {raised.id}
    assert {row.warning_id for row in await hamlet.obligations(town=SECOND)} == {base}
    rung = [row for row in await hamlet.deliveries(warning_id=base) if row.created_at >= cut]
    assert {row.town for row in rung} == {SECOND}


async def test_an_update_with_new_instructions_asks_anew_at_the_raised_level_and_not_at_both(
    hamlet: World,
) -> None:
    base = await hamlet.issues("orange", TOWN, SECOND)
    await own(hamlet, base.warning_id, TOWN)
    await hamlet.advance(minutes=1)
    since = hamlet.clock.now()
    update = await hamlet.issues(
        "orange", TOWN, SECOND, msg_type="Update", refers=(base.identifier,), instruction="停止户外作业"
    )
    asked = [row for row in await hamlet.obligations(town=TOWN) if row.released_at == since]
    assert asked
    assert {row.level for row in asked} == {Level.RED}
    rung = [row for row in await hamlet.deliveries(warning_id=update.warning_id) if row.created_at >= since]
    assert {row.town for row in rung} == {SECOND}


async def test_the_public_part_of_a_raise_to_red_takes_the_two_people_of_red(hamlet: World) -> None:
    base = (await hamlet.issues("orange", TOWN)).warning_id
    raised = await own(hamlet, base, TOWN)
    part = (await hamlet.parts(raised.id))["public"]
    assert (part.state, part.level) == ("proposed", Level.RED)


async def test_a_raise_suggests_nothing_and_is_not_raised_again(hamlet: World) -> None:
    base = (await hamlet.issues("yellow", TOWN, SECOND, THIRD)).warning_id
    raised = await own(hamlet, base, TOWN, SECOND, THIRD, to=Level.ORANGE)
    (plan,) = await hamlet.plans(raised.id)
    assert plan.body["suggestions"] == []
    assert plan.response_level is None
    with pytest.raises(WrongState):
        await raises(hamlet, raised.id, TOWN)
    with pytest.raises(WrongState):
        await raises(hamlet, base, TOWN, to=Level.ORANGE)
    await hamlet.issues("blue", TOWN, hazard="11B05")
    again = (await hamlet.plans(base))[-1].body["suggestions"]
    assert [one["level"] for one in again if one["kind"] == "response"] == [
        "blue"
    ]  # yellow in three towns: IV


async def test_never_lower_never_two_levels_never_outside_and_never_nowhere(hamlet: World) -> None:
    base = (await hamlet.issues("yellow", TOWN)).warning_id
    for places, to, codes in (
        ((TOWN,), Level.BLUE, ["not-higher"]),
        ((TOWN,), Level.YELLOW, ["not-higher"]),
        ((TOWN,), Level.RED, ["more-than-one-level"]),
        ((TOWN, SECOND), Level.ORANGE, ["not-in-area"]),
        ((), Level.ORANGE, ["no-place"]),
    ):
        with pytest.raises(Validation) as refused:
            await raises(hamlet, base, *places, to=to)
        assert [fault.code for fault in refused.value.errors] == codes
    top = (await hamlet.issues("red", SECOND)).warning_id
    with pytest.raises(Validation):
        await raises(hamlet, top, SECOND)
    async with hamlet.db.reading() as session:
        assert not await session.scalar(sa.select(Warning.id).where(Warning.raised_from.is_not(None)))


async def test_a_reminder_from_gauges_and_what_is_over_cannot_be_raised(hamlet: World) -> None:
    reminder = (await hamlet.issues("orange", TOWN, observed=True)).warning_id
    with pytest.raises(WrongState):
        await raises(hamlet, reminder, TOWN)
    base = await hamlet.issues("orange", TOWN)
    await hamlet.issues("orange", msg_type="Cancel", refers=(base.identifier,))
    with pytest.raises(WrongState):
        await raises(hamlet, base.warning_id, TOWN)
    with pytest.raises(NotFound):
        await raises(hamlet, "none", TOWN)
    with pytest.raises(Forbidden):
        await raises(hamlet, base.warning_id, TOWN, by=officer("viewer"))


async def test_the_decision_keeps_who_why_and_what_the_rules_had_suggested(hamlet: World) -> None:
    base = (await hamlet.issues("orange", TOWN)).warning_id
    raised = await own(hamlet, base, TOWN)
    (row,) = await decisions(hamlet, base)
    assert (row.act, row.by, row.reason) == ("raised", "user:duty-", "夜间，已有险情")
    assert row.detail == {
        "accept": True,
        "places": [TOWN],
        "to_level": "red",
        "names": ["user:duty-"],
        "suggested": ["uplift.night"],
        "warning": raised.id,
    }


async def test_not_to_raise_to_orange_or_red_takes_two_names_and_below_one(hamlet: World) -> None:
    base = (await hamlet.issues("orange", TOWN)).warning_id
    assert (await raises(hamlet, base, TOWN, accept=False)).state == "pending-approval"
    with pytest.raises(SamePerson):
        await raises(hamlet, base, TOWN, accept=False)
    with pytest.raises(Forbidden):
        await raises(hamlet, base, TOWN, accept=False, by=officer("duty", "other"))
    assert (await raises(hamlet, base, TOWN, accept=False, by=CHIEF)).state == "not-raised"
    assert [row.act for row in await decisions(hamlet, base)] == ["raise-first", "not-raised"]
    blue = (await hamlet.issues("blue", SECOND)).warning_id
    assert (await raises(hamlet, blue, SECOND, to=Level.YELLOW, accept=False)).state == "not-raised"
    with pytest.raises(Validation):
        await raises(hamlet, base, TOWN, accept=False, reason="")


async def test_another_wish_is_a_first_name_of_its_own_and_a_late_one_too(hamlet: World) -> None:
    base = (await hamlet.issues("orange", TOWN, SECOND)).warning_id
    await raises(hamlet, base, TOWN, accept=False)
    other = await raises(hamlet, base, TOWN, SECOND, accept=False, by=CHIEF)
    assert other.state == "pending-approval"
    hamlet.clock.advance(hamlet.scheme.release.approval_lapses)
    assert (await raises(hamlet, base, TOWN, SECOND, accept=False, by=LEADER)).state == "pending-approval"
    assert (await raises(hamlet, base, TOWN, SECOND, accept=False, by=CHIEF)).state == "not-raised"


async def test_two_hands_at_once_raise_once(hamlet: World) -> None:
    base = (await hamlet.issues("orange", TOWN)).warning_id
    done = await asyncio.gather(
        *(raises(hamlet, base, TOWN, by=by) for by in (DUTY, CHIEF)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in done) == ["Raised", "WrongState"]
    async with hamlet.db.reading() as session:
        own_rows = list(await session.scalars(sa.select(Warning).where(Warning.raised_from.is_not(None))))
    assert len(own_rows) == 1


async def test_it_ends_with_the_cancel_of_its_warning_and_everybody_is_told_once(hamlet: World) -> None:
    base = await hamlet.issues("orange", TOWN, SECOND)
    raised = await own(hamlet, base.warning_id, TOWN)
    cancel = await hamlet.issues("orange", msg_type="Cancel", refers=(base.identifier,))
    assert cancel.affects == (base.warning_id,)
    assert (await hamlet.warning(raised.id)).state == "cancelled"
    clears = [row for row in await hamlet.deliveries(purpose="clear") if row.person_id]
    people = [row.person_id for row in clears]
    assert len(people) == len(set(people))
    assert {row.warning_id for row in clears} == {base.warning_id, raised.id}
    told = [call.text for call in hamlet.phones.rang if "解除" in call.text]
    assert all("橙色预警" in text for text in told)


async def test_it_expires_with_its_warning(hamlet: World) -> None:
    base = (await hamlet.issues("orange", TOWN)).warning_id
    raised = await own(hamlet, base, TOWN)
    await hamlet.advance(hours=6)
    assert {(await hamlet.warning(one)).state for one in (base, raised.id)} == {"expired"}


async def test_when_only_the_raise_ends_the_bureaus_level_holds_and_is_called_again(hamlet: World) -> None:
    base = (await hamlet.issues("orange", TOWN)).warning_id
    raised = await own(hamlet, base, TOWN)
    await hamlet.advance(minutes=1)
    await end(hamlet, raised.id)
    assert (await hamlet.warning(raised.id)).state == "closed"
    assert (await hamlet.warning(base)).state == "in-force"
    told = {call.text for call in hamlet.phones.rang if "提级已结束" in call.text}
    assert told
    assert all("仍按橙色应对" in text for text in told)
    since = hamlet.clock.now()
    await hamlet.advance(minutes=5)
    assert [row for row in await hamlet.deliveries(warning_id=base, town=TOWN) if row.created_at >= since]
    assert not [
        row
        for row in await hamlet.deliveries(warning_id=raised.id, purpose="alert")
        if row.created_at > since
    ]


async def test_an_update_of_the_same_level_does_not_end_a_raise_and_rings_nobody_anew(hamlet: World) -> None:
    base = await hamlet.issues("orange", TOWN, SECOND)
    raised = await own(hamlet, base.warning_id, TOWN)
    rang = len(hamlet.phones.rang)
    update = await hamlet.issues("orange", TOWN, SECOND, msg_type="Update", refers=(base.identifier,))
    assert update.affects == (base.warning_id,)
    assert len(hamlet.phones.rang) == rang
    old = await hamlet.warning(raised.id)
    assert old.state == "superseded"
    new = await hamlet.warning(str(old.superseded_by))
    assert (new.state, new.level, new.raised_from, new.places) == (
        "in-force",
        Level.RED,
        Level.ORANGE,
        [TOWN],
    )
    assert new.id != update.warning_id
    asked = await hamlet.duty(TOWN, warning_id=new.id)
    assert asked.level == Level.RED
    await hamlet.advance(minutes=2)
    assert [call for call in hamlet.phones.rang[rang:] if "按红色应对" in call.text]  # its chain goes on


async def test_an_update_that_comes_up_to_the_raise_takes_its_place_without_a_ring(hamlet: World) -> None:
    base = await hamlet.issues("orange", TOWN, SECOND)
    raised = await own(hamlet, base.warning_id, TOWN)
    since = len(hamlet.phones.rang)
    update = await hamlet.issues("red", TOWN, SECOND, msg_type="Update", refers=(base.identifier,))
    old = await hamlet.warning(raised.id)
    assert (old.state, old.superseded_by) == ("superseded", update.warning_id)
    duty = await hamlet.duty(TOWN, warning_id=update.warning_id)
    assert not [
        call
        for call in hamlet.phones.to(await hamlet.number(duty.a_person))
        if call in hamlet.phones.rang[since:]
    ]
    second = await hamlet.duty(SECOND, warning_id=update.warning_id)
    assert [call for call in hamlet.phones.rang[since:] if call.to == await hamlet.number(second.a_person)]


async def test_a_machine_never_lowers_a_raise_but_says_that_the_bureau_has(hamlet: World) -> None:
    base = await hamlet.issues("orange", TOWN, SECOND)
    await own(hamlet, base.warning_id, TOWN)
    await hamlet.issues("yellow", TOWN, msg_type="Update", refers=(base.identifier,))
    async with hamlet.db.reading() as session:
        standing = await alarms.standing(session, DISTRICT)
        (row,) = list(
            await session.scalars(
                sa.select(Warning).where(Warning.state == "in-force", Warning.raised_from.is_not(None))
            )
        )
    assert (row.level, row.raised_from) == (Level.RED, Level.YELLOW)
    assert [one.warning_id for one in standing if one.kind == "raise-stands"] == [row.id]


async def test_a_raise_ends_where_the_update_names_its_towns_no_more(hamlet: World) -> None:
    base = await hamlet.issues("orange", TOWN, SECOND)
    raised = await own(hamlet, base.warning_id, TOWN)
    await hamlet.issues("orange", SECOND, msg_type="Update", refers=(base.identifier,))
    assert (await hamlet.warning(raised.id)).state == "superseded"
    since = hamlet.clock.now()
    await hamlet.advance(minutes=10)
    assert not [row for row in await hamlet.deliveries(town=TOWN) if row.created_at > since]
