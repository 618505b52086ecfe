"""Everything the planner looks at, gathered from the rooms below as plain values."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.activation.tables import Warning
from app.directory import people
from app.observations import windows
from app.scheme.models import Scheme
from app.warning.level import Level
from app.warning.situation import Place, Situation, WarningFacts


def facts_of(row: Warning) -> WarningFacts:
    """Return a stored warning as the planner's value. Only for one that has a level and places."""
    return WarningFacts(
        key=row.id,
        hazard=row.event_code,
        level=Level(row.level or 0),
        sent=row.sent,
        effective=row.effective,
        onset=row.onset,
        expires=row.expires,
        places=frozenset(row.places),
        villages=frozenset(row.villages),
        observed=row.observed,
        headline=row.headline,
        issuer=row.issuer,
    )


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


async def gather(
    session: AsyncSession, row: Warning, *, scheme: Scheme, at: datetime, replaces: Collection[str] = ()
) -> Situation:
    """Return the situation a warning is planned in. ``replaces``: warnings it takes over from, which no longer count."""
    others = await in_force(session, row.district, row.origin, but=[row.id, *replaces])
    towns = await people.towns(session, row.district)
    named = frozenset(row.places)
    # The other towns get a line each in "not chosen", for which nobody's post matters.
    holdings = await people.holdings(
        session, row.district, sorted([*named, row.district]), scheme.layers, at=at
    )
    return Situation(
        at=at,
        warning=facts_of(row),
        towns=towns,
        holdings=holdings,
        windows=await windows.read_windows(session, row.district, at),
        levels=await windows.read_levels(session, row.district, at),
        others=tuple(facts_of(other) for other in others if other.level is not None and other.places),
        district=Place(row.district, scheme.district.name, "", "district"),
    )
