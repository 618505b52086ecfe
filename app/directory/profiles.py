"""How large an invented directory is, and what comes out of inventing one."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.directory.forms import FORMS
from app.directory.invent import Cells, Entry


@dataclass(frozen=True, slots=True)
class Profile:
    """How much of everything. ``towns``, ``villages``: at most so many (of a town); None is all."""

    name: str
    towns: int | None
    villages: int | None
    deputies: int
    chiefs: int
    officers: int
    supervisors: int
    bureaus: int
    grids: int
    groups: int
    households: int
    geological: int
    flood: int
    waterlogging: int
    weirs: int
    facilities: int


TINY = Profile("tiny", 1, 3, 1, 1, 3, 1, 2, 2, 3, 9, 1, 1, 1, 1, 1)
DEMO = Profile("demo", None, None, 2, 3, 9, 6, 24, 5, 10, 1200, 60, 90, 12, 138, 200)
LOAD = Profile("load", None, None, 2, 3, 9, 6, 24, 0, 0, 0, 60, 90, 12, 138, 200)
"""The district without its masses: grids, groups and households of ``load`` come from ``masses``."""
SPARSE = replace(
    DEMO, name="sparse", villages=2, households=240, geological=21, flood=21, weirs=21, facilities=42
)
"""The demo's towns and duty rooms with two villages each: a storm goes over it in a third of the time."""
HOSTILE = replace(DEMO, name="hostile")
"""The demo with what a careless hand leaves in its files: see ``hostile``."""
PROFILES = {profile.name: profile for profile in (TINY, SPARSE, DEMO, LOAD, HOSTILE)}


@dataclass(frozen=True, slots=True)
class Hole:
    """Something planted that a check must find before the storm does. ``at``: when it begins, for shifts."""

    kind: str
    """As the checks name it: of a post ``vacant``, ``no-phone``, ``same-person``; of a household, risk point
    or site ``no-contact``, ``one-way``; of a roster ``gap``, ``double-booking``.
    """
    place: str
    role: str
    at: str = ""


@dataclass(slots=True)
class Generated:
    """The files by name, the holes planted in them, and who answers which number."""

    files: dict[str, list[Cells]]
    holes: list[Hole] = field(default_factory=list)
    phone_book: dict[str, Entry] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write the files, and holes.csv beside them (nothing imports it)."""
        folder.mkdir(parents=True, exist_ok=True)
        columns = {form.file: [n for n, c in form.columns.items()] for form in FORMS}
        for file, rows in self.files.items():
            if not rows:
                continue
            _write(folder / file, [name for name in columns[file] if any(name in row for row in rows)], rows)
        _write(
            folder / "holes.csv",
            ["kind", "place", "role", "at"],
            [{"kind": h.kind, "place": h.place, "role": h.role, "at": h.at} for h in self.holes],
        )


def _write(path: Path, columns: list[str], rows: Iterable[Mapping[str, object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, columns, lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(rows)
