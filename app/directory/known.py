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
    villages_of_person: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


async def load(session: Session, district: str, found: Mapping[str, Sheet]) -> Known:
    """Read what the directory holds of a district. ``found``: the files about to be checked against it."""
    places: dict[str, Spot] = {}
    # Parents have shorter chains than children, but an order by level is not kept in the table: villages
    # are derived afterwards.
    above: dict[str, str | None] = {}
    for row in await session.execute(
        sa.select(Place.id, Place.level, Place.parent_id, Place.town_code, Place.synthetic).where(
            Place.district == district
        )
    ):
        above[row.id] = row.parent_id
        places[row.id] = Spot(row.level, row.town_code, None, row.synthetic)
    for id_, spot in places.items():
        up: str | None = id_
        while up is not None and places[up].level != "village":
            up = above[up]
        if up is not None:
            places[id_] = Spot(spot.level, spot.town, up, spot.synthetic)
    people = {
        code: (id_, synthetic)
        for code, id_, synthetic in (
            await session.execute(
                sa.select(Person.code, Person.id, Person.synthetic).where(Person.district == district)
            )
        )
    }
    codes = [
        row.values["code"]
        for name in ("places.csv", "risk_points.csv", "households.csv")
        if name in found
        for row in found[name].rows
    ]
    elsewhere: set[str] = set()
    for part in chunks(codes, 5000):
        elsewhere.update(
            await session.scalars(sa.select(Place.id).where(Place.id.in_(part), Place.district != district))
        )
    known = Known(
        district, places, {code: synthetic for code, (_, synthetic) in people.items()}, frozenset(elsewhere)
    )
    code_of = {id_: code for code, (id_, _) in people.items()}
    for person, place in await session.execute(
        sa.select(Holding.person_id, Holding.place_id).where(
            Holding.district == district, Holding.role.not_like("household.%")
        )
    ):
        village = places[place].village
        if village:
            known.villages_of_person[code_of[person]].add(village)
    return known
