"""Which towns are silent: the chain was walked, somebody is on the way, and nobody there has answered."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.answer.tables import Obligation

BEAT = "silence"
"""Beats, as ``silence:<district>``, when somebody is sent to a town that did not answer."""


async def towns(
    session: AsyncSession, district: str, origin: str, warning_ids: Collection[str]
) -> dict[str, datetime]:
    """Return the silent towns under these warnings, and since when nobody there has answered.

    A town nobody can be phoned in is a hole in the directory and not silence. One answer from anywhere in
    the town, given since it was called, and it is not cut off.
    """
    unanswered = await session.execute(
        sa.select(Obligation.town, sa.func.min(Obligation.released_at))
        .where(
            Obligation.warning_id.in_(list(warning_ids)),
            Obligation.layer == "L2",
            Obligation.who == "onsite",
            Obligation.answered_at.is_(None),
            Obligation.excluded_reason.is_(None),
            Obligation.no_contact.is_(False),
        )
        .group_by(Obligation.town)
    )
    since = {row[0]: row[1] for row in unanswered}
    if not since:
        return {}
    answered = await session.execute(
        sa.select(Obligation.town, sa.func.max(Obligation.answered_at))
        .where(
            Obligation.district == district,
            Obligation.origin == origin,
            Obligation.released_at >= min(since.values()),
            Obligation.town.in_(sorted(since)),
            Obligation.answered_at.is_not(None),
        )
        .group_by(Obligation.town)
    )
    for town, last in answered:
        if last is not None and last >= since[town]:
            del since[town]
    return since
