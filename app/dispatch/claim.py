"""Take the most urgent due messages, with a lease and a permit, in one short transaction.

It ends right before their gateway calls. What is taken is called at once: nothing waits in a worker's memory,
so nothing there can shut out a red. PostgreSQL skips rows that others are claiming; on SQLite the write lock
serialises claims and the hint is dropped. A lease that lapsed is due again: a dead worker's message may go
twice, never not at all, and is marked so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import events, many
from app.db import UtcDateTime, chunks
from app.dispatch import permit
from app.dispatch.policy import POISON_CLAIMS
from app.dispatch.states import State
from app.dispatch.tables import Attempt, Content, Delivery
from app.ids import new_id


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that may be sent now, under a lease."""

    id: str
    district: str
    origin: str
    warning_id: str
    town: str
    place_id: str
    person_id: str | None
    kind: str
    channel: str
    key: str
    level: int
    attempt: int
    link_of: str
    text: str
    hazard: str
    title: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim found: messages that may go now, and what got its end here.

    ``parked``: ids of those that failed here; ``ended``: how many got their end, those included.
    """

    taken: list[Taken]
    parked: list[str]
    ended: int


class Budget(Protocol):
    """Which channels there are, and what each may still be given; see ``vendor_rate.VendorRate``."""

    def knows(self, channel: str) -> bool:
        """Return whether there is such a channel: one may have left the configuration since."""
        ...

    def take(self, channel: str, wanted: int, *, urgent: bool, at: datetime) -> tuple[int, datetime]:
        """Return how many of ``wanted`` may go now, and when the rest may."""
        ...


def _lease(due: sa.ColumnElement[bool]) -> sa.UpdateBase:
    """Lease ``b_limit`` of these messages that no lease holds, and return what a call needs of them."""
    now = sa.bindparam("b_at", type_=UtcDateTime())
    free = sa.or_(Delivery.lease_until.is_(None), Delivery.lease_until <= now)
    chosen = (
        sa.select(Delivery.id)
        .where(Delivery.not_before <= now, free, due)
        .order_by(Delivery.urgency.desc(), Delivery.not_before, Delivery.id)
        .limit(sa.bindparam("b_limit", type_=sa.Integer()))
        .with_for_update(skip_locked=True)
        .cte("due")
        # A plain subquery may be run again, and lock more than the limit.
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    return (
        sa.update(Delivery)
        .where(Delivery.id.in_(sa.select(chosen.c.id)))
        .values(
            claimed_by=sa.bindparam("b_ticket"),
            lease_until=sa.bindparam("b_until"),
            state=sa.case((Delivery.state == State.QUEUED.value, State.SENDING.value), else_=Delivery.state),
            attempts=Delivery.attempts + 1,
            # An old lease that is still set is a dead worker's: the gateway may have the message already.
            possibly_twice=sa.or_(Delivery.possibly_twice, Delivery.lease_until.is_not(None)),
        )
        .returning(
            Delivery.id,
            Delivery.district,
            Delivery.origin,
            Delivery.warning_id,
            Delivery.town,
            Delivery.place_id,
            Delivery.person_id,
            Delivery.kind,
            Delivery.channel,
            Delivery.key,
            Delivery.level,
            Delivery.attempts,
            Delivery.content_id,
            Delivery.expires_at,
            Delivery.urgency,
            Delivery.not_before,
            Delivery.purpose,
            Delivery.link_of,
        )
    )


# Statements are built once: building them anew each time takes longer than the database does.
_LEASE_ANY = _lease(sa.true())
_LEASE_RED = _lease(Delivery.urgency >= 4)
_OPEN_TRY = many.Insert(Attempt)
_TEXTS = sa.select(Content.id, Content.text).where(Content.id.in_(sa.bindparam("ids", expanding=True)))
_BACK_INTO_LINE = (
    sa.update(Delivery)
    .where(Delivery.id == sa.bindparam("b_id"))
    .values(
        not_before=sa.bindparam("b_again"),
        lease_until=None,
        claimed_by=None,
        attempts=Delivery.attempts - 1,
    )
)
_STOP = (
    sa.update(Delivery)
    .where(Delivery.id == sa.bindparam("b_id"))
    .values(
        state=sa.bindparam("b_state"),
        reason=sa.bindparam("b_reason"),
        state_at=sa.bindparam("b_at"),
        not_before=None,
        lease_until=None,
        claimed_by=None,
        attempts=Delivery.attempts - 1,
    )
)


async def take(
    session: AsyncSession,
    ticket: str,
    *,
    limit: int,
    lease: timedelta,
    at: datetime,
    red_only: bool = False,
    budget: Budget,
) -> Claimed:
    """Lease up to ``limit`` due messages that are permitted and within their channel's rate.

    The most urgent first, then the oldest. ``ticket`` is unique to this claim: a late record by somebody
    else's ticket is refused. Messages of cancelled or expired warnings get their final state here instead,
    and so does what kills its worker each time or was meant for a channel that is no longer there.
    """
    connection = await session.connection()
    rows: Sequence[Any] = (
        await connection.execute(
            _LEASE_RED if red_only else _LEASE_ANY,
            {"b_at": at, "b_limit": limit, "b_ticket": ticket, "b_until": at + lease},
        )
    ).all()
    if not rows:
        return Claimed([], [], 0)
    rows = sorted(rows, key=lambda row: (-row.urgency, row.not_before, row.id))
    permits = await permit.held(session, {row.warning_id for row in rows})
    stopped: list[tuple[sa.Row[Any], State, str]] = []
    failed: list[tuple[sa.Row[Any], State, str]] = []
    allowed: list[sa.Row[Any]] = []
    for row in rows:
        may = permits.get((row.warning_id, row.purpose))
        if may is None or may.cancelled_at is not None:
            stopped.append((row, State.CANCELLED, "cancelled"))
        elif any(until is not None and until <= at for until in (may.expires_at, row.expires_at)):
            stopped.append((row, State.EXPIRED, "expired"))
        elif row.attempts > POISON_CLAIMS:
            failed.append((row, State.FAILED, "poison"))
        elif not budget.knows(row.channel):
            failed.append((row, State.FAILED, "no-channel"))
        else:
            allowed.append(row)
    await _stop(session, stopped + failed, at)
    parked = [row.id for row, _, _ in failed]
    allowed = await _within_rate(session, allowed, budget, at)
    if not allowed:
        return Claimed([], parked, len(stopped + failed))
    await _OPEN_TRY.put(
        session,
        [
            {
                "id": new_id(),
                "district": row.district,
                "delivery_id": row.id,
                "number": row.attempts,
                "channel": row.channel,
                "occurred_at": at,
                "received_at": None,
                "outcome": None,
                "reason": None,
            }
            for row in allowed
        ],
    )
    texts = await _texts(session, {row.content_id for row in allowed})
    taken = [
        Taken(
            id=row.id,
            district=row.district,
            origin=row.origin,
            warning_id=row.warning_id,
            town=row.town,
            place_id=row.place_id,
            person_id=row.person_id,
            kind=row.kind,
            channel=row.channel,
            key=row.key,
            level=row.level,
            attempt=row.attempts,
            link_of=row.link_of or row.warning_id,
            text=texts[row.content_id],
            hazard=may.hazard,
            title=may.title,
            expires_at=min(
                until for until in (may.expires_at, row.expires_at, at + timedelta(hours=24)) if until
            ),
        )
        for row in allowed
        for may in (permits[(row.warning_id, row.purpose)],)
    ]
    return Claimed(taken, parked, len(stopped + failed))


async def _within_rate(
    session: AsyncSession, rows: list[sa.Row[Any]], budget: Budget, at: datetime
) -> list[sa.Row[Any]]:
    """Keep what each channel's rate allows; the rest goes back into line, uncounted, for when it does."""
    by_channel: dict[tuple[str, bool], list[sa.Row[Any]]] = {}
    for row in rows:  # the most urgent first: what reds have borrowed is gone for the others
        by_channel.setdefault((row.channel, row.urgency >= 4), []).append(row)
    kept, back = [], []
    for (channel, urgent), held in by_channel.items():
        may, again = budget.take(channel, len(held), urgent=urgent, at=at)
        kept += held[:may]
        back += [{"b_id": row.id, "b_again": again} for row in held[may:]]
    if back:
        connection = await session.connection()
        await connection.execute(_BACK_INTO_LINE, back)
    return kept


async def _stop(
    session: AsyncSession, stopped: Sequence[tuple[sa.Row[Any], State, str]], at: datetime
) -> None:
    if not stopped:
        return
    connection = await session.connection()
    await connection.execute(
        _STOP,
        [
            {"b_id": row.id, "b_state": state.value, "b_reason": reason, "b_at": at}
            for row, state, reason in stopped
        ],
    )
    for row, _, _ in stopped:
        events.publish(
            session, "delivery", row.id, district=row.district, warning=row.warning_id, place=row.town, at=at
        )


async def _texts(session: AsyncSession, ids: set[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    connection = await session.connection()
    for part in chunks(list(ids)):
        rows = await connection.execute(_TEXTS, {"ids": part})
        found |= {row.id: row.text for row in rows}
    return found
