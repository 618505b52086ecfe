"""Of one hazard the higher absorbs the lower, line by line, while it holds; nobody is called at both."""

from datetime import timedelta

import pytest

from tests.support.hamlet import SECOND, TOWN
from tests.support.world import World

pytestmark = pytest.mark.anyio


async def ringing(world: World, warning_id: str) -> set[tuple[str, str]]:
    """Return the towns and duties that a warning still rings for."""
    rows = await world.obligations(warning_id=warning_id)
    return {(row.town, row.duty) for row in rows if row.next_step_at is not None}


async def test_a_higher_warning_takes_over_the_calls_it_makes_and_the_lower_goes_on_elsewhere(
    hamlet: World,
) -> None:
    yellow = (await hamlet.issues("yellow", TOWN, SECOND)).warning_id
    red = (await hamlet.issues("red", TOWN)).warning_id
    assert {town for town, _ in await ringing(hamlet, yellow)} == {SECOND, "500153"}
    assert (TOWN, "town-duty") in await ringing(hamlet, red)
    said = [
        reason["text"]
        for line in (await hamlet.plans(yellow))[-1].body["lines"]
        if line["place"] == TOWN
        for reason in line["because"]
    ]
    assert "昌元街道另有暴雨红色预警在执行，以高一级为准，已按它叫到的不重复叫" in said
    assert (await hamlet.plans(yellow))[-1].cause == "同灾种高一级预警有变"


async def test_the_answer_to_the_higher_is_one_to_the_lower(hamlet: World) -> None:
    yellow = (await hamlet.issues("yellow", TOWN, SECOND)).warning_id
    red = (await hamlet.issues("red", TOWN)).warning_id
    duty = await hamlet.duty(TOWN, warning_id=red)
    call = hamlet.phones.to(await hamlet.number(duty.a_person))[-1]
    await hamlet.reply(call)
    assert (await hamlet.duty(TOWN, warning_id=red)).state == "met"
    assert (await hamlet.duty(TOWN, warning_id=yellow)).state == "met"


async def test_a_lower_warning_that_comes_after_calls_only_what_the_higher_does_not(hamlet: World) -> None:
    red = (await hamlet.issues("red", TOWN)).warning_id
    yellow = (await hamlet.issues("yellow", TOWN, SECOND)).warning_id
    assert {row.town for row in await hamlet.obligations(warning_id=yellow)} == {SECOND, "500153"}
    assert {row.town for row in await hamlet.obligations(warning_id=red)} == {TOWN, "500153"}


async def test_a_higher_one_that_is_still_far_off_leaves_the_lower_its_own_calls(hamlet: World) -> None:
    later = hamlet.clock.now() + timedelta(hours=40)
    yellow = (await hamlet.issues("yellow", TOWN)).warning_id
    await hamlet.issues("red", TOWN, onset=later, expires=later + timedelta(hours=3))
    held = await ringing(hamlet, yellow)
    assert (TOWN, "village-head") in held
    assert (TOWN, "town-duty") not in held


async def test_when_the_higher_ends_the_lower_is_taken_up_again(hamlet: World) -> None:
    at = hamlet.clock.now()
    red = (await hamlet.issues("red", TOWN, identifier="RED", expires=at + timedelta(hours=2))).warning_id
    yellow = (await hamlet.issues("yellow", TOWN, SECOND, expires=at + timedelta(hours=5))).warning_id
    assert await hamlet.obligations(warning_id=yellow, town=TOWN) == []
    await hamlet.advance(hours=2)
    assert (await hamlet.warning(red)).state == "expired"
    assert {duty for town, duty in await ringing(hamlet, yellow) if town == TOWN} >= {"town-duty"}


async def test_other_hazards_and_reminders_absorb_nothing(hamlet: World) -> None:
    yellow = (await hamlet.issues("yellow", TOWN)).warning_id
    before = await ringing(hamlet, yellow)
    await hamlet.issues("red", TOWN, hazard="11D01")
    await hamlet.issues("red", TOWN, observed=True)
    assert await ringing(hamlet, yellow) == before
