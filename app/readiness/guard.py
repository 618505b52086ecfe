"""The pre-flight as it runs by itself: at each new warning, kept with its plan, and before a hand-over.

At a new warning it comes behind the calls, in a transaction of its own: nobody's phone waits for it. What
stops a call is an alarm at once: somebody must ring round it.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from app import many
from app.activation import unlooked
from app.activation.unlooked import Planned
from app.channels.registry import Registry
from app.db import Session
from app.due import Due
from app.origin import Origin
from app.readiness import preflight, roster
from app.readiness.found import KINDS, Hole
from app.readiness.preflight import Preflight
from app.readiness.tables import PreflightRow
from app.scheme.models import Scheme
from app.tasks import alarms

ALARM, HAND_OVER = "preflight", "hand-over"
NOW = timedelta(minutes=30)
"""How far ahead a gap in the rota counts as one that stops a warning's calls (assumed)."""
BEFORE = timedelta(hours=2)
"""So long before a gap begins the desk is told: time to find somebody (assumed)."""
KEPT = 200
"""Holes kept with a plan; ``total`` counts all."""
_STOPS = ("no-channel", "gap", "vacant", "no-phone", "dead-number")

_LOOKED = sa.select(PreflightRow.warning_id)
NEXT_LOOK = Due(unlooked.first(_LOOKED))
_KEEP = many.Insert(PreflightRow, many.keep_old([PreflightRow.warning_id]))


async def sweep(
    session: Session, district: str, *, scheme: Scheme, registry: Registry, at: datetime, limit: int = 3
) -> int:
    """Look at the towns of warnings that have come since, keep what is missing, raise what stops a call.

    Returns how many were looked at.
    """
    new = await unlooked.listed(session, district, _LOOKED, limit=limit)
    for one in new:
        done = await preflight.look(session, scheme, registry, at=at, towns=one.places)
        await _keep(session, one, done)
        stopping = _stopping(done.holes, at)
        if stopping:
            await alarms.raise_(
                session,
                district,
                one.origin,
                ALARM,
                _said(stopping),
                at=at,
                level=one.level,
                warning_id=one.id,
            )
    return len(new)


def _stopping(holes: Sequence[Hole], at: datetime) -> list[Hole]:
    """What stops a call to a town or the district now; what lacks further down has its page (缺口)."""
    return [
        hole
        for hole in holes
        if hole.kind in _STOPS
        and hole.place in (hole.town, hole.place[:6])
        and (hole.starts is None or hole.starts <= at + NOW)
    ]


def _said(holes: Sequence[Hole]) -> str:
    counts = Counter(KINDS[hole.kind] for hole in holes)
    what = "、".join(f"{kind}{count}处" for kind, count in sorted(counts.items()))
    first = "；".join(f"{hole.name}{hole.lacks}" for hole in holes[:2])
    return f"叫前预检：{what}。{first}{'……' if len(holes) > 2 else ''}，请另想办法叫到"


async def _keep(session: Session, one: Planned, done: Preflight) -> None:
    worst = sorted(done.holes, key=lambda hole: (hole.kind not in _STOPS, len(hole.place), hole.key))
    row = {
        "warning_id": one.id,
        "district": one.district,
        "plan_id": one.plan_id,
        "at": done.at,
        "units": done.units,
        "total": len(done.holes),
        "holes": [_plain(hole) for hole in worst[:KEPT]],
    }
    await _KEEP.put(session, [row])


def _plain(hole: Hole) -> dict[str, Any]:
    return {
        "key": hole.key,
        "kind": hole.kind,
        "town": hole.town,
        "place": hole.place,
        "role": hole.role,
        "name": hole.name,
        "lacks": hole.lacks,
    }


async def kept(session: Session, warning_id: str) -> PreflightRow | None:
    """Return what was missing when a warning came in; None where nobody has looked yet."""
    return await session.get(PreflightRow, warning_id)


async def hand_over(
    session: Session, *, scheme: Scheme, registry: Registry, at: datetime, before: timedelta = BEFORE
) -> int:
    """Tell the desk of gaps and double bookings in the rota that begin soon; what was mended is over.

    Returns how many there are.
    """
    district = scheme.district.code
    origin = Origin.REAL if registry.any_live else Origin.SIMULATED
    holes = {hole.key: hole for hole in await roster.check(session, scheme, at, at + before)}
    for key, hole in sorted(holes.items()):
        await alarms.raise_(
            session,
            district,
            origin.value,
            HAND_OVER,
            f"交接班前：{hole.name}{hole.lacks}，请{hole.remedy}",
            at=at,
            subject=key,
            town=None if hole.town == district else hole.town,
        )
    for standing in await alarms.standing(session, district, taken=True):
        if standing.kind == HAND_OVER and standing.subject not in holes:
            await alarms.over(session, district, HAND_OVER, standing.subject, at=at)
    return len(holes)
