"""Rain windows and water levels as the rules read them: exact, right-closed, honest about what is missing."""

from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from app.db import Session, chunks
from app.observations import series
from app.observations.tables import Reading, Station
from app.warning.situation import LevelReading, RainWindow
from app.warning.window import LATE_START, RainRow, choose, rain_window

HOURS = (1, 2, 3, 6, 12, 24)
RISES = (10, 60, 180)
"""Minutes a level is compared with."""
STALE = timedelta(hours=6)
"""A level older than this is not a level."""

_STATIONS = (
    sa.select(Station.code, Station.place_code, Station.interval_minutes, Station.kind)
    .where(Station.district == sa.bindparam("district"))
    .order_by(Station.code)
)
_ROWS = sa.select(Reading.station, Reading.at, Reading.interval_minutes, Reading.milli).where(
    Reading.district == sa.bindparam("district"),
    Reading.element == "rain",
    Reading.station.in_(sa.bindparam("stations", expanding=True)),
    Reading.at > sa.bindparam("after"),
    Reading.at <= sa.bindparam("upto"),
)


async def read_windows(session: Session, district: str, at: datetime) -> tuple[RainWindow, ...]:
    """Rain of every rain gauge in the hours up to ``at``: (at - h, at].

    Rows of different intervals are never summed together: a window takes those of one interval, the one
    that covers most of it, the finest of equals. Missing rows make it "at least". A silent gauge has
    windows too, all missing.
    """
    begins, held = await series.read(session, district, HOURS[-1], at)
    loose = sorted(code for code, by_interval in held.items() if None in by_interval.values())
    rows = await _rows(session, district, loose, at)
    found: list[RainWindow] = []
    edges = _Edges(series.minute_of(at) - begins)
    for code, place, own, kind in await session.execute(_STATIONS, {"district": district}):
        by_interval, where = held.get(code), place or ""
        if by_interval is None:
            if kind == "rain":
                found += [_silent(code, where, hours, own, at) for hours in HOURS]
        elif code in rows:
            told = [rain_window(rows[code], code, where, hours, at) for hours in HOURS]
            found += _or_silent(told, code, where, own, at)
        elif len(by_interval) == 1 and (slots := by_interval.get(own)):  # nearly every gauge
            found += _alone(code, where, own, _sums(slots, edges[own]), at)
        else:
            found += _or_silent(_chosen(by_interval, edges, code, where, at), code, where, own, at)
    return tuple(found)


class _Edges(dict[int, list[int]]):
    """By interval: the slots at the end and at each window's start."""

    def __init__(self, upto: int) -> None:
        super().__init__()
        self._upto = upto

    def __missing__(self, interval: int) -> list[int]:
        self[interval] = [(self._upto - hours * 60) // interval for hours in (0, *HOURS)]
        return self[interval]


def _chosen(
    by_interval: Mapping[int, "array[int] | None"], edges: _Edges, code: str, place: str, at: datetime
) -> list[RainWindow | None]:
    """The windows of a gauge with rows of several intervals."""
    sums: list[dict[int, tuple[int, int]]] = [{} for _ in HOURS]
    for interval, slots in by_interval.items():
        for index, summed in enumerate(_sums(slots, edges[interval]) if slots else ()):
            sums[index][interval] = summed
    return [choose(sums[index], code, place, hours, at) for index, hours in enumerate(HOURS)]


def _or_silent(
    windows: Sequence[RainWindow | None], code: str, place: str, own: int, at: datetime
) -> list[RainWindow]:
    return [
        window or _silent(code, place, hours, own, at) for window, hours in zip(windows, HOURS, strict=True)
    ]


def _sums(slots: "array[int]", edges: Sequence[int]) -> list[tuple[int, int]]:
    """Sum and number of rows of each of HOURS. ``edges``: slots at the end and at each window's start."""
    total = count = 0
    found = []
    upto = edges[0]
    for start in edges[1:]:
        band = slots[start:upto]
        missing = band.count(series.NONE)
        total += sum(band) + missing  # a missing slot is -1
        count += upto - start - missing
        found.append((total, count))
        upto = start
    return found


def _alone(
    code: str, place: str, interval: int, sums: Sequence[tuple[int, int]], at: datetime
) -> list[RainWindow]:
    """The windows of a gauge that has rows of its own interval alone: what ``choose`` would take."""
    return [
        RainWindow(
            code, place, hours, milli // 100, hours * 60 // interval - count, hours * 60 // interval, at
        )
        for hours, (milli, count) in zip(HOURS, sums, strict=True)
    ]


def _silent(code: str, place: str, hours: int, own: int, at: datetime) -> RainWindow:
    expected = max(1, hours * 60 // own)
    return RainWindow(code, place, hours, 0, expected, expected, at)


async def _rows(
    session: Session, district: str, stations: Sequence[str], at: datetime
) -> Mapping[str, list[RainRow]]:
    """The rows of gauges that report on no grid: each changes its minute, or tells of whole days."""
    found: dict[str, list[RainRow]] = defaultdict(list)
    after = at - timedelta(hours=HOURS[-1]) - LATE_START
    for part in chunks(stations, 5000):
        bound = {"district": district, "stations": list(part), "after": after, "upto": at}
        for station, when, interval, milli in await session.execute(_ROWS, bound):
            found[station].append(RainRow(when, interval, milli))
    return found


async def read_levels(session: Session, district: str, at: datetime) -> tuple[LevelReading, ...]:
    """Give the newest level of every river and reservoir station up to ``at`` and its rise.

    A level older than 6 hours is left out. A rise over m minutes is the newest level less the one read m
    minutes before it (within one interval, the older one); where none was read it is left out: no data is
    not no rise. Warning, guarantee and record are a river's marks; flood limit, design level, check level and
    crest a reservoir's.
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
        check_mm=station.check_flood_mm,
        crest_mm=station.dam_crest_mm,
    )
