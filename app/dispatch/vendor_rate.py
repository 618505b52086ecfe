"""What each channel may be given, so that a vendor's limit is kept by us and not found out by refusals."""

import math
from datetime import datetime, timedelta

from app.channels.registry import Registry


class VendorRate:
    """A bucket of one second's worth for each channel, filled by the injected clock; red may borrow more."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._filled: dict[str, tuple[float, datetime]] = {}
        self._booked: dict[tuple[str, bool], tuple[datetime, float]] = {}

    def knows(self, channel: str) -> bool:
        """Return whether the registry has such a channel."""
        return any(one.name == channel for one in self._registry)

    def take(self, channel: str, wanted: int, *, urgent: bool, at: datetime) -> tuple[int, datetime]:
        """Return how many of ``wanted`` may go now, and when the rest may."""
        rate = self._registry.by_name(channel).capabilities.rate
        if rate is None:
            return wanted, at
        size = max(1.0, rate)
        left, since = self._filled.get(channel, (size, at))
        left = min(size, left + (at - since).total_seconds() * rate)
        # A red may run the district's own throttle into debt; blues then wait longer.
        floor = -size if urgent else 0.0
        may = min(wanted, max(0, math.floor(left - floor)))
        self._filled[channel] = (left - may, at)
        short = wanted - may
        return may, self._book(channel, short, size, urgent=urgent, at=at) if short else at

    def _book(self, channel: str, short: int, size: float, *, urgent: bool, at: datetime) -> datetime:
        """Give the rest a full second of its own, each with one second's worth.

        A long line is then gone through once, not at every step.
        """
        slot, used = self._booked.get((channel, urgent), (at, 0.0))
        first = at.replace(microsecond=0) + timedelta(seconds=1)
        if slot < first:
            slot, used = first, 0.0
        if used and used + short > size:
            slot, used = slot + timedelta(seconds=1), 0.0
        self._booked[channel, urgent] = (slot, used + short)
        return slot
