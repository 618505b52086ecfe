"""PURE: what follows a failed try.

Retry moves the line, never the state; red goes over to another channel at once. Numbers are assumed defaults:
a red must be with another vendor while its first still times out, a blue may wait out a bad minute.
"""

from dataclasses import dataclass
from datetime import timedelta

from app.warning.level import Level

# Seconds before the next try of the same channel, by level; when they are used up, the next channel.
BACKOFF: dict[Level, tuple[int, ...]] = {
    Level.RED: (2, 5, 10),
    Level.ORANGE: (3, 10, 20),
    Level.YELLOW: (10, 30, 60),
    Level.BLUE: (30, 120, 300),
    Level.HINT: (60, 300),
}
# A delivery claimed this often without any outcome kills its worker: it is parked and a person is told.
POISON_CLAIMS = 8


@dataclass(frozen=True, slots=True)
class Retry:
    """The same delivery, the same key, later. ``failover``: another channel is tried meanwhile."""

    after: timedelta
    failover: bool = False


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The delivery has failed for good; ``failover``: another channel of its kind may still do."""

    reason: str
    failover: bool


def after_failure(
    *, retry: bool, reason: str, attempts: int, level: Level, retry_after: float | None = None
) -> Retry | GiveUp:
    """Decide what follows try number ``attempts`` (from 1) that failed with a word for ``reason``.

    ``retry``: whether the vendor may take the same message later. ``retry_after``: seconds the vendor asked
    for, capped already.
    """
    if not retry:
        return GiveUp(reason, failover=reason != "bad-number")
    waits = BACKOFF[level]
    if attempts > len(waits):
        return GiveUp(reason, failover=True)
    seconds = max(float(waits[attempts - 1]), retry_after or 0.0)
    return Retry(timedelta(seconds=seconds), failover=level is Level.RED and attempts == 1)
