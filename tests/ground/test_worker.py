"""The working process: what fails in it again and again falls silent, and is missed."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from app import beats
from app.settings import Settings
from app.worker import UNWRITTEN, Sweep, Worker, build
from tests.support.world import World

pytestmark = pytest.mark.anyio

NAMES = {"any": "worker:send", "red": "worker:send-red"}


class Steps:
    """A fault that a test lays into the steps of a send, and the word that it was reached."""

    def __init__(self) -> None:
        self.broken: str | None = None
        self.reached = asyncio.Event()

    def __call__(self, step: str) -> None:
        if step == "claimed":
            self.reached.set()
        if step == self.broken:
            raise ValueError("a key that opens nothing")

    async def again(self) -> None:
        """Wait until a lane gets here once more."""
        self.reached.clear()
        async with asyncio.timeout(30):
            await self.reached.wait()


async def heard(hamlet: World, worker: Worker) -> set[str]:
    """Look at the lanes and return whose beat is of now."""
    hamlet.clock.advance(timedelta(seconds=5))
    at = hamlet.clock.now()
    async with hamlet.db.transaction() as session:
        await worker.look_at_lanes(session, at)
    async with hamlet.db.reading() as session:
        return {beat.name for beat in await beats.all_beats(session) if beat.at == at}


@pytest.mark.parametrize("lane", [0, 1])
async def test_a_lane_that_fails_each_time_leaves_no_beat_until_it_comes_through(
    hamlet: World, lane: int
) -> None:
    steps = Steps()
    worker = build(
        Settings(base_url="https://warn.example"),
        hamlet.db,
        hamlet.scheme,
        hamlet.registry,
        hamlet.clock,
        fault=steps,
    )
    steps.broken, own = "claimed", worker.sender.lanes[lane]
    sending = asyncio.create_task(worker.send(own))
    await steps.again()
    assert await heard(hamlet, worker) == set()
    steps.broken = None
    await steps.again()
    await steps.again()
    assert await heard(hamlet, worker) == {NAMES[own.name]}
    await worker.stop()
    await sending


async def test_a_lane_whose_outcomes_cannot_be_written_leaves_no_beat(hamlet: World) -> None:
    worker = hamlet.worker
    (one, _) = worker.sender.lanes
    one.calls = one.limit  # it is busy, which is well in itself
    for _ in range(UNWRITTEN):
        worker.watch.reached("unrecorded")
    assert await heard(hamlet, worker) == set()
    worker.watch.reached("unrecorded")
    worker.watch.reached("uncommitted")
    assert await heard(hamlet, worker) == {"worker:send"}
    one.calls = 0


async def test_a_sweep_that_never_once_comes_through_is_missed(hamlet: World) -> None:
    failed = asyncio.Event()

    async def fails(*_: object) -> int:
        failed.set()
        raise ValueError("broken")

    worker = replace(hamlet.worker, sweeps=(Sweep("escalate", 0.01, fails),))
    worker.start()
    async with asyncio.timeout(30):
        await failed.wait()
    await worker.stop()
    hamlet.clock.advance(timedelta(seconds=31))
    async with hamlet.db.reading() as session:
        late = {one.name for one in await beats.all_beats(session) if one.overdue(hamlet.clock.now())}
    assert late == {"sweep:escalate", "worker:send", "worker:send-red"}
