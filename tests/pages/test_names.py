"""Pages call things by the names that people use."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app import beats
from app.activation import said
from app.activation.tables import Warning
from app.beats import Beat
from app.console.board import gaps, heads
from app.worker import lane_beat
from tests.support.hamlet import TOWN
from tests.support.world import World

pytestmark = pytest.mark.anyio


async def test_an_event_with_a_name_of_its_own_has_it_on_pages_and_in_texts(hamlet: World) -> None:
    thunder = (await hamlet.issues("yellow", TOWN, hazard="11B20")).warning_id
    async with hamlet.db.reading() as session:
        row = await session.get_one(Warning, thunder)
        head = heads.head_of(row, hamlet.scheme, {})
    assert said.title(hamlet.scheme, row) == "雷雨大风黄色预警"
    assert "雷雨大风" in head.title


async def test_what_must_be_heard_of_is_shown_by_a_name_people_use_and_nothing_else_as_silent(
    hamlet: World,
) -> None:
    at = hamlet.clock.now()
    async with hamlet.db.transaction() as session:
        for sweep in hamlet.worker.sweeps:
            await beats.touch(session, f"sweep:{sweep.name}", at, expected=timedelta(seconds=30))
        for lane in hamlet.worker.sender.lanes:
            await beats.touch(session, lane_beat(lane), at, expected=timedelta(seconds=30))
        await beats.touch(session, "observations:500153", at)  # counts only: it need not come
    async with hamlet.db.reading() as session:
        shown = await gaps.silences(session, hamlet.scheme, {}, at + timedelta(minutes=1))
    assert len(shown) == len(hamlet.worker.sweeps) + 2
    assert all(one.silent and not one.name.isascii() for one in shown)


async def test_a_worker_that_is_driven_from_due_to_due_promises_no_next_look(hamlet: World) -> None:
    await hamlet.issues("yellow", TOWN)
    async with hamlet.db.reading() as session:
        assert not [one for one in await session.scalars(sa.select(Beat.name)) if one.startswith("sweep:")]
