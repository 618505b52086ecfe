"""PURE: when an event began for the one-hour clock, and when it was first reported."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

# of one instant the first is named
SOURCES: Final = ("occurrence", "alarm", "119", "110", "grid", "media", "check")
HOUR: Final = timedelta(minutes=60)
State: TypeAlias = Literal["open", "met", "late", "missed"]


@dataclass(frozen=True, slots=True)
class SignFact:
    """That something told of the event: when, and by which way."""

    source: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class ReportFact:
    """A report as far as the clock goes. ``correction``: it mends another, and moves no clock."""

    kind: str
    received_at: datetime
    correction: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an event stands."""

    t0: datetime
    t0_source: str
    first_report_at: datetime | None
    state: str


def standing(signs: Iterable[SignFact], reports: Iterable[ReportFact]) -> Standing:
    """Fold signs (one at least) and reports; order and repetition change nothing.

    T0 is the occurrence where somebody knew it, and never later than the first sign: what set off an alarm
    had happened. A correction resets neither T0 nor the first report; a follow-up does not stand in for a
    missing first.
    """
    began = min(signs, key=lambda s: (s.occurred_at, SOURCES.index(s.source)))
    reports = tuple(reports)
    first = min((r.received_at for r in reports if r.kind == "first" and not r.correction), default=None)
    final = any(r.kind == "final" for r in reports)
    state = "final" if final else "reported" if first else "known"
    return Standing(began.occurred_at, began.source, first, state)


def in_time(
    t0: datetime, first_report_at: datetime | None, at: datetime, *, within: timedelta = HOUR
) -> State:
    """Return an event's part in 1小时报送率 as of ``at``: exactly ``within`` after T0 is in time."""
    if first_report_at is not None:
        return "met" if first_report_at <= t0 + within else "late"
    return "open" if at <= t0 + within else "missed"
