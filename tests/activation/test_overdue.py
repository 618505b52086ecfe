"""What nobody decides within its limit: the desk hears it, the chief is phoned, then the leader."""

from datetime import timedelta

import pytest

from app.activation.tables import Part
from app.directory import people
from app.tasks import alarms
from tests.activation.test_release import DUTY, acts, holds, lets
from tests.support.hamlet import TOWN
from tests.support.seeded import DISTRICT
from tests.support.world import Rang, World

pytestmark = pytest.mark.anyio


def told(world: World, word: str) -> list[Rang]:
    return [call for call in world.phones.rang if "无人决定" in call.text and word in call.text]


async def undecided(world: World) -> set[str]:
    async with world.db.reading() as session:
        return {one.subject for one in await alarms.standing(session, DISTRICT) if one.kind == "undecided"}


async def post(world: World, role: str) -> str:
    async with world.db.reading() as session:
        person = (await people.on_duty(session, DISTRICT, role, at=world.clock.now()))[0]
    return await world.number(person) or ""


@pytest.mark.parametrize(("level", "minutes"), [("red", 5), ("orange", 10)])
async def test_at_the_limit_the_chief_is_phoned_and_three_minutes_later_the_leader(
    hamlet: World, level, minutes
) -> None:
    warning = (await hamlet.issues(level, TOWN)).warning_id
    part = (await hamlet.parts(warning))["orders"]
    assert part.decide_by == hamlet.clock.now() + timedelta(minutes=minutes)
    await hamlet.advance(minutes=minutes, seconds=-0.000001)
    assert not told(hamlet, "转移令")
    assert not await undecided(hamlet)
    await hamlet.advance(seconds=0.000001)
    chief, leader = await post(hamlet, "district.chief"), await post(hamlet, "district.head")
    assert [(call.to, call.channel) for call in told(hamlet, "转移令")] == [(chief, "voice")]
    assert part.id in await undecided(hamlet)
    await hamlet.advance(minutes=3)
    assert [call.to for call in told(hamlet, "转移令")] == [chief, leader]
    await hamlet.advance(hours=1)
    assert len(told(hamlet, "转移令")) == 2
    assert part.id in await undecided(hamlet)  # it stands until a person acts
    assert (await acts(hamlet, warning)).count("undecided") >= 2


async def test_each_part_that_waits_is_an_alarm_of_its_own(hamlet: World) -> None:
    warning = (await hamlet.issues("red", TOWN)).warning_id
    await hamlet.advance(minutes=5)
    parts: dict[str, Part] = await hamlet.parts(warning)
    assert await undecided(hamlet) == {parts["public"].id, parts["orders"].id}


async def test_nobody_is_phoned_about_what_was_decided(hamlet: World) -> None:
    warning = (await hamlet.issues("orange", TOWN)).warning_id
    await lets(hamlet, warning, DUTY, "orders")
    other = (await hamlet.issues("orange", TOWN, hazard="11A51")).warning_id
    await holds(hamlet, other, DUTY, "orders")
    await hamlet.advance(minutes=20)
    assert not told(hamlet, "转移令")


async def test_a_first_name_alone_does_not_stop_the_limit(hamlet: World) -> None:
    warning = (await hamlet.issues("red", TOWN)).warning_id
    await hamlet.advance(minutes=4)
    await lets(hamlet, warning, DUTY)
    await hamlet.advance(minutes=1)
    assert told(hamlet, "公众")


async def test_nothing_goes_by_itself_at_its_limit_unless_the_district_says_so(hamlet: World) -> None:
    warning = (await hamlet.issues("red", TOWN)).warning_id
    await hamlet.advance(minutes=30)
    assert {part.state for name, part in (await hamlet.parts(warning)).items() if name != "responsible"} == {
        "proposed"
    }
    assert not await hamlet.obligations(layer="L6")
