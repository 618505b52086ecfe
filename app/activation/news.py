"""What the planner hears beside signals and gauges: reports, silence, forecasts, warnings that have ended."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.activation.facts import facts_of
from app.activation.tables import Warning
from app.answer import silence
from app.disaster import form, look
from app.disaster.look import Known
from app.scheme.models import Scheme
from app.warning.news import CutOff, FieldReport
from app.warning.situation import WarningFacts
from app.warning.uplift_signs import DroughtToFlood

OPEN_FOR = timedelta(hours=24)
"""How long an event without a final report is taken to go on (assumed)."""
THREE = frozenset({"road-cut", "power-cut", "telecom"})
"""三断, in words of the report's form."""


async def heard(session: AsyncSession, district: str, origin: str, *, at: datetime) -> list[Known]:
    """Return the events of the last day that no final report has closed."""
    return await look.going_on(session, district, origin, since=at - OPEN_FOR)


def reports(events: Sequence[Known], scheme: Scheme) -> tuple[FieldReport, ...]:
    """Return events as the planner's values."""
    return tuple(
        FieldReport(
            one.place,
            one.kinds,
            one.began,
            one.dead,
            one.trapped,
            f"{scheme.place_name(one.place)}{'、'.join(form.KINDS.get(kind, kind) for kind in one.kinds)}",
        )
        for one in events
    )


async def cut_off(
    session: AsyncSession,
    district: str,
    origin: str,
    events: Sequence[Known],
    in_force: Sequence[Warning],
) -> tuple[CutOff, ...]:
    """Return the towns that are 失联: three cuts reported, or silent till the end of the chain."""
    cuts: dict[str, set[str]] = {}
    since: dict[str, datetime] = {}
    for one in events:
        if THREE & set(one.kinds):
            cuts.setdefault(one.place, set()).update(THREE & set(one.kinds))
            since[one.place] = max(one.began, since.get(one.place, one.began))
    found = {town: CutOff(town, since[town], reported=True) for town, kinds in cuts.items() if kinds == THREE}
    silent = await silence.towns(session, district, origin, [row.id for row in in_force]) if in_force else {}
    for town, began in silent.items():
        found.setdefault(town, CutOff(town, began, reported=False))
    return tuple(found[town] for town in sorted(found))


async def past(
    session: AsyncSession, district: str, origin: str, *, scheme: Scheme, at: datetime
) -> tuple[WarningFacts, ...]:
    """Return the ended warnings that a rule still looks back at: droughts, before a flood."""
    rules = scheme.ruleset
    turns = [sign for sign in rules.uplift.conditions if isinstance(sign, DroughtToFlood)]
    codes = sorted(
        {code for turn in turns for h in rules.hazards if h.id in turn.drought for code in h.codes}
    )
    if not codes:
        return ()
    rows = await session.scalars(
        sa.select(Warning)
        .where(
            Warning.district == district,
            Warning.origin == origin,
            Warning.event_code.in_(codes),
            Warning.state.in_(("expired", "cancelled", "closed")),
            Warning.disposition == "applies",
            Warning.msg_type != "Cancel",
            Warning.ended_at > at - timedelta(days=max(turn.days for turn in turns)),
            Warning.level.is_not(None),
        )
        .order_by(Warning.ended_at, Warning.id)
    )
    return tuple(replace(facts_of(row), expires=row.ended_at) for row in rows if row.places)
