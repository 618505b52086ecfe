"""The response level of a family: proposed by whoever is on duty, signed by two, down one step at a time."""

import asyncio
from dataclasses import replace

import pytest
import sqlalchemy as sa

from app.access.officer import Officer
from app.activation.response import Response, ResponseLevel, Verb, decide, in_force
from app.activation.tables import Decision, ResponseRow
from app.audit import AuditLine
from app.errors import Forbidden, SamePerson, Validation, WrongState
from app.events import Event
from app.origin import Origin
from tests.support.hamlet import TOWN
from tests.support.officers import officer
from tests.support.seeded import DISTRICT
from tests.support.world import World

pytestmark = pytest.mark.anyio

DUTY, CHIEF, LEADER = officer("duty"), officer("chief"), officer("leader")


async def decides(
    world: World,
    decision: Verb,
    level: ResponseLevel,
    by: Officer = LEADER,
    *,
    family: str = "flood",
    reason: str = "濑溪河超警戒",
    origin: Origin = Origin.SIMULATED,
) -> Response:
    async with world.db.transaction() as session:
        return await decide(
            session,
            family,
            level,
            decision,
            reason,
            by=by,
            scheme=world.scheme,
            at=world.clock.now(),
            origin=origin,
        )


async def signed(world: World, decision: Verb, level: ResponseLevel, **more: str) -> Response:
    await decides(world, decision, level, LEADER, **more)  # type: ignore[arg-type]
    return await decides(world, decision, level, CHIEF, **more)  # type: ignore[arg-type]


async def held(world: World, family: str = "flood", origin: Origin = Origin.SIMULATED) -> str | None:
    async with world.db.reading() as session:
        found = await in_force(session, DISTRICT, family, origin=origin, scheme=world.scheme)
    return found.level if found else None


async def rows(world: World) -> list[tuple[str, str, str]]:
    async with world.db.reading() as session:
        found = await session.scalars(sa.select(ResponseRow).order_by(ResponseRow.id))
        return [(row.decision, row.level, row.state) for row in found]


async def test_it_takes_a_leader_and_a_second_person_in_either_order(hamlet: World) -> None:
    first = await decides(hamlet, "start", "IV", LEADER)
    assert (first.state, first.first_by, first.second_by) == ("pending-approval", LEADER.id, None)
    assert await held(hamlet) is None
    with pytest.raises(SamePerson):
        await decides(hamlet, "start", "IV", LEADER)
    done = await decides(hamlet, "start", "IV", CHIEF)
    assert (done.id, done.state, done.first_by, done.second_by) == (first.id, "in-force", LEADER.id, CHIEF.id)
    assert (done.in_force_at, done.signed_by) == (hamlet.clock.now(), "区防指办公室主任")
    assert await held(hamlet) == "IV"
    assert (await decides(hamlet, "raise", "II", CHIEF)).state == "pending-approval"
    assert (await decides(hamlet, "raise", "II", LEADER)).state == "in-force"


async def test_two_chiefs_are_not_enough_and_a_duty_officer_only_proposes(hamlet: World) -> None:
    proposed = await decides(hamlet, "start", "III", DUTY)
    assert (proposed.state, proposed.first_by) == ("pending-approval", DUTY.id)
    with pytest.raises(SamePerson):
        await decides(hamlet, "start", "III", DUTY)
    with pytest.raises(Forbidden):
        await decides(hamlet, "start", "III", officer("duty", "other"))
    for chief in (CHIEF, officer("chief", "other")):
        assert (await decides(hamlet, "start", "III", chief)).state == "pending-approval"
    done = await decides(hamlet, "start", "III", LEADER)
    assert (done.id, done.state) == (proposed.id, "in-force")
    assert {done.first_by, done.second_by} == {CHIEF.id, LEADER.id}
    async with hamlet.db.reading() as session:
        acts = list(
            await session.scalars(sa.select(Decision.act).filter_by(subject=done.id).order_by(Decision.id))
        )
    assert acts == ["response-proposed", *["response-signed"] * 3]


async def test_two_hands_at_once_are_two_signatures_of_one_decision(hamlet: World) -> None:
    done = await asyncio.gather(*(decides(hamlet, "start", "IV", by) for by in (LEADER, CHIEF)))
    assert sorted(one.state for one in done) == ["in-force", "pending-approval"]
    assert await rows(hamlet) == [("start", "IV", "in-force")]


async def test_a_first_signature_lapses(hamlet: World) -> None:
    await decides(hamlet, "start", "IV", LEADER)
    hamlet.clock.advance(hamlet.scheme.release.approval_lapses)
    assert (await decides(hamlet, "start", "IV", CHIEF)).state == "pending-approval"
    assert await rows(hamlet) == [("start", "IV", "lapsed"), ("start", "IV", "pending-approval")]


