"""Who is called: units of a duty and the people who hold it at a moment, in a few statements."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa

from app import sealed
from app.db import Session, UtcDateTime, chunks
from app.directory import posts
from app.directory.posts import Posts, Unit
from app.directory.tables import Holding, Person, Place, Shift
from app.warning import situation


class DutyRoles(Protocol):
    """What this room must know of a duty; ``app.scheme.models.Duty`` is one."""

    @property
    def a(self) -> tuple[str, ...]:
        """Roles that are called first."""
        ...

    @property
    def b(self) -> tuple[str, ...]:
        """Roles that are called when A does not answer."""
        ...

    @property
    def superior(self) -> tuple[str, ...]:
        """Roles that are told when neither does."""
        ...

    @property
    def target(self) -> str:
        """The level of the units: district, bureau, town, village, risk_point …; area is the town itself."""
        ...

    @property
    def on_duty(self) -> bool:
        """Whether A is who is on shift now."""
        ...

    @property
    def unit(self) -> str:
        """The one place that has the duty; empty: every place of the level."""
        ...


LEADING = ("district.head", "district.secretary", "town.mayor", "town.secretary", "village.head")

Layers = Mapping[tuple[str, str], DutyRoles]
Wanted = tuple[str, str, str]
"""Town (or district, for L1), layer, duty."""


@dataclass(frozen=True, slots=True)
class Target:
    """A unit that must answer, and the people behind it (person ids).

    ``no_contact``: neither A nor B can be phoned, somebody must go there. ``off_roster``: A should be on
    shift, nobody is, so A is any holder of the role.
    """

    place_id: str
    name: str
    town: str
    layer: str
    duty: str
    a: str | None
    b: str | None
    superior: str | None
    a_phone: bool
    b_phone: bool
    no_contact: bool = False
    off_roster: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """How a person is called and reached. Never logged, never copied into another row."""

    name: str
    phone: str | None
    synthetic: bool


# Statements are built once: building them anew each time takes longer than the database does.
_CALLABLE = sa.and_(Person.phone_index.is_not(None), Person.retired_at.is_(None))
_ANY_OF: sa.BindParameter[list[str]] = sa.bindparam("any_of", expanding=True)
_AT = sa.bindparam("at", type_=UtcDateTime())
_ADDRESSES = sa.select(Person.id, Person.name, Person.phone, Person.synthetic, Person.retired_at).where(
    Person.id.in_(_ANY_OF)
)
_NUMBERS = sa.select(Person.id, Person.phone).where(Person.id.in_(_ANY_OF), Person.retired_at.is_(None))
_REACHABLE = sa.select(Person.id).where(Person.id.in_(_ANY_OF), _CALLABLE)
_BY_PHONE = (
    sa.select(Person.phone_index, Person.id)
    .where(Person.district == sa.bindparam("district"), Person.phone_index.in_(_ANY_OF))
    .where(Person.retired_at.is_(None))
    .order_by(Person.id)
)
_ON_SHIFT = (
    sa.select(Shift.person_id)
    .join(Person, Person.id == Shift.person_id)
    .where(
        Shift.district == sa.bindparam("district"),
        Shift.place_id == sa.bindparam("place"),
        Shift.role == sa.bindparam("role"),
    )
    .where(Shift.starts_at <= _AT, Shift.ends_at > _AT, _CALLABLE)
    .order_by(Shift.rank, Shift.id)
)
_HOLDERS = (
    sa.select(Holding.person_id)
    .join(Person, Person.id == Holding.person_id)
    .where(
        Holding.district == sa.bindparam("district"),
        Holding.place_id == sa.bindparam("place"),
        Holding.role == sa.bindparam("role"),
    )
    .where(posts.in_office(_AT), _CALLABLE)
    .order_by(Holding.rank, Holding.id)
)
_PLACE_NAMES = sa.select(Place.id, Place.name).where(Place.id.in_(_ANY_OF))


async def targets(
    session: Session,
    district: str,
    wanted: Iterable[Wanted],
    layers: Layers,
    *,
    at: datetime,
    danger_only: bool = True,
) -> list[Target]:
    """The units of these lines with A, B and superior, ordered by line as wanted, then by place.

    ``danger_only``: of households only those that a risk point threatens or where somebody vulnerable
    lives. A duty that nobody answers (coverage) has the town itself as its unit and no people. Raises
    KeyError for a duty that ``layers`` does not have.
    """
    lines = list(dict.fromkeys(wanted))
    duties = {(layer, duty): layers[layer, duty] for _, layer, duty in lines}
    levels = {_level(duty) for duty in duties.values()}
    towns = {town for town, _, _ in lines if town != district}
    units = await posts.units(session, district, towns, levels, danger_only=danger_only)
    held = await posts.posts(session, district, _roles(duties.values()), towns, at)
    by_line: dict[tuple[str, str], list[Unit]] = defaultdict(list)
    for _, unit in sorted(units.items()):  # not the database's order: the two collate differently
        by_line[unit.town or district, unit.level].append(unit)
    return [
        _target(unit, line, duties[line[1], line[2]], units, held)
        for line in lines
        for unit in by_line[line[0], _level(duties[line[1], line[2]])]
        if called(unit) and has(unit, duties[line[1], line[2]])
    ]


async def holdings(
    session: Session, district: str, towns: Iterable[str] | None, layers: Layers, *, at: datetime
) -> tuple[situation.Holding, ...]:
    """Count units, named people and units out of reach of every duty.

    ``towns``: None is all of them, and the district for its own duties.
    """
    chosen = (
        sorted(towns)
        if towns is not None
        else [
            *(
                await session.scalars(
                    sa.select(Place.id)
                    .where(Place.district == district, Place.level == "town")
                    .order_by(Place.id)
                )
            ),
            district,
        ]
    )
    wanted = [(town, layer, duty) for town in chosen for layer, duty in layers]
    found: dict[Wanted, list[Target]] = {line: [] for line in wanted}
    for target in await targets(session, district, wanted, layers, at=at):
        found[target.town, target.layer, target.duty].append(target)
    return tuple(
        situation.Holding(
            town=town,
            layer=layer,
            duty=duty,
            units=len(of),
            no_contact=sum(target.no_contact for target in of),
            people=len({person for target in of for person in (target.a, target.b) if person}),
        )
        for (town, layer, duty), of in found.items()
        if of
    )


async def addresses(session: Session, person_ids: Collection[str]) -> dict[str, Address]:
    """Names and numbers of these people, for the one who is about to call them; the retired have none."""
    found: dict[str, Address] = {}
    connection = await session.connection()
    for part in chunks(sorted(set(person_ids)), 5000):
        rows = await connection.execute(_ADDRESSES, {"any_of": part})
        found |= {
            row.id: Address(row.name, None if row.retired_at else row.phone, row.synthetic) for row in rows
        }
    return found


async def reachable(session: Session, person_ids: Collection[str]) -> set[str]:
    """Return those of these people who have a phone and are not retired."""
    found: set[str] = set()
    connection = await session.connection()
    for part in chunks(sorted(set(person_ids)), 5000):
        found.update(await connection.scalars(_REACHABLE, {"any_of": part}))
    return found


async def numbers(session: Session, person_ids: Collection[str]) -> dict[str, str | None]:
    """Numbers alone, for the sender: opening a name nobody reads would take as long again."""
    found: dict[str, str | None] = {}
    connection = await session.connection()
    for part in chunks(sorted(set(person_ids)), 5000):
        rows = await connection.execute(_NUMBERS, {"any_of": part})
        found |= {row.id: row.phone for row in rows}
    return found


ANYBODY = sa.select(Person.id).limit(1)
"""Somebody, if there is anybody."""


async def open_one(session: Session) -> None:
    """Open a name and a number, if there are any. Raises ValueError when they are not of these keys."""
    await session.execute(sa.select(Person.name, Person.phone).order_by(Person.phone.is_(None)).limit(1))


async def on_duty(
    session: Session, district: str, role: str, *, at: datetime, place: str | None = None
) -> list[str]:
    """People of a role at a place (the district itself unless named) who have a phone, in order of calling.

    Those on shift at that moment; where nobody is, every holder of the role.
    """
    post = {"district": district, "place": place or district, "role": role, "at": at}
    connection = await session.connection()
    people = list(dict.fromkeys(await connection.scalars(_ON_SHIFT, post)))
    return people or list(dict.fromkeys(await connection.scalars(_HOLDERS, post)))


async def leaders(session: Session, places: Collection[str], *, at: datetime) -> dict[str, set[str]]:
    """Return who leads each of these places: their answer counts for it beside A's and B's."""
    found: dict[str, set[str]] = defaultdict(set)
    for part in chunks(sorted(set(places)), 5000):
        rows = await session.execute(
            sa.select(Holding.place_id, Holding.person_id)
            .join(Person, Person.id == Holding.person_id)
            .where(Holding.place_id.in_(part), Holding.role.in_(LEADING))
            .where(posts.in_office(at), Person.retired_at.is_(None))
        )
        for place, person in rows:
            found[place].add(person)
    return dict(found)


async def by_phone(session: Session, district: str, number: str) -> list[str]:
    """Find the district's people with this number by its blind index; neighbours may share one."""
    return (await by_phones(session, district, [number]))[number]


