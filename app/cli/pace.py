"""How fast the story runs in a browser: a clock that flows between what falls due, and never past it."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

SLOW, FAST = 10.0, 440.0
"""Story seconds in one second: in the forty minutes after the first red, and in the rest."""
LAST = 3600.0
"""And after the storm, when only the last clocks still run."""
SLOW_FOR = timedelta(minutes=40)
TOGETHER = 0.5
"""What falls due within so many real seconds is done together: a page is not read anew more often."""
GRAIN = 30.0
"""But no further apart in the story than this, the grain of the headless one."""


class StoryClock:
    """Flows at a rate between two dues; stands still while one of them is worked off. A rate of 0 holds it.

    Pages read it while it flows, so their clocks run; whatever falls due is done at its own instant, however
    slow the machine. The real time that took is made up for by flowing on from where it would be by now.
    """

    def __init__(
        self, start: datetime, rate: float, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._base, self._limit, self._rate = start, start, rate
        self._monotonic = monotonic
        self._since = monotonic()

    def now(self) -> datetime:
        """Return the story's time."""
        flown = timedelta(seconds=(self._monotonic() - self._since) * self._rate)
        return min(self._limit, self._base + flown)

    @property
    def rate(self) -> float:
        """Story seconds in one second."""
        return self._rate

    @property
    def until(self) -> datetime:
        """How far it flows by itself: what falls due next."""
        return self._limit

    def run(self, rate: float) -> None:
        """Change the rate from now on; 0 stands still. Nothing is made up for that took time before."""
        self._base, self._since, self._rate = self.now(), self._monotonic(), rate

    def stand(self, at: datetime) -> None:
        """Be at an instant, and stay there until ``flow``."""
        if self._rate > 0:
            there = self._since + (at - self._base).total_seconds() / self._rate
            self._since = min(there, self._monotonic())
        self._base = self._limit = at

    def flow(self, until: datetime) -> None:
        """Flow on, not past ``until``."""
        self._limit = until

    def seconds_to(self, at: datetime) -> float | None:
        """Return the real seconds until an instant, None while it stands."""
        return None if self._rate <= 0 else max(0.0, (at - self.now()).total_seconds() / self._rate)

    async def sleep(self, seconds: float) -> None:
        """Wait that long in the story."""
        until = self.now() + timedelta(seconds=seconds)
        while self.now() < until:  # noqa: ASYNC110 - nothing tells that a flowing clock has come somewhere
            await asyncio.sleep(0.05)  # noqa: TID251 - the story's time flows with the machine's


class Pace:
    """What rate holds. ``fixed``: one throughout; None: as the story goes. ``over``: its storm's end."""

    def __init__(self, clock: StoryClock, fixed: float | None, over: datetime | None = None) -> None:
        self._clock, self._fixed, self._over = clock, fixed, over
        self._slow_until: datetime | None = None

    def red(self) -> None:
        """The first red has come: from now on slowly, for forty minutes of the story."""
        if self._slow_until is None:
            self._slow_until = self._clock.now() + SLOW_FOR

    @property
    def slow_until(self) -> datetime | None:
        """When the slow part ends, None before it begins."""
        return self._slow_until

    def done(self, due: datetime) -> datetime:
        """Return the instant at which something that falls due is done: its own, or soon after, with more."""
        grain = self.grain.total_seconds()
        if grain < 1:
            return due
        return datetime.fromtimestamp(-(-due.timestamp() // grain) * grain, UTC)

    @property
    def grain(self) -> timedelta:
        """How much of the story is done together at the rate that holds now."""
        return timedelta(seconds=min(self.rate() * TOGETHER, GRAIN))

    def rate(self) -> float:
        """Return the rate that holds now."""
        if self._fixed is not None:
            return self._fixed
        now = self._clock.now()
        if self._over is not None and now >= self._over:
            return LAST
        slow = self._slow_until is not None and now < self._slow_until
        return SLOW if slow else FAST
