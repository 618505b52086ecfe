"""Rows of the bureaus' tables → exact values, or the reason why not. Pure: no clock, no database.

Tables and columns: SL 323-2011 as systems in use write them. TM is the end of the period, in the district's
own time where it has no offset. INTV is h.mm: 0.05 is five minutes, 1.00 an hour. Numbers are JSON numbers:
a string, true or NaN is none.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from app.clock import LOCAL

OLDEST = timedelta(days=30)
AHEAD = timedelta(minutes=5)
"""A station's clock may run that far ahead of ours."""
LEAP_MM = 20_000
"""A level this far from the station's last one is a slip of a digit or a datum, not water."""

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?")


class Column(NamedTuple):
    """A measured column: the element it is, how many decimals it may have, and what it can be at all."""

    element: str
    decimals: int
    low: int
    high: int


_LEVEL = Column("level", 3, 0, 9000)
_FLOW = Column("flow", 3, 0, 200_000)

MEASURED: dict[str, dict[str, Column]] = {
    "ST_PPTN_R": {"DRP": Column("rain", 2, 0, 2000), "DYP": Column("day_rain", 2, 0, 2000)},
    "ST_RIVER_R": {
        "Z": _LEVEL,
        "Q": _FLOW,
        "XSA": Column("area", 3, 0, 1_000_000),
        "XSAVV": Column("speed", 3, 0, 50),
        "XSMXV": Column("top_speed", 3, 0, 50),
        "WPTN": Column("trend", 0, 4, 6),
    },
    "ST_RSVR_R": {
        "RZ": _LEVEL,
        "INQ": Column("inflow", 3, 0, 200_000),
        "OTQ": Column("outflow", 3, 0, 200_000),
        "W": Column("storage", 3, 0, 1_000_000),
        "BLRZ": Column("tail_level", 3, 0, 9000),
        "RWPTN": Column("trend", 0, 4, 6),
    },
}
REQUIRED = {"ST_PPTN_R": "DRP", "ST_RIVER_R": "Z", "ST_RSVR_R": "RZ"}
# Columns of the tables that say how a value was measured. They are known, and not kept
# (docs/observations.md).
NOT_KEPT = {
    "ST_PPTN_R": {"PDR", "WTH"},
    "ST_RIVER_R": {"FLWCHRCD", "MSQMT", "MSAMT", "MSVMT"},
    "ST_RSVR_R": {"RWCHRCD", "INQDR", "MSQMT"},
}
# Units: cm of standing water, m/s, m, °C, mm of melted snow in the 6 and 12 hours before.
ELEMENTS = {
    "depth": Column("depth", 2, 0, 2000),
    "gust": Column("gust", 2, 0, 120),
    "wind": Column("wind", 2, 0, 120),
    "visibility": Column("visibility", 2, 0, 200_000),
    "temp": Column("temp", 2, -60, 60),
    "ground_temp": Column("ground_temp", 2, -60, 90),
    "snow_6h": Column("snow_6h", 2, 0, 500),
    "snow_12h": Column("snow_12h", 2, 0, 500),
}
FORECAST_ELEMENTS = {**ELEMENTS, "rain": Column("rain", 2, 0, 2000)}
FORMS = (*MEASURED, "ELEMENT", "FORECAST")


class Bad(Exception):
    """A row that cannot be taken: a stable code and a sentence without the value."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not taken. ``row`` counts from 0."""

    row: int
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Gauge:
    """What the checks must know of a registered station."""

    kind: str
    interval_minutes: int
    owner: str | None
    last_level_mm: int | None


class Value(NamedTuple):
    """One value of one row, in thousandths of its unit; sorts by its key."""

    station: str
    element: str
    interval_minutes: int
    at: datetime
    milli: int
    row: int


class Outlook(NamedTuple):
    """One forecast value."""

    town_code: str
    element: str
    from_at: datetime
    until_at: datetime
    issued_at: datetime
    milli: int
    row: int


@dataclass(slots=True)
class Checked:
    """What a batch holds. ``strange``: rows that cannot be true, for quarantine."""

    values: list[Value] = field(default_factory=list)
    outlooks: list[Outlook] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    strange: list[Rejected] = field(default_factory=list)


