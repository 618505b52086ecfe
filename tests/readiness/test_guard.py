"""Pre-flight by itself: behind a new warning's calls and kept with its plan; before a hand-over, an alarm."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.directory.tables import Holding, Person, Shift
from app.readiness import guard
from app.readiness.tables import PreflightRow
from app.tasks import alarms
from app.tasks.alarms import Alarm
from tests.support.hamlet import TOWN, Opens
from tests.support.seeded import DISTRICT
from tests.support.world import World

pytestmark = pytest.mark.anyio


async def standing(world: World, kind: str) -> list[Alarm]:
    async with world.db.reading() as session:
        return [one for one in await alarms.standing(session, DISTRICT) if one.kind == kind]


async def silenced(world: World, place: str, role: str) -> None:
    """Take the number from whoever has a role at a place."""
    async with world.db.transaction() as session:
        held = sa.select(Holding.person_id).where(Holding.place_id == place, Holding.role == role)
        await session.execute(
            sa.update(Person).where(Person.id.in_(held)).values(phone=None, phone_index=None)
        )


async def test_what_is_missing_when_a_warning_comes_in_is_kept_with_its_plan(hamlet: World) -> None:
    warning = await hamlet.issues("red", TOWN)
    async with hamlet.db.reading() as session:
        kept = await guard.kept(session, warning.warning_id)
    assert kept is not None
    first = (await hamlet.plans(warning.warning_id))[0]
    assert (kept.plan_id, kept.at) == (first.id, hamlet.clock.now())
    assert kept.units > 0
    assert kept.total >= len(kept.holes)
    assert {hole["town"] for hole in kept.holes} <= {TOWN, DISTRICT}
    assert hamlet.phones.rang, "its calls were made before anybody looked"


async def test_it_stays_as_it_was_though_the_plan_is_made_again_and_the_directory_mended(
    hamlet: World,
) -> None:
    warning = await hamlet.issues("orange", TOWN)
    async with hamlet.db.reading() as session:
        before = await guard.kept(session, warning.warning_id)
    await silenced(hamlet, TOWN, "town.mayor")
    await hamlet.advance(hours=3)
    async with hamlet.db.reading() as session:
        after = await guard.kept(session, warning.warning_id)
    assert before is not None
    assert after is not None
    assert (after.at, after.total, after.holes) == (before.at, before.total, before.holes)


async def test_a_duty_room_that_cannot_be_reached_is_an_alarm_at_once_and_names_nobody(hamlet: World) -> None:
    await silenced(hamlet, TOWN, "town.mayor")
    warning = await hamlet.issues("red", TOWN)
    (alarm,) = await standing(hamlet, "preflight")
    assert (alarm.warning_id, alarm.level) == (warning.warning_id, 4)
    assert "昌元街道镇长（主任）没有号码" in alarm.text
    assert "·" not in alarm.text


async def test_a_kind_of_call_that_no_channel_carries_is_one(hamlets: Opens) -> None:
    world = await hamlets("sms")
    await world.issues("red", TOWN)
    (alarm,) = await standing(world, "preflight")
    assert "没有能用的通道" in alarm.text


async def test_a_reminder_from_gauges_and_a_message_that_applies_to_nobody_are_not_looked_at(
    hamlet: World,
) -> None:
    await hamlet.issues("orange", TOWN, observed=True)
    await hamlet.issues("orange", TOWN, disposition="not-applicable")
    async with hamlet.db.reading() as session:
        assert not list(await session.scalars(sa.select(PreflightRow)))


async def looks(world: World) -> int:
    async with world.db.transaction() as session:
        return await guard.hand_over(
            session, scheme=world.scheme, registry=world.registry, at=world.clock.now()
        )


async def test_a_gap_in_the_rota_is_told_before_it_begins_and_is_over_when_somebody_is_put_there(
    hamlet: World,
) -> None:
    already = await looks(hamlet)
    begins = hamlet.clock.now() + timedelta(hours=1)
    async with hamlet.db.transaction() as session:
        turns = list(
            await session.scalars(
                sa.select(Shift).where(
                    Shift.place_id == TOWN, Shift.role == "town.duty", Shift.ends_at > hamlet.clock.now()
                )
            )
        )
        was = {turn.id: (turn.starts_at, turn.ends_at) for turn in turns}
        for turn in turns:  # nobody is on for two hours, beginning in one
            turn.ends_at = min(turn.ends_at, begins) if turn.starts_at < begins else turn.ends_at
            turn.starts_at = (
                max(turn.starts_at, begins + timedelta(hours=2))
                if turn.starts_at >= begins
                else turn.starts_at
            )
    assert await looks(hamlet) == already + 1
    (alarm,) = [one for one in await standing(hamlet, "hand-over") if one.town == TOWN]
    assert "交接班前：昌元街道" in alarm.text
    assert "没有镇街值班员在班" in alarm.text
    assert await looks(hamlet) == already + 1, "the same gap is the same alarm"
    async with hamlet.db.transaction() as session:
        for turn in await session.scalars(sa.select(Shift).where(Shift.id.in_(was))):
            turn.starts_at, turn.ends_at = was[turn.id]
    assert await looks(hamlet) == already
    (alarm,) = [one for one in await standing(hamlet, "hand-over") if one.town == TOWN]
    assert alarm.over_at is not None


async def test_a_gap_that_is_still_far_off_is_left_to_the_page(hamlet: World) -> None:
    async with hamlet.db.transaction() as session:
        await session.execute(
            sa.delete(Shift).where(
                Shift.place_id == TOWN, Shift.starts_at > hamlet.clock.now() + timedelta(hours=3)
            )
        )
    before = {one.subject for one in await standing(hamlet, "hand-over")}
    await looks(hamlet)
    told = [one for one in await standing(hamlet, "hand-over") if one.subject not in before]
    assert not [one for one in told if one.town == TOWN]
