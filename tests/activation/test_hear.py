"""News make a plan anew: a disaster, a town nobody answers in, a forecast. Only the difference is called."""

from datetime import timedelta

import pytest

from app.access.officer import Officer
from app.clock import LOCAL
from app.disaster import report
from app.disaster.form import ReportIn
from app.observations.accept import accept
from tests.support.hamlet import SECOND, THIRD, TOWN
from tests.support.seeded import DISTRICT
from tests.support.world import World

pytestmark = pytest.mark.anyio


async def reports(world: World, *kinds: str, town: str = TOWN, event: str = "e-1") -> None:
    """A town reports what has happened; what follows is done."""
    at = world.clock.now()
    said = ReportIn.model_validate({"place": town, "kinds": list(kinds), "occurred_at": at})
    async with world.db.transaction() as session:
        officer = Officer("u-town", "town", "town", town, DISTRICT)
        await report.first(session, said, origin="simulated", by=officer, at=at, event_id=event)
    await world.worker.drain()


async def forecasts(world: World, mm: float, town: str = TOWN) -> None:
    at = world.clock.now().astimezone(LOCAL)
    row = {
        "town": town,
        "issued": at.isoformat(timespec="seconds"),
        "from": (at + timedelta(hours=1)).isoformat(timespec="seconds"),
        "to": (at + timedelta(hours=4)).isoformat(timespec="seconds"),
        "ELEM": "rain",
        "V": mm,
    }
    async with world.db.transaction() as session:
        taken = await accept(session, DISTRICT, "FORECAST", [row], source="qx", at=world.clock.now())
    assert not taken.rejected
    await world.worker.drain()


async def causes(world: World, warning_id: str) -> list[str]:
    return [plan.cause for plan in await world.plans(warning_id)]


async def test_a_disaster_in_the_area_makes_the_plan_anew_and_calls_only_what_is_new(hamlet: World) -> None:
    later = hamlet.clock.now() + timedelta(hours=30)
    warned = await hamlet.issues("yellow", TOWN, SECOND, onset=later, expires=later + timedelta(hours=6))
    before = {(row.place_id, row.duty): row.id for row in await hamlet.obligations()}
    await reports(hamlet, "house-flooded", "road-cut")
    assert await causes(hamlet, warned.warning_id) == ["收到报文", "昌元街道报灾：进入 T4"]
    after = {(row.place_id, row.duty): row.id for row in await hamlet.obligations()}
    assert before.items() < after.items()
    assert {duty for place, duty in after.keys() - before.keys() if place.startswith(SECOND)} >= {
        "village-head"
    }


async def test_a_disaster_elsewhere_or_of_another_kind_leaves_it(hamlet: World) -> None:
    later = hamlet.clock.now() + timedelta(hours=30)
    warned = await hamlet.issues("yellow", TOWN, onset=later, expires=later + timedelta(hours=6))
    await reports(hamlet, "house-flooded", town=THIRD)
    await reports(hamlet, "fire", event="e-2")
    assert await causes(hamlet, warned.warning_id) == ["收到报文"]


async def test_a_town_nobody_answers_in_is_cut_off_and_one_answer_from_it_is_enough(hamlet: World) -> None:
    warned = await hamlet.issues("orange", TOWN, SECOND)
    (call, *_) = hamlet.phones.to(await hamlet.number((await hamlet.duty(SECOND)).a_person))
    await hamlet.reply(call)
    await hamlet.advance(minutes=19)
    assert await causes(hamlet, warned.warning_id) == ["收到报文"]
    await hamlet.advance(minutes=2)
    assert await causes(hamlet, warned.warning_id) == ["收到报文", "昌元街道失联"]
    body = (await hamlet.plans(warned.warning_id))[-1].body
    (raised,) = [one for one in body["suggestions"] if one["kind"] == "uplift"]
    assert "uplift.isolated" in {reason["rule"] for reason in raised["because"]}
    assert "派人到昌元街道，用卫星电话或370兆联络" in [one["text"] for one in body["actions"]]
    (call, *_) = hamlet.phones.to(await hamlet.number((await hamlet.duty(TOWN, "village-head")).a_person))
    await hamlet.reply(call)
    await reports(hamlet, "crops")  # looked at again
    body = (await hamlet.plans(warned.warning_id))[-1].body
    assert not [one for one in body["actions"] if "派人到" in one["text"]]


async def test_a_town_that_reports_all_three_cut_is_cut_off_at_once(hamlet: World) -> None:
    warned = await hamlet.issues("orange", TOWN)
    await reports(hamlet, "road-cut", "power-cut")
    assert await causes(hamlet, warned.warning_id) == ["收到报文"]
    await reports(hamlet, "telecom", event="e-2")
    assert (await causes(hamlet, warned.warning_id))[-1] == "昌元街道报灾"
    body = (await hamlet.plans(warned.warning_id))[-1].body
    assert "报告三断" in str([one["because"] for one in body["suggestions"]])


async def test_a_forecast_makes_a_version_that_asks_for_a_consultation_and_calls_nobody(
    hamlet: World,
) -> None:
    warned = await hamlet.issues("yellow", TOWN)
    rang = len(hamlet.phones.rang)
    await forecasts(hamlet, 60)
    plans = await hamlet.plans(warned.warning_id)
    assert [plan.cause for plan in plans] == ["收到报文", "预报变化"]
    assert [one["kind"] for one in plans[-1].body["suggestions"]] == ["uplift", "outlook"]  # it is night
    assert plans[-1].segment == plans[0].segment
    assert len(hamlet.phones.rang) == rang
    await forecasts(hamlet, 60)
    assert len(await hamlet.plans(warned.warning_id)) == 2


async def test_a_drought_that_has_just_ended_speaks_for_one_level_more(hamlet: World) -> None:
    await hamlet.issues("orange", TOWN, hazard="11B22", expires=hamlet.clock.now() + timedelta(hours=1))
    await hamlet.advance(hours=2)
    warned = await hamlet.issues("yellow", TOWN)
    (made,) = await hamlet.plans(warned.warning_id)
    rules = [r["rule"] for s in made.body["suggestions"] if s["kind"] == "uplift" for r in s["because"]]
    assert rules == ["uplift.night", "uplift.drought-to-flood"]
