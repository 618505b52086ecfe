"""流域联防 from gauge to answer: neighbours up and down the river are rung, once, and counted apart."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.answer import record
from app.answer.tables import Obligation
from app.clock import LOCAL
from app.console.board import heads, plans, timeline
from app.origin import Origin
from app.reports import rates
from app.reports.rows import Asked, due
from app.scheme.models import Scheme
from app.tasks.tables import Task
from tests.activation.test_observed import measured
from tests.support.hamlet import SECOND, TOWN
from tests.support.officers import officer
from tests.support.seeded import DISTRICT
from tests.support.world import Rang, World

pytestmark = pytest.mark.anyio

RIVER = "11A01"
GAUGE, BELOW = "SIM-Z001", "SIM-Z003"
OVER_WARNING, OVER_GUARANTEE, BELOW_OVER = 301.5, 303.0, 296.3
DAZU, LUXIAN, NEIJIANG = "500153-N01", "500153-N02", "500153-N03"


def level(world: World, metres: float, station: str = GAUGE) -> dict[str, Any]:
    tm = world.clock.now().astimezone(LOCAL).strftime("%Y-%m-%d %H:%M:%S")
    return {"STCD": station, "TM": tm, "Z": metres}


def neighbour(scheme: Scheme, row: Obligation) -> bool:
    return bool(scheme.duty(row.layer, row.duty).unit)


async def owed(world: World, **by: Any) -> list[Obligation]:
    """What the rooms were asked, by room and time."""
    rows = [row for row in await world.obligations(**by) if neighbour(world.scheme, row)]
    return sorted(rows, key=lambda row: (row.place_id, row.released_at))


async def calls(world: World, row: Obligation) -> list[Rang]:
    return world.phones.to(await world.number(row.a_person))


async def test_a_river_over_its_warning_mark_rings_the_rooms_up_and_down_and_says_measured(
    hamlet: World,
) -> None:
    await measured(hamlet, "ST_RIVER_R", level(hamlet, OVER_WARNING))
    rows = await owed(hamlet)
    assert [(row.place_id, row.town, row.layer, row.duty, row.level) for row in rows] == [
        (DAZU, DISTRICT, "L1", "upstream-dazu", 2),
        (LUXIAN, DISTRICT, "L1", "downstream-luxian", 2),
    ]
    assert {row.due_at - row.released_at for row in rows} == {timedelta(minutes=30)}
    for row, do in zip(rows, ("请通报水情和下泄", "请备好来水"), strict=True):
        (call,) = await calls(hamlet, row)
        assert call.channel == "voice"
        assert "实测" in call.text
        assert "预警信号" not in call.text
        assert do in call.text


async def test_its_answer_is_recorded_by_key_by_message_and_by_the_officer_who_phoned(hamlet: World) -> None:
    await measured(hamlet, "ST_RIVER_R", level(hamlet, OVER_WARNING))
    dazu, luxian = await owed(hamlet)
    await hamlet.reply((await calls(hamlet, dazu))[0])
    async with hamlet.db.transaction() as session:
        (effect,) = await record.by_phone(
            session,
            luxian.warning_id,
            LUXIAN,
            luxian.duty,
            "confirmed",
            "已通知沿河各镇",
            by=officer("duty"),
            scheme=hamlet.scheme,
            at=hamlet.clock.now(),
        )
    assert effect.counts
    assert [(row.state, row.via) for row in await owed(hamlet)] == [("met", "voice"), ("met", "phone")]
    before = len(hamlet.phones.rang)
    await hamlet.advance(minutes=40)
    numbers = {await hamlet.number(row.a_person) for row in await owed(hamlet)}
    assert not [call for call in hamlet.phones.rang[before:] if call.to in numbers]


async def test_a_further_gauge_of_the_river_rings_them_no_second_time_and_a_higher_mark_does(
    hamlet: World,
) -> None:
    await measured(hamlet, "ST_RIVER_R", level(hamlet, OVER_WARNING))
    await hamlet.advance(minutes=5)
    await measured(hamlet, "ST_RIVER_R", level(hamlet, BELOW_OVER, BELOW))
    assert len(await owed(hamlet)) == 2
    await measured(hamlet, "ST_RIVER_R", level(hamlet, OVER_GUARANTEE))
    rows = await owed(hamlet)
    assert [(row.place_id, row.level) for row in rows] == [(DAZU, 2), (DAZU, 3), (LUXIAN, 2), (LUXIAN, 3)]


async def test_a_plan_that_is_made_again_rings_nobody_again(hamlet: World) -> None:
    at = hamlet.clock.now()
    outcome = await hamlet.issues(
        "yellow", TOWN, hazard=RIVER, onset=at + timedelta(hours=30), expires=at + timedelta(hours=40)
    )
    rows = await owed(hamlet)
    assert [row.place_id for row in rows] == [DAZU, LUXIAN]
    for row in rows:
        await hamlet.reply((await calls(hamlet, row))[0])
    rang = [len(await calls(hamlet, row)) for row in rows]
    await hamlet.advance(hours=29)
    assert len(await hamlet.plans(outcome.warning_id)) >= 4
    assert [row.id for row in await owed(hamlet)] == [row.id for row in rows]
    assert [len(await calls(hamlet, row)) for row in rows] == rang


async def test_rain_that_finds_high_water_later_rings_them_then_by_the_same_warning(hamlet: World) -> None:
    outcome = await hamlet.issues("orange", TOWN)
    assert await owed(hamlet, warning_id=outcome.warning_id) == []
    await measured(hamlet, "ST_RIVER_R", level(hamlet, OVER_WARNING))
    rows = await owed(hamlet, warning_id=outcome.warning_id)
    assert [row.place_id for row in rows] == [DAZU, LUXIAN]
    assert {row.due_at - row.released_at for row in rows} == {timedelta(minutes=15)}


async def test_a_silent_room_is_rung_thrice_then_its_leader_then_our_chief_and_nobody_goes_there(
    hamlet: World,
) -> None:
    await hamlet.issues("red", TOWN, hazard=RIVER)
    (luxian,) = await owed(hamlet, place_id=LUXIAN)
    silent = {await hamlet.number(row.a_person) for row in await owed(hamlet)}
    for call in list(hamlet.phones.rang):
        if call.to not in silent:
            await hamlet.reply(call)
    await hamlet.advance(minutes=7)
    assert len([call for call in await calls(hamlet, luxian) if call.channel == "voice"]) == 3
    assert hamlet.phones.to(await hamlet.number(luxian.b_person))
    rang = len(hamlet.phones.rang)
    await hamlet.advance(minutes=30)
    (late,) = await owed(hamlet, place_id=LUXIAN)
    assert (late.state, late.who, late.next_step_at) == ("missed", "chief", None)
    (told,) = [call.text for call in hamlet.phones.rang[rang:] if "叫不应" in call.text]
    assert all(name in told for name in ("大足区防汛值班室", "泸县防汛值班室"))
    async with hamlet.db.reading() as session:
        sent = await session.scalars(sa.select(Task.place_id).where(Task.kind == "visit"))
        assert not {LUXIAN, DAZU} & set(sent)


async def test_it_counts_in_the_district_s_own_figure_and_in_no_town_s(hamlet: World) -> None:
    await hamlet.issues("red", TOWN, SECOND, hazard=RIVER)
    asked = Asked(DISTRICT, Origin.SIMULATED)
    async with hamlet.db.reading() as session:
        rows = await due(session, asked, "answered_in_hour", at=hamlet.clock.now())
    mine = {row.id for row in await owed(hamlet)}
    assert {row.town for row in rows if row.id in mine} == {DISTRICT}
    by_town = {one.key: one.due for one in rates.grouped(rows, "answered_in_hour", "town")}
    of_towns = {town: len(await hamlet.obligations(town=town)) for town in (TOWN, SECOND)}
    assert {town: by_town[town] for town in of_towns} == of_towns
    assert by_town[DISTRICT] == len(await hamlet.obligations(town=DISTRICT))


async def test_the_desk_shows_them_by_name_beside_the_layers_and_what_they_answered(hamlet: World) -> None:
    outcome = await hamlet.issues("red", TOWN, hazard=RIVER)
    for row in await owed(hamlet):
        await hamlet.reply((await calls(hamlet, row))[0])
    async with hamlet.db.reading() as session:
        warning = await heads.one(session, DISTRICT, outcome.warning_id)
        assert warning
        plan = await plans.plan(session, warning)
        assert plan
        done = await plans.progress(session, warning.id)
        lines = plans.lines(plan.body, hamlet.scheme, done, {})
        names = await heads.towns_of(session, hamlet.scheme)
        told = await timeline.load(
            session, hamlet.scheme, names, ("simulated",), warning=warning.id, limit=50
        )
    (line,) = [line for line in lines if "流域联防" in line.title]
    assert line.title == "L1 流域联防 · 泸县防汛值班室（濑溪河下游）、大足区防汛值班室（濑溪河上游）"
    assert (line.units, line.people, line.answered, line.owed) == (2, 4, 2, 2)
    assert any("防汛值班室" not in other.title and other.title.startswith("L1 区") for other in lines)
    assert {"大足区防汛值班室", "泸县防汛值班室"} <= {event.subject for event in told if event.text == "已应"}
    (spared,) = plan.body["not_asked"]
    assert (spared["duty"], spared["because"][0]["text"]) == (
        "downstream-neijiang",
        "预警区域不在清流河沿线",
    )
