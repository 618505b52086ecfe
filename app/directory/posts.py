"""Reading the units and posts of some towns at once, and finding who has a role at a unit or above it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from app.db import Session
from app.directory.tables import Holding, Household, Person, Place, Shift


@dataclass(frozen=True, slots=True)
class Unit:
    """A place that may be called."""

    id: str
    level: str
    name: str
    parent: str | None
    town: str | None
    kind: str | None


@dataclass(slots=True)
class Posts:
    """Who holds what, where; who is on shift; the blind index of each one's phone, None without one."""

    holders: dict[tuple[str, str], list[str]]
    on_shift: dict[tuple[str, str], list[str]]
    phone: dict[str, str | None]

    def at(self, place: str, role: str) -> tuple[list[str], bool]:
        """People of a role at a place, first to be called leads, and whether they are on shift."""
        shift = self.on_shift.get((place, role))
        return (shift, True) if shift else (self.holders.get((place, role), []), False)


async def units(
    session: Session, district: str, towns: Collection[str], levels: Collection[str], *, danger_only: bool
) -> dict[str, Unit]:
    """Read the units and, so that roles held above them are found, every division above them."""
    divisions = ("district", "town", "village", "grid", "group")
    here = sa.or_(Place.town_code.in_(sorted(towns)), Place.town_code.is_(None))
    columns = (Place.id, Place.level, Place.name, Place.parent_id, Place.town_code, Place.kind)
    wanted = {*divisions, *levels} - {"household"}
    query = sa.select(*columns).where(Place.district == district, here, Place.level.in_(sorted(wanted)))
    if "household" in levels:
        homes = (
            sa.select(*columns)
            .join(Household, Household.place_id == Place.id)
            .where(Household.district == district, Household.town_code.in_(sorted(towns)))
        )
        if danger_only:
            homes = homes.where(
                sa.or_(Household.risk_point_id.is_not(None), Household.vulnerable.is_not(None))
            )
        found = await session.execute(sa.union_all(query, homes))
    else:
        found = await session.execute(query)
    return {row[0]: Unit(*row) for row in found}


async def posts(
    session: Session, district: str, roles: Collection[str], towns: Collection[str], at: datetime
) -> Posts:
    """Read who holds these roles in the towns, and at what belongs to no town, at a moment."""
    here = sa.or_(Place.town_code.in_(sorted(towns)), Place.town_code.is_(None))
    holders: dict[tuple[str, str], list[str]] = defaultdict(list)
    phone: dict[str, str | None] = {}
    held = await session.execute(
        sa.select(Holding.place_id, Holding.role, Holding.person_id, Person.phone_index)
        .join(Person, Person.id == Holding.person_id)
        .join(Place, Place.id == Holding.place_id)
        .where(
            Holding.district == district,
            Holding.role.in_(sorted(roles)),
            here,
            Person.retired_at.is_(None),
            in_office(at),
        )
        .order_by(Holding.place_id, Holding.role, Holding.rank, Holding.id)
    )
    for place, role, person, index in held:
        holders[place, role].append(person)
        phone[person] = index
    on_shift: dict[tuple[str, str], list[str]] = defaultdict(list)
    turns = await session.execute(
        sa.select(Shift.place_id, Shift.role, Shift.person_id, Person.phone_index)
        .join(Person, Person.id == Shift.person_id)
        .where(
            Shift.district == district,
            Shift.starts_at <= at,
            Shift.ends_at > at,
            Shift.role.in_(sorted(roles)),
            Person.retired_at.is_(None),
        )
        .order_by(Shift.place_id, Shift.role, Shift.rank, Shift.id)
    )
    for place, role, person, index in turns:
        on_shift[place, role].append(person)
        phone[person] = index
    return Posts(holders, on_shift, phone)


def in_office(at: datetime | sa.BindParameter[datetime]) -> sa.ColumnElement[bool]:
    """Whether a holding counts at a moment; a parameter is named where a statement is built once."""
    return sa.and_(
        sa.or_(Holding.since.is_(None), Holding.since <= at),
        sa.or_(Holding.until.is_(None), Holding.until > at),
    )


def chain_of(unit: Unit, units: Mapping[str, Unit]) -> list[str]:
    """The unit and what it lies in, upward to the district."""
    chain = [unit.id]
    parent = unit.parent
    while parent is not None and parent in units:
        chain.append(parent)
        parent = units[parent].parent
    return chain


def first(
    roles: Sequence[str], chain: Sequence[str], posts: Posts, but: Sequence[str | None]
) -> tuple[str | None, bool]:
    """Find the first of these roles at the unit or, if nobody has it there, at the next place above.

    People with a phone come before those without. ``but``: who is called already.
    """
    for role in roles:
        for place in chain:
            people, rostered = posts.at(place, role)
            free = [person for person in people if person not in but]
            if free:
                return next((person for person in free if posts.phone.get(person)), free[0]), rostered
    return None, False
