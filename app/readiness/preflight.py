"""Rota pre-flight: whether every duty has a person, a deputy, a phone and a channel now.

Run before a shift and at each new warning. Looked at are the posts from the district to the group of ten
households; what lies below and beside them is proved by ``coverage``. One vacancy is one hole, however many
units lean on it: a village without a duty officer is not told again for each of its grids.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.channels.registry import Registry
from app.db import Session
from app.directory import people, posts
from app.directory.posts import Posts, Unit
from app.dispatch import proved
from app.origin import Origin
from app.readiness import coverage, roster
from app.readiness.found import Hole, once
from app.readiness.ways import Contact, ways
from app.scheme.models import Duty, Scheme

PROOF_HOLDS = timedelta(days=30)
"""How long a call that got through proves a phone (assumed)."""
AHEAD = timedelta(hours=24)
"""How far ahead the rota is looked at: past the next hand-over of every roster (assumed)."""
LEVELS = ("district", "bureau", "neighbour", "town", "village", "grid", "group")
_TITLES = {"unproved": "打一次自测电话", "no-phone": "补号码", "vacant": "补人", "same-person": "另定替补"}


@dataclass(frozen=True, slots=True)
class Preflight:
    """What a pre-flight found. ``units``: duties looked at, one for each place that has it.

    ``proved`` and ``unproved``: people who would be rung first whose phone was, or was not, reached of late.
    """

    at: datetime
    until: datetime
    units: int
    proved: int
    unproved: int
    holes: tuple[Hole, ...]

    @property
    def ready(self) -> bool:
        """Whether nothing is missing."""
        return not self.holes


@dataclass
class _Look:
    """One look at some towns: what is read once, and what has been found so far."""

    scheme: Scheme
    units: Mapping[str, Unit]
    held: Posts
    dead: frozenset[str]
    """Those whose number was found not to exist."""
    first: set[str] = field(default_factory=set)
    """Who would be rung first."""

    def contacts(self, roles: Collection[str], unit: Unit) -> list[Contact]:
        """Return who has one of these roles at the unit or above it; on shift before the others."""
        return coverage.contacts(roles, posts.chain_of(unit, self.units), self.held)


async def look(
    session: Session,
    scheme: Scheme,
    registry: Registry,
    *,
    at: datetime,
    ahead: timedelta = AHEAD,
    towns: Collection[str] | None = None,
    demand_proof: bool = False,
) -> Preflight:
    """Look at the posts of some towns (None: all) and of the district, at a moment and its rota so far ahead.

    ``demand_proof``: a phone that was not reached within ``PROOF_HOLDS`` is a hole too.
    """
    district = scheme.district.code
    wanted = sorted(towns) if towns is not None else [t.code for t in await people.towns(session, district)]
    duties = [duty for duty in scheme.layers.values() if _looked_at(duty)]
    roles = {role for duty in duties for role in (*duty.a, *duty.b)}
    units = await posts.units(session, district, wanted, set(LEVELS), danger_only=False)
    held = await posts.posts(session, district, roles, wanted, at)
    proofs = await proved.phones(session, district, at - PROOF_HOLDS, held.phone)
    dead = frozenset(person for person, proof in proofs.items() if proof.is_dead)
    seen = _Look(scheme, units, held, dead)
    holes: list[Hole] = []
    count = 0
    for duty in duties:
        if duty.unit and duty.unit not in units:
            holes.append(_unlisted(scheme, duty))
        for unit in units.values():
            if unit.level == duty.target and people.called(unit) and people.has(unit, duty):
                count += 1
                holes += _post(seen, duty, unit)
    holes += await roster.check(session, scheme, at, at + ahead, towns=() if towns is None else wanted)
    holes += await _channels(session, scheme, registry)
    known = {person for person in seen.first if person in proofs and person not in dead}
    if demand_proof:
        holes += _unproved(seen, known)
    return Preflight(at, at + ahead, count, len(known), len(seen.first - known), once(holes))


def _looked_at(duty: Duty) -> bool:
    """Orders are called of the same people as the duty they are held by: once is enough."""
    return duty.target in LEVELS and bool(duty.a) and duty.holders == duty.id and not duty.coverage


def _unlisted(scheme: Scheme, duty: Duty) -> Hole:
    """A duty room that the rules ring and no directory has: nobody up or down the river would hear of it."""
    lacks, name = f"没有{scheme.roles.get(duty.a[0], duty.a[0])}", duty.name
    return Hole("vacant", scheme.district.code, duty.unit, duty.a[0], name, lacks, _TITLES["vacant"])


def _post(seen: _Look, duty: Duty, unit: Unit) -> Iterator[Hole]:
    a, b = seen.contacts(duty.a, unit), seen.contacts(duty.b, unit)
    ringing = ways(a, seen.dead)
    if ringing:
        seen.first.add(ringing[0].person)
    else:
        yield _vacancy(seen, duty.a[0], a, unit)
    if not duty.b:
        return
    if not ways(b, seen.dead):
        yield _vacancy(seen, duty.b[0], b, _home(seen, duty.b[0], unit))
    elif ringing and len({one.number for one in (*ringing, *ways(b, seen.dead))}) < 2:
        yield _hole(
            seen, "same-person", duty.b[0], unit, f"{_title(seen, duty.b[0])}与 A 角是同一人或同一号码"
        )


def _vacancy(seen: _Look, role: str, named: list[Contact], at: Unit) -> Hole:
    title = _title(seen, role)
    if not named:
        return _hole(seen, "vacant", role, at, f"没有{title}")
    if any(one.person in seen.dead for one in named):
        return _hole(seen, "dead-number", role, at, f"{title}的号码是空号")
    return _hole(seen, "no-phone", role, at, f"{title}没有号码")


def _home(seen: _Look, role: str, unit: Unit) -> Unit:
    """Where a role is held, for one of these units: the village of a grid for ``village.duty``."""
    level = role.partition(".")[0]
    chain = posts.chain_of(unit, seen.units)
    return next((seen.units[place] for place in chain if seen.units[place].level == level), unit)


def _title(seen: _Look, role: str) -> str:
    return seen.scheme.roles.get(role, role)


def _hole(seen: _Look, kind: str, role: str, unit: Unit, lacks: str) -> Hole:
    town = unit.town or seen.scheme.district.code
    return Hole(kind, town, unit.id, role, unit.name, lacks, _TITLES.get(kind, "核号"))


def _unproved(seen: _Look, known: Collection[str]) -> Iterator[Hole]:
    for (place, role), named in seen.held.holders.items():
        for person in named:
            if person in seen.first and person not in known and place in seen.units:
                yield _hole(
                    seen, "unproved", role, seen.units[place], f"{_title(seen, role)}的号码 30 天内没有打通过"
                )


async def _channels(session: Session, scheme: Scheme, registry: Registry) -> list[Hole]:
    """Return the kinds of call that no working channel carries for what is real here."""
    origin = Origin.REAL if registry.any_live else Origin.SIMULATED
    failing = await proved.failing(session)
    # A door is knocked at by people, not by a channel.
    kinds = {
        kind
        for line in scheme.ruleset.duties.values()
        for of in line.channels.values()
        for kind in of
        if kind != "door"
    }
    holes = []
    for kind in sorted(kinds):
        able = [channel.name for channel in registry.for_kind(kind, origin)]
        working = [name for name in able if name not in failing]
        if not working:
            code, name = scheme.district.code, scheme.district.name
            lacks = f"{kind} 没有配置通道" if not able else f"{kind} 的通道近来每次都失败"
            holes.append(Hole("no-channel", code, code, kind, name, lacks, "查通道和网关"))
    return holes
