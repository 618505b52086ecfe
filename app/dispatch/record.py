"""Write down what gateways said to a batch of calls, in one transaction, guarded by the claim's ticket."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app import events, many
from app.channels.contract import Accepted, Outcome, SendError
from app.channels.registry import Registry
from app.db import UtcDateTime, chunks
from app.dispatch import failover
from app.dispatch.claim import Taken
from app.dispatch.policy import GiveUp, Retry, after_failure
from app.dispatch.states import State, weaker_than
from app.dispatch.tables import Attempt, Delivery
from app.warning.level import Level


@dataclass(frozen=True, slots=True)
class Done:
    """One call that ended, for one message."""

    taken: Taken
    ticket: str
    outcome: Outcome
    at: datetime


def _weaker_than(state: State) -> sa.ColumnElement[bool]:
    """Say it without ``IN``: its list is written out anew each time, and one statement is for many rows."""
    return sa.or_(*(Delivery.state == weaker for weaker in weaker_than(state)))


# Statements are built once: building them anew for each batch takes longer than the database does.
_END_TRY = many.Update(
    {
        "delivery": sa.String(),
        "number": sa.Integer(),
        "at": UtcDateTime(),
        "outcome": sa.String(),
        "reason": sa.String(),
    },
    lambda row: (
        sa.update(Attempt)
        .where(Attempt.delivery_id == row["delivery"], Attempt.number == row["number"])
        .values(received_at=row["at"], outcome=row["outcome"], reason=row["reason"])
    ),
)
_ACCEPT = many.Update(
    {"id": sa.String(), "vendor": sa.String(), "at": UtcDateTime()},
    lambda row: (
        sa.update(Delivery)
        .where(Delivery.id == row["id"])
        .values(
            state=sa.case((_weaker_than(State.ACCEPTED), State.ACCEPTED.value), else_=Delivery.state),
            state_at=sa.case((_weaker_than(State.ACCEPTED), row["at"]), else_=Delivery.state_at),
            reason=sa.case((_weaker_than(State.ACCEPTED), sa.null()), else_=Delivery.reason),
            vendor_id=row["vendor"],
            not_before=None,
            lease_until=None,
            claimed_by=None,
        )
    ),
)
_TRY_AGAIN = (
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
    )
)
_FAIL = (
    sa.update(Delivery)
    .where(Delivery.id == sa.bindparam("b_id"), Delivery.claimed_by == sa.bindparam("b_ticket"))
    .values(
        state=sa.case((_weaker_than(State.FAILED), State.FAILED.value), else_=Delivery.state),
        state_at=sa.bindparam("b_at"),
        reason=sa.bindparam("b_reason"),
        not_before=None,
        lease_until=None,
        claimed_by=None,
        possibly_twice=sa.or_(Delivery.possibly_twice, sa.bindparam("b_twice", type_=sa.Boolean())),
    )
)
_IN_FLIGHT = (
    sa.select(Delivery.id, Delivery.claimed_by)
    .where(Delivery.id.in_(sa.bindparam("ids", expanding=True)), Delivery.state == State.SENDING.value)
    .with_for_update()
)


async def record(
    session: AsyncSession, done: Sequence[Done], *, registry: Registry, at: datetime
) -> list[str]:
    """Record outcomes.

    Returns the ids of deliveries that have now failed for good with no other channel left.
    """
    connection = await session.connection()
    await _end_tries(session, done)
    await _accept(session, done)
    refused = [(d, d.outcome) for d in done if isinstance(d.outcome, SendError)]
    mine = await _still_wanted(session, [d for d, _ in refused])
    verdicts = [(d, why, _verdict(d, why)) for d, why in refused]
    await _try_again(connection, [(d, why, then) for d, why, then in verdicts if isinstance(then, Retry)])
    await _fail(connection, [(d, why) for d, why, then in verdicts if isinstance(then, GiveUp)])
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
    over = [d.taken.id for d, _, then in verdicts if then.failover and d.taken.id in mine]
    if over:
        await failover.go_on(session, over, registry=registry, at=at)
    given_up = [d.taken.id for d, _, then in verdicts if isinstance(then, GiveUp) and d.taken.id in mine]
    return await failover.lost(session, given_up) if given_up else []


async def _end_tries(session: AsyncSession, done: Sequence[Done]) -> None:
    await _END_TRY.put(
        session,
        [
            {"delivery": d.taken.id, "number": d.taken.attempt, "at": d.at, **_attempt(d.outcome)}
            for d in done
        ],
    )


async def _accept(session: AsyncSession, done: Sequence[Done]) -> None:
    """Write down every yes.

    Not guarded by the ticket: a gateway's yes is a fact whoever asked. A stronger fact that came first keeps
    its state, its time and its reason.
    """
    accepted = {  # after a lapsed lease two calls may have gone for one message: the later yes names it
        d.taken.id: {"id": d.taken.id, "vendor": _kept(d.outcome.gateway_id), "at": d.at}
        for d in done
        if isinstance(d.outcome, Accepted)
    }
    await _ACCEPT.put(session, list(accepted.values()))


def _verdict(d: Done, why: SendError) -> Retry | GiveUp:
    return after_failure(
        retry=why.retry,
        reason=why.reason,
        attempts=d.taken.attempt,
        level=Level(d.taken.level),
        retry_after=why.retry_after,
    )


async def _try_again(connection: AsyncConnection, later: Sequence[tuple[Done, SendError, Retry]]) -> None:
    """Put messages back into line; one that was cancelled while in flight is not tried again."""
    if not later:
        return
    await connection.execute(
        _TRY_AGAIN,
        [
            {
                "b_id": d.taken.id,
                "b_ticket": d.ticket,
                "b_again": d.at + then.after,
                "b_reason": why.reason,
                "b_twice": why.maybe_sent,
            }
            for d, why, then in later
        ],
    )


async def _fail(connection: AsyncConnection, failed: Sequence[tuple[Done, SendError]]) -> None:
    """Take messages out of line for good; a stronger fact keeps its state."""
    if not failed:
        return
    await connection.execute(
        _FAIL,
        [
            {
                "b_id": d.taken.id,
                "b_ticket": d.ticket,
                "b_at": d.at,
                "b_reason": why.reason,
                "b_twice": why.maybe_sent,
            }
            for d, why in failed
        ],
    )


async def _still_wanted(session: AsyncSession, done: Sequence[Done]) -> set[str]:
    """Return those of these messages that their caller still holds: nobody has stopped or answered them."""
    tickets = {d.taken.id: d.ticket for d in done}
    found: set[str] = set()
    connection = await session.connection()
    for part in chunks(sorted(tickets)):
        rows = await connection.execute(_IN_FLIGHT, {"ids": part})
        found |= {row.id for row in rows if row.claimed_by == tickets[row.id]}
    return found


def _kept(name: str) -> str:
    """Return a vendor's id as both databases can keep it; whatever it is, its yes must be written down."""
    return "".join(sign if sign.isprintable() else "?" for sign in name)[:80]


def _attempt(outcome: Outcome) -> dict[str, str | None]:
    if isinstance(outcome, Accepted):
        return {"outcome": "accepted", "reason": None}
    return {
        "outcome": "retry" if outcome.retry else "failed",
        "reason": f"{outcome.reason} {outcome.code}".strip()[:40],
    }
