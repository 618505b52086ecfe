"""Rain windows and water levels as the rules read them: exact, right-closed, honest about what is missing."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from app.db import Session
from app.observations.tables import Reading, Station
from app.warning.situation import LevelReading, RainWindow

HOURS = (1, 2, 3, 6, 12, 24)
RISES = (10, 60, 180)
"""Minutes a level is compared with."""
Sums = list[tuple[int, int]]
"""Thousandths and number of rows in each of HOURS."""
STALE = timedelta(hours=6)
"""A level older than this is not a level."""


async def read_windows(session: Session, district: str, at: datetime) -> tuple[RainWindow, ...]:
    """Rain of every rain gauge in the hours up to ``at``: (at - h, at].

    Rows of different intervals are never summed together: a window takes those of one interval, the one
    that covers most of it, the finest of equals. Missing rows make it "at least". A silent gauge has
    windows too, all missing.
    """
    # One statement of six bands, each summed from the index alone, costs a third of six conditional sums
    # over all.
    starts = [at - timedelta(hours=hours) for hours in HOURS]
    bands = [
        sa.select(
            sa.literal(index),
            Reading.station,
            Reading.interval_minutes,
            sa.func.sum(Reading.milli),
            sa.func.count(),
        )
        .where(Reading.district == district, Reading.element == "rain", Reading.at > start, Reading.at <= end)
        .group_by(Reading.station, Reading.interval_minutes)
        for index, (start, end) in enumerate(zip(starts, (at, *starts), strict=False))
    ]
    sums: dict[str, dict[int, Sums]] = defaultdict(dict)
    for index, station, interval, milli, count in await session.execute(sa.union_all(*bands)):
        cells = sums[station].setdefault(interval, [(0, 0)] * len(HOURS))
        for longer in range(index, len(HOURS)):
            cells[longer] = (cells[longer][0] + int(milli), cells[longer][1] + count)
    await _without_overlaps(session, district, at, sums)
    stations = await session.execute(
        sa.select(Station.code, Station.place_code, Station.interval_minutes, Station.kind)
        .where(Station.district == district)
        .order_by(Station.code)
    )
    return tuple(
        _window(code, place or "", interval, index, hours, sums.get(code, {}), at)
        for code, place, interval, kind in stations
        if kind == "rain" or code in sums
        for index, hours in enumerate(HOURS)
    )


async def _without_overlaps(
    session: Session, district: str, at: datetime, sums: Mapping[str, dict[int, Sums]]
) -> None:
    """Sum again, without the overlap, where there are more rows than a window has room for.

    That happens when a station changes the minute it reports at: rows to 08:03 and to 08:05 share three
    minutes. The newer row counts; what the older one had besides is lost to the sum, which is then "at
    least".
    """
    for station, by_interval in sums.items():
        for interval, cells in by_interval.items():
            if not any(
                count > hours * 60 // interval > 0 for hours, (_, count) in zip(HOURS, cells, strict=True)
            ):
                continue
            rows = await session.execute(
                sa.select(Reading.at, Reading.milli)
                .where(
                    Reading.district == district,
                    Reading.station == station,
                    Reading.element == "rain",
                    Reading.interval_minutes == interval,
                    Reading.at > at - timedelta(hours=HOURS[-1]),
                    Reading.at <= at,
                )
                .order_by(Reading.at.desc())
            )
            kept: list[tuple[datetime, int]] = []
            for end, milli in rows:
                if not kept or end <= kept[-1][0] - timedelta(minutes=interval):
                    kept.append((end, milli))
            for index, hours in enumerate(HOURS):
                inside = [milli for end, milli in kept if end > at - timedelta(hours=hours)]
                cells[index] = (sum(inside), len(inside))


def _window(
    code: str, place: str, own: int, index: int, hours: int, sums: dict[int, Sums], at: datetime
) -> RainWindow:
    """Choose the rows of one interval. ``sums``: by interval."""
    minutes = hours * 60
    fitting = {interval: cells for interval, cells in sums.items() if interval <= minutes and cells[index][1]}
    if not fitting:
        expected = max(1, minutes // own)
        return RainWindow(code, place, hours, 0, expected, expected, at)
    interval = min(fitting, key=lambda i: (-min(minutes, i * fitting[i][index][1]), i))
    milli, count = fitting[interval][index]
    expected = minutes // interval
    return RainWindow(code, place, hours, milli // 100, max(0, expected - count), expected, at)


async def read_levels(session: Session, district: str, at: datetime) -> tuple[LevelReading, ...]:
    """Give the newest level of every river and reservoir station up to ``at`` and its rise.

    A level older than 6 hours is left out. A rise over m minutes is the newest level less the one read m
    minutes before it (within one interval, the older one); where none was read it is left out: no data is
    not no rise. Warning, guarantee and record are a river's marks; flood limit, design level and crest a
    reservoir's.
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
        flood_limit_mm=station.flood_limit_mm,
        design_mm=station.design_flood_mm,
        crest_mm=station.dam_crest_mm,
    )
