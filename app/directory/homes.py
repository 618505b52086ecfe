"""Households as a door list or a transfer list needs them."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.db import Session, chunks
from app.directory.tables import Holding, Household, Place


@dataclass(frozen=True, slots=True)
class Home:
    """A household as a door list shows it. ``contact`` and ``helper`` are person ids."""

    place_id: str
    name: str
    town: str | None
    village: str
    group: str
    people: int
    vulnerable: str | None
    age: int | None
    risk_point: str | None
    muster_place: str | None
    route: str | None
    contact: str | None
    helper: str | None


async def households_of(session: Session, place: str, *, danger_only: bool = False) -> list[Home]:
    """Households of a town, village, group, or those that a risk point threatens, by group and code.

    ``danger_only``: only where a risk point threatens or somebody vulnerable lives.
    """
    home, point = sa.orm.aliased(Place), sa.orm.aliased(Place)
    query = (
        sa.select(Household, home.name, point.extra)
        .join(home, home.id == Household.place_id)
        .outerjoin(point, point.id == Household.risk_point_id)
        .where(
            sa.or_(
                Household.town_code == place,
                Household.village_id == place,
                Household.group_id == place,
                Household.risk_point_id == place,
                Household.place_id == place,
            )
        )
        .order_by(Household.group_id, Household.place_id)
    )
    if danger_only:
        query = query.where(sa.or_(Household.risk_point_id.is_not(None), Household.vulnerable.is_not(None)))
    rows = list(await session.execute(query))
    who: dict[tuple[str, str], str] = {}
    for part in chunks([household.place_id for household, _, _ in rows], 5000):
        held = await session.execute(
            sa.select(Holding.place_id, Holding.role, Holding.person_id)
            .where(Holding.place_id.in_(part), Holding.role.in_(("household.contact", "household.helper")))
            .order_by(Holding.rank.desc(), Holding.id.desc())
        )
        who |= {(place_id, role): person for place_id, role, person in held}
    return [_home(household, name, extra or {}, who) for household, name, extra in rows]


def _home(household: Household, name: str, point: dict[str, Any], who: dict[tuple[str, str], str]) -> Home:
    return Home(
        place_id=household.place_id,
        name=name,
        town=household.town_code,
        village=household.village_id,
        group=household.group_id,
        people=household.people,
        vulnerable=household.vulnerable,
        age=household.age,
        risk_point=household.risk_point_id,
        muster_place=point.get("muster_place"),
        route=point.get("route"),
        contact=who.get((household.place_id, "household.contact")),
        helper=who.get((household.place_id, "household.helper")),
    )
