"""Stop what has not started: a warning's messages, those of some places, or single ones nobody needs now."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import chunks
from app.dispatch import permit
from app.dispatch.states import State
from app.dispatch.tables import Delivery

_BY_ID = Delivery.id.in_(sa.bindparam("ids", expanding=True))


def _waiting(which: sa.ColumnElement[bool]) -> sa.Select[str]:
    return (
        sa.select(Delivery.id)
        .where(
            which,
            Delivery.not_before.is_not(None),
            sa.or_(Delivery.state == State.QUEUED.value, Delivery.state == State.SENDING.value),
        )
        .with_for_update(skip_locked=True)
    )


# What is asked at every answer is built once: building it takes longer than the database does.
_WAITING_OF_THESE = _waiting(_BY_ID)
_GIVEN_ON = sa.select(Delivery.id).where(Delivery.failover_of.in_(sa.bindparam("ids", expanding=True)))
_CANCEL = (
    sa.update(Delivery)
    .where(_BY_ID)
    .values(
        # In flight: the gateway may have it. It keeps its lease, so that the outcome is recorded.
        state=State.CANCELLED.value,
        reason=sa.bindparam("b_reason"),
        state_at=sa.bindparam("b_at"),
        not_before=None,
    )
)


async def warnings(session: AsyncSession, warning_ids: Collection[str], *, reason: str, at: datetime) -> int:
    """Stop everything of these warnings.

    No send starts after this commits; one in flight right now may still arrive. Messages that a worker is
    claiming at this moment are skipped here: its claim waits for this commit, sees the permit gone and
    cancels them itself.
    """
    await permit.revoke(session, warning_ids, at=at)
    which = sa.and_(Delivery.warning_id.in_(list(warning_ids)), Delivery.purpose == "alert")
    ids = await session.scalars(_waiting(which))
    return await _cancel(session, ids.all(), reason, at)


async def places(
    session: AsyncSession,
    warning_id: str,
    towns: Collection[str],
    *,
    reason: str,
    at: datetime,
    part: str | None = None,
) -> int:
    """Stop what waits for some towns (and one part) of a warning that goes on elsewhere."""
    which = [Delivery.warning_id == warning_id, Delivery.town.in_(list(towns))]
    which += [Delivery.part == part] if part else []
    ids = await session.scalars(_waiting(sa.and_(*which)))
    return await _cancel(session, ids.all(), reason, at)


async def deliveries(session: AsyncSession, ids: Collection[str], *, reason: str, at: datetime) -> int:
    """Stop single messages that wait, for instance because the person has answered.

    What another vendor was given of them stops too. Returns how many.
    """
    stopped, wanted = 0, list(ids)
    connection = await session.connection()
    while wanted:
        further: list[str] = []
        for part in chunks(wanted):
            waiting = await connection.scalars(_WAITING_OF_THESE, {"ids": part})
            stopped += await _cancel(session, waiting.all(), reason, at)
            further += await connection.scalars(_GIVEN_ON, {"ids": part})
        wanted = further
    return stopped


async def hand_over(session: AsyncSession, old: str, new: str, towns: Collection[str]) -> None:
    """Let messages that wait for some towns run under the warning that took over from theirs.

    Their words stay, and so does the one-tap link in them: a retry under the same key says the same.
    """
    await session.execute(
        sa.update(Delivery)
        .where(Delivery.warning_id == old, Delivery.town.in_(list(towns)), Delivery.not_before.is_not(None))
        .values(warning_id=new, link_of=sa.func.coalesce(Delivery.link_of, Delivery.warning_id))
        .execution_options(synchronize_session=False)
    )


async def _cancel(session: AsyncSession, ids: Sequence[str], reason: str, at: datetime) -> int:
    connection = await session.connection()
    for part in chunks(ids):
        await connection.execute(_CANCEL, {"ids": part, "b_reason": reason, "b_at": at})
    return len(ids)