async def test_down_it_goes_one_step_at_a_time_and_what_does_not_fit_is_refused(hamlet: World) -> None:
    for decision in ("raise", "lower", "end"):
        with pytest.raises(WrongState):
            await decides(hamlet, decision, "IV")
    await signed(hamlet, "start", "II")
    with pytest.raises(WrongState):
        await decides(hamlet, "start", "I")
    for decision, level in (
        ("lower", "IV"),
        ("lower", "II"),
        ("lower", "none"),
        ("raise", "III"),
        ("raise", "none"),
        ("not-raised", "II"),
        ("end", "IV"),
    ):
        with pytest.raises(Validation) as refused:
            await decides(hamlet, decision, level)  # type: ignore[arg-type]
        assert [fault.pointer for fault in refused.value.errors] == ["/level"]
    await signed(hamlet, "lower", "III")
    await signed(hamlet, "lower", "IV")
    assert (await signed(hamlet, "end", "none")).level == "none"
    assert await held(hamlet) == "none"
    assert [state for _, _, state in await rows(hamlet)] == ["replaced", "replaced", "replaced", "in-force"]
    await signed(hamlet, "start", "IV")
    assert await held(hamlet) == "IV"


async def test_not_raised_takes_two_names_too_and_leaves_the_level_as_it_is(hamlet: World) -> None:
    since = (await signed(hamlet, "start", "IV")).in_force_at
    await hamlet.advance(minutes=3)
    first = await decides(hamlet, "not-raised", "II", LEADER)
    assert (first.level, first.state) == ("II", "pending-approval")
    done = await decides(hamlet, "not-raised", "II", CHIEF)
    assert (done.level, done.decision, done.state, done.in_force_at) == (
        "IV",
        "not-raised",
        "in-force",
        since,
    )
    assert await held(hamlet) == "IV"
    assert await rows(hamlet) == [("start", "IV", "replaced"), ("not-raised", "IV", "in-force")]


async def test_it_is_not_lowered_while_a_warning_in_force_speaks_for_more(hamlet: World) -> None:
    warning = await hamlet.issues("red", TOWN)  # red in one town: level III
    await signed(hamlet, "start", "III")
    for decision, level in (("lower", "IV"), ("end", "none")):
        with pytest.raises(WrongState) as refused:
            await decides(hamlet, decision, level)  # type: ignore[arg-type]
        assert refused.value.facts == {"state": "III"}
    await hamlet.issues("red", msg_type="Cancel", refers=(warning.identifier,))
    assert (await signed(hamlet, "end", "none")).state == "in-force"


async def test_families_and_origins_have_levels_of_their_own(hamlet: World) -> None:
    await signed(hamlet, "start", "III")
    await signed(hamlet, "start", "IV", family="geology")
    await decides(hamlet, "start", "I", LEADER, origin=Origin.EXERCISE)
    await decides(hamlet, "start", "I", CHIEF, origin=Origin.EXERCISE)
    assert await held(hamlet) == "III"
    assert await held(hamlet, "geology") == "IV"
    assert await held(hamlet, origin=Origin.EXERCISE) == "I"
    assert await held(hamlet, origin=Origin.REAL) is None
    with pytest.raises(Validation):
        await decides(hamlet, "start", "IV", family="earthquake")


async def test_another_wish_waits_beside_the_first_until_one_of_them_holds(hamlet: World) -> None:
    await decides(hamlet, "start", "IV", LEADER)
    await decides(hamlet, "start", "III", CHIEF)
    other = officer("leader", "other")
    assert (await decides(hamlet, "start", "III", other)).state == "in-force"
    assert await rows(hamlet) == [("start", "IV", "replaced"), ("start", "III", "in-force")]


async def test_a_district_may_let_one_leader_sign(hamlet: World) -> None:
    one = replace(hamlet.scheme.release.response, persons=1)
    hamlet.scheme = replace(hamlet.scheme, release=replace(hamlet.scheme.release, response=one))
    assert (await decides(hamlet, "start", "IV", CHIEF)).state == "pending-approval"
    assert (await decides(hamlet, "start", "IV", LEADER)).state == "in-force"


async def test_it_takes_a_right_and_a_reason_and_is_audited_and_told(hamlet: World) -> None:
    for role in ("viewer", "supervisor", "operator", "town", "department"):
        with pytest.raises(Forbidden):
            await decides(hamlet, "start", "IV", officer(role))
    with pytest.raises(Validation):
        await decides(hamlet, "start", "IV", reason="  ")
    done = await signed(hamlet, "start", "IV")
    async with hamlet.db.reading() as session:
        lines = list(
            await session.scalars(
                sa.select(AuditLine.act).where(AuditLine.subject == done.id).order_by(AuditLine.seq)
            )
        )
        told = list(await session.scalars(sa.select(Event.kind).where(Event.subject == done.id)))
    assert lines == ["response-signed", "response-signed", "response-start"]
    assert told == ["plan", "plan"]
