"""Taking observations in: good rows stay when others are bad, corrections replace, the incredible is kept."""

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import anyio.to_thread
import sqlalchemy as sa

from app import beats, many
from app.db import Session, chunks
from app.errors import Fault, Validation
from app.ids import new_id
from app.observations import series
from app.observations.rows import FORMS, Checked, Gauge, Outlook, Rejected, Value, check, station_code
from app.observations.tables import Forecast, Quarantined, Reading, Station

FORECASTS = "forecasts"
"""Beats, as ``forecasts:<district>``, whenever a forecast is new."""
LONGEST_CODE = 20
"""A station's code is no longer; what is longer, or cannot be printed, is none of ours."""
LARGE = 1000
"""Rows from which a batch is checked in a thread, so that other requests are answered meanwhile."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a batch: rows kept (new or corrected), rows that were there already, rows refused."""

    accepted: int
    duplicates: int
    rejected: tuple[Rejected, ...]


async def accept(
    session: Session, district: str, table: str, rows: Sequence[object], *, source: str, at: datetime
) -> Accepted:
    """Take rows of one table: ST_PPTN_R, ST_RIVER_R, ST_RSVR_R, ELEMENT or FORECAST.

    The same rows in any order, once or twice, leave the same readings; of two values for one moment the one
    that came later is its correction. Raises Validation for another table.
    """
    if table not in FORMS:
        raise Validation(
            "There is no such table.",
            errors=[Fault("/table", "unknown-table", f"one of: {', '.join(FORMS)}")],
        )
    gauges = await _gauges(session, district, rows)
    if len(rows) >= LARGE:
        checked = await anyio.to_thread.run_sync(
            lambda: check(table, rows, gauges, district=district, source=source, at=at)
        )
    else:
        checked = check(table, rows, gauges, district=district, source=source, at=at)
    if table == "FORECAST":
        kept = await _keep_outlooks(session, district, checked.outlooks, source, at)
    else:
        kept = await _keep_values(session, district, checked.values, source, at)
    await _quarantine(session, district, table, rows, checked, source, at)
    if kept:  # there is something new to look at; a forecast is none of our gauges'
        what = FORECASTS if table == "FORECAST" else "observations"
        await beats.touch(session, f"{what}:{district}", at)
    good = len(rows) - len(checked.rejected)
    return Accepted(kept, good - kept, tuple(checked.rejected))


_GAUGES = many.OneOf(
    "codes",
    lambda among: sa.select(
        Station.code,
        Station.kind,
        Station.interval_minutes,
        Station.owner,
        Station.last_level_mm,
        Station.base_mm,
    ).where(Station.district == sa.bindparam("district"), among(Station.code)),
)


async def _gauges(session: Session, district: str, rows: Sequence[object]) -> dict[str, Gauge]:
    """What is known of the stations that a batch names."""
    named = {
        code for row in rows if 0 < len(code := station_code(row)) <= LONGEST_CODE and code.isprintable()
    }
    found: dict[str, Gauge] = {}
    for codes in chunks(sorted(named), 5000):
        for row in await session.execute(_GAUGES.on(session), {"district": district, "codes": list(codes)}):
            level = row.base_mm if row.last_level_mm is None else row.last_level_mm
            found[row.code] = Gauge(row.kind, row.interval_minutes, row.owner, level)
    return found


_KEEP_READINGS = many.Insert(
    Reading,
    lambda insert: insert.on_conflict_do_update(
        index_elements=["district", "station", "element", "interval_minutes", "at"],
        set_={
            "first_milli": sa.func.coalesce(Reading.first_milli, Reading.milli),
            "milli": insert.excluded.milli,
            "revised_at": insert.excluded.received_at,
            "received_at": insert.excluded.received_at,
            "source": insert.excluded.source,
        },
        where=Reading.milli != insert.excluded.milli,
    ),
)


async def _keep_values(
    session: Session, district: str, values: Sequence[Value], source: str, at: datetime
) -> int:
    """Write what is new or corrected. Returns how many rows that were."""
    if not values:
        return 0
    held = await _held(session, district, values)
    changed: dict[tuple[Any, ...], Value] = {}
    rows: set[int] = set()
    for value in values:
        key = value[:4]
        if held.get(key) != value.milli:
            held[key] = value.milli
            changed[key] = value
            rows.add(value.row)
    # In the order of the key, so that two batches never wait for each other.
    readings = [
        {
            "district": district,
            "station": value.station,
            "element": value.element,
            "interval_minutes": value.interval_minutes,
            "at": value.at,
            "milli": value.milli,
            "received_at": at,
            "source": source,
        }
        for value in (changed[key] for key in sorted(changed))
    ]
    await _KEEP_READINGS.put(session, readings)
    await series.keep(session, district, (value for value in changed.values() if value.element == "rain"))
    await _touch(session, district, values)
    return len(rows)


_KNOWN = many.OneOf(
    "stations",
    lambda among: sa.select(
        Reading.station, Reading.element, Reading.interval_minutes, Reading.at, Reading.milli
    ).where(
        Reading.district == sa.bindparam("district"),
        Reading.element.in_(sa.bindparam("elements", expanding=True)),
        Reading.at.in_(sa.bindparam("times", expanding=True)),
        among(Reading.station),
    ),
)


