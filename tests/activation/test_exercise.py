"""An exercise is one from its first row: it rings drill channels only, and no real figure knows it."""

from dataclasses import replace

import httpx
import pytest
import sqlalchemy as sa

from app.activation.situation import gather
from app.activation.tables import Part, Warning
from app.answer.tables import Answer, Brief, Obligation
from app.channels import registry as channels
from app.db import Database
from app.dispatch.tables import Delivery, Permit
from app.origin import Origin
from app.reports.rows import Asked, due
from app.settings import Settings
from app.tasks.tables import Task
from app.worker import build
from tests.activation.bureau import says
from tests.activation.test_release import CHIEF, DUTY, lets
from tests.support.hamlet import TOWN, Opens
from tests.support.seeded import DISTRICT
from tests.support.world import World, entries, secrets

pytestmark = pytest.mark.anyio

LIVE, DRILL = ("sms", "voice", "broadcast"), ("sms-drill", "voice-drill")


@pytest.fixture
async def mixed(hamlets: Opens):
    """The hamlet with live channels and two for drills."""
    world = await hamlets(*LIVE, live=True)
    registry = channels.build(
        [*entries(live=True, names=LIVE), *entries(names=DRILL)],
        secrets((*LIVE, *DRILL)),
        {name: httpx.ASGITransport(world.phones) for name in (*LIVE, *DRILL)},
    )
    worker = build(Settings(), world.db, world.scheme, registry, world.clock)
    yield replace(world, registry=registry, worker=worker)
    await registry.aclose()


def rung(world: World) -> set[str]:
    return {call.channel for call in world.phones.rang}


async def origins(db: Database) -> set[str]:
    """Return the origins of everything that is kept about warnings."""
    found: set[str] = set()
    async with db.reading() as session:
        for table in (Warning, Part, Obligation, Delivery, Permit, Brief, Answer, Task):
            found |= set(await session.scalars(sa.select(table.origin).distinct()))
    return found


async def test_an_exercise_rings_drill_channels_alone_to_the_end_of_its_chain(mixed: World) -> None:
    outcome = await says(mixed, "X", level="red", status="Exercise")
    for by in (DUTY, CHIEF):
        await lets(mixed, outcome.warning_id, by)
    await mixed.advance(minutes=25)
    assert rung(mixed) == set(DRILL)
    assert await origins(mixed.db) == {"exercise"}
    assert all(call.text.startswith("演练") for call in mixed.phones.rang)


async def test_an_exercise_of_a_flood_rings_the_neighbours_on_drill_channels_too(mixed: World) -> None:
    await mixed.issues("red", TOWN, hazard="11A01", origin=Origin.EXERCISE)
    await mixed.advance(minutes=10)
    rooms = [row for row in await mixed.obligations() if mixed.scheme.duty(row.layer, row.duty).unit]
    assert {(row.place_id, row.origin) for row in rooms} == {
        ("500153-N01", "exercise"),
        ("500153-N02", "exercise"),
    }
    for row in rooms:
        held = mixed.phones.to(await mixed.number(row.a_person))
        assert {call.channel for call in held} == set(DRILL)
        assert all(call.text.startswith("演练") for call in held)
    assert await origins(mixed.db) == {"exercise"}


async def test_a_real_warning_rings_live_channels_alone(mixed: World) -> None:
    outcome = await says(mixed, "R", level="red")
    for by in (DUTY, CHIEF):
        await lets(mixed, outcome.warning_id, by)
    await mixed.advance(minutes=25)
    assert rung(mixed) == set(LIVE)
    assert await origins(mixed.db) == {"real"}
    assert not [call for call in mixed.phones.rang if call.text.startswith("演练")]


async def test_where_there_are_only_live_channels_an_exercise_reaches_nobody(hamlets: Opens) -> None:
    world = await hamlets(live=True)
    await says(world, "X", level="red", status="Exercise")
    await world.advance(minutes=25)
    assert not world.phones.rang
    assert not await world.deliveries()
    rows = await world.obligations()
    assert {row.who for row in rows if row.layer != "L1"} == {
        "onsite"
    }  # somebody goes there, in the drill too
    assert not [row for row in rows if row.answered_at]


async def test_an_exercise_is_in_no_real_figure_and_a_real_warning_in_none_of_its(mixed: World) -> None:
    await says(mixed, "X", level="red", status="Exercise")
    await says(mixed, "R", event_code="11B05")
    async with mixed.db.reading() as session:
        at = mixed.clock.now()
        real = await due(session, Asked(DISTRICT, Origin.REAL), "answered", at=at)
        drill = await due(session, Asked(DISTRICT, Origin.EXERCISE), "answered", at=at)
        mine = dict((await session.execute(sa.select(Obligation.id, Obligation.origin))).all())
    assert real
    assert drill
    assert {mine[row.id] for row in real} == {"real"}
    assert {mine[row.id] for row in drill} == {"exercise"}
    assert len(real) + len(drill) == len(mine)


async def test_an_exercise_cannot_cancel_or_take_over_a_real_warning(mixed: World) -> None:
    real = await says(mixed, "R")
    cancel = await says(mixed, "X", "R", msg_type="Cancel", status="Exercise")
    update = await says(mixed, "Y", "R", msg_type="Update", status="Exercise")
    assert (await mixed.warning(real.warning_id)).state == "in-force"
    assert {(cancel.state, cancel.affects), (update.state, update.affects)} == {("needs-review", ())}


async def test_the_plan_of_a_real_warning_does_not_see_an_exercise_nor_the_other_way_round(
    mixed: World,
) -> None:
    real = await says(mixed, "R")
    drill = await says(mixed, "X", event_code="11B05", level="red", status="Exercise")
    beside = await says(mixed, "S", event_code="11B05", level="yellow")
    seen = {}
    async with mixed.db.reading() as session:
        for one in (real, drill, beside):
            row = await session.get_one(Warning, one.warning_id)
            situation = await gather(session, row, scheme=mixed.scheme, at=mixed.clock.now())
            seen[one.warning_id] = {other.key for other in situation.others}
    assert seen == {
        real.warning_id: {beside.warning_id},
        drill.warning_id: set(),
        beside.warning_id: {real.warning_id},
    }
