"""静默 and 缺口: what should have come and did not; who cannot be reached."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.activation.tables import Warning
from app.channels.registry import Registry
from app.console import words
from app.console.board import people, strip
from app.console.board.people import Contact
from app.console.board.strip import Heard
from app.directory import posts
from app.directory.tables import Household, Place
from app.observations import stations
from app.observations.stations import PATIENCE
from app.readiness import guard, lately, owners
from app.readiness.coverage import Coverage
from app.readiness.found import KINDS as KINDS_OF_HOLES
from app.readiness.found import Hole
from app.readiness.owners import Owned
from app.readiness.preflight import Preflight
from app.scheme.models import Scheme

KINDS: Mapping[str, str] = {
    "rain": "雨量",
    "river": "水位",
    "reservoir": "水库",
    "feed": "来报",
    "channel": "通道",
    "worker": "进程",
    "sweep": "扫描",
}
"""What should be heard of. Other beats only count what came; their silence says nothing."""
SWEEPS: Mapping[str, str] = {
    "finish-intake": "收完没收完的来报",
    "observe": "看实测",
    "hear": "听灾情与失联",
    "advance": "换时段、到期",
    "undecided": "催没人决定的",
    "escalate": "没应的接着叫",
    "expire": "过时的不再发",
    "rematch": "对回执",
    "remind": "催任务",
    "preflight": "叫前预检",
    "hand-over": "交接班前看班表",
    "tidy": "清理",
    "send": "发送",
    "send-red": "发送红色",
}
MOST = 200
MANY = 20_000
"""Households; more are proved town by town on the page."""
WORST = ("no-channel", "gap", "double-booking", "dead-number")
"""What stops most calls, or will by the next hand-over, is told first."""


@dataclass(frozen=True, slots=True)
class Silence:
    """One thing and how long it has been silent, against its beat."""

    kind: str
    name: str
    where: str
    last: datetime | None
    expected: timedelta | None
    silent: bool
    share: int
    effect: str


@dataclass(frozen=True, slots=True)
class Gap:
    """One hole as the page shows it, with whose task it is. ``owner``: a name, empty where it is nobody's."""

    key: str
    town: str
    place: str
    who: str
    lacks: str
    remedy: str
    owner: str
    due: date | None
    note: str
    overdue: bool


@dataclass(frozen=True, slots=True)
class Gaps:
    """The first holes by urgency; ``total`` of all, ``ownerless`` of them nobody's task, ``late`` overdue."""

    shown: tuple[Gap, ...]
    total: int
    ownerless: int
    late: int
    targets: int | None
    """Places that must be covered; None where a town has to be chosen first."""
    posts: int
    at: datetime


async def silences(
    session: AsyncSession, scheme: Scheme, names: Mapping[str, str], at: datetime
) -> tuple[Silence, ...]:
    """Return everything with a beat: what is overdue first, then by how much of its time has gone by."""
    states = await stations.states(session, scheme.district.code, at)
    overdue = {one.code for one in strip.silent_among(states)}
    found = []
    for one in states:
        if one.code not in overdue:
            continue
        patience = timedelta(minutes=one.interval_minutes * PATIENCE)
        found.append(
            Silence(
                KINDS.get(one.kind, one.kind),
                one.name,
                names.get(one.place or "", ""),
                one.last_at,
                patience,
                True,
                _share(one.last_at, patience, at),
                "没有数据不等于没有雨" if one.kind == "rain" else "没有数据不等于没有涨",
            )
        )
    beats = await strip.beats(session, at)
    heard: list[Heard] = [one for kind in KINDS for one in beats.get(kind, ())]
    found += [
        Silence(
            KINDS[one.kind],
            SWEEPS.get(one.name, one.name),
            "",
            one.last,
            one.expected,
            one.silent,
            one.share,
            "",
        )
        for one in heard
    ]
    return tuple(sorted(found, key=lambda one: (not one.silent, -one.share, one.kind, one.name)))


def _share(last: datetime | None, expected: timedelta, at: datetime) -> int:
    return 100 if last is None else min(100, int(100 * (at - last) / (2 * expected)))


async def found(
    session: AsyncSession, scheme: Scheme, registry: Registry, at: datetime, town: str | None
) -> tuple[Coverage | None, Preflight]:
    """Return what coverage proof and pre-flight last found.

    A district of very many households is proved town by town here (None until one is chosen): a page must not
    hold up the calls. ``jiaoying coverage`` proves it whole.
    """
    many = await session.scalar(
        sa.select(sa.func.count()).select_from(Household).where(Household.district == scheme.district.code)
    )
    ready = await lately.ready(session, scheme, registry, at=at)
    if (many or 0) <= MANY:
        return await lately.proof(session, scheme, at=at), ready
    return (None if town is None else await lately.proof(session, scheme, at=at, town=town)), ready