async def by_phones(session: Session, district: str, numbers: Collection[str]) -> dict[str, list[str]]:
    """Find the district's people with each of these numbers, as ``by_phone`` does; perhaps nobody."""
    indices = {number: sealed.blind_index(number) for number in numbers}
    people: dict[str | None, list[str]] = defaultdict(list)
    connection = await session.connection()
    for part in chunks(sorted(set(indices.values())), 5000):
        for index, person in await connection.execute(_BY_PHONE, {"district": district, "any_of": part}):
            people[index].append(person)
    return {number: list(people.get(index, ())) for number, index in indices.items()}


async def place_names(session: Session, codes: Collection[str]) -> dict[str, str]:
    """Names by code; a code that is no place is left out."""
    names: dict[str, str] = {}
    connection = await session.connection()
    for part in chunks(sorted(set(codes)), 5000):
        rows = await connection.execute(_PLACE_NAMES, {"any_of": part})
        names |= {row.id: row.name for row in rows}
    return names


async def towns(session: Session, district: str) -> tuple[situation.Place, ...]:
    """All towns of the district, by code."""
    return await _divisions(session, Place.district == district, Place.level == "town")


async def villages_of(session: Session, town: str) -> tuple[situation.Place, ...]:
    """The villages and communities of a town, by code."""
    return await _divisions(session, Place.parent_id == town, Place.level == "village")


