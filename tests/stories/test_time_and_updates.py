"""A plan lives: segments pass, updates take over, cancels stop; nobody is rung twice for the same thing."""

from collections import Counter
from datetime import timedelta

import pytest

from app.dispatch.states import State
from tests.support.world import World

pytestmark = pytest.mark.anyio

WANLING, QINGLIU, PANLONG = "500153105", "500153112", "500153102"


async def test_a_yellow_warning_passes_through_four_segments_and_each_adds_its_row(world: World) -> None:
    outcome = await world.issues(
        "yellow",
        WANLING,
        onset=world.clock.now() + timedelta(hours=30),
        expires=world.clock.now() + timedelta(hours=40),
    )
    asked = {"T1": set[tuple[str, str]](), "T2": set(), "T3": set(), "T4": set()}

    async def note(segment: str) -> None:
        assert (await world.warning(outcome.warning_id)).segment == segment
        asked[segment] = {
            (row.place_id, row.duty) for row in await world.obligations(warning_id=outcome.warning_id)
        }

    await note("T1")
    await world.advance(hours=6, minutes=1)
    await note("T2")
    await world.advance(hours=18)
    await note("T3")
    await world.advance(hours=4)
    await note("T4")
    assert {duty for _, duty in asked["T1"]} == {"district-duty", "bureau", "town-duty", "town-deputy"}
    assert asked["T2"] == asked["T1"]  # the row of T2 adds measures at yellow, no calls
    added = {duty for _, duty in asked["T3"] - asked["T2"]}
    assert added == {"village-head", "keeper", "reservoir-keeper", "facility"} & added
    assert "village-head" in added
    assert asked["T4"] == asked["T3"]
    plans = await world.plans(outcome.warning_id)
    assert list(dict.fromkeys(plan.segment for plan in plans)) == ["T1", "T2", "T3", "T4"]
    assert all(plan.cause.startswith("时间推进") for plan in plans[1:])
    first_rounds = Counter(
        (delivery.person_id, delivery.kind)
        for delivery in await world.deliveries(warning_id=outcome.warning_id, round=1)
    )
    assert first_rounds
    duties = Counter(
        (row.place_id, row.duty) for row in await world.obligations(warning_id=outcome.warning_id)
    )
    assert set(duties.values()) == {1}


async def test_an_update_that_only_adds_a_town_rings_nobody_again_where_nothing_changed(world: World) -> None:
    first = await world.issues("red", WANLING, identifier="E-1")
    before = await world.duty(WANLING)
    update = await world.issues("red", WANLING, QINGLIU, msg_type="Update", refers=("E-1",))
    assert update.affects == (first.warning_id,)
    assert (await world.warning(first.warning_id)).state == "superseded"
    after = await world.duty(WANLING)
    assert (after.id, after.released_at, after.warning_id) == (
        before.id,
        before.released_at,
        update.warning_id,
    )
    assert len([c for c in world.phones.to(await world.number(after.a_person)) if c.channel == "voice"]) == 1
    assert (await world.duty(QINGLIU)).warning_id == update.warning_id
    await world.advance(minutes=5)  # the chain goes on under the new warning
    assert world.phones.to(await world.number(after.b_person))


async def test_an_update_to_a_higher_level_asks_again_and_its_answer_answers_the_old_one_too(
    world: World,
) -> None:
    await world.issues("yellow", WANLING, identifier="E-1")
    old = await world.duty(WANLING)
    await world.issues("red", WANLING, msg_type="Update", refers=("E-1",))
    new = await world.duty(WANLING)
    assert (new.id != old.id, new.level, new.version) == (True, 4, 2)
    call = [c for c in world.phones.to(await world.number(new.a_person)) if c.channel == "voice"][-1]
    await world.reply(call, "1")
    rows = {row.id: row for row in await world.obligations(town=WANLING, duty="town-duty")}
    assert rows[new.id].state == "met"
    assert rows[old.id].state == "met"


async def test_after_a_cancel_no_send_starts_and_whoever_was_reached_is_told(world: World) -> None:
    first = await world.issues("red", WANLING, identifier="E-1")
    rang = len(world.phones.rang)
    cancel = await world.issues("red", WANLING, msg_type="Cancel", refers=("E-1",))
    assert (cancel.affects, cancel.state) == ((first.warning_id,), "closed")
    assert (await world.warning(first.warning_id)).state == "cancelled"
    await world.advance(hours=2)
    later = world.phones.rang[rang:]
    assert later
    assert all("解除" in call.text for call in later)
    reached = {call.to for call in world.phones.rang[:rang]}
    assert {call.to for call in later} == reached
    assert not [
        d
        for d in await world.deliveries(warning_id=first.warning_id, purpose="alert")
        if d.state == State.QUEUED
    ]
    assert {row.excluded_reason for row in await world.obligations(warning_id=first.warning_id)} == {
        "warning cancelled"
    }


async def test_an_alert_whose_cancel_came_first_rings_nobody(world: World) -> None:
    cancel = await world.issues("red", WANLING, msg_type="Cancel", refers=("E-9",), disposition="waiting")
    assert cancel.state == "waiting"
    alert = await world.issues("red", WANLING, identifier="E-9")
    assert alert.state == "cancelled"
    assert not world.phones.rang
    assert (await world.warning(cancel.warning_id)).state == "closed"


async def test_an_update_that_came_first_holds_after_its_alert(world: World) -> None:
    update = await world.issues(
        "red", WANLING, QINGLIU, msg_type="Update", refers=("E-9",), disposition="waiting", identifier="E-10"
    )
    assert not world.phones.rang
    alert = await world.issues("orange", WANLING, identifier="E-9")
    assert alert.state == "superseded"
    assert (await world.warning(update.warning_id)).state == "in-force"
    assert (await world.duty(QINGLIU)).level == 4
    assert (await world.duty(WANLING)).level == 4


async def test_a_warning_ends_when_its_time_is_over_and_calls_stop(world: World) -> None:
    outcome = await world.issues("blue", WANLING, expires=world.clock.now() + timedelta(minutes=20))
    await world.advance(minutes=21)
    assert (await world.warning(outcome.warning_id)).state == "expired"
    rang = len(world.phones.rang)
    await world.advance(hours=3)
    assert len(world.phones.rang) == rang
