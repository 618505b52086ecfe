"""Observation bodies to rows: JSON, NDJSON and CSV. An unreadable row is told; the others count.

What a value means, and whether it can be true, is judged in ``app.observations``.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from app import beats, metrics
from app.access.sources import Source
from app.db import Session
from app.errors import Fault, JiaoyingError, MalformedBody, UnsupportedMediaType, Validation
from app.intake import json_gate, words
from app.intake.accept import Desk
from app.intake.encoding import decode_text
from app.observations.accept import Accepted, accept
from app.observations.rows import Rejected, from_text

Table = Literal["ST_PPTN_R", "ST_RIVER_R", "ST_RSVR_R", "ELEMENT", "FORECAST"]
TABLES: tuple[Table, ...] = ("ST_PPTN_R", "ST_RIVER_R", "ST_RSVR_R", "ELEMENT", "FORECAST")

MAX_BYTES = 16 << 20
MAX_ROWS = 200_000
SLICE = 5000
"""Rows in one transaction."""
MAX_FIELDS = 40
MAX_VALUE = 400

_NDJSON = {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of one body, in order; None for what is no row, told in ``unreadable`` by its number."""

    table: Table
    rows: tuple[dict[str, Any] | None, ...]
    unreadable: dict[int, str]


async def take(desk: Desk, source: Source, batch: Batch) -> Accepted:
    """Take the rows in, some thousand in a transaction: a large batch must not shut out a red warning.

    Returns the counts and the rows not taken, numbered as in the body. Opens its own transactions; raises
    Unavailable when one could not be written: what is in stays in, and the same body again counts those
    rows as duplicates.
    """
    accepted, duplicates = 0, 0
    rejected: list[Rejected] = []
    for start in range(0, len(batch.rows), SLICE):
        rows = batch.rows[start : start + SLICE]
        at = desk.clock.now()

        async def work(session: Session, rows: Sequence[object] = rows, at: datetime = at) -> Accepted:
            done = await accept(session, source.district, batch.table, rows, source=source.name, at=at)
            await beats.touch(session, f"source:{source.name}", at)
            return done

        done = await desk.db.run(work)
        accepted += done.accepted
        duplicates += done.duplicates
        rejected += [
            Rejected(start + each.row, each.code, batch.unreadable.get(start + each.row, each.detail))
            for each in done.rejected
        ]
    for outcome, count in (("accepted", accepted), ("duplicate", duplicates), ("rejected", len(rejected))):
        metrics.OBSERVATIONS.labels(outcome).inc(count)
    return Accepted(accepted, duplicates, tuple(rejected))


def read(body: bytes, content_type: str | None, table: str | None) -> Batch:
    """Read a body of at most 16 MiB. ``table``: from the query, needed for CSV, and for NDJSON.

    Takes up to seconds for a large body: call it off the event loop. Raises UnsupportedMediaType,
    BadEncoding, MalformedBody, TooDeep, and Validation when the table or the envelope is at fault.
    """
    media, _, parameters = (content_type or "").partition(";")
    media = media.strip().lower()
    if media == "application/json":
        return _json(body, table)
    if media in _NDJSON:
        return _gather(_known(table), _ndjson(decode_text(body, parameters)))
    if media == "text/csv":
        return _gather(name := _known(table), _csv(name, decode_text(body, parameters)))
    raise UnsupportedMediaType("Send application/json, application/x-ndjson or text/csv.")


def _known(table: object, pointer: str = "?table") -> Table:
    for name in TABLES:
        if table == name:
            return name
    raise Validation(errors=[Fault(pointer, "not-in-list", f"One of {', '.join(TABLES)}.")])


def _json(body: bytes, table: str | None) -> Batch:
    value = json_gate.loads(body)
    if not isinstance(value, dict):
        raise Validation(errors=[Fault("", "wrong-type", "An object with table and rows.")])
    unknown = [name for name in value if name not in {"table", "rows"}]
    if unknown:
        raise Validation(
            errors=[
                Fault(json_gate.pointer((name,)), "unknown-field", "This field is not known.")
                for name in unknown[:20]
            ]
        )
    name = _known(value.get("table", table), "/table")
    if table is not None and table != name:
        raise Validation(errors=[Fault("/table", "differs", "The query names another table.")])
    rows = value.get("rows")
    if not isinstance(rows, list):
        raise Validation(
            errors=[Fault("/rows", "missing" if rows is None else "wrong-type", "A list of rows.")]
        )
    return _gather(name, iter(rows))


def _ndjson(text: str) -> Iterator[Any]:
    for line in text.split("\n"):
        if not line.strip():
            continue
        try:
            yield json_gate.loads_text(line)
        except JiaoyingError as error:
            yield error


def _csv(table: Table, text: str) -> Iterator[Any]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        names = [words.one_line(name) for name in next(reader, [])]
        if not names or "" in names or len(set(names)) != len(names):
            raise MalformedBody("The first line of a CSV names each column once.")
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(names):
                yield MalformedBody("The row has another number of cells than the first line.")
            else:
                yield from_text(table, dict(zip(names, cells, strict=True)))
    except csv.Error:
        raise MalformedBody(f"Not CSV: line {reader.line_num}.") from None


def _gather(table: Table, values: Iterator[Any]) -> Batch:
    rows: list[dict[str, Any] | None] = []
    unreadable: dict[int, str] = {}
    for number, value in enumerate(values):
        if number >= MAX_ROWS:
            raise Validation(errors=[Fault("/rows", "too-long", f"At most {MAX_ROWS} rows.")])
        problem = _problem(value)
        if problem is not None:
            unreadable[number] = problem
        rows.append(value if problem is None else None)
    return Batch(table, tuple(rows), unreadable)


def _problem(value: Any) -> str | None:
    if isinstance(value, JiaoyingError):
        return value.detail
    if not isinstance(value, dict):
        return "A row is an object."
    if len(value) > MAX_FIELDS:
        return f"A row has at most {MAX_FIELDS} fields."
    for name, cell in value.items():
        if isinstance(cell, (dict, list)):
            return "A field holds one value."
        if words.forbidden(name) or (
            isinstance(cell, str) and (len(cell) > MAX_VALUE or words.forbidden(cell))
        ):
            return "A field is too long or holds control characters."
    return None
