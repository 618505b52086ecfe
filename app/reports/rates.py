"""PURE: what the rates are. Rows in, figures out; the queries stand in ``rows``.

A target (place, duty, version of a warning) is counted once. Due are those not excluded: open + met + late
+ missed. Nothing due gives no rate, never 100 %. Percentiles are by nearest rank, of the times of those
that answered.

Source: 44NN, "Rates" (1小时回告率, 叫应率, 及时叫应率, 首呼应答率, 1小时报送率); recomputed in
``docs/rates.md``.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias, get_args

Kind: TypeAlias = Literal[
    "answered", "answered_in_time", "answered_in_hour", "first_call", "reported_in_hour"
]
By: TypeAlias = Literal["town", "hazard", "level", "channel"]
State: TypeAlias = Literal["open", "met", "late", "missed"]
KINDS: tuple[Kind, ...] = get_args(Kind)
BYS: tuple[By, ...] = get_args(By)

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Row:
    """A target that was to answer, or an event that was to be reported, with what it is grouped by.

    ``since`` is when its clock began (release of its part; T0 of an event), ``done_at`` when it was
    answered (reported). ``channels`` are the kinds it was called by; ``round`` the round of calls it was
    answered in, if any.
    """

    id: str
    town: str
    hazard: str
    level: str
    channels: tuple[str, ...]
    state: State
    since: datetime
    done_at: datetime | None
    round: int | None = None
    cannot: bool = False
    no_contact: bool = False
    excluded: bool = False

    @property
    def took(self) -> timedelta | None:
        """From the start of its clock to the answer."""
        return None if self.done_at is None else self.done_at - self.since


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one group.

    ``cannot`` and ``no_contact`` are "of which" of due; ``excluded`` stands outside it.
    """

    key: str
    due: int
    open: int
    met: int
    late: int
    missed: int
    cannot: int
    excluded: int
    no_contact: int
    rate: float | None
    p50_s: float | None
    p90_s: float | None


def event_state(t0: datetime, first_report_at: datetime | None, at: datetime) -> State:
    """Where the report of an event stands at ``at``: within the hour is met, to the microsecond."""
    if first_report_at is not None:
        return "met" if first_report_at - t0 <= HOUR else "late"
    return "open" if at - t0 <= HOUR else "missed"


_GOOD: Mapping[Kind, Callable[[Row], bool]] = {
    "answered": lambda row: row.state in ("met", "late"),
    "answered_in_time": lambda row: row.state == "met",
    "answered_in_hour": lambda row: (
        row.state in ("met", "late") and row.took is not None and row.took <= HOUR
    ),
    "first_call": lambda row: row.state in ("met", "late") and row.round == 1,
    "reported_in_hour": lambda row: row.state == "met",
}


def figures(key: str, rows: Iterable[Row], kind: Kind) -> Figures:
    """Return the figures of some rows as one group."""
    held = list(rows)
    due = [row for row in held if not row.excluded]
    count = {state: sum(row.state == state for row in due) for state in get_args(State)}
    times = sorted(
        took.total_seconds() for row in due if row.state in ("met", "late") and (took := row.took) is not None
    )
    return Figures(
        key,
        len(due),
        count["open"],
        count["met"],
        count["late"],
        count["missed"],
        cannot=sum(row.cannot for row in due),
        excluded=len(held) - len(due),
        no_contact=sum(row.no_contact for row in due),
        rate=sum(map(_GOOD[kind], due)) / len(due) if due else None,
        p50_s=percentile(times, 50),
        p90_s=percentile(times, 90),
    )


def percentile(ordered: Sequence[float], percent: int) -> float | None:
    """Return the nearest-rank percentile of ordered values, rounded to milliseconds; None of nothing."""
    if not ordered:
        return None
    return round(ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)], 3)


def keys(row: Row, by: By) -> tuple[str, ...]:
    """Return the groups a row belongs to.

    By channel it is in each that called it, so these groups overlap.
    """
    if by == "channel":
        return row.channels or ("none",)
    return (getattr(row, by),)


def grouped(rows: Iterable[Row], kind: Kind, by: By) -> list[Figures]:
    """Return the figures of each group, by key."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        for key in keys(row, by):
            groups[key].append(row)
    return [figures(key, groups[key], kind) for key in sorted(groups)]
