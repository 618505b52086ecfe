"""A person lets a part out: how many it takes, whose second name counts, and what another plan changes."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.access.officer import Officer
from app.access.rights import HELD_BY, ROLES
from app.activation import advance
from app.activation.release import PartState, hold, release
from app.activation.tables import Decision, Part
from app.audit import AuditLine
from app.db import Session
from app.errors import Forbidden, NotFound, PlanChanged, Reauthenticate, SamePerson, WrongState
from app.tasks import alarms
from tests.support.hamlet import TOWN, Opens
from tests.support.officers import officer
from tests.support.seeded import DISTRICT
from tests.support.world import World, open_world

pytestmark = pytest.mark.anyio

DUTY, OTHER = officer("duty", sure=True), officer("duty", "other", sure=True)
CHIEF, LEADER = officer("chief", sure=True), officer("leader", sure=True)


async def seen(world: World, warning: str) -> str:
    return (await world.warning(warning)).plan_hash or ""


async def lets(
    world: World,
    warning: str,
    by: Officer,
    part: str = "public",
    *,
    plan: str | None = None,
    break_glass: bool = False,
    session: Session | None = None,
) -> PartState:
    plan = plan or await seen(world, warning)
    at = world.clock.now()

    async def act(using: Session) -> PartState:
        return await release(
            using,
            warning,
            part,
            plan,
            by=by,
            scheme=world.scheme,
            registry=world.registry,
            at=at,
            break_glass=break_glass,
        )

    if session is not None:
        return await act(session)
    async with world.db.transaction() as own:
        decided = await act(own)
    await world.worker.drain()
    return decided


async def holds(world: World, warning: str, by: Officer, part: str = "public") -> PartState:
    plan = await seen(world, warning)
    async with world.db.transaction() as session:
        return await hold(session, warning, part, plan, "先核对名单", by=by, at=world.clock.now())


async def acts(world: World, warning: str) -> list[str]:
    """Return what is on record of a warning's parts, in order."""
    async with world.db.reading() as session:
        parts = sa.select(Part.id).where(Part.warning_id == warning)
        lines = sa.select(AuditLine.act).where(AuditLine.subject.in_(parts)).order_by(AuditLine.seq)
        return list(await session.scalars(lines))


async def households(world: World) -> int:
    return len(await world.obligations(layer="L6"))


async def test_the_responsible_are_called_without_anybodys_click_and_the_public_is_not(hamlet: World) -> None:
    warning = (await hamlet.issues("red", TOWN)).warning_id
    parts = await hamlet.parts(warning)
    assert {name: part.state for name, part in parts.items()} == {
        "responsible": "released",
        "public": "proposed",
        "orders": "proposed",
    }
    assert not await households(hamlet)
    assert not [call for call in hamlet.phones.rang if call.channel == "broadcast"]


async def test_an_orange_is_let_out_by_one(hamlet: World) -> None:
    warning = (await hamlet.issues("orange", TOWN)).warning_id
    assert (await lets(hamlet, warning, officer("duty"), "orders")).state == "released"
    assert [row.part for row in await hamlet.obligations(part="orders")]


async def test_a_red_takes_two_and_its_clocks_start_with_the_second(hamlet: World) -> None:
    warning = (await hamlet.issues("red", TOWN)).warning_id
    first = await lets(hamlet, warning, DUTY)
    assert (first.state, first.first_by, first.released_at) == ("pending-approval", DUTY.id, None)
    assert not await households(hamlet)
    await hamlet.advance(minutes=2)
    assert (await lets(hamlet, warning, CHIEF)).state == "released"
    rows = await hamlet.obligations(layer="L6")
    assert rows
    assert {row.released_at for row in rows} == {hamlet.clock.now()}
    assert {(row.due_at - row.released_at) for row in rows} == {timedelta(minutes=40)}
    assert [call for call in hamlet.phones.rang if call.channel == "broadcast"]
    assert (await acts(hamlet, warning))[-2:] == ["approved-first", "released"]


async def test_the_second_is_another_person_with_the_right_and_has_confirmed_both_times(
    hamlet: World,
) -> None:
    warning = (await hamlet.issues("red", TOWN)).warning_id
    with pytest.raises(Reauthenticate):
        await lets(hamlet, warning, officer("duty"))
    await lets(hamlet, warning, DUTY)
    with pytest.raises(SamePerson):
        await lets(hamlet, warning, DUTY)
    with pytest.raises(Forbidden):
        await lets(hamlet, warning, OTHER)
    with pytest.raises(Reauthenticate):
        await lets(hamlet, warning, officer("chief"))
    assert (await hamlet.parts(warning))["public"].state == "pending-approval"
    assert (await lets(hamlet, warning, LEADER)).state == "released"


