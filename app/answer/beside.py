"""What else somebody who is being rung has open: the same call says it, and its answer is for all of it.

An order (断禁停撤疏) is never said beside another matter: whoever confirms one has heard all of it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.answer.tables import Brief, Call, Obligation
from app.db import chunks
from app.dispatch import standing
from app.warning.level import Level

JUST_RUNG = timedelta(minutes=1)
"""What somebody was asked by a message of the same kind so short a time ago is not asked again."""

ORDERS = "orders"

_OPEN = (
    sa.select(Obligation)
    .where(
        sa.or_(
            Obligation.a_person.in_(sa.bindparam("persons", expanding=True)),
            Obligation.b_person.in_(sa.bindparam("persons", expanding=True)),
        ),
        Obligation.answered_at.is_(None),
        Obligation.next_step_at.is_not(None),
        Obligation.step > 0,
        Obligation.part != ORDERS,
        Obligation.excluded_reason.is_(None),
    )
    .order_by(Obligation.level.desc(), Obligation.released_at, Obligation.id)
)
_LATELY = sa.select(Call.obligation_id, Call.person_id, Call.delivery_id).where(
    Call.obligation_id.in_(sa.bindparam("obligations", expanding=True)), Call.at > sa.bindparam("since")
)


@dataclass(frozen=True, slots=True)
class Open:
    """An obligation that somebody was rung for and has not answered; ``who``: as whom, A or B."""

    row: Obligation
    who: str


async def open_of(session: AsyncSession, persons: Iterable[str]) -> Mapping[tuple[str, str], list[Open]]:
    """Return what these people were rung for and still owe, by origin and person, the highest first."""
    found: dict[tuple[str, str], list[Open]] = defaultdict(list)
    for part in chunks(sorted(set(persons))):
        wanted = set(part)
        for row in await session.scalars(_OPEN, {"persons": part}):
            if row.a_person in wanted and not row.cannot:  # whoever cannot is not asked again
                found[(row.origin, row.a_person)].append(Open(row, "A"))
            if row.b_person in wanted and row.b_person != row.a_person and row.who != "A":
                found[(row.origin, row.b_person)].append(Open(row, "B"))
    return found


async def just_rung(
    session: AsyncSession, obligations: Collection[str], at: datetime
) -> set[tuple[str, str, str]]:
    """Return (obligation, person, kind) of what a message that may still reach them asked for just now."""
    calls: list[Any] = []
    connection = await session.connection()
    for part in chunks(sorted(obligations)):
        calls += await connection.execute(_LATELY, {"obligations": part, "since": at - JUST_RUNG})
    kinds = await standing.kinds(session, {call.delivery_id for call in calls})
    living = await standing.alive(session, kinds)
    return {
        (call.obligation_id, call.person_id, kinds[call.delivery_id])
        for call in calls
        if call.delivery_id in living
    }


async def briefs(session: AsyncSession, warnings: Collection[str]) -> dict[str, Brief]:
    """Return what is said about these warnings."""
    rows = await session.scalars(sa.select(Brief).where(Brief.warning_id.in_(sorted(warnings))))
    return {row.warning_id: row for row in rows}


def names(rows: Iterable[Obligation], briefs: Mapping[str, Brief]) -> tuple[str, ...]:
    """Return what these obligations are about, as said in passing: 暴雨红色, 实测暴雨橙色."""
    found = []
    for row in rows:
        facts = briefs[row.warning_id].facts
        level = Level(facts["level"])
        signal = level if facts.get("raised_from") is None else Level(facts["raised_from"])
        measured, colour = "实测" if facts["observed"] else "", "提示" if level is Level.HINT else signal.zh
        found.append(f"{measured}{facts['hazard']}{colour}")
    return tuple(dict.fromkeys(found))
