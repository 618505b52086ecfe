"""Time is injected: everything that decides takes ``at``; only processes hold a clock.

All instants are aware and in UTC. Local time (Asia/Shanghai, no daylight saving) is for people and for rules
that speak of night.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from typing_extensions import override

LOCAL = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Where a process gets its time, and how it waits."""

    def now(self) -> datetime:
        """Return the present instant, aware, UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds of this clock."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the machine's time."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait in real time."""
        await asyncio.sleep(seconds)


class ShiftedClock(SystemClock):
    """The machine's clock plus an offset read from a file, anew every second (``JIAOYING_TEST_CLOCK``).

    An outside check moves a running service through hours of deadlines with it. A missing or unreadable file
    is an offset of zero.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._offset = timedelta()
        self._read_at = float("-inf")

    @override
    def now(self) -> datetime:
        """Return the machine's time, shifted."""
        if time.monotonic() - self._read_at >= 1:
            self._read_at = time.monotonic()
            try:
                self._offset = timedelta(seconds=float(self._file.read_text().strip() or 0))
            except (OSError, ValueError, OverflowError):
                self._offset = timedelta()
        return super().now() + self._offset


class ManualClock:
    """Stands still until it is moved; tests and the headless demo use it."""

    def __init__(self, start: datetime, on_sleep: Callable[[float], Awaitable[None]] | None = None) -> None:
        self._now, self._on_sleep = start, on_sleep

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self._now

    def set(self, to: datetime) -> None:
        """Move to an instant, never backwards."""
        if to < self._now:
            msg = f"the clock stands at {self._now.isoformat()} and does not go back to {to.isoformat()}"
            raise ValueError(msg)
        self._now = to

    def advance(self, by: timedelta) -> None:
        """Move on by a duration."""
        self.set(self._now + by)

    async def sleep(self, seconds: float) -> None:
        """Hand the wait to whoever moves this clock; nobody waits on a clock that nobody moves."""
        if self._on_sleep is None:
            self.advance(timedelta(seconds=seconds))
        else:
            await self._on_sleep(seconds)


def local(at: datetime) -> datetime:
    """Return the same instant in the district's time."""
    return at.astimezone(LOCAL)