def check(
    form: str,
    rows: Sequence[object],
    gauges: Mapping[str, Gauge],
    *,
    district: str,
    source: str,
    at: datetime,
) -> Checked:
    """Check the rows of one table, earliest first, so that a level is held against the one before it."""
    out = Checked()
    readers: dict[str, Callable[..., list[Value]]] = {
        "ELEMENT": _element,
        **dict.fromkeys(MEASURED, _measured),
    }
    last = {code: gauge.last_level_mm for code, gauge in gauges.items()}
    read: list[tuple[list[Value], int]] = []
    for number, row in enumerate(rows):
        try:
            if not isinstance(row, Mapping):
                raise Bad("malformed", "a row is an object")
            if form == "FORECAST":
                out.outlooks.append(_forecast(row, number, district, at))
            else:
                code, gauge = _station(row, gauges, source)
                read.append((readers[form](form, row, number, code, gauge, at), number))
        except Bad as bad:
            _refuse(out, number, bad)
    for values, number in sorted(read, key=lambda item: item[0][0].at):
        try:
            for value in values:
                if value.element == "level":
                    before = last.get(value.station)
                    if before is not None and abs(value.milli - before) >= LEAP_MM:
                        raise Bad("implausible", "the level is 20 m or more off the station's last")
                    last[value.station] = value.milli
            out.values += values
        except Bad as bad:
            _refuse(out, number, bad)
    out.rejected.sort(key=lambda rejected: rejected.row)
    return out


def from_text(form: str, row: Mapping[str, str | None]) -> dict[str, Any]:
    """Read a CSV row's numbers as numbers, exactly.

    An empty cell is absent; one that should be a number and is none stays text and is refused later.
    """
    numbers = {*MEASURED.get(form, ()), "INTV", "V"}
    out: dict[str, Any] = {}
    for name, cell in row.items():
        if cell is None or not cell.strip():
            continue
        text = cell.strip()
        plain = name in numbers and re.fullmatch(r"-?\d{1,12}(\.\d{1,9})?", text)
        out[name] = Decimal(text) if plain else text
    return out


def _refuse(out: Checked, number: int, bad: Bad) -> None:
    rejected = Rejected(number, bad.code, bad.detail)
    out.rejected.append(rejected)
    if bad.code == "implausible":
        out.strange.append(rejected)


def station_code(row: object) -> str:
    """The station a row names, empty where it names none."""
    code = row.get("STCD") if isinstance(row, Mapping) else None
    if isinstance(code, int) and not isinstance(code, bool):
        code = str(code)
    return code.strip() if isinstance(code, str) else ""  # char(8) columns are padded


def _station(row: Mapping[str, Any], gauges: Mapping[str, Gauge], source: str) -> tuple[str, Gauge]:
    code = station_code(row)
    if not code:
        raise Bad("missing-field", "STCD is missing")
    gauge = gauges.get(code)
    if gauge is None:
        raise Bad("unknown-station", "the station is not registered here")
    if gauge.owner is not None and gauge.owner != source:
        raise Bad("out-of-scope", "the station is another source's")
    return code, gauge


def _measured(
    form: str, row: Mapping[str, Any], number: int, code: str, gauge: Gauge, at: datetime
) -> list[Value]:
    columns = MEASURED[form]
    _known(row, {"STCD", "TM", "INTV" if form == "ST_PPTN_R" else "TM"} | columns.keys() | NOT_KEPT[form])
    if form != "ST_PPTN_R" and gauge.kind == "rain":
        raise Bad("wrong-kind", "a rain gauge has no water level")
    if row.get(REQUIRED[form]) is None:
        raise Bad("missing-field", f"{REQUIRED[form]} is missing: no data is not zero")
    when = _when(row, "TM", at)
    values = []
    for name, column in columns.items():
        if row.get(name) is None:
            continue
        interval, milli = 0, _number(row[name], name, column)
        if column.element == "rain":
            interval = _interval(row.get("INTV"), gauge)
            _plausible_rain(milli, interval)
        values.append(Value(code, column.element, interval, when, milli, number))
    return values


