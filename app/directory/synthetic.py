"""A whole invented directory for demo, drill and tests, as the CSV folder that ``importer`` reads.

Same seed, profile and dates: same rows on any machine. Real are the divisions' names and codes
(data/rongchang/SOURCES.md); all else is invented and marked so.
"""

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from app.directory import hostile, masses
from app.directory.inhabitants import Inhabitants
from app.directory.invent import Cells
from app.directory.profiles import HOSTILE, LOAD, PROFILES, Generated, Profile
from app.directory.settlement import Settlement


def generate(
    data: Path, *, profile: str = "demo", seed: int = 500153, start: datetime, days: int = 3
) -> Generated:
    """Invent a directory whole. ``data``: the folder of divisions.csv and the other open data.

    The rosters cover ``start`` and the ``days`` after it. Raises ValueError for a profile that is not there,
    and for one that is too large to be had whole (``folders``).
    """
    if profile == LOAD.name:
        raise ValueError("The profile load is written town by town and never had whole: see folders.")
    return invent(data, _profile(profile), seed, start, days)[0]


def folders(
    data: Path, scratch: Path, *, profile: str, seed: int, start: datetime, days: int
) -> Iterator[tuple[str, Path]]:
    """Invent a directory as folders to import one after the other; yields what each is, and where.

    Only the next folder is invented when it is asked for, so that a district of 300,000 people takes no more
    memory, and no more of the disk, than its largest town. Raises ValueError for a profile that is not there.
    """
    core, land = invent(data, _profile(profile), seed, start, days)
    core.write(scratch / "core")
    if profile == HOSTILE.name:
        hostile.spoil(scratch / "core")
    yield "core", scratch / "core"
    if profile == LOAD.name:
        last: dict[str, int] = {}
        town_of = {number: code for code, number in land.numbers.items()}
        for person in core.files["people.csv"]:
            _, number, serial = str(person["code"]).split("-")
            if int(number):
                last[town_of[int(number)]] = int(serial)
        for code, folder, _ in masses.towns(land, last, scratch):
            yield code, folder
            shutil.rmtree(folder)


def _profile(name: str) -> Profile:
    if name not in PROFILES:
        raise ValueError(f"There is no such profile; there are: {', '.join(sorted(PROFILES))}.")
    return PROFILES[name]


def invent(
    data: Path, profile: Profile, seed: int, start: datetime, days: int
) -> tuple[Generated, Settlement]:
    """Invent a directory of any size, and the land it lies on."""
    land = Settlement(data, profile, seed)
    people = Inhabitants(land)
    shifts = people.shifts(start, days)
    files: dict[str, list[Cells]] = {
        "places.csv": land.places,
        "place_codes.csv": land.codes(),
        "risk_points.csv": land.risk_points,
        "households.csv": land.households,
        "people.csv": list(people.register.people.values()),
        "posts.csv": people.register.posts,
        "shifts.csv": shifts,
        "stations.csv": [dict(row) for row in land.stations],
    }
    return Generated(files, people.holes, people.register.phone_book), land