async def the_district(session: Session, district: str) -> situation.Place | None:
    """The district itself, or None where no directory has been imported."""
    found = await _divisions(session, Place.id == district, Place.level == "district")
    return found[0] if found else None


async def _divisions(session: Session, *where: sa.ColumnElement[bool]) -> tuple[situation.Place, ...]:
    rows = await session.execute(
        sa.select(Place.id, Place.name, Place.parent_id, Place.level).where(*where).order_by(Place.id)
    )
    return tuple(situation.Place(row.id, row.name, row.parent_id or row.id[:4], row.level) for row in rows)


def _level(duty: DutyRoles) -> str:
    return "town" if duty.target == "area" else duty.target


def called(unit: Unit) -> bool:
    """Whether a warning calls this unit at all."""
    # A bureau that neither consults nor answers for an industry (kind "support") has a liaison, but is not
    # called by a warning.
    return unit.level != "bureau" or unit.kind != "support"


def has(unit: Unit, duty: DutyRoles) -> bool:
    """Whether a unit of a duty's level has it: one that is for a single place is no other place's."""
    return duty.unit in {"", unit.id}


def _roles(duties: Iterable[DutyRoles]) -> set[str]:
    return {role for duty in duties for role in (*duty.a, *duty.b, *duty.superior)}


def _target(unit: Unit, line: Wanted, duty: DutyRoles, units: Mapping[str, Unit], held: Posts) -> Target:
    chain = posts.chain_of(unit, units)
    a, rostered = posts.first(duty.a, chain, held, ())
    b, _ = posts.first(duty.b, chain, held, (a,))
    superior, _ = posts.first(duty.superior, chain, held, (a, b))
    if superior is None:
        superior, _ = posts.first(duty.superior, chain, held, (a,))
    a_phone, b_phone = bool(held.phone.get(a or "")), bool(held.phone.get(b or ""))
    return Target(
        place_id=unit.id,
        name=unit.name,
        town=line[0],
        layer=line[1],
        duty=line[2],
        a=a,
        b=b,
        superior=superior,
        a_phone=a_phone,
        b_phone=b_phone,
        no_contact=bool(duty.a) and not (a_phone or b_phone),
        off_roster=duty.on_duty and bool(duty.a) and not rostered,
    )
