"""静默 and 缺口: what should have come and did not; who cannot be reached."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.console.board import strip
from app.console.board.strip import Heard
from app.directory import people as directory
from app.directory.tables import Place
from app.observations import stations
from app.observations.stations import PATIENCE
from app.scheme.models import Scheme

KINDS: Mapping[str, str] = {
    "rain": "雨量",
    "river": "水位",
    "reservoir": "水库",
    "feed": "来报",
    "channel": "通道",
    "worker": "进程",
    "sweep": "扫描",
    "other": "其他",
}
MOST = 200


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
class Hole:
    """A unit of a duty that nobody can be reached for."""

    town: str
    place: str
    duty: str
    lacks: str


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
        Silence(KINDS[one.kind], one.name, "", one.last, one.expected, one.silent, one.share, "")
        for one in heard
    ]
    return tuple(sorted(found, key=lambda one: (not one.silent, -one.share, one.kind, one.name)))


def _share(last: datetime | None, expected: timedelta, at: datetime) -> int:
    return 100 if last is None else min(100, int(100 * (at - last) / (2 * expected)))


async def holes(
    session: AsyncSession, scheme: Scheme, names: Mapping[str, str], at: datetime, *, town: str | None = None
) -> tuple[tuple[Hole, ...], int]:
    """Return the units that nobody can be reached for (the first, by town), and how many there are."""
    towns = [town] if town is not None and town in names else list(names)
    duties = [key for key, duty in scheme.layers.items() if not duty.coverage and duty.target != "district"]
    wanted = [(code, layer, duty) for code in towns for layer, duty in duties]
    found = [
        one
        for one in await directory.targets(session, scheme.district.code, wanted, scheme.layers, at=at)
        if one.no_contact
    ]
    places = {one.place_id for one in found[:MOST]}
    parents = dict(
        (
            await session.execute(
                sa.select(Place.id, Place.name).where(
                    Place.id.in_({place.rpartition("-")[0] for place in places})
                )
            )
        ).all()
    )
    holes_ = tuple(
        Hole(
            names.get(one.town, one.town),
            _where(one.name, parents.get(one.place_id.rpartition("-")[0], "")),
            scheme.layers[one.layer, one.duty].name,
            "没有登记责任人" if one.a is None and one.b is None else "登记了人，没有号码",
        )
        for one in found[:MOST]
    )
    return holes_, len(found)


def _where(name: str, parent: str) -> str:
    """A place as people find it: under its village, where its own name does not already say so."""
    return name if not parent or name.startswith(parent) else f"{parent} {name}"
