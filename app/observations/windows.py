"""Rain windows and water levels as the rules read them: exact, right-closed, honest about what is missing."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from app.db import Session
from app.observations.tables import Reading, Station
from app.warning.situation import LevelReading, RainWindow

HOURS = (1, 2, 3, 6, 12, 24)
RISES = (10, 60, 180)
"""Minutes a level is compared with."""
STALE = timedelta(hours=6)
"""A level older than this is not a level."""


async def read_windows(session: Session, district: str, at: datetime) -> tuple[RainWindow, ...]:
    """Rain of every rain gauge in the hours up to ``at``: (at - h, at].

    Rows of different intervals are never summed together: a window takes those of one interval, the one
    that covers most of it, the finest of equals. Missing rows make it "at least". A silent gauge has
    windows too, all missing.
    """
    since = [(hours, at - timedelta(hours=hours)) for hours in HOURS]
    inside = [
        column
        for hours, start in since
        for column in (
            sa.func.sum(sa.case((Reading.at > start, Reading.milli), else_=0)).label(f"sum{hours}"),
            sa.func.sum(sa.case((Reading.at > start, 1), else_=0)).label(f"rows{hours}"),
        )
    ]
    rows = await session.execute(
        sa.select(Reading.station, Reading.interval_minutes, *inside)
        .where(
            Reading.district == district,
            Reading.element == "rain",
            Reading.at > since[-1][1],
            Reading.at <= at,
        )
        .group_by(Reading.station, Reading.interval_minutes)
    )
    sums: dict[str, dict[int, Sequence[int]]] = defaultdict(dict)
    for row in rows:
        sums[row[0]][row[1]] = [int(cell) for cell in row[2:]]
    gauges = await session.execute(
        sa.select(Station.code, Station.place_code, Station.interval_minutes)
        .where(Station.district == district, Station.kind == "rain")
        .order_by(Station.code)
    )
    windows: list[RainWindow] = []
    for code, place, interval in gauges:
        for index, hours in enumerate(HOURS):
            windows.append(_window(code, place or "", interval, index, hours, sums.get(code, {}), at))
    return tuple(windows)


def _window(
    code: str, place: str, own: int, index: int, hours: int, sums: dict[int, Sequence[int]], at: datetime
) -> RainWindow:
    """Choose the rows of one interval. ``sums``: interval → sum and count for each of HOURS."""
    minutes = hours * 60
    fitting = {
        interval: cells for interval, cells in sums.items() if interval <= minutes and cells[2 * index + 1]
    }
    if not fitting:
        expected = max(1, minutes // own)
        return RainWindow(code, place, hours, 0, expected, expected, at)
    interval = min(fitting, key=lambda i: (-min(minutes, i * fitting[i][2 * index + 1]), i))
    milli, count = fitting[interval][2 * index], fitting[interval][2 * index + 1]
    expected = minutes // interval
    return RainWindow(code, place, hours, milli // 100, max(0, expected - count), expected, at)


async def read_levels(session: Session, district: str, at: datetime) -> tuple[LevelReading, ...]:
    """Give the newest level of every river and reservoir station up to ``at`` and its rise.

    A level older than 6 hours is left out. A rise over m minutes is the newest level less the one read m
    minutes before it (within one interval, the older one); where none was read it is left out: no data is
    not no rise. Warning and guarantee marks are a river's; a reservoir has none of them.
    """
    longest = STALE + timedelta(minutes=max(RISES) + 60)
    rows = await session.execute(
        sa.select(Reading.station, Reading.at, Reading.milli)
        .where(
            Reading.district == district,
            Reading.element == "level",
            Reading.at > at - longest,
            Reading.at <= at,
        )
        .order_by(Reading.station, Reading.at)
    )
    series: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for station, when, milli in rows:
        series[station].append((when, milli))
    stations = await session.scalars(
        sa.select(Station)
        .where(Station.district == district, Station.kind.in_(("river", "reservoir")))
        .order_by(Station.code)
    )
    return tuple(
        _level(station, series[station.code])
        for station in stations
        if series.get(station.code) and at - series[station.code][-1][0] <= STALE
    )


def _level(station: Station, series: Sequence[tuple[datetime, int]]) -> LevelReading:
    when, level = series[-1]
    slack = timedelta(minutes=station.interval_minutes)
    rises: dict[int, int] = {}
    for minutes in RISES:
        then = when - timedelta(minutes=minutes)
        before = [milli for read_at, milli in series if then - slack < read_at <= then]
        if before:
            rises[minutes] = level - before[-1]
    return LevelReading(
        station=station.code,
        river=station.river or "",
        place=station.place_code or "",
        at=when,
        level_mm=level,
        warning_mm=station.warning_mm,
        guarantee_mm=station.guarantee_mm,
        record_mm=station.record_mm,
        rise_mm=rises,
    )
