"""What stations measured besides rain and level, as the rules read it: the newest, extremes, days, falls."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from app.db import Session
from app.observations.rows import ELEMENTS
from app.observations.tables import Reading, Station
from app.warning.situation import ElementReading

HOURS = (1, 6, 12, 24)
"""Hours whose highest and lowest are read."""
DAYS = 3
FALLS = (24, 48)
"""Hours back with which a temperature is compared."""
FRESH = timedelta(hours=1)
"""An older value is not the present state (assumed)."""
Extremes = tuple[int, int]
"""Lowest and highest."""
_EDGES = (0, *HOURS, 48, 72)

_HERE = (Reading.district == sa.bindparam("district"), Reading.element.in_(sorted(ELEMENTS)))
_ANY = sa.select(sa.literal(1)).where(*_HERE, Reading.at > sa.bindparam("since")).limit(1)
_BANDS = sa.union_all(
    *(
        sa.select(
            sa.literal(band).label("band"),
            Reading.station.label("station"),
            Reading.element.label("element"),
            sa.func.min(Reading.milli),
            sa.func.max(Reading.milli),
            sa.func.max(Reading.at),
        )
        .where(*_HERE, Reading.at > sa.bindparam(f"after{band}"), Reading.at <= sa.bindparam(f"upto{band}"))
        .group_by(Reading.station, Reading.element)
        for band in range(len(_EDGES) - 1)
    )
)
_ROWS = sa.select(Reading.station, Reading.element, Reading.at, Reading.milli).where(
    *_HERE, Reading.at > sa.bindparam("after"), Reading.at <= sa.bindparam("upto")
)


async def read_elements(session: Session, district: str, at: datetime) -> tuple[ElementReading, ...]:
    """Give every element that a station measured in the 72 hours up to ``at``.

    The newest value counts as the present state for an hour. A day is 24 hours back from ``at``. A fall is
    the value of the same time one or two days before (up to an hour older) less the newest; where either was
    not read it is left out.
    """
    oldest = at - timedelta(hours=_EDGES[-1])
    if await session.scalar(_ANY, {"district": district, "since": oldest}) is None:
        return ()
    edges = [at - timedelta(hours=hours) for hours in _EDGES]
    times = {f"after{band}": edges[band + 1] for band in range(len(edges) - 1)}
    times |= {f"upto{band}": edges[band] for band in range(len(edges) - 1)}
    found: dict[tuple[str, str], dict[int, Extremes]] = defaultdict(dict)
    last: dict[tuple[str, str], datetime] = {}
    for band, station, element, low, high, newest in await session.execute(
        _BANDS, {"district": district, **times}
    ):
        key = (station, element)
        found[key][band] = (low, high)
        last[key] = max(newest, last.get(key, newest))
    now = await _series(session, district, at - FRESH, at)
    before = {
        hours: await _series(
            session, district, at - timedelta(hours=hours) - 2 * FRESH, at - timedelta(hours=hours)
        )
        for hours in FALLS
    }
    stations = {
        code: (place or "", kind)
        for code, place, kind in await session.execute(
            sa.select(Station.code, Station.place_code, Station.kind).where(Station.district == district)
        )
    }
    return tuple(
        _reading(key, stations[key[0]], bands, last[key], now.get(key, ()), before)
        for key, bands in sorted(found.items())
    )


Series = Sequence[tuple[datetime, int]]
"""Times and values, the oldest first."""


async def _series(
    session: Session, district: str, after: datetime, upto: datetime
) -> Mapping[tuple[str, str], Series]:
    rows = await session.execute(_ROWS, {"district": district, "after": after, "upto": upto})
    found: dict[tuple[str, str], list[tuple[datetime, int]]] = defaultdict(list)
    for station, element, when, milli in rows:
        found[station, element].append((when, milli))
    return {key: sorted(series) for key, series in found.items()}


def _reading(
    key: tuple[str, str],
    where: tuple[str, str],
    bands: Mapping[int, Extremes],
    last: datetime,
    now: Series,
    before: Mapping[int, Mapping[tuple[str, str], Series]],
) -> ElementReading:
    def over(*wanted: int) -> Extremes | None:
        held = [bands[band] for band in wanted if band in bands]
        return (min(low for low, _ in held), max(high for _, high in held)) if held else None

    by_hours = {hours: over(*range(index + 1)) for index, hours in enumerate(HOURS)}
    whole_day = len(HOURS)
    days = (over(*range(whole_day)), *(over(whole_day + day) for day in range(DAYS - 1)))
    fell: dict[int, int] = {}
    if now:
        when, milli = now[-1]
        for hours, series in before.items():
            then = when - timedelta(hours=hours)
            older = [value for read_at, value in series.get(key, ()) if then - FRESH < read_at <= then]
            if older:
                fell[hours] = older[-1] - milli
    return ElementReading(
        station=key[0],
        place=where[0],
        element=key[1],
        at=now[-1][0] if now else last,
        milli=now[-1][1] if now else None,
        highest={hours: held[1] for hours, held in by_hours.items() if held},
        lowest={hours: held[0] for hours, held in by_hours.items() if held},
        days=days,
        fell=fell,
        kind=where[1],
    )
