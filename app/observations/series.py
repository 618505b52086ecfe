"""Rain of twelve hours side by side: what windows are summed from, kept with each row that comes in.

Only rows of an interval that divides the hour, ending on its grid, have a slot; any other row makes the block
"loose" (empty), and the windows read the rows themselves.
"""

import sys
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app import many
from app.db import Session, chunks
from app.observations.rows import Value
from app.observations.tables import RainSeries

BLOCK = 720
"""Minutes in a block."""
NONE = -1
"""A slot nothing came for."""
_CODE = "i"  # 32 bits wherever CPython runs
Key = tuple[int, str, int]
"""Block, station, interval."""

_BLOCK_OF: Mapping[str, sa.types.TypeEngine[Any]] = {
    "district": sa.String(),
    "block": sa.Integer(),
    "station": sa.String(),
    "interval": sa.Integer(),
}


def _write(row: Mapping[str, Any]) -> sa.Update:
    """Begin to write a block, which ``row`` names by the columns of ``_BLOCK_OF``."""
    return sa.update(RainSeries).where(
        RainSeries.district == row["district"],
        RainSeries.block == row["block"],
        RainSeries.station == row["station"],
        RainSeries.interval_minutes == row["interval"],
    )


_NEW = many.Insert(RainSeries, many.keep_old())
_UPDATE = many.Update(
    {**_BLOCK_OF, "slots": sa.LargeBinary()}, lambda row: _write(row).values(slots=row["slots"])
)
# PostgreSQL alone: the four bytes of one slot, written where the block lies. No block goes back and forth.
_IN_PLACE = many.Update(
    {**_BLOCK_OF, "slot": sa.LargeBinary(), "start": sa.Integer()},
    lambda row: (
        _write(row)
        .where(sa.func.length(RainSeries.slots) > 0)  # a loose block stays loose
        .values(slots=sa.func.overlay(RainSeries.slots, row["slot"], row["start"], type_=sa.LargeBinary()))
    ),
)
_HELD = (
    sa.select(RainSeries.station, RainSeries.interval_minutes, RainSeries.slots)
    .where(
        RainSeries.district == sa.bindparam("district"),
        RainSeries.block == sa.bindparam("block"),
        RainSeries.station.in_(sa.bindparam("stations", expanding=True)),
    )
    .order_by(RainSeries.station, RainSeries.interval_minutes)
    .with_for_update()
)


