"""The district's own CSV files into the directory: checked whole, then written. The demo uses it too."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from app import audit, beats
from app.db import Session, chunks
from app.directory import check, check_places, known, sheets
from app.directory.forms import FORMS
from app.directory.known import Known
from app.directory.sheets import RowFault, Sheet, Values
from app.directory.tables import Holding, Household, Person, Place, PlaceCode, Shift
from app.observations import stations


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file's rows."""

    file: str
    read: int
    new: int = 0
    changed: int = 0
    same: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did, and every row it did not take; not ``written`` when ``strict`` held it all back."""

    files: tuple[FileReport, ...]
    faults: tuple[RowFault, ...]
    written: bool

    def plus(self, other: "Report") -> "Report":
        """Return what two imports did together, file by file."""
        sums: dict[str, FileReport] = {}
        for one in (*self.files, *other.files):
            held = sums.get(one.file, FileReport(one.file, 0))
            sums[one.file] = FileReport(
                one.file,
                held.read + one.read,
                held.new + one.new,
                held.changed + one.changed,
                held.same + one.same,
            )
        faults = (*self.faults, *other.faults)
        return Report(tuple(sums.values()), faults, written=self.written and other.written)

    @property
    def clean(self) -> bool:
        """Whether every row was taken."""
        return not self.faults


def read_folder(folder: Path) -> dict[str, Sheet]:
    """Read the files of a folder that have a known name. Raises FileNotFoundError when there is none."""
    found = {
        form.file: sheets.read(folder / form.file, form) for form in FORMS if (folder / form.file).is_file()
    }
    if not found:
        raise FileNotFoundError(f"none of the files is there: {', '.join(form.file for form in FORMS)}")
    return found


async def import_folder(
    session: Session,
    folder: Path,
    *,
    district: str,
    by: audit.Actor,
    at: datetime,
    strict: bool = False,
    say: Callable[[str, int], None] = lambda _file, _rows: None,
) -> Report:
    """Bring a folder of CSV files in (docs/directory.md). Doing it twice changes nothing the second time.

    Rows are found again by their codes; a row that is no longer in a file stays. Good rows are taken when
    others are bad, unless ``strict``. ``say`` is told of each file as it has been read. Raises
    FileNotFoundError when no known file is in the folder.
    """
    found = read_folder(folder)
    for name, sheet in found.items():
        say(name, sheet.read)
    held = await known.load(session, district, found)
    rows = await _check(session, found, held)
    faults = tuple(fault for sheet in found.values() for fault in sorted(sheet.faults, key=lambda f: f.line))
    if faults and strict:
        files = tuple(FileReport(name, sheet.read) for name, sheet in found.items())
        return Report(files, faults, written=False)
    files = await _write(session, held, found, rows)
    await beats.touch(session, f"directory:{district}", at)
    audit.record(
        session,
        "directory.imported",
        district,
        district=district,
        by=by,
        at=at,
        refused=len(faults),
        files={file.file: [file.new, file.changed, file.same] for file in files},
    )
    return Report(files, faults, written=True)


async def _check(session: Session, found: Mapping[str, Sheet], held: Known) -> dict[str, list[Values]]:
    rows: dict[str, list[Values]] = {}
    rows["place"], rows["household"] = check_places.places(found, held)
    if "place_codes.csv" in found:
        codes = await session.execute(sa.select(PlaceCode.system, PlaceCode.code, PlaceCode.place_id))
        given = {(row.system, row.code): row.place_id for row in codes}
        rows["place_code"] = check_places.place_codes(found["place_codes.csv"], held, given)
    for file, table, checked in (
        ("people.csv", "person", check.people),
        ("posts.csv", "holding", check.holdings),
        ("shifts.csv", "shift", check.shifts),
        ("stations.csv", "station", check.stations),
    ):
        if file in found:
            rows[table] = checked(found[file], held)
    return rows


async def _write(
    session: Session, held: Known, found: Mapping[str, Sheet], rows: Mapping[str, list[Values]]
) -> tuple[FileReport, ...]:
    district = held.district
    counts: dict[str, tuple[int, int, int]] = {}
    place_rows = await _save(session, Place, ("id",), held, rows["place"])
    for file, levels in (("risk_points.csv", {"risk_point"}), ("households.csv", {"household"})):
        counts[file] = _of(place_rows, rows["place"], levels, others=False)
    counts["places.csv"] = _of(place_rows, rows["place"], {"risk_point", "household"}, others=True)
    await _save(session, Household, ("place_id",), held, rows["household"])
    for file, table, model, key in (
        ("place_codes.csv", "place_code", PlaceCode, ("system", "code")),
        ("people.csv", "person", Person, ("id",)),
        ("posts.csv", "holding", Holding, ("id",)),
        ("shifts.csv", "shift", Shift, ("id",)),
    ):
        if table in rows:
            states = await _save(session, model, key, held, rows[table])
            counts[file] = _count(states)
    if "station" in rows:
        counts["stations.csv"] = await stations.save(session, district, rows["station"])
    return tuple(FileReport(name, sheet.read, *counts.get(name, (0, 0, 0))) for name, sheet in found.items())


async def _save(
    session: Session, model: Any, key: tuple[str, ...], known_: Known, rows: Sequence[Values]
) -> list[str]:
    """Insert what is new, update what differs. Returns "new", "changed" or "same" for each row."""
    if not rows:
        return []
    table = model.__table__
    held = await _held(session, table, key, known_, rows)
    new: list[Values] = []
    changed: list[Values] = []
    states: list[str] = []
    for row in rows:
        before = held.get(tuple(row[name] for name in key))
        if before is None:
            new.append(row)
            states.append("new")
        elif any(before[name] != value for name, value in row.items()):
            changed.append({f"_{name}": value for name, value in row.items()})
            states.append("changed")
        else:
            states.append("same")
    for part in chunks(new, 5000):
        await session.execute(sa.insert(table), list(part))
    if changed:
        values = [name for name in rows[0] if name not in key]
        connection = await session.connection()
        await connection.execute(
            sa.update(table)
            .where(*(table.c[name] == sa.bindparam(f"_{name}") for name in key))
            .values({name: sa.bindparam(f"_{name}") for name in values}),
            changed,
        )
    return states


async def _held(
    session: Session, table: sa.Table, key: tuple[str, ...], known_: Known, rows: Sequence[Values]
) -> dict[tuple[Any, ...], sa.RowMapping]:
    """Read the rows of these keys as they stand, of those that can be there at all.

    A place or a person that is new has nothing yet. The table whose key has two columns is small: read whole.
    """
    query = sa.select(table).where(table.c.district == known_.district)
    parts = [query]
    if len(key) == 1:
        ids = [row[key[0]] for row in rows if _may_be_there(row, known_)]
        parts = [query.where(table.c[key[0]].in_(part)) for part in chunks(ids, 5000)]
    return {
        tuple(row[name] for name in key): row
        for part in parts
        for row in (await session.execute(part)).mappings()
    }


def _may_be_there(row: Values, known_: Known) -> bool:
    if "place_id" in row:
        return row["place_id"] in known_.placed
    return row["id"] in known_.placed or row["id"] in known_.filed


def _count(states: Sequence[str]) -> tuple[int, int, int]:
    return states.count("new"), states.count("changed"), states.count("same")


def _of(
    states: Sequence[str], rows: Sequence[Values], levels: set[str], *, others: bool
) -> tuple[int, int, int]:
    return _count(
        [state for state, row in zip(states, rows, strict=True) if (row["level"] in levels) != others]
    )
