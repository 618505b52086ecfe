"""A message is put in line once, whoever asks how often; what no channel carries is told, not kept."""

import asyncio
from dataclasses import replace

import pytest
import sqlalchemy as sa

from app.db import Database
from app.dispatch.enqueue import Order, enqueue
from app.dispatch.tables import Content
from app.events import Event
from app.origin import Origin
from tests.dispatch.line import DISTRICT, TOWN, Line, build
from tests.dispatch.test_permit import somebody_waits

pytestmark = pytest.mark.anyio


async def order(line: Line, key: str = "k", **more: object) -> Order:
    if "w-1" not in line.permitted:
        await line.permit("w-1")
    made = Order(
        key=key,
        district=DISTRICT,
        origin=Origin.SIMULATED,
        warning_id="w-1",
        part="responsible",
        town=TOWN,
        place_id=TOWN,
        person_id=await line.person(),
        layer="L2",
        kind="sms",
        level=4,
        round=1,
        text="请确认",
        expires_at=None,
    )
    return replace(made, **more)  # type: ignore[arg-type]


async def put(line: Line, *orders: Order) -> dict[str, str]:
    async with line.db.transaction() as session:
        return await enqueue(session, orders, registry=line.registry, at=line.clock.now())


async def test_the_same_order_again_is_the_same_delivery(line: Line) -> None:
    wanted = await order(line)
    first = await put(line, wanted)
    assert await put(line, wanted) == first
    assert len(await line.rows()) == 1


async def test_two_reasons_in_one_moment_to_say_the_same_to_somebody_are_one_delivery(line: Line) -> None:
    wanted = await order(line)
    placed = await put(line, wanted, replace(wanted, part="orders"))
    assert [row.id for row in await line.rows()] == [placed["k"]]


async def test_two_nodes_that_put_the_same_in_line_at_once_put_it_once(postgres_url: str) -> None:
    db = Database(postgres_url)
    line = build(db)
    wanted, own = await order(line), await order(line, "other")
    async with db.transaction() as session:
        first = await enqueue(session, [wanted], registry=line.registry, at=line.clock.now())
        second = asyncio.create_task(put(line, wanted, own))
        await somebody_waits(db)
    assert (await second)["k"] == first["k"]
    assert sorted(row.key for row in await line.rows()) == ["k", "other"]
    await line.registry.aclose()
    await db.close()


async def test_a_text_is_stored_once_however_many_it_goes_to(line: Line) -> None:
    await put(line, *[await order(line, f"k-{n}") for n in range(5)])
    async with line.db.reading() as session:
        assert await session.scalar(sa.select(sa.func.count()).select_from(Content)) == 1


async def test_what_no_channel_of_its_origin_carries_is_missing_in_the_answer(line: Line) -> None:
    exercise, real = await order(line), await order(line, "real", origin=Origin.REAL)
    assert set(await put(line, exercise, real)) == {"k"}
    assert len(await line.rows()) == 1


async def test_only_what_is_new_in_line_is_told_to_the_pages(line: Line) -> None:
    wanted = await order(line)
    placed = await put(line, wanted)
    await put(line, wanted)
    async with line.db.reading() as session:
        told = await session.scalars(sa.select(Event.subject).where(Event.kind == "delivery"))
        assert list(told) == [placed["k"]]
