"""Rain over a moving window, exact to the tenth of a millimetre, and numbers as people read them.

Rows of five minutes, an hour and a day lie in one table (SL 323 ST_PPTN_R, INTV tells them apart). They
tell of the same rain, so they are never added together: a window is summed over rows of one length, the
length that leaves the least of the window uncovered, the finest of equals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.warning.situation import RainWindow

LATE_START = timedelta(hours=1)
"""A period may have begun so long before the window: an hourly row is told at its end (assumed)."""


@dataclass(frozen=True, slots=True)
class RainRow:
    """Rain that fell in the `minutes` up to `at` (the end of the period, as SL 323 has it)."""

    at: datetime
    minutes: int
    milli: int  # thousandths of a millimetre


def rain_window(
    rows: Iterable[RainRow], station: str, place: str, hours: int, at: datetime
) -> RainWindow | None:
    """The rain of one station in (at - hours, at]; None if no row counts.

    A row counts by its end, as the systems that share these tables sum them; one longer than the window, or
    begun more than an hour before it, does not: its rain cannot be split. Where rows of one length overlap
    (a station changed the minute it reports at) the newer counts, and the sum is "at least". Two rows of the
    same moment and length are one row sent twice; the greater counts. The order of the rows does not matter.
    """
    start = at - timedelta(hours=hours)
    series: dict[int, dict[datetime, int]] = {}
    for row in rows:
        begun = row.at - timedelta(minutes=row.minutes)
        if not start < row.at <= at or begun < start - LATE_START:
            continue
        held = series.setdefault(row.minutes, {})
        held[row.at] = max(row.milli, held.get(row.at, row.milli))
    sums = {minutes: _without_overlap(minutes, held) for minutes, held in series.items()}
    return choose(sums, station, place, hours, at)


def _without_overlap(minutes: int, rows: Mapping[datetime, int]) -> tuple[int, int]:
    total = count = 0
    after: datetime | None = None
    for end in sorted(rows, reverse=True):
        if after is None or end <= after:
            total, count, after = total + rows[end], count + 1, end - timedelta(minutes=minutes)
    return total, count


def choose(
    sums: Mapping[int, tuple[int, int]], station: str, place: str, hours: int, at: datetime
) -> RainWindow | None:
    """Choose the length a window is told by. `sums`: minutes of a row → thousandths, number of rows.

    Rows longer than the window tell nothing of it.
    """
    length = hours * 60
    fitting = {minutes: held for minutes, held in sums.items() if held[1] and minutes <= length}
    if not fitting:
        return None
    best = min(fitting, key=lambda minutes: (-min(length, minutes * fitting[minutes][1]), minutes))
    milli, count = fitting[best]
    expected = length // best
    return RainWindow(station, place, hours, milli // 100, max(expected - count, 0), expected, at)


def millimetres(tenths: int) -> str:
    """Tenths of a millimetre as people read them: 500 → "50", 853 → "85.3"."""
    whole, rest = divmod(tenths, 10)
    return f"{whole}.{rest}" if rest else str(whole)


def metres(mm: int) -> str:
    """Whole millimetres as metres with two decimals, cut and not rounded, so that 301499 is no "301.50"."""
    sign = "-" if mm <= -10 else ""  # less than a centimetre is cut to none, which has no sign
    whole, rest = divmod(abs(mm), 1000)
    return f"{sign}{whole}.{rest // 10:02d}"


def decimal(milli: int) -> str:
    """Thousandths as people read them: 37500 → "37.5", -3000 → "-3"."""
    sign = "-" if milli < 0 else ""
    whole, rest = divmod(abs(milli), 1000)
    return f"{sign}{whole}.{rest:03d}".rstrip("0").rstrip(".")


def since(minutes: int) -> str:
    """A stretch of time in words: 180 → "3小时", 90 → "1小时30分钟", 10 → "10分钟"."""
    hours, rest = divmod(minutes, 60)
    return (f"{hours}小时" if hours else "") + (f"{rest}分钟" if rest or not hours else "")


# Lower edges of the Beaufort forces 1 to 17, thousandths of m/s at 10 m. Source: GB/T 28591-2012, table 1.
FORCES: tuple[int, ...] = (
    *(300, 1600, 3400, 5500, 8000, 10800, 13900, 17200, 20800, 24500, 28500, 32700),
    *(37000, 41500, 46200, 51000, 56100),
)


def beaufort(milli: int) -> int:
    """The force of a wind in thousandths of m/s, 0 to 17."""
    return sum(milli >= edge for edge in FORCES)
