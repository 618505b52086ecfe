"""How fast one source may send: a looping system shuts out nobody but itself.

Counted in this process; warnings and observations have buckets of their own, so that rows never starve a
red warning.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.errors import RateLimited

Door = Literal["warnings", "observations"]

BURST = 300
PER_SECOND = {"warnings": 5.0, "observations": 20.0}
"""Sustained requests a second (assumed: a bureau's busiest hour has some hundred warnings)."""


@dataclass(slots=True)
class _Bucket:
    left: float
    at: datetime


_buckets: dict[tuple[str, Door], _Bucket] = {}


def check(source: str, door: Door, at: datetime) -> None:
    """Pass, or raise RateLimited with the seconds to wait."""
    bucket = _buckets.setdefault((source, door), _Bucket(BURST, at))
    gone = max(0.0, (at - bucket.at).total_seconds())
    bucket.left = min(BURST, bucket.left + gone * PER_SECOND[door])
    bucket.at = max(bucket.at, at)
    if bucket.left < 1:
        raise RateLimited("This key sends too fast; other keys are not held up.", retry_after=1)
    bucket.left -= 1
