"""Coverage proof: every listed household, hidden point and key site has two ways to a named adult.

A way is a number of one of those whom the chain would call for it (A and B of its duty, at the unit or at the
next place above that has them); see ``ways``. Towns are read one after the other, so that a district of
300,000 people takes no more memory than its largest town.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.db import Session
from app.directory import people, posts
from app.directory.posts import Posts, Unit
from app.readiness import ways
from app.readiness.found import Hole, once
from app.readiness.ways import Contact
from app.scheme.models import Scheme

LEVELS = ("household", "risk_point", "reservoir", "facility")
"""Places that must be proved covered; towns, villages, grids and groups are the pre-flight's."""
_LACKS = {
    "unnamed": "没有登记人",
    "alone": "只登记了 1 个人",
    "same-number": "两个人同一个号码",
    "dead-number": "有号码是空号",
    "no-number": "其余的人没有号码",
}
_REMEDY = {
    "household": "补帮扶人或号码",
    "risk_point": "补监测员或村级替补",
    "reservoir": "补第二责任人",
    "facility": "补第二联系人",
}


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was looked at and what is not covered. ``targets``: how many, by level."""

    at: datetime
    targets: Mapping[str, int]
    holes: tuple[Hole, ...]

    @property
    def total(self) -> int:
        """How many places must be covered."""
        return sum(self.targets.values())


async def prove(
    session: Session,
    scheme: Scheme,
    *,
    at: datetime,
    towns: Collection[str] | None = None,
    dead: Collection[str] = (),
) -> Coverage:
    """Look at every place that must be covered, of some towns or (None) of the whole district.

    ``dead``: people whose number was found not to exist (``proved.dead``).
    """
    district = scheme.district.code
    asked = roles(scheme)
    wanted = sorted(towns) if towns is not None else [t.code for t in await people.towns(session, district)]
    # What belongs to no town is looked at with the district.
    areas: list[str | None] = [*wanted, *([None] if towns is None else [])]
    targets = dict.fromkeys(LEVELS, 0)
    holes: list[Hole] = []
    for area in areas:
        here = () if area is None else (area,)
        units = await posts.units(session, district, here, set(LEVELS), danger_only=True)
        held = await posts.posts(session, district, {r for of in asked.values() for r in of}, here, at)
        for unit in units.values():
            if unit.level in targets and unit.town == area:
                targets[unit.level] += 1
                hole = _look(unit, units, asked[unit.level], held, scheme, dead)
                if hole is not None:
                    holes.append(hole)
    return Coverage(at, targets, once(holes))


def roles(scheme: Scheme) -> dict[str, tuple[str, ...]]:
    """Return the roles whose holders count, by level of place: A and B of every duty called there."""
    found: dict[str, dict[str, None]] = {level: {} for level in LEVELS}
    for duty in scheme.layers.values():
        if duty.target in found and not duty.coverage:
            found[duty.target] |= dict.fromkeys((*duty.a, *duty.b))
    return {level: tuple(of) for level, of in found.items()}


def contacts(asked: Collection[str], chain: Collection[str], held: Posts) -> list[Contact]:
    """Return everybody who has one of these roles at the unit, or at the next place above that fills it."""
    found: list[Contact] = []
    for role in asked:
        for place in chain:
            named = dict.fromkeys(
                (*held.on_shift.get((place, role), ()), *held.holders.get((place, role), ()))
            )
            if named:
                found += [Contact(person, role, held.phone.get(person)) for person in named]
                break
    return found


def _look(
    unit: Unit,
    units: Mapping[str, Unit],
    asked: Collection[str],
    held: Posts,
    scheme: Scheme,
    dead: Collection[str],
) -> Hole | None:
    named = contacts(asked, posts.chain_of(unit, units), held)
    open_ = ways.ways(named, dead)
    if len(open_) >= ways.NEEDED:
        return None
    because = _LACKS[ways.why(named, dead)]
    lacks = because if not open_ else f"只有 1 条路：{scheme.roles.get(open_[0].role, '')}手机；{because}"
    if not open_ and named:
        lacks = "登记了人，一个号码也打不通"
    return Hole(
        kind="one-way" if open_ else "no-contact",
        town=unit.town or scheme.district.code,
        place=unit.id,
        role=next(iter(asked)),
        name=unit.name,
        lacks=lacks,
        remedy=_REMEDY[unit.level],
    )