def _element(
    _form: str, row: Mapping[str, Any], number: int, code: str, _gauge: Gauge, at: datetime
) -> list[Value]:
    _known(row, {"STCD", "TM", "ELEM", "V"})
    column = _column(row, ELEMENTS)
    return [Value(code, column.element, 0, _when(row, "TM", at), _number(row.get("V"), "V", column), number)]


def _forecast(row: Mapping[str, Any], number: int, district: str, at: datetime) -> Outlook:
    _known(row, {"town", "issued", "from", "to", "ELEM", "V"})
    town = row.get("town")
    if not isinstance(town, str) or not re.fullmatch(r"\d{9}", town) or not town.startswith(district):
        raise Bad("unknown-place", "the town is not one of this district's nine-digit codes")
    column = _column(row, FORECAST_ELEMENTS)
    issued, since, until = _when(row, "issued", at), _time(row, "from"), _time(row, "to")
    if not since < until <= issued + timedelta(days=15):
        raise Bad("bad-time", "to must follow from, within 15 days of issue")
    milli = _number(row.get("V"), "V", column)
    return Outlook(town, column.element, since, until, issued, milli, number)


def _known(row: Mapping[str, Any], names: Iterable[str]) -> None:
    if not row.keys() <= set(names):
        raise Bad("unknown-field", "the row has a field this table does not")


def _column(row: Mapping[str, Any], columns: Mapping[str, Column]) -> Column:
    element = row.get("ELEM")
    column = columns.get(element) if isinstance(element, str) else None
    if column is None:
        raise Bad("unknown-element", f"ELEM is not one of: {', '.join(columns)}")
    return column


def _number(value: object, name: str, column: Column) -> int:
    """The value in thousandths, exactly."""
    if value is None:
        raise Bad("missing-field", f"{name} is missing: no data is not zero")
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise Bad("not-a-number", f"{name} is not a number")
    if value != value or not column.low <= value <= column.high:  # noqa: PLR0124 - NaN alone differs from itself
        raise Bad("implausible", f"{name} is not a finite number from {column.low} to {column.high}")
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    thousandths = exact * 1000
    if thousandths % 10 ** (3 - column.decimals):
        raise Bad("too-precise", f"{name} has more than {column.decimals} decimals")
    return int(thousandths)


def _interval(value: object, gauge: Gauge) -> int:
    """INTV, h.mm, in minutes; the station's own interval where the row has none."""
    if value is None:
        return gauge.interval_minutes
    hundredths = _number(value, "INTV", Column("", 2, 0, 24)) // 10
    hours, minutes = divmod(hundredths, 100)
    if minutes >= 60 or not 0 < hours * 60 + minutes <= 1440:
        raise Bad("bad-interval", "INTV is h.mm, from 0.01 to 24.00")
    return hours * 60 + minutes


def _plausible_rain(milli: int, minutes: int) -> None:
    """Refuse more than 100 mm in 5 minutes or 300 mm in an hour; longer periods in proportion."""
    most = 100 if minutes <= 5 else 300 if minutes <= 60 else min(2000, 300 * -(-minutes // 60))
    if milli > most * 1000:
        raise Bad("implausible", f"more than {most} mm in {minutes} minutes")


def _when(row: Mapping[str, Any], name: str, at: datetime) -> datetime:
    when = _time(row, name)
    if when > at + AHEAD:
        raise Bad("future", f"{name} lies in the future")
    if when < at - OLDEST:
        raise Bad("too-old", f"{name} is more than 30 days ago")
    return when


def _time(row: Mapping[str, Any], name: str) -> datetime:
    text = row.get(name)
    if not isinstance(text, str) or not text.strip():
        raise Bad("missing-field", f"{name} is missing")
    text = text.strip()
    try:
        if not _TIME.fullmatch(text):
            raise ValueError
        parsed = datetime.fromisoformat(text)
        return (parsed.replace(tzinfo=LOCAL) if parsed.tzinfo is None else parsed).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Bad("bad-time", f"{name} is not a time such as 2026-07-15 08:05:00 or RFC 3339") from None
