"""What happens when, on a clock that somebody else moves.

The headless demo asks ``due()``, moves the clock there when nothing is in flight, and calls ``run_due``; the
demo in a browser lets ``run_forever`` wait on the clock. Acts of one instant run in the order of their keys,
which are names, so that the order in which they were planned cannot matter.
"""

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from app.clock import Clock

Act = Callable[[], Awaitable[None]]


class World:
    """A heap of (instant, key, act).

    ``quantum`` is the step instants are rounded up to, so that batches can form.
    """

    def __init__(self, clock: Clock, *, quantum: timedelta = timedelta(seconds=1)) -> None:
        self.clock = clock
        self._quantum = quantum.total_seconds()
        self._heap: list[tuple[float, str, int, Act]] = []
        self._count = itertools.count()
        self._wake = asyncio.Event()
        self.failures: list[str] = []

    def now(self) -> datetime:
        """The story's time."""
        return self.clock.now()

    def step(self, quantum: timedelta) -> None:
        """Round what is planned from now on to another step."""
        self._quantum = quantum.total_seconds()

    def at(self, when: datetime, key: str, act: Act) -> datetime:
        """Plan an act; returns the instant it was rounded to, never before ``when``."""
        rounded = self.rounded(when)
        heapq.heappush(self._heap, (rounded.timestamp(), key, next(self._count), act))
        self._wake.set()
        return rounded

    def rounded(self, when: datetime) -> datetime:
        """The instant at which something planned for ``when`` happens."""
        stamp = -(-when.timestamp() // self._quantum) * self._quantum
        return datetime.fromtimestamp(stamp, when.tzinfo)

    def after(self, seconds: float, key: str, act: Act) -> datetime:
        """Plan an act for some seconds from now."""
        return self.at(self.now() + timedelta(seconds=seconds), key, act)

    def due(self) -> datetime | None:
        """When the next act is due, or None when nothing is planned."""
        return datetime.fromtimestamp(self._heap[0][0], self.now().tzinfo) if self._heap else None

    def forget(self, *prefixes: str) -> int:
        """Drop the planned acts whose key begins with one of these; returns how many."""
        kept = [one for one in self._heap if not one[1].startswith(prefixes)]
        dropped = len(self._heap) - len(kept)
        heapq.heapify(kept)
        self._heap = kept
        return dropped

    async def run_due(self, now: datetime | None = None) -> int:
        """Run, one after the other, every act due by ``now``, those they plan included; returns how many."""
        done = 0
        while self._heap and self._heap[0][0] <= (now or self.now()).timestamp():
            _, key, _, act = heapq.heappop(self._heap)
            await self._run(key, act)
            done += 1
        return done

    async def run_forever(self) -> None:
        """Run acts as their time comes, those of one instant together; ends when the task is cancelled."""
        async with asyncio.TaskGroup() as running:
            while True:
                self._wake.clear()
                now = self.now().timestamp()
                while self._heap and self._heap[0][0] <= now:
                    _, key, _, act = heapq.heappop(self._heap)
                    running.create_task(self._run(key, act))
                await self._wait()

    async def _wait(self) -> None:
        """Wait for the next act, or for an earlier one to be planned."""
        woken = asyncio.create_task(self._wake.wait())
        waits: list[asyncio.Task[object]] = [woken]
        if self._heap:
            left = self._heap[0][0] - self.now().timestamp()
            waits.append(asyncio.create_task(self.clock.sleep(max(0.0, left))))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _run(self, key: str, act: Act) -> None:
        """An act that fails is noted and does not stop the world; nobody's number is in a note."""
        try:
            await act()
        except Exception as error:  # noqa: BLE001 - the world goes on, whatever one of its people does
            self.failures.append(f"{key.partition(':')[0]}: {type(error).__name__}")