async def test_a_chief_who_was_first_is_not_second(hamlet: World) -> None:
    warning = (await hamlet.issues("red", TOWN)).warning_id
    await lets(hamlet, warning, CHIEF)
    with pytest.raises(SamePerson):
        await lets(hamlet, warning, CHIEF)
    assert (await lets(hamlet, warning, officer("chief", "other", sure=True))).state == "released"


async def test_no_other_role_lets_anything_out_or_holds_it(hamlet: World) -> None:
    warning = (await hamlet.issues("orange", TOWN)).warning_id
    for role in sorted(set(ROLES) - HELD_BY["release"]):
        with pytest.raises(Forbidden):
            await lets(hamlet, warning, officer(role, sure=True), "orders")
        with pytest.raises(Forbidden):
            await holds(hamlet, warning, officer(role, sure=True), "orders")
    assert (await hamlet.parts(warning))["orders"].state == "proposed"


async def test_another_district_finds_no_such_warning(hamlet: World) -> None:
    warning = (await hamlet.issues("orange", TOWN)).warning_id
    with pytest.raises(NotFound):
        await lets(hamlet, warning, Officer("u", "u", "chief", None, "500112"), "orders")


async def test_a_part_the_plan_does_not_have_is_not_found(hamlet: World) -> None:
    warning = (await hamlet.issues("blue", TOWN)).warning_id
    with pytest.raises(NotFound):
        await lets(hamlet, warning, DUTY)


async def test_what_is_out_is_out_and_whoever_comes_second_hears_who_and_when(hamlet: World) -> None:
    warning = (await hamlet.issues("orange", TOWN)).warning_id
    await lets(hamlet, warning, DUTY, "orders")
    called = len(await hamlet.obligations())
    with pytest.raises(WrongState) as late:
        await lets(hamlet, warning, CHIEF, "orders")
    assert late.value.facts["state"] == "released"
    assert late.value.facts["by"] == str(DUTY.actor)
    assert late.value.facts["at"]
    assert len(await hamlet.obligations()) == called


async def test_two_who_press_at_once_let_it_out_once(hamlet_postgres_url: str) -> None:
    world = await open_world(hamlet_postgres_url)
    warning = (await world.issues("orange", TOWN)).warning_id
    came = await asyncio.gather(
        lets(world, warning, DUTY, "orders"), lets(world, warning, CHIEF, "orders"), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in came) == ["PartState", "WrongState"]
    assert (await acts(world, warning)).count("released") == 2  # the responsible, and the orders once
    await world.registry.aclose()
    await world.db.close()


async def test_one_who_holds_while_another_lets_out_at_once_leaves_one_decision(
    hamlet_postgres_url: str,
) -> None:
    world = await open_world(hamlet_postgres_url)
    warning = (await world.issues("orange", TOWN)).warning_id
    came = await asyncio.gather(
        lets(world, warning, DUTY, "orders"), holds(world, warning, CHIEF, "orders"), return_exceptions=True
    )
    (decided,) = [one for one in came if isinstance(one, PartState)]
    (refused,) = [one for one in came if not isinstance(one, PartState)]
    assert isinstance(refused, WrongState)
    assert refused.facts["state"] == decided.state == (await world.parts(warning))["orders"].state
    await world.registry.aclose()
    await world.db.close()


async def test_a_plan_other_than_the_one_that_was_seen_is_not_let_out_and_the_difference_is_told(
    hamlet: World,
) -> None:
    onset = hamlet.clock.now() + timedelta(hours=3)
    warning = (await hamlet.issues("orange", TOWN, onset=onset)).warning_id
    before = await seen(hamlet, warning)
    assert "public" not in await hamlet.parts(warning)
    await hamlet.advance(hours=1, seconds=1)
    assert (await hamlet.warning(warning)).segment == "T4"
    with pytest.raises(PlanChanged) as changed:
        await lets(hamlet, warning, DUTY, plan=before)
    facts = changed.value.facts
    assert facts["plan_hash"] == await seen(hamlet, warning)
    assert facts["added"] == [f"{TOWN}/L6/broadcast", f"{TOWN}/L6/household"]
    assert (facts["removed"], facts["segment"]) == ([], "T4")
    assert str(facts["cause"]).endswith("T4")
    assert (await lets(hamlet, warning, DUTY)).state == "released"


async def test_a_first_name_is_void_after_ten_minutes_and_the_next_is_first_again(hamlet: World) -> None:
    warning = (await hamlet.issues("red", TOWN)).warning_id
    await lets(hamlet, warning, DUTY)
    await hamlet.advance(minutes=10)
    again = await lets(hamlet, warning, CHIEF)
    assert (again.state, again.first_by) == ("pending-approval", CHIEF.id)
    assert not await households(hamlet)
    assert (await acts(hamlet, warning))[-2:] == ["approval-lapsed", "approved-first"]


