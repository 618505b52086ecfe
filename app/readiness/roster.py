"""The rota ahead of time: hours that nobody is on, people who are on twice, rosters that are not kept."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from app.clock import local
from app.db import Session
from app.directory import people, rota
from app.directory.rota import Turn
from app.readiness.found import Hole
from app.scheme.models import Scheme

KEPT = timedelta(days=7)
"""A roster that had a turn within this time is one that is kept: where it ends, it has a gap (assumed)."""


async def check(
    session: Session, scheme: Scheme, since: datetime, until: datetime, *, towns: Collection[str] = ()
) -> list[Hole]:
    """Return the holes of the rota in a span of time: all, or those of these towns and the district."""
    district = scheme.district.code
    held = await rota.turns(session, district, since - KEPT, until)
    names = {turn.place: (turn.name, turn.town or district) for turn in held}
    by_roster: dict[tuple[str, str], list[tuple[datetime, datetime]]] = defaultdict(list)
    for turn in held:
        spans = by_roster[turn.place, turn.role]
        if turn.number is not None:  # a turn of somebody who cannot be rung covers nothing
            spans.append((turn.since, turn.until))
    for place, name, town, role in await _owed(session, scheme):
        by_roster.setdefault((place, role), [])
        names.setdefault(place, (name, town))
    holes = []
    for (place, role), spans in by_roster.items():
        name, town = names[place]
        for starts, ends in rota.uncovered(spans, since, until):
            holes.append(_gap(scheme, place, role, name, town, starts, ends))
    holes += [_double(scheme, early, late) for early, late in overlaps(t for t in held if t.until > since)]
    allowed = {*towns, district}
    return [hole for hole in holes if not towns or hole.town in allowed]


async def _owed(session: Session, scheme: Scheme) -> list[tuple[str, str, str, str]]:
    """Return the rosters that must be kept (place, its name, its town, role): A of every on-shift duty."""
    district = scheme.district
    towns = [(town.code, town.name, town.code) for town in await people.towns(session, district.code)]
    places = {"town": towns, "district": [(district.code, district.name, district.code)]}
    return [
        (*place, role)
        for duty in scheme.layers.values()
        if duty.on_duty
        for place in places.get(duty.target, ())
        for role in duty.a
    ]


def overlaps(turns: Iterable[Turn]) -> Iterator[tuple[Turn, Turn]]:
    """Return the pairs of turns in which one person is on in two places, or two roles, at once."""
    by_person: dict[str, list[Turn]] = defaultdict(list)
    for turn in turns:
        by_person[turn.person].append(turn)
    for held in by_person.values():
        held.sort(key=lambda turn: (turn.since, turn.until, turn.place, turn.role))
        for early, late in pairwise(held):
            if late.since < early.until and (early.place, early.role) != (late.place, late.role):
                yield early, late


def _gap(
    scheme: Scheme, place: str, role: str, name: str, town: str, starts: datetime, ends: datetime
) -> Hole:
    title = scheme.roles.get(role, role)
    lacks = f"{_said(starts)} 到 {_said(ends)} 没有{title}在班"
    return Hole("gap", town, place, role, name, lacks, "补排班", starts)


def _double(scheme: Scheme, early: Turn, late: Turn) -> Hole:
    """The place further down is named: there the one who is on twice will be missed first."""
    here, there = sorted((early, late), key=lambda turn: -len(turn.place))
    title = scheme.roles.get(here.role, here.role)
    lacks = f"{_said(late.since)} 起，{title}同时排了{there.name}的{scheme.roles.get(there.role, there.role)}"
    town = here.town or scheme.district.code
    return Hole("double-booking", town, here.place, here.role, here.name, lacks, "换一个人", late.since)


def _said(at: datetime) -> str:
    here = local(at)
    return f"{here.month}月{here.day}日 {here:%H:%M}"
