"""What the machine could not place a person decides; then it is carried out like any other."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.access.officer import Officer
from app.activation.receive import Outcome
from app.activation.review import review
from app.activation.tables import Decision
from app.audit import AuditLine
from app.errors import Forbidden, NotFound, Validation, WrongState
from app.origin import Origin
from app.tasks import alarms
from app.warning.level import Level
from tests.support.hamlet import SECOND, TOWN
from tests.support.officers import officer
from tests.support.seeded import DISTRICT
from tests.support.world import World

pytestmark = pytest.mark.anyio


async def reviews(
    world: World,
    warning_id: str,
    *places: str,
    level: Level | None = None,
    accept: bool = True,
    reason: str = "已电话核对",
    by: Officer | None = None,
) -> Outcome | None:
    async with world.db.transaction() as session:
        outcome = await review(
            session,
            warning_id,
            places,
            level,
            accept,
            reason,
            by=by or officer("duty"),
            scheme=world.scheme,
            registry=world.registry,
            at=world.clock.now(),
        )
    await world.worker.drain()
    return outcome


async def unclear(world: World, *places: str, **more: Any) -> str:
    return (await world.issues("red", *places, disposition="needs-review", **more)).warning_id


async def test_what_is_accepted_is_planned_and_called_for_the_towns_the_officer_named(hamlet: World) -> None:
    warning = await unclear(hamlet)
    assert not hamlet.phones.rang
    outcome = await reviews(hamlet, warning, TOWN)
    assert outcome is not None
    assert (outcome.state, outcome.disposition, outcome.places) == ("in-force", "applies", (TOWN,))
    assert {name: state for name, state, _ in outcome.parts}["responsible"] == "released"
    asked = await hamlet.duty(TOWN)
    assert hamlet.phones.to(await hamlet.number(asked.a_person))
    assert not await hamlet.obligations(town=SECOND)
    row = await hamlet.warning(warning)
    assert (row.origin, row.level) == ("simulated", Level.RED)


async def test_the_alarm_of_its_limit_ends_with_the_decision(hamlet: World) -> None:
    warning = await unclear(hamlet)
    await hamlet.advance(minutes=6)
    async with hamlet.db.reading() as session:
        assert [one.subject for one in await alarms.standing(session, DISTRICT)] == [warning]
    await reviews(hamlet, warning, TOWN)
    async with hamlet.db.reading() as session:
        (left,) = [one for one in await alarms.standing(session, DISTRICT) if one.kind == "needs-review"]
    assert left.over_at is not None  # it stands until somebody looks, and says that its cause is gone


async def test_a_dismissed_message_is_closed_and_calls_nobody(hamlet: World) -> None:
    warning = await unclear(hamlet)
    outcome = await reviews(hamlet, warning, accept=False, reason="外区的报文")
    assert outcome is not None
    assert (outcome.state, outcome.disposition) == ("closed", "needs-review")
    await hamlet.advance(minutes=10)
    assert not hamlet.phones.rang
    with pytest.raises(WrongState):
        await reviews(hamlet, warning, TOWN)


async def test_who_decided_and_why_is_kept_and_in_the_audit_log(hamlet: World) -> None:
    warning = await unclear(hamlet)
    await reviews(hamlet, warning, TOWN, reason="气象台值班室确认")
    async with hamlet.db.reading() as session:
        (row,) = list(await session.scalars(sa.select(Decision).filter_by(subject=warning)))
        acts = set(await session.scalars(sa.select(AuditLine.act).where(AuditLine.subject == warning)))
    assert (row.act, row.by, row.reason) == ("reviewed", "user:duty-", "气象台值班室确认")
    assert row.detail == {
        "accept": True,
        "places": [TOWN],
        "level": None,
        "names": ["user:duty-"],
        "was": "needs-review",
    }
    assert {"reviewed", "planned"} <= acts


async def test_unknown_towns_no_towns_and_another_level_are_refused_field_by_field(hamlet: World) -> None:
    warning = await unclear(hamlet)
    for places, level, pointers in (
        ((), None, ["/places"]),
        ((TOWN, "500153999"), None, ["/places/1"]),
        (("500153",), None, ["/places/0"]),
        ((TOWN,), Level.BLUE, ["/level"]),
    ):
        with pytest.raises(Validation) as refused:
            await reviews(hamlet, warning, *places, level=level)
        assert [fault.pointer for fault in refused.value.errors] == pointers
    with pytest.raises(Validation):
        await reviews(hamlet, warning, TOWN, reason=" ")
    assert (await hamlet.warning(warning)).state == "needs-review"


async def test_a_message_without_a_level_gets_the_one_the_officer_says(hamlet: World) -> None:
    warning = await unclear(hamlet)
    async with hamlet.db.transaction() as session:
        await session.execute(sa.text("UPDATE warning SET level = NULL WHERE id = :id"), {"id": warning})
    with pytest.raises(Validation) as refused:
        await reviews(hamlet, warning, TOWN)
    assert [fault.code for fault in refused.value.errors] == ["unknown-severity"]
    outcome = await reviews(hamlet, warning, TOWN, level=Level.ORANGE)
    assert outcome is not None
    assert outcome.level is Level.ORANGE


async def test_an_exercise_stays_one(hamlet: World) -> None:
    warning = await unclear(hamlet, origin=Origin.EXERCISE)
    await reviews(hamlet, warning, TOWN)
    assert {row.origin for row in await hamlet.obligations(warning_id=warning)} == {"exercise"}


async def test_an_update_that_waits_may_go_ahead_and_a_cancel_only_if_it_finds_what_it_ends(
    hamlet: World,
) -> None:
    update = await hamlet.issues(
        "orange", TOWN, msg_type="Update", refers=("W-unknown",), disposition="waiting"
    )
    outcome = await reviews(hamlet, update.warning_id, TOWN)
    assert outcome is not None
    assert outcome.state == "in-force"
    cancel = await hamlet.issues(
        "orange", msg_type="Cancel", refers=("W-unknown",), disposition="needs-review"
    )
    with pytest.raises(WrongState):
        await reviews(hamlet, cancel.warning_id)
    other = await hamlet.issues(
        "orange", msg_type="Cancel", refers=(update.identifier,), disposition="needs-review"
    )
    told = await reviews(hamlet, other.warning_id)
    assert told is not None
    assert (told.state, told.affects) == ("closed", (update.warning_id,))
    assert (await hamlet.warning(update.warning_id)).state == "cancelled"


async def test_a_message_whose_time_is_over_can_only_be_dismissed(hamlet: World) -> None:
    warning = await unclear(hamlet, expires=hamlet.clock.now() + timedelta(minutes=20))
    await hamlet.advance(minutes=20)
    with pytest.raises(WrongState):
        await reviews(hamlet, warning, TOWN)
    assert await reviews(hamlet, warning, accept=False)


async def test_it_takes_the_right_and_a_message_of_this_district(hamlet: World) -> None:
    warning = await unclear(hamlet)
    for role in ("viewer", "supervisor", "operator"):
        with pytest.raises(Forbidden):
            await reviews(hamlet, warning, TOWN, by=officer(role))
    with pytest.raises(NotFound):
        await reviews(hamlet, "none", TOWN)
    running = await hamlet.issues("blue", TOWN)
    with pytest.raises(WrongState):
        await reviews(hamlet, running.warning_id, TOWN)
