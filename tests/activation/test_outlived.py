"""A warning that outlives its hazard stands before the desk; nothing ends it but its issuer or an officer."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.tasks.tables import Task
from tests.support.hamlet import TOWN
from tests.support.world import World

pytestmark = pytest.mark.anyio


async def flags(world: World) -> list[str]:
    async with world.db.reading() as session:
        rows = await session.scalars(sa.select(Task).filter_by(kind="alarm", what="outlived"))
        return [row.text for row in rows]


async def test_when_the_promised_time_is_over_it_is_flagged_once_and_stays_in_force(hamlet: World) -> None:
    warned = await hamlet.issues("red", TOWN, expires=hamlet.clock.now() + timedelta(hours=9))
    await hamlet.advance(hours=2, minutes=59)
    assert await flags(hamlet) == []
    await hamlet.advance(hours=3)
    (text,) = await flags(hamlet)
    assert text.startswith("暴雨红色预警所报时限已于")
    assert "请向" in text
    assert (await hamlet.warning(warned.warning_id)).state == "in-force"
    await hamlet.advance(hours=4)
    async with hamlet.db.reading() as session:
        (task,) = await session.scalars(sa.select(Task).filter_by(kind="alarm", what="outlived"))
    assert task.over_at is not None
    kinds = [one["kind"] for one in (await hamlet.plans(warned.warning_id))[-1].body["suggestions"]]
    assert "outlived" in kinds
