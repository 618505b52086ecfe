"""An officer ends a warning: one name below red, two at red, and a first name does not last for ever."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from app.access.officer import Officer
from app.activation import close
from app.activation.close import Closing
from app.activation.tables import Decision
from app.errors import Forbidden, NotFound, Reauthenticate, SamePerson, Validation, WrongState
from tests.support.hamlet import TOWN
from tests.support.officers import officer
from tests.support.world import World

pytestmark = pytest.mark.anyio


async def ends(world: World, warning_id: str, by: Officer, reason: str = "已解除") -> Closing:
    async with world.db.transaction() as session:
        closing = await close.close(
            session,
            warning_id,
            reason,
            by=by,
            scheme=world.scheme,
            registry=world.registry,
            at=world.clock.now(),
        )
    await world.worker.drain()
    return closing


async def decided(world: World, warning_id: str) -> list[tuple[str, str, dict[str, Any]]]:
    async with world.db.reading() as session:
        rows = await session.scalars(sa.select(Decision).filter_by(subject=warning_id).order_by(Decision.id))
        return [(row.act, row.by, row.detail) for row in rows]


async def test_an_orange_is_ended_by_one(hamlet: World) -> None:
    warning = (await hamlet.issues("orange", TOWN)).warning_id
    assert (await ends(hamlet, warning, officer("duty"))).state == "closed"
    assert (await hamlet.warning(warning)).state == "closed"


async def test_a_red_is_ended_by_two_different_people_and_goes_on_between_them(hamlet: World) -> None:
    warning = (await hamlet.issues("red", TOWN)).warning_id
    with pytest.raises(Reauthenticate):
        await ends(hamlet, warning, officer("duty"))
    assert (await ends(hamlet, warning, officer("duty", sure=True))).state == "pending-approval"
    assert (await hamlet.warning(warning)).state == "in-force"
    called = len(hamlet.phones.rang)
    await hamlet.advance(minutes=2)
    assert len(hamlet.phones.rang) > called  # nobody stops calling before the second has said so
    with pytest.raises(SamePerson):
        await ends(hamlet, warning, officer("duty", sure=True))
    with pytest.raises(Forbidden):
        await ends(hamlet, warning, officer("duty", "other", sure=True))
    with pytest.raises(Reauthenticate):
        await ends(hamlet, warning, officer("chief"))
    assert (await ends(hamlet, warning, officer("chief", sure=True))).state == "closed"
    assert await decided(hamlet, warning) == [
        ("close-first", "user:duty-", {}),
        ("closed", "user:chief-", {"names": ["user:duty-", "user:chief-"]}),
    ]
    with pytest.raises(WrongState):
        await ends(hamlet, warning, officer("chief", sure=True))


async def test_a_first_name_lapses_after_ten_minutes_and_then_counts_for_nothing(hamlet: World) -> None:
    warning = (await hamlet.issues("red", TOWN)).warning_id
    await ends(hamlet, warning, officer("duty", sure=True))
    hamlet.clock.advance(hamlet.scheme.release.approval_lapses)
    assert (await ends(hamlet, warning, officer("chief", sure=True))).state == "pending-approval"
    assert (await ends(hamlet, warning, officer("leader", sure=True))).state == "closed"


async def test_two_hands_at_once_are_a_first_and_a_second(hamlet: World) -> None:
    warning = (await hamlet.issues("red", TOWN)).warning_id
    hands = (officer("leader", sure=True), officer("chief", sure=True))
    states = await asyncio.gather(*(ends(hamlet, warning, by) for by in hands))
    assert sorted(one.state for one in states) == ["closed", "pending-approval"]
    assert [act for act, _, _ in await decided(hamlet, warning)] == ["close-first", "closed"]


async def test_ending_asks_for_a_reason_a_right_and_a_warning_of_this_district(hamlet: World) -> None:
    warning = (await hamlet.issues("yellow", TOWN)).warning_id
    with pytest.raises(Validation):
        await ends(hamlet, warning, officer("duty"), "  ")
    with pytest.raises(Forbidden):
        await ends(hamlet, warning, officer("viewer"))
    with pytest.raises(NotFound):
        await ends(hamlet, "none", officer("duty"))