async def _held(session: Session, district: str, values: Sequence[Value]) -> dict[tuple[Any, ...], int]:
    stations = sorted({value.station for value in values})
    elements = sorted({value.element for value in values})
    held: dict[tuple[Any, ...], int] = {}
    asked = _KNOWN.on(session)
    for times in chunks(sorted({value.at for value in values})):
        for some in chunks(stations, 5000):
            bound = {"district": district, "elements": elements, "times": list(times), "stations": list(some)}
            found = await session.execute(asked, bound)
            held |= {tuple(row[:4]): row.milli for row in found}
    return held


_LAST_AT = many.OneOf(
    "codes",
    lambda among: (
        sa.update(Station)
        .where(
            Station.district == sa.bindparam("here"),
            among(Station.code),
            sa.or_(Station.last_at.is_(None), Station.last_at < sa.bindparam("newest")),
        )
        .values(last_at=sa.bindparam("newest"))
    ),
)


async def _touch(session: Session, district: str, values: Sequence[Value]) -> None:
    """Note the newest sign of life and the newest level of each station."""
    last: dict[str, datetime] = {}
    level: dict[str, Value] = {}
    for value in values:
        if value.station not in last or last[value.station] < value.at:
            last[value.station] = value.at
        if value.element == "level" and (value.station not in level or level[value.station].at <= value.at):
            level[value.station] = value
    connection = await session.connection()
    here = (Station.district == district, Station.code == sa.bindparam("station"))
    at_once: dict[datetime, list[str]] = defaultdict(list)
    for code in sorted(last):
        at_once[last[code]].append(code)
    for newest in sorted(at_once):  # a round of gauges ends at one moment, or few
        for codes in chunks(at_once[newest], 5000):
            bound = {"here": district, "newest": newest, "codes": list(codes)}
            await connection.execute(_LAST_AT.on(session), bound)
    if level:
        await connection.execute(
            sa.update(Station)
            .where(
                *here,
                sa.or_(Station.last_level_at.is_(None), Station.last_level_at <= sa.bindparam("newest")),
            )
            .values(last_level_at=sa.bindparam("newest"), last_level_mm=sa.bindparam("level")),
            [
                {"station": code, "newest": level[code].at, "level": level[code].milli}
                for code in sorted(level)
            ],
        )


_KEEP_OUTLOOKS = many.Insert(
    Forecast,
    lambda insert: insert.on_conflict_do_update(
        index_elements=["district", "town_code", "element", "from_at", "until_at", "source"],
        set_={name: insert.excluded[name] for name in ("issued_at", "milli", "received_at")},
        where=Forecast.issued_at <= insert.excluded.issued_at,
    ),
)


async def _keep_outlooks(
    session: Session, district: str, outlooks: Sequence[Outlook], source: str, at: datetime
) -> int:
    """Write forecasts that are newer than what is held. Returns how many rows that were."""
    if not outlooks:
        return 0
    held: dict[tuple[Any, ...], tuple[datetime, int]] = {}
    for towns in chunks(sorted({outlook.town_code for outlook in outlooks})):
        found = await session.execute(
            sa.select(
                Forecast.town_code,
                Forecast.element,
                Forecast.from_at,
                Forecast.until_at,
                Forecast.issued_at,
                Forecast.milli,
            ).where(Forecast.district == district, Forecast.source == source, Forecast.town_code.in_(towns))
        )
        held |= {tuple(row[:4]): (row.issued_at, row.milli) for row in found}
    changed: dict[tuple[Any, ...], Outlook] = {}
    rows: set[int] = set()
    for outlook in outlooks:
        key = outlook[:4]
        before = held.get(key)
        if before is None or before < (outlook.issued_at, outlook.milli):
            held[key] = (outlook.issued_at, outlook.milli)
            changed[key] = outlook
            rows.add(outlook.row)
    forecasts = [
        {
            "district": district,
            "town_code": o.town_code,
            "element": o.element,
            "from_at": o.from_at,
            "until_at": o.until_at,
            "source": source,
            "issued_at": o.issued_at,
            "milli": o.milli,
            "received_at": at,
        }
        for o in (changed[key] for key in sorted(changed))
    ]
    await _KEEP_OUTLOOKS.put(session, forecasts)
    return len(rows)


_KEEP_STRANGE = many.Insert(Quarantined, many.keep_old(["district", "source", "digest"]))


async def _quarantine(
    session: Session,
    district: str,
    form: str,
    rows: Sequence[object],
    checked: Checked,
    source: str,
    at: datetime,
) -> None:
    """Keep what cannot be true, once, however often it is sent."""
    kept = []
    for rejected in checked.strange:
        row = rows[rejected.row]
        plain = {_text(k): _plain(v) for k, v in row.items()} if isinstance(row, Mapping) else {}
        digest = hashlib.sha256(json.dumps([form, plain], sort_keys=True).encode()).hexdigest()
        kept.append(
            {
                "id": new_id(),
                "district": district,
                "source": source,
                "form": form,
                "row": plain,
                "code": rejected.code,
                "detail": rejected.detail,
                "digest": digest,
                "received_at": at,
            }
        )
    await _KEEP_STRANGE.put(session, sorted(kept, key=lambda one: str(one["digest"])))


def _plain(value: object) -> object:
    """A cell in a form both databases keep: NaN and decimals as text, text without what cannot be stored."""
    if isinstance(value, (bool, int)) or value is None:
        return value if not isinstance(value, int) or abs(value) < 2**53 else _text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return str(value) if isinstance(value, Decimal) else _text(value)


def _text(value: object) -> str:
    return str(value)[:100].encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
