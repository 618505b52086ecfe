"""Several nodes at once on PostgreSQL, and a database that goes away: each step once, nothing lost."""

import asyncio
import contextlib
from collections import Counter
from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa

from app.answer import escalate, obligations
from app.answer.obligations import About, Asked
from app.answer.tables import Call, Obligation, StepTaken
from app.audit import SYSTEM, verify
from app.db import Database
from app.dispatch.states import State
from app.errors import Unavailable
from app.origin import Origin
from app.settings import Settings
from app.tasks.tables import Task
from app.worker import build
from tests.support.hamlet import TOWN, VILLAGE
from tests.support.seeded import DISTRICT
from tests.support.world import World, open_world

pytestmark = pytest.mark.anyio

MANY, NODES = 500, 4


@pytest.fixture
async def world(hamlet_postgres_url: str):
    opened = await open_world(hamlet_postgres_url)
    yield opened
    await opened.registry.aclose()
    await opened.db.close()


async def crowd(world: World) -> str:
    """Ask for five hundred households under one warning; their first calls wait for a sweep."""
    warning = (await world.issues("yellow", TOWN)).warning_id
    some = (await world.obligations(town=TOWN, duty="town-duty"))[0]
    asked = [
        Asked(
            TOWN,
            f"{VILLAGE}-H{n:04d}",
            "L4",
            "grid-worker",
            ("voice", "sms"),
            timedelta(minutes=90),
            a,
            b,
            s,
            no_contact=False,
        )
        for n in range(MANY)
        for a, b, s in [(some.a_person, some.b_person, some.superior_person)]
    ]
    at = world.clock.now()
    about = About(warning, DISTRICT, Origin.SIMULATED, 1, "11B03", 2, some.plan_id)
    async with world.db.transaction() as session:
        await obligations.open_(
            session, about, "orders", asked, scheme=world.scheme, registry=world.registry, at=at, by=SYSTEM
        )
    return warning


async def sweeps(world: World, db: Database) -> int:
    """One node's sweeps, until it finds nothing more to do. Returns how much it did."""
    did = 0
    while True:
        count = await db.run(
            lambda session: escalate.sweep(
                session, scheme=world.scheme, registry=world.registry, at=world.clock.now(), limit=40
            )
        )
        did += count
        if not count:
            return did


async def test_four_sweepers_over_five_hundred_obligations_take_each_step_once(world: World) -> None:
    warning = await crowd(world)
    nodes = [Database(world.db.url) for _ in range(NODES)]
    for minutes in (10, 10, 10):
        world.clock.advance(timedelta(minutes=minutes))
        shares = await asyncio.gather(*(sweeps(world, db) for db in nodes))
        assert sum(1 for share in shares if share) > 1  # else this run has shown nothing
        await sweeps(world, nodes[0])
    async with world.db.reading() as session:
        mine = sa.select(Obligation.id).where(Obligation.warning_id == warning, Obligation.part == "orders")
        steps = Counter(
            (
                await session.execute(
                    sa.select(StepTaken.step, StepTaken.who).where(StepTaken.obligation_id.in_(mine))
                )
            ).all()
        )
        called = Counter(
            await session.scalars(
                sa.select(Call.obligation_id).where(Call.obligation_id.in_(mine), Call.round == 2)
            )
        )
        broken = (await verify(session, DISTRICT)).broken_at
    assert steps == {(0, "A"): MANY, (1, "A"): MANY, (2, "A"): MANY, (3, "B"): MANY, (4, "superior"): MANY}
    assert set(called.values()) == {1}
    assert len(called) == MANY
    assert broken is None
    for db in nodes:
        await db.close()


async def test_two_nodes_that_find_a_limit_passed_at_once_raise_one_alarm_and_phone_once(
    world: World,
) -> None:
    await world.issues("red", TOWN)
    world.clock.advance(timedelta(minutes=5))
    others = [
        build(Settings(), Database(world.db.url), world.scheme, world.registry, world.clock) for _ in range(3)
    ]
    await asyncio.gather(
        *(one.tick(sweep) for one in others for sweep in one.sweeps if sweep.name == "undecided")
    )
    await world.worker.drain()
    told = Counter((call.to, call.text) for call in world.phones.rang if "无人决定" in call.text)
    assert len(told) == 2  # public, orders
    assert set(told.values()) == {1}
    async with world.db.reading() as session:
        alarms = list(await session.scalars(sa.select(Task).filter_by(kind="alarm", what="undecided")))
    assert len(alarms) == len({one.key for one in alarms}) == 2
    for one in others:
        await one.db.close()


async def test_workers_on_three_nodes_send_each_message_once(world: World) -> None:
    nodes = [
        build(Settings(), Database(world.db.url), world.scheme, world.registry, world.clock) for _ in range(3)
    ]
    world.worker, own = nodes[0], world.worker
    before = await world.deliveries()
    assert not before
    await asyncio.gather(world.issues("red", TOWN), *(node.drain() for node in nodes[1:]))
    await asyncio.gather(*(node.drain() for node in nodes))
    assert set(Counter(call.key for call in world.phones.rang).values()) == {1}
    assert {row.state for row in await world.deliveries()} == {State.ACCEPTED}
    for node in nodes:
        await node.db.close()
    world.worker = own


@pytest.mark.parametrize("step", ["claimed", "sent", "unrecorded", "uncommitted"])
async def test_a_database_that_drops_every_connection_at_a_step_costs_nothing_that_a_gateway_said(
    world: World, step: str
) -> None:
    await world.issues("blue", TOWN)
    dropped: list[int] = []

    def drop(reached: str) -> None:
        if reached != step or dropped:
            return
        name = world.db.engine.url.database
        base = world.db.url.replace(f"/{name}", "/postgres")
        with psycopg.connect(base, autocommit=True) as other:
            ended = other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )
            dropped.append(len(ended.fetchall()))

    rang = len(world.phones.rang)
    world.worker.sender._fault = drop
    world.clock.advance(timedelta(minutes=30))
    # Whatever the driver raises: it is told, and tried again.
    for _ in range(3):
        with contextlib.suppress(Unavailable, sa.exc.DBAPIError):
            await world.worker.drain()
    assert dropped
    second = Counter(call.key for call in world.phones.rang[rang:])
    assert second
    assert set(second.values()) == {1}
    rows = [row for row in await world.deliveries() if row.key in second]
    assert {row.state for row in rows} == {State.ACCEPTED}
    assert not [row for row in rows if row.possibly_twice]
