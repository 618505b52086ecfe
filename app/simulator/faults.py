"""What a gateway can be told to do wrong."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from app.simulator.chance import Chance

Mode = Literal[
    "slow",  # answers after ``seconds`` of the story's clock
    "drip",  # one byte at a time
    "429",  # with Retry-After
    "5xx",
    "refuse",  # 200 with an error code inside
    "html",  # 200 with a log-in page
    "accept-then-timeout",  # takes the message and never answers
    "half",  # takes about every second message only
    "cut",  # takes the message and cuts the answer
]


@dataclass(frozen=True, slots=True)
class Fault:
    """One way of failing: for a share of the calls, for a time, for the first few, or any mixture."""

    mode: Mode
    share: float = 1.0
    start: datetime | None = None
    end: datetime | None = None
    times: int | None = None
    seconds: float = 30.0
    retry_after: str = "20"


@dataclass
class Faults:
    """The faults of one gateway; the first that applies wins. ``happened`` counts them by mode."""

    chance: Chance
    planned: list[Fault] = field(default_factory=list)
    happened: dict[str, int] = field(default_factory=dict)
    _used: dict[int, int] = field(default_factory=dict)

    def plan(self, faults: Iterable[Fault]) -> None:
        """Replace what is planned."""
        self.planned = list(faults)
        self._used.clear()

    def next(self, key: str, at: datetime) -> Fault | None:
        """The fault for this call, if any.

        ``key`` is the message's, so that a share does not depend on order.
        """
        for index, fault in enumerate(self.planned):
            used = self._used.get(index, 0)
            if (fault.start and at < fault.start) or (fault.end and at >= fault.end):
                continue
            if fault.times is not None and used >= fault.times:
                continue
            share = fault.share / 2 if fault.mode == "half" else fault.share
            if share < 1 and not self.chance.happens(share, "fault", fault.mode, key):
                continue
            self._used[index] = used + 1
            self.happened[fault.mode] = self.happened.get(fault.mode, 0) + 1
            return fault
        return None
