"""What an import must know of the directory as it stands: which codes there are, and what they are."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from app.db import Session, chunks
from app.directory.sheets import Sheet
from app.directory.tables import Holding, Person, Place


@dataclass(frozen=True, slots=True)
class Spot:
    """What the checks must know of a place."""

    level: str
    town: str | None
    village: str | None
    synthetic: bool


@dataclass(slots=True)
class Known:
    """What the directory already holds, and what was accepted on top of it."""

    district: str
    places: dict[str, Spot]
    people: dict[str, bool]
    """Person code → synthetic."""
    elsewhere: frozenset[str]
    """Codes of these files that are another district's places."""
    placed: frozenset[str] = frozenset()
    """Places that stood there before this import: what hangs on another one cannot be there yet."""
    filed: frozenset[str] = frozenset()
    """Ids of the people who stood there before."""
    villages_of_person: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


@dataclass(frozen=True, slots=True)
class Held:
    """What stands in the directory already: people, and how many of them are real."""

    people: int
    real: int


async def held(session: Session, district: str) -> Held:
    """Count what a district's directory holds."""
    rows = await session.execute(
        sa.select(Person.synthetic, sa.func.count())
        .where(Person.district == district)
        .group_by(Person.synthetic)
    )
    counts: dict[bool, int] = dict(rows.all())
    return Held(sum(counts.values()), counts.get(False, 0))


# The columns of each file that name a place or a person; only these are looked up, so that a file of one town
# costs no reading of the whole district.
_PLACES = {
    "places.csv": ("code", "parent"),
    "place_codes.csv": ("place",),
    "risk_points.csv": ("code", "village"),
    "households.csv": ("code", "group", "risk_point"),
    "posts.csv": ("place",),
    "shifts.csv": ("place",),
    "stations.csv": ("town_code", "village_code"),
}
_PEOPLE = {"people.csv": ("code",), "posts.csv": ("person",), "shifts.csv": ("person",)}


async def load(session: Session, district: str, found: Mapping[str, Sheet]) -> Known:
    """Read what the directory holds of what these files speak of (``found``: about to be checked)."""
    named, people_named = _named(found, _PLACES), _named(found, _PEOPLE)
    people = {
        code: (id_, synthetic)
        for part in chunks(sorted(people_named), 5000)
        for code, id_, synthetic in await session.execute(
            sa.select(Person.code, Person.id, Person.synthetic).where(
                Person.district == district, Person.code.in_(part)
            )
        )
    }
    code_of = {id_: code for code, (id_, _) in people.items()}
    held_at: list[tuple[str, str]] = []
    if "posts.csv" in found:
        for ids in chunks(sorted(code_of), 5000):
            rows = await session.execute(
                sa.select(Holding.person_id, Holding.place_id).where(
                    Holding.person_id.in_(ids), Holding.role.not_like("household.%")
                )
            )
            held_at += [(person, place) for person, place in rows]
    places, elsewhere = await _places(session, district, named | {place for _, place in held_at})
    known = Known(
        district,
        places,
        {code: synthetic for code, (_, synthetic) in people.items()},
        elsewhere,
        frozenset(places),
        frozenset(id_ for id_, _ in people.values()),
    )
    for person, place in held_at:
        village = places[place].village
        if village:
            known.villages_of_person[code_of[person]].add(village)
    return known


def _named(found: Mapping[str, Sheet], columns: Mapping[str, tuple[str, ...]]) -> set[str]:
    return {
        row.values[name]
        for file, names in columns.items()
        if file in found
        for row in found[file].rows
        for name in names
        if row.values[name]
    }


async def _places(session: Session, district: str, codes: set[str]) -> tuple[dict[str, Spot], frozenset[str]]:
    """Read these places and all above them; villages are derived afterwards."""
    rows: dict[str, tuple[str, str | None, str | None, bool]] = {}
    elsewhere: set[str] = set()
    wanted, asked = codes, set(codes)
    while wanted:
        for part in chunks(sorted(wanted), 5000):
            for id_, of, level, parent, town, synthetic in await session.execute(
                sa.select(
                    Place.id, Place.district, Place.level, Place.parent_id, Place.town_code, Place.synthetic
                ).where(Place.id.in_(part))
            ):
                if of == district:
                    rows[id_] = (level, parent, town, synthetic)
                else:
                    elsewhere.add(id_)
        wanted = {parent for _, parent, _, _ in rows.values() if parent} - asked
        asked |= wanted
    spots: dict[str, Spot] = {}
    for id_, (level, _, town, synthetic) in rows.items():
        up: str | None = id_
        while up is not None and rows[up][0] != "village":
            up = rows[up][1]
        spots[id_] = Spot(level, town, up, synthetic)
    return spots, frozenset(elsewhere)
