"""Write down what gateways said to a batch of calls, in one transaction, guarded by the ticket of the claim."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.channels.contract import Accepted, ChannelKind, Outcome
from app.channels.registry import Registry
from app.dispatch.claim import Taken
from app.dispatch.enqueue import Order, enqueue
from app.dispatch.facts import State, weaker_than
from app.dispatch.policy import GiveUp, Retry, after_failure
from app.dispatch.tables import Attempt, Content, Delivery
from app.origin import Origin
from app.warning.level import Level


@dataclass(frozen=True, slots=True)
class Done:
    """One call that ended, for one message."""

    taken: Taken
    ticket: str
    outcome: Outcome
    at: datetime


async def record(
    session: AsyncSession, done: Sequence[Done], *, registry: Registry, at: datetime
) -> list[str]:
    """Record outcomes. Returns the ids of deliveries that have now failed for good with no other channel left."""
    connection = await session.connection()
    await connection.execute(
        sa.update(Attempt)
        .where(Attempt.delivery_id == sa.bindparam("b_delivery"), Attempt.number == sa.bindparam("b_number"))
        .values(
            received_at=sa.bindparam("b_at"),
            outcome=sa.bindparam("b_outcome"),
            reason=sa.bindparam("b_reason"),
        ),
        [
            {"b_delivery": d.taken.id, "b_number": d.taken.attempt, "b_at": d.at, **_attempt(d.outcome)}
            for d in done
        ],
    )
    accepted = [
        {"b_id": d.taken.id, "b_vendor": d.outcome.gateway_id[:80], "b_at": d.at}
        for d in done
        if isinstance(d.outcome, Accepted)
    ]
    if accepted:
        # Not guarded by the ticket: a gateway's yes is a fact whoever asked. The line is left only by the holder or a stronger fact.
        await connection.execute(
            sa.update(Delivery)
            .where(Delivery.id == sa.bindparam("b_id"))
            .values(
                state=sa.case(
                    (_weaker_than(State.ACCEPTED), State.ACCEPTED.value),
                    else_=Delivery.state,
                ),
                vendor_id=sa.bindparam("b_vendor"),
                state_at=sa.bindparam("b_at"),
                not_before=None,
                lease_until=None,
                claimed_by=None,
                reason=None,
            ),
            accepted,
        )
    later, failed, failover = [], [], []
    for d in done:
        if isinstance(d.outcome, Accepted):
            continue
        verdict = after_failure(
            retry=d.outcome.retry,
            reason=d.outcome.reason,
            attempts=d.taken.attempt,
            level=Level(d.taken.level),
            retry_after=d.outcome.retry_after,
        )
        if isinstance(verdict, Retry):
            later.append(
                {
                    "b_id": d.taken.id,
                    "b_ticket": d.ticket,
                    "b_again": d.at + verdict.after,
                    "b_reason": d.outcome.reason,
                    "b_twice": d.outcome.maybe_sent,
                }
            )
        else:
            failed.append(
                {"b_id": d.taken.id, "b_ticket": d.ticket, "b_at": d.at, "b_reason": verdict.reason}
            )
        if verdict.failover:
            failover.append((d.taken, verdict))
    if later:
        await connection.execute(
            # One that was cancelled while in flight is not tried again.
            sa.update(Delivery)
            .where(
                Delivery.id == sa.bindparam("b_id"),
                Delivery.claimed_by == sa.bindparam("b_ticket"),
                Delivery.state == State.SENDING.value,
            )
            .values(
                not_before=sa.bindparam("b_again"),
                lease_until=None,
                claimed_by=None,
                reason=sa.bindparam("b_reason"),
                possibly_twice=sa.or_(Delivery.possibly_twice, sa.bindparam("b_twice", type_=sa.Boolean())),
            ),
            later,
        )
    if failed:
        await connection.execute(
            sa.update(Delivery)
            .where(Delivery.id == sa.bindparam("b_id"), Delivery.claimed_by == sa.bindparam("b_ticket"))
            .values(
                state=sa.case(
                    (_weaker_than(State.FAILED), State.FAILED.value), else_=Delivery.state
                ),
                state_at=sa.bindparam("b_at"),
                reason=sa.bindparam("b_reason"),
                not_before=None,
                lease_until=None,
                claimed_by=None,
            ),
            failed,
        )
    for d in done:
        events.publish(
            session,
            "delivery",
            d.taken.id,
            district=d.taken.district,
            warning=d.taken.warning_id,
            place=d.taken.town,
            at=at,
        )
    gone_over = await _fail_over(session, [taken for taken, _ in failover], registry=registry, at=at)
    lost = {str(row["b_id"]) for row in failed}
    return sorted(lost - gone_over)


def _weaker_than(state: State) -> sa.ColumnElement[bool]:
    """Not ``IN``: its list is written out anew each time, which a statement for many rows at once cannot be."""
    return sa.or_(*(Delivery.state == weaker for weaker in weaker_than(state)))


def _attempt(outcome: Outcome) -> dict[str, str | None]:
    if isinstance(outcome, Accepted):
        return {"b_outcome": "accepted", "b_reason": None}
    return {
        "b_outcome": "retry" if outcome.retry else "failed",
        "b_reason": f"{outcome.reason} {outcome.code}".strip()[:40],
    }


async def _fail_over(
    session: AsyncSession, taken: Sequence[Taken], *, registry: Registry, at: datetime
) -> set[str]:
    """Give messages to the next channel of their kind, as deliveries of their own. Returns those that found one."""
    orders, of = [], {}
    for message in taken:
        able = registry.for_kind(ChannelKind(message.kind), Origin(message.origin))
        names = [channel.name for channel in able]
        after = names[names.index(message.channel) + 1 :] if message.channel in names else []
        if not after:
            continue
        row = (
            await session.execute(
                sa.select(
                    Delivery.purpose,
                    Delivery.part,
                    Delivery.layer,
                    Delivery.round,
                    Delivery.expires_at,
                    Content.text,
                )
                .join(Content, Content.id == Delivery.content_id)
                .where(Delivery.id == message.id)
            )
        ).one()
        key = f"{message.key}>{after[0]}"
        of[key] = message.id
        orders.append(
            Order(
                key=key,
                district=message.district,
                origin=Origin(message.origin),
                warning_id=message.warning_id,
                purpose=row.purpose,
                part=row.part,
                town=message.town,
                place_id=message.place_id,
                person_id=message.person_id,
                layer=row.layer,
                kind=message.kind,
                level=message.level,
                round=row.round,
                text=row.text,
                expires_at=row.expires_at,
                channel=after[0],
                failover_of=message.id,
            )
        )
    if not orders:
        return set()
    placed = await enqueue(session, orders, registry=registry, at=at)
    return {of[key] for key in placed if key in of}


__all__ = ["Done", "GiveUp", "record"]
