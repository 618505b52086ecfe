"""Take the most urgent due messages, with a lease and a permit, in one short transaction right before their gateway calls.

What is taken is called at once: nothing waits in a worker's memory, so nothing there can shut out a red. PostgreSQL skips rows that
others are claiming; on SQLite the write lock serialises claims and the hint is dropped. A lease that lapsed is due again: a dead
worker's message may go twice, never not at all, and is marked so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.db import chunks
from app.dispatch import permit
from app.dispatch.facts import State
from app.dispatch.policy import POISON_CLAIMS
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
    text: str
    hazard: str
    title: str
    expires_at: datetime


class Budget(Protocol):
    """What a channel may still be given; see ``send.Rate``."""

    def take(self, channel: str, wanted: int, urgent: bool, at: datetime) -> tuple[int, datetime]:
        """Return how many of ``wanted`` may go now, and when the rest may."""
        ...


async def take(
    session: AsyncSession,
    ticket: str,
    *,
    limit: int,
    lease: timedelta,
    at: datetime,
    red_only: bool = False,
    budget: Budget,
) -> list[Taken]:
    """Lease up to ``limit`` due messages, most urgent first, then oldest, that are permitted and within their channel's rate.

    ``ticket`` is unique to this claim: a late record by somebody else's ticket is refused. Messages of cancelled or expired warnings
    get their final state here instead.
    """
    free = sa.or_(Delivery.lease_until.is_(None), Delivery.lease_until <= at)
    due = sa.select(Delivery.id).where(Delivery.not_before <= at, free)
    if red_only:
        due = due.where(Delivery.urgency >= 4)
    due_ids = (
        due.order_by(Delivery.urgency.desc(), Delivery.not_before, Delivery.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    if session.get_bind().dialect.name == "postgresql":
        due_ids = due_ids.prefix_with(
            "MATERIALIZED"
        )  # a plain subquery may be run again, and lock more than ``limit``
    sending = sa.case((Delivery.state == State.QUEUED.value, State.SENDING.value), else_=Delivery.state)
    rows: Sequence[Any] = (
        await session.execute(
            sa.update(Delivery)
            .where(Delivery.id.in_(sa.select(due_ids.c.id)))
            .values(
                claimed_by=ticket,
                lease_until=at + lease,
                state=sending,
                attempts=Delivery.attempts + 1,
                # An old lease that is still set belongs to a worker that died: the gateway may have the message already.
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
            )
            .execution_options(synchronize_session=False)
        )
    ).all()
    if not rows:
        return []
    rows = sorted(rows, key=lambda row: (-row.urgency, row.not_before, row.key))
    permits = await permit.held(session, {row.warning_id for row in rows})
    stopped: list[tuple[sa.Row[Any], State, str]] = []
    poison: list[tuple[sa.Row[Any], State, str]] = []
    allowed: list[sa.Row[Any]] = []
    for row in rows:
        may = permits.get((row.warning_id, row.purpose))
        if may is None or may.cancelled_at is not None:
            stopped.append((row, State.CANCELLED, "cancelled"))
        elif any(until is not None and until <= at for until in (may.expires_at, row.expires_at)):
            stopped.append((row, State.EXPIRED, "expired"))
        elif row.attempts > POISON_CLAIMS:
            poison.append((row, State.FAILED, "poison"))
        else:
            allowed.append(row)
    await _stop(session, stopped + poison, at)
    allowed = await _within_rate(session, allowed, budget, at)
    if not allowed:
        return []
    await session.execute(
        sa.insert(Attempt),
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
    return [
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


async def _within_rate(
    session: AsyncSession, rows: list[sa.Row[Any]], budget: Budget, at: datetime
) -> list[sa.Row[Any]]:
    """Keep what each channel's rate allows; the rest goes back into line, uncounted, for when it does."""
    by_channel: dict[str, list[sa.Row[Any]]] = {}
    for row in rows:
        by_channel.setdefault(row.channel, []).append(row)
    kept, back = [], []
    for channel, held in by_channel.items():
        may, again = budget.take(channel, len(held), held[0].urgency >= 4, at)
        kept += held[:may]
        back += [{"b_id": row.id, "b_again": again} for row in held[may:]]
    if back:
        connection = await session.connection()
        await connection.execute(
            sa.update(Delivery)
            .where(Delivery.id == sa.bindparam("b_id"))
            .values(
                not_before=sa.bindparam("b_again"),
                lease_until=None,
                claimed_by=None,
                attempts=Delivery.attempts - 1,
            ),
            back,
        )
    return kept


async def _stop(
    session: AsyncSession, stopped: Sequence[tuple[sa.Row[Any], State, str]], at: datetime
) -> None:
    if not stopped:
        return
    connection = await session.connection()
    await connection.execute(
        sa.update(Delivery)
        .where(Delivery.id == sa.bindparam("b_id"))
        .values(
            state=sa.bindparam("b_state"),
            reason=sa.bindparam("b_reason"),
            state_at=at,
            not_before=None,
            lease_until=None,
            claimed_by=None,
            attempts=Delivery.attempts - 1,
        ),
        [{"b_id": row.id, "b_state": state.value, "b_reason": reason} for row, state, reason in stopped],
    )
    for row, _, _ in stopped:
        events.publish(
            session, "delivery", row.id, district=row.district, warning=row.warning_id, place=row.town, at=at
        )


async def _texts(session: AsyncSession, ids: set[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for part in chunks(list(ids)):
        rows = await session.execute(sa.select(Content.id, Content.text).where(Content.id.in_(part)))
        found |= {row_id: text for row_id, text in rows}
    return found