async def test_a_moment_earlier_the_first_name_still_stands(hamlet: World) -> None:
    warning = (await hamlet.issues("red", TOWN)).warning_id
    await lets(hamlet, warning, DUTY)
    await hamlet.advance(minutes=9, seconds=59.999999)
    assert (await lets(hamlet, warning, CHIEF)).state == "released"


async def test_alone_it_goes_after_sixty_seconds_without_a_second_and_loudly(hamlet: World) -> None:
    warning = (await hamlet.issues("red", TOWN)).warning_id
    assert (await lets(hamlet, warning, DUTY, break_glass=True)).state == "pending-approval"
    with pytest.raises(WrongState) as early:
        await lets(hamlet, warning, DUTY, break_glass=True)
    assert early.value.facts["opens_at"] == (hamlet.clock.now() + timedelta(seconds=60)).isoformat()
    await hamlet.advance(seconds=60)
    with pytest.raises(Reauthenticate):
        await lets(hamlet, warning, officer("duty"), break_glass=True)
    with pytest.raises(Forbidden):
        await lets(hamlet, warning, officer("viewer", sure=True), break_glass=True)
    assert (await lets(hamlet, warning, DUTY, break_glass=True)).state == "released"
    assert await households(hamlet)
    assert (await acts(hamlet, warning))[-2:] == ["break-glass", "released"]
    async with hamlet.db.reading() as session:
        assert "break-glass" in {alarm.kind for alarm in await alarms.standing(session, DISTRICT)}
        decisions = list(await session.scalars(sa.select(Decision.act).order_by(Decision.id)))
    assert decisions[-3:] == ["approved-first", "break-glass", "released"]


async def test_a_part_that_is_held_stays_where_it_is_with_its_reason(hamlet: World) -> None:
    warning = (await hamlet.issues("red", TOWN)).warning_id
    await lets(hamlet, warning, DUTY)
    assert (await holds(hamlet, warning, CHIEF)).state == "held"
    with pytest.raises(WrongState) as held:
        await lets(hamlet, warning, LEADER)
    assert held.value.facts["state"] == "held"
    async with hamlet.db.reading() as session:
        reason = await session.scalar(sa.select(Decision.reason).where(Decision.act == "held"))
    assert reason == "先核对名单"
    await hamlet.advance(minutes=30)
    async with hamlet.db.reading() as session:
        undecided = [one for one in await alarms.standing(session, DISTRICT) if one.kind == "undecided"]
    assert [one.text for one in undecided if "公众" in one.text] == []


async def test_a_warning_that_is_over_takes_its_undecided_parts_off_the_desk(hamlet: World) -> None:
    warning = (await hamlet.issues("red", TOWN, identifier="E-1")).warning_id
    await lets(hamlet, warning, DUTY)
    await holds(hamlet, warning, DUTY, "orders")
    plan = await seen(hamlet, warning)
    await hamlet.issues("red", TOWN, msg_type="Cancel", refers=("E-1",))
    states = {name: part.state for name, part in (await hamlet.parts(warning)).items()}
    assert states == {"responsible": "released", "public": "withdrawn", "orders": "withdrawn"}
    with pytest.raises(WrongState):
        await lets(hamlet, warning, CHIEF, plan=plan)


async def test_lines_that_a_new_plan_adds_take_a_first_name_away_on_record(hamlet: World) -> None:
    onset = hamlet.clock.now() + timedelta(hours=4)
    warning = (await hamlet.issues("red", TOWN, onset=onset)).warning_id
    await lets(hamlet, warning, DUTY, "orders")
    async with hamlet.db.transaction() as session:
        part = (await session.scalars(sa.select(Part).filter_by(warning_id=warning, name="orders"))).one()
        part.lines = part.lines[:-1]  # as if the plan it was approved for had asked less
        row = await session.get_one(type(await hamlet.warning(warning)), warning)
        row.plan_hash = "another"
        await advance.replan(
            session,
            row,
            scheme=hamlet.scheme,
            registry=hamlet.registry,
            at=hamlet.clock.now(),
            cause="实测变化",
        )
    part = (await hamlet.parts(warning))["orders"]
    assert (part.state, part.first_by) == ("proposed", None)
    assert (await acts(hamlet, warning))[-1] == "approval-lapsed"


async def test_what_one_lets_out_after_the_limit_says_that_the_alarms_cause_is_over(hamlets: Opens) -> None:
    world = await hamlets()
    warning = (await world.issues("orange", TOWN)).warning_id
    await world.advance(minutes=11)
    async with world.db.reading() as session:
        (alarm,) = [
            one
            for one in await alarms.standing(session, DISTRICT)
            if one.kind == "undecided" and "转移令" in one.text
        ]
    assert alarm.over_at is None
    await lets(world, warning, DUTY, "orders")
    async with world.db.reading() as session:
        now = {one.id: one.over_at for one in await alarms.standing(session, DISTRICT)}
    assert now[alarm.id] == world.clock.now()