def all_of(proof: Coverage | None, ready: Preflight) -> tuple[Hole, ...]:
    """Return the holes of both."""
    return (*(proof.holes if proof else ()), *ready.holes)


async def holes(
    session: AsyncSession,
    scheme: Scheme,
    proof: Coverage | None,
    ready: Preflight,
    names: Mapping[str, str],
    at: datetime,
    *,
    town: str | None = None,
) -> Gaps:
    """Return the holes that were found, or those of one town: overdue first, then nobody's, then by day."""
    district = scheme.district.code
    wanted = [hole for hole in all_of(proof, ready) if town is None or hole.town == town]
    owned = await owners.with_owners(session, district, wanted, at=at)
    first = owned[:MOST]
    parents = await _parents(session, [one.hole.place for one in first])
    who = await people.contacts(session, (one.task.owner for one in first if one.task))
    return Gaps(
        shown=tuple(_gap(one, scheme, names, parents, who) for one in first),
        total=len(owned),
        ownerless=sum(one.task is None for one in owned),
        late=sum(one.overdue for one in owned),
        targets=proof.total if proof else None,
        posts=ready.units,
        at=ready.at,
    )


async def candidates(
    session: AsyncSession, scheme: Scheme, town: str, at: datetime
) -> tuple[tuple[str, str], ...]:
    """Return who may be given a hole of a town: (person id, post and name), its own people first."""
    district = scheme.district.code
    roles = [role for role in scheme.roles if role.startswith(("town.", "district."))]
    held = await posts.posts(session, district, roles, [town], at)
    first: dict[str, str] = {}
    for place in dict.fromkeys((town, district)):
        for role in roles:
            for person in held.holders.get((place, role), ()):
                first.setdefault(person, role)
    who = await people.contacts(session, first)
    return tuple(
        (person, f"{scheme.roles[role]} {who[person].name}")
        for person, role in first.items()
        if person in who
    )


@dataclass(frozen=True, slots=True)
class Before:
    """The pre-flight of the towns that a warning calls: what is missing there and at the district's desk."""

    at: datetime
    total: int
    by_kind: tuple[tuple[str, int], ...]
    lines: tuple[str, ...]
    first_at: datetime | None
    """When this was looked at first, behind the warning's own calls; ``first_total`` were missing then."""
    first_total: int


async def before(
    session: AsyncSession,
    scheme: Scheme,
    registry: Registry,
    names: Mapping[str, str],
    warning: Warning,
    at: datetime,
    *,
    most: int = 12,
) -> Before:
    """Return what the pre-flight of a warning's towns finds now, and how much it found at the beginning.

    It is read with the page, so no call waits for it.
    """
    called, first = warning.places, await guard.kept(session, warning.id)
    ready = await lately.ready(session, scheme, registry, at=at)
    here = {*called, scheme.district.code}
    held = [hole for hole in ready.holes if hole.town in here]
    counts: dict[str, int] = {}
    for hole in held:
        counts[KINDS_OF_HOLES[hole.kind]] = counts.get(KINDS_OF_HOLES[hole.kind], 0) + 1
    worst = sorted(held, key=lambda hole: (hole.kind not in WORST, len(hole.place), hole.key))
    return Before(
        ready.at,
        len(held),
        tuple(sorted(counts.items(), key=lambda one: -one[1])),
        tuple(f"{names.get(h.town, scheme.district.name)} {h.name}：{h.lacks}" for h in worst[:most]),
        None if first is None else first.at,
        0 if first is None else first.total,
    )


async def _parents(session: AsyncSession, places: Sequence[str]) -> dict[str, str]:
    codes = sorted({place.rpartition("-")[0] for place in places if "-" in place})
    rows = await session.execute(sa.select(Place.id, Place.name).where(Place.id.in_(codes)))
    return dict(rows.all())


def _gap(
    one: Owned,
    scheme: Scheme,
    names: Mapping[str, str],
    parents: Mapping[str, str],
    who: Mapping[str, Contact],
) -> Gap:
    hole, task = one.hole, one.task
    owner = who.get(task.owner) if task else None
    return Gap(
        key=hole.key,
        town=names.get(hole.town, scheme.district.name),
        place=_where(hole.name, parents.get(hole.place.rpartition("-")[0], "")),
        who=scheme.roles.get(hole.role, words.CHANNELS.get(hole.role, hole.role)),
        lacks=hole.lacks,
        remedy=hole.remedy,
        owner=owner.name if owner else "",
        due=task.due if task else None,
        note=task.note if task else "",
        overdue=one.overdue,
    )


def _where(name: str, parent: str) -> str:
    """A place as people find it: under its village, where its own name does not already say so."""
    return name if not parent or name.startswith(parent) else f"{parent} {name}"