def minute_of(at: datetime) -> int:
    """Whole minutes since 1970, begun ones not counted."""
    return int(at.timestamp() // 60)


def slot_of(at: datetime, interval: int) -> tuple[int, int | None]:
    """Return the block and the slot of a period that ends at ``at``; no slot: it stands on no grid."""
    seconds = at.timestamp()
    minute = int(-(-seconds // 60))
    if interval > 60 or 60 % interval or seconds % (interval * 60):
        return (minute - 1) // BLOCK, None
    block = (minute - interval) // BLOCK
    return block, (minute - block * BLOCK) // interval - 1


def empty(interval: int, blocks: int = 1) -> "array[int]":
    """Return slots in which nothing came."""
    return array(_CODE, [NONE]) * (BLOCK // interval * blocks)


def unpack(slots: bytes) -> "array[int]":
    """Return the slots of a stored block."""
    held = array(_CODE)
    held.frombytes(slots)
    if sys.byteorder == "big":
        held.byteswap()
    return held


def pack(slots: "array[int]") -> bytes:
    """Return a block as it is stored."""
    if sys.byteorder == "big":
        slots = slots[:]
        slots.byteswap()
    return slots.tobytes()


async def keep(session: Session, district: str, values: Iterable[Value]) -> None:
    """Put rain that is new or corrected into its blocks."""
    changes: dict[Key, list[tuple[int | None, int]]] = defaultdict(list)
    where: dict[tuple[datetime, int], tuple[int, int | None]] = {}
    for value in values:
        when = (value.at, value.interval_minutes)
        found = where.get(when)
        if found is None:
            found = where[when] = slot_of(*when)
        block, slot = found
        changes[block, value.station, value.interval_minutes].append((slot, value.milli))
    keys = await _not_in_place(session, district, changes)
    if not keys:
        return
    held = await _locked(session, district, keys)
    new = [key for key in keys if key not in held]
    if new:
        blanks = [
            {"district": district, "block": b, "station": s, "interval_minutes": i, "slots": _blank(i)}
            for b, s, i in new
        ]
        await _NEW.put(session, blanks)
        held |= await _locked(session, district, new)  # another's rows may have come meanwhile
    written = [
        {"district": district, "block": key[0], "station": key[1], "interval": key[2], "slots": changed}
        for key in keys
        if (changed := _with(held[key], changes[key])) != held[key]
    ]
    await _UPDATE.put(session, written)


async def _not_in_place(
    session: Session, district: str, changes: Mapping[Key, Sequence[tuple[int | None, int]]]
) -> list[Key]:
    """Write what can be written into its block where it lies. Returns the keys that are left, sorted.

    A round of gauges is one slot each. Where some block of a batch is missing or loose, all of that batch are
    left: what has been written already is found to be there.
    """
    keys = sorted(changes)
    if session.get_bind().dialect.name == "sqlite":
        return keys
    rows: list[dict[str, object]] = []
    left: list[Key] = []
    for key in keys:
        slot, milli = changes[key][0]
        if len(changes[key]) > 1 or slot is None:
            left.append(key)
            continue
        block, station, interval = key
        place: dict[str, object] = {"block": block, "station": station, "interval": interval}
        piece = pack(array(_CODE, [milli]))
        rows.append({"district": district, **place, "slot": piece, "start": 4 * slot + 1})
    for part in chunks(rows, many.AT_ONCE):
        if await _IN_PLACE.put(session, part) != len(part):
            left += [(row["block"], row["station"], row["interval"]) for row in part]  # type: ignore[misc]
    return sorted(left)


def _blank(interval: int) -> bytes:
    return b"" if interval > 60 or 60 % interval else pack(empty(interval))


def _with(slots: bytes, changes: Sequence[tuple[int | None, int]]) -> bytes:
    if not slots or any(slot is None for slot, _ in changes):
        return b""
    held = unpack(slots)
    for slot, milli in changes:
        held[slot or 0] = milli
    return pack(held)


async def _locked(session: Session, district: str, keys: Sequence[Key]) -> dict[Key, bytes]:
    """Read blocks and hold them until the transaction ends: two batches for one block wait for each other."""
    wanted: dict[int, set[str]] = defaultdict(set)
    for block, station, _ in keys:
        wanted[block].add(station)
    found: dict[Key, bytes] = {}
    for block in sorted(wanted):
        for part in chunks(sorted(wanted[block]), 5000):
            rows = await session.execute(
                _HELD, {"district": district, "block": block, "stations": list(part)}
            )
            for station, interval, slots in rows:
                found[block, station, interval] = slots
    return found


_BETWEEN = (
    sa.select(RainSeries.station, RainSeries.interval_minutes, RainSeries.block, RainSeries.slots)
    .where(
        RainSeries.district == sa.bindparam("district"),
        RainSeries.block >= sa.bindparam("first"),
        RainSeries.block <= sa.bindparam("last"),
    )
    .order_by(RainSeries.block)
)


async def read(
    session: Session, district: str, hours: int, at: datetime
) -> tuple[int, Mapping[str, Mapping[int, "array[int] | None"]]]:
    """Return the slots of the last hours of every gauge, by interval; None where they are loose.

    The first of what is returned is the minute at which the slots begin.
    """
    minute = minute_of(at)
    first, last = (minute - hours * 60) // BLOCK, (minute - 1) // BLOCK
    rows = await session.execute(_BETWEEN, {"district": district, "first": first, "last": last})
    found: dict[str, dict[int, array[int] | None]] = defaultdict(dict)
    count = last - first + 1
    blanks: dict[int, array[int]] = {}
    for station, interval, block, slots in rows:
        held = found[station]
        if not slots:
            held[interval] = None
            continue
        whole = held.get(interval)
        if whole is None:
            if interval in held:
                continue
            if interval not in blanks:
                blanks[interval] = empty(interval, count)
            whole = held[interval] = blanks[interval][:]
        size = BLOCK // interval
        start = (block - first) * size
        whole[start : start + size] = unpack(slots)
    return first * BLOCK, found
