"""Everything the planner looks at, gathered from the rooms below as plain values."""

import inspect
from collections.abc import Awaitable, Collection
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import beats
from app.activation import news
from app.activation.facts import facts_of
from app.activation.tables import Warning
from app.directory import people
from app.observations import elements, outlooks, windows
from app.scheme.models import Scheme
from app.warning.situation import Holding, Place, Situation

T = TypeVar("T")

_counted: dict[tuple[str, str, str], tuple[int, int, tuple[Holding, ...]]] = {}


async def in_force(
    session: AsyncSession, district: str, origin: str, *, but: Collection[str] = ()
) -> tuple[Warning, ...]:
    """Return the warnings in force of one origin: exercises see only exercises."""
    rows = await session.scalars(
        sa.select(Warning)
        .where(
            Warning.district == district,
            Warning.origin == origin,
            Warning.state == "in-force",
            Warning.id.not_in(list(but)),
        )
        .order_by(Warning.received_at, Warning.id)
    )
    return tuple(rows)


async def _once(session: AsyncSession, what: str, at: datetime, read: Awaitable[T]) -> T:
    """Read a thing once for all plans that one transaction makes for the same moment."""
    key = ("situation", what, at)
    if key in session.info:
        if inspect.iscoroutine(read):
            read.close()
    else:
        session.info[key] = await read
    found: T = session.info[key]
    return found


async def _holdings(
    session: AsyncSession, district: str, scheme: Scheme, at: datetime
) -> tuple[Holding, ...]:
    """Return who holds what in the whole district.

    Counted anew after an import and when a shift may have changed. These are counts for the plan's lines.
    Whom a call goes to is looked up when it is made.
    """
    version = await beats.count(session, f"directory:{district}")
    key = (str(session.get_bind().engine.url), district, scheme.digest)
    half_hour = int(at.timestamp() // 1800)
    known = _counted.get(key)
    if known is None or known[:2] != (version, half_hour):
        counted = await people.holdings(session, district, None, scheme.layers, at=at)
        known = _counted[key] = (version, half_hour, counted)
    return known[2]


async def gather(
    session: AsyncSession, row: Warning, *, scheme: Scheme, at: datetime, replaces: Collection[str] = ()
) -> Situation:
    """Return the situation a warning is planned in.

    ``replaces``: warnings it takes over from, which no longer count.
    """
    others = await in_force(session, row.district, row.origin, but=[row.id, *replaces])
    towns = await people.towns(session, row.district)
    named = frozenset(row.places)
    events = await _once(
        session, f"events:{row.origin}", at, news.heard(session, row.district, row.origin, at=at)
    )
    # The other towns get a line each in "not chosen", for which nobody's post matters.
    holdings = [
        one
        for one in await _holdings(session, row.district, scheme, at)
        if one.town in {*named, row.district}
    ]
    return Situation(
        at=at,
        warning=facts_of(row),
        towns=towns,
        holdings=tuple(holdings),
        windows=await _once(session, "windows", at, windows.read_windows(session, row.district, at)),
        levels=await _once(session, "levels", at, windows.read_levels(session, row.district, at)),
        elements=await _once(session, "elements", at, elements.read_elements(session, row.district, at)),
        # A raise is the district's own resolve, no sign of the weather: nothing is proposed because of it.
        others=tuple(
            facts_of(other)
            for other in others
            if other.level is not None and other.places and other.raised_from is None
        ),
        district=Place(row.district, scheme.district.name, "", "district"),
        reports=news.reports(events, scheme),
        cut_off=await _once(
            session,
            f"cut-off:{row.origin}",
            at,
            news.cut_off(session, row.district, row.origin, events, (row, *others)),
        ),
        outlooks=await _once(session, "outlooks", at, outlooks.read_outlooks(session, row.district, at)),
        past=await _once(
            session,
            f"past:{row.origin}",
            at,
            news.past(session, row.district, row.origin, scheme=scheme, at=at),
        ),
    )
