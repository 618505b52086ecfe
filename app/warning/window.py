"""Rain over a moving window, exact to the tenth of a millimetre.

Rows of five minutes, an hour and a day lie in one table (SL 323 ST_PPTN_R, INTV tells them apart). They
tell of the same rain, so they are never added together: a window is summed over rows of one length, the
length that leaves the least of the window uncovered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.warning.situation import RainWindow


@dataclass(frozen=True, slots=True)
class RainRow:
    """Rain that fell in the `minutes` up to `at` (the end of the period, as SL 323 has it)."""

    at: datetime
    minutes: int
    tenths: int  # tenths of a millimetre


def rain_window(
    rows: Iterable[RainRow], station: str, place: str, hours: int, at: datetime
) -> RainWindow | None:
    """The rain of one station in (at - hours, at]; None if no row lies wholly inside.

    A row whose period began before the window is left out: its rain cannot be split. Two rows of the same
    moment and length are one row sent twice, or corrected; the greater counts. The order of the rows does
    not matter.
    """
    start = at - timedelta(hours=hours)
    series: dict[int, dict[datetime, int]] = {}
    for row in rows:
        if row.at > at or row.at - timedelta(minutes=row.minutes) < start:
            continue
        held = series.setdefault(row.minutes, {})
        held[row.at] = max(row.tenths, held.get(row.at, 0))
    if not series:
        return None

    def covered(minutes: int) -> tuple[int, int, int]:
        return (len(series[minutes]) * minutes, sum(series[minutes].values()), -minutes)

    best = max(series, key=covered)
    expected = hours * 60 // best
    return RainWindow(
        station=station,
        place=place,
        hours=hours,
        tenths=sum(series[best].values()),
        missing=max(expected - len(series[best]), 0),
        expected=expected,
        at=at,
    )


def millimetres(tenths: int) -> str:
    """Tenths of a millimetre as people read them: 500 → "50", 853 → "85.3"."""
    whole, rest = divmod(tenths, 10)
    return f"{whole}.{rest}" if rest else str(whole)


def metres(mm: int) -> str:
    """Whole millimetres as metres with two decimals, cut and not rounded, so that 301499 is no "301.50"."""
    sign = "-" if mm < 0 else ""
    whole, rest = divmod(abs(mm), 1000)
    return f"{sign}{whole}.{rest // 10:02d}"


def decimal(milli: int) -> str:
    """Thousandths as people read them: 37500 → "37.5", -3000 → "-3"."""
    sign = "-" if milli < 0 else ""
    whole, rest = divmod(abs(milli), 1000)
    return f"{sign}{whole}.{rest:03d}".rstrip("0").rstrip(".")


def since(minutes: int) -> str:
    """A stretch of time in words: 180 → "3小时", 10 → "10分钟"."""
    hours, rest = divmod(minutes, 60)
    return f"{hours}小时" if hours and not rest else f"{minutes}分钟"


# Lower edges of the Beaufort forces 1 to 17, thousandths of m/s at 10 m. Source: GB/T 28591-2012, table 1.
FORCES: tuple[int, ...] = (
    *(300, 1600, 3400, 5500, 8000, 10800, 13900, 17200, 20800, 24500, 28500, 32700),
    *(37000, 41500, 46200, 51000, 56100),
)


def beaufort(milli: int) -> int:
    """The force of a wind in thousandths of m/s, 0 to 17."""
    return sum(milli >= edge for edge in FORCES)
