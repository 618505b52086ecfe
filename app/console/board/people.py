"""Who is who: names, posts and masked numbers for the ids that rows carry."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import chunks
from app.directory.tables import Holding, Person, Place
from app.phones import masked


@dataclass(frozen=True, slots=True)
class Contact:
    """A person as pages may show one: name, masked number, and the roles held at each place (codes)."""

    id: str
    name: str
    masked: str
    reachable: bool
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def post(self, names: Mapping[str, str], places: Iterable[str], wanted: Iterable[str] = ()) -> str:
        """The name of the post held at one of the places, one of the wanted roles first; empty if none."""
        held = [role for place in places for role in self.roles.get(place, ())]
        first = [role for role in wanted if role in held]
        return next((names.get(role, role) for role in (*first, *held)), "")


async def contacts(session: AsyncSession, ids: Iterable[str | None]) -> dict[str, Contact]:
    """Look people up by id; an id that is not there is simply missing in the answer."""
    wanted = sorted({one for one in ids if one})
    if not wanted:
        return {}
    roles: dict[str, dict[str, list[str]]] = {}
    found: dict[str, Contact] = {}
    for some in chunks(wanted):
        for holder, place, role in await session.execute(
            sa.select(Holding.person_id, Holding.place_id, Holding.role)
            .where(Holding.person_id.in_(some))
            .order_by(Holding.rank, Holding.role)
        ):
            roles.setdefault(holder, {}).setdefault(place, []).append(role)
        for person in await session.scalars(sa.select(Person).where(Person.id.in_(some))):
            held = {place: tuple(names) for place, names in roles.get(person.id, {}).items()}
            found[person.id] = Contact(person.id, person.name, masked(person.phone), bool(person.phone), held)
    return found


async def towns(session: AsyncSession, district: str) -> dict[str, str]:
    """Return the district's towns, code → name, in order of code."""
    rows = await session.execute(
        sa.select(Place.id, Place.name)
        .where(Place.district == district, Place.level == "town")
        .order_by(Place.id)
    )
    return dict(rows.all())


async def places(session: AsyncSession, ids: Iterable[str]) -> dict[str, str]:
    """Return the names of places of any kind, id → name."""
    found: dict[str, str] = {}
    for some in chunks(sorted(set(ids))):
        rows = await session.execute(sa.select(Place.id, Place.name).where(Place.id.in_(some)))
        found.update(rows.all())
    return found
