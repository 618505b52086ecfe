"""What calls came to lately: which telephones were reached, which do not exist, which channels fail."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import chunks
from app.dispatch.states import State
from app.dispatch.tables import Attempt, Delivery

NO_SUCH_NUMBER = "bad-number"
LOOKED_AT = 500
"""The latest tries say whether a channel works; they are few, for an hour ago says little."""


@dataclass(frozen=True, slots=True)
class Proof:
    """When a person's phone was last reached, and when its number was last found not to exist."""

    reached: datetime | None
    dead: datetime | None

    @property
    def is_dead(self) -> bool:
        """Whether the number does not exist, as far as the last word goes."""
        return self.dead is not None and (self.reached is None or self.dead >= self.reached)


async def phones(
    session: AsyncSession, district: str, since: datetime, people: Collection[str] | None = None
) -> dict[str, Proof]:
    """Return what calls since then came to, by person (all, or these); the uncalled are left out."""
    columns = (
        Delivery.person_id,
        sa.func.max(
            sa.case((Delivery.state == State.DELIVERED.value, Delivery.state_at)),
            type_=Delivery.state_at.type,
        ),
        sa.func.max(
            sa.case((Delivery.reason == NO_SUCH_NUMBER, Delivery.state_at)), type_=Delivery.state_at.type
        ),
    )
    query = (
        sa.select(*columns)
        .where(Delivery.district == district, Delivery.created_at >= since)
        .group_by(Delivery.person_id)
    )
    found: dict[str, Proof] = {}
    asked = [None] if people is None else chunks(sorted(set(people)), 5000)
    for part in asked:
        limited = query.where(
            Delivery.person_id.is_not(None) if part is None else Delivery.person_id.in_(part)
        )
        for person, reached, dead in await session.execute(limited):
            if person is not None and (reached or dead):
                found[person] = Proof(reached, dead)
    return found


async def dead(session: AsyncSession, district: str, since: datetime) -> set[str]:
    """Return the people whose number was found not to exist since then."""
    return {person for person, proof in (await phones(session, district, since)).items() if proof.is_dead}


async def failing(session: AsyncSession, *, in_a_row: int = 5) -> set[str]:
    """Return the channels whose latest tries, so many in a row, were all refused or lost."""
    rows = await session.execute(
        sa.select(Attempt.channel, Attempt.outcome)
        .where(
            Attempt.outcome.is_not(None),
            # A number that does not exist says nothing about the channel that told so.
            sa.or_(Attempt.reason.is_(None), Attempt.reason.not_like(f"{NO_SUCH_NUMBER}%")),
        )
        .order_by(Attempt.id.desc())
        .limit(LOOKED_AT)
    )
    latest: dict[str, list[str | None]] = {}
    for channel, outcome in rows:
        held = latest.setdefault(channel, [])
        if len(held) < in_a_row:
            held.append(outcome)
    return {
        channel
        for channel, outcomes in latest.items()
        if len(outcomes) == in_a_row and "accepted" not in outcomes
    }
