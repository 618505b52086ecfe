"""What gateways report later: a fact for each event, matched to its delivery, folded into its state."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import events, logs, many, metrics
from app.channels.contract import Receipt
from app.db import UtcDateTime, chunks
from app.dispatch.states import State, weaker_than
from app.dispatch.tables import Delivery, ReceiptRow
from app.due import Due
from app.ids import new_id

log = logs.get(__name__)

# How long a receipt that came before its send was recorded is matched again.
REMATCH = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Seen:
    """How far a delivery got at the person's end: connected, heard or delivered."""

    delivery_id: str
    state: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a batch of receipts."""

    seen: tuple[Seen, ...]
    failed: tuple[str, ...]  # deliveries to numbers that the carrier says do not exist
    unmatched: int
    repeated: int


_Row: TypeAlias = Any  # a row of these columns
_DELIVERY = sa.select(
    Delivery.id,
    Delivery.key,
    Delivery.vendor_id,
    Delivery.state,
    Delivery.channel,
    Delivery.district,
    Delivery.warning_id,
    Delivery.town,
)
_FIND = {
    # Not by channel too: for many keys of one channel, SQLite would walk all that the channel ever sent.
    "key": _DELIVERY.where(Delivery.key.in_(sa.bindparam("any_of", expanding=True))),
    "vendor_id": _DELIVERY.where(
        Delivery.channel == sa.bindparam("channel"),
        Delivery.vendor_id.in_(sa.bindparam("any_of", expanding=True)),
    ),
}
_KEEP = many.Insert(ReceiptRow, many.keep_old())
# What a receipt's word makes of a delivery; a call that was only picked up has reached its phone.
_MEANS = {
    "delivered": State.DELIVERED,
    "heard": State.DELIVERED,
    "connected": State.DELIVERED,
    "failed": State.FAILED,
}
_MOVE = {
    state: sa.update(Delivery)
    .where(
        Delivery.id.in_(sa.bindparam("ids", expanding=True)),
        sa.or_(*(Delivery.state == weaker for weaker in weaker_than(state))),
    )
    .values(
        state=state.value,
        state_at=sa.bindparam("b_at"),
        not_before=None,
        lease_until=None,
        claimed_by=None,
        reason=sa.bindparam("b_reason"),
    )
    for state in sorted(set(_MEANS.values()))
}


async def record(
    session: AsyncSession, channel: str, receipts: Sequence[Receipt], *, district: str, at: datetime
) -> Recorded:
    """Record receipts of one channel.

    Only deliveries sent through that channel can be touched; a repeat changes nothing.
    """
    if not receipts:
        return Recorded((), (), 0, 0)
    by_key = await _find(session, channel, "key", [r.key for r in receipts if r.key])
    by_vendor = await _find(
        session, channel, "vendor_id", [r.gateway_id for r in receipts if r.gateway_id and not r.key]
    )
    rows, matched = [], []
    for receipt in receipts:
        delivery = by_key.get(receipt.key or "") or by_vendor.get(receipt.gateway_id or "")
        rows.append(
            {
                "id": new_id(),
                "district": district,
                "channel": channel,
                "event_id": receipt.event_id[:120],
                "vendor_id": (receipt.gateway_id or "")[:80] or None,
                "key": (receipt.key or "")[:120] or None,
                "delivery_id": delivery.id if delivery else None,
                "state": receipt.state,
                "detail": receipt.detail_code[:40] or None,
                "final_for_number": receipt.final_for_number,
                "occurred_at": receipt.at,
                "received_at": at,
            }
        )
        metrics.RECEIPTS.labels(channel, receipt.state).inc()
        if delivery is None:
            metrics.RECEIPTS_UNMATCHED.labels(channel).inc()
        else:
            matched.append((receipt, delivery))
    new = await _KEEP.put(session, rows)
    seen, failed = await _apply(session, matched, at)
    return Recorded(
        tuple(seen), tuple(failed), sum(1 for row in rows if row["delivery_id"] is None), len(rows) - new
    )


async def _find(
    session: AsyncSession, channel: str, by: Literal["key", "vendor_id"], values: Sequence[str | None]
) -> dict[str, _Row]:
    found: dict[str, _Row] = {}
    connection = await session.connection()
    of_channel = {"channel": channel} if by == "vendor_id" else {}
    for part in chunks(list(dict.fromkeys(v for v in values if v))):
        for row in await connection.execute(_FIND[by], {**of_channel, "any_of": part}):
            if row.channel == channel:
                found[getattr(row, by)] = row
    return found


async def _apply(
    session: AsyncSession, matched: Sequence[tuple[Receipt, _Row]], at: datetime
) -> tuple[list[Seen], list[str]]:
    """Fold receipts into delivery states. Unknown words of a vendor are kept but move nothing."""
    moves: dict[tuple[State, str | None], list[str]] = {}
    seen, failed = [], []
    for receipt, delivery in matched:
        state = _MEANS.get(receipt.state)
        if state is None:
            log.warning("receipt.unknown_state", channel=delivery.channel, delivery=delivery.id)
            continue
        if delivery.state in weaker_than(state):
            # A call that rang out is a round without an answer, and the next round comes; for a number that
            # does not exist none ever will.
            final = state is State.FAILED and receipt.final_for_number
            reason = ("bad-number" if final else "carrier") if state is State.FAILED else None
            moves.setdefault((state, reason), []).append(delivery.id)
            if final:
                failed.append(delivery.id)
        if state is State.DELIVERED:
            seen.append(Seen(delivery.id, receipt.state, receipt.at))
        events.publish(
            session,
            "delivery",
            delivery.id,
            district=delivery.district,
            warning=delivery.warning_id,
            place=delivery.town,
            at=at,
        )
    connection = await session.connection()
    for (state, reason), ids in moves.items():
        for part in chunks(ids):
            await connection.execute(_MOVE[state], {"ids": part, "b_at": at, "b_reason": reason})
    return seen, failed


async def match_again(session: AsyncSession, *, at: datetime) -> Recorded:
    """Try receipts that knew no delivery once more: one may come before its send was recorded."""
    rows = list(
        await session.scalars(
            sa.select(ReceiptRow)
            .where(ReceiptRow.delivery_id.is_(None), ReceiptRow.received_at > at - REMATCH)
            .limit(500)
        )
    )
    matched = []
    for row in rows:
        receipt = Receipt(
            row.vendor_id,
            row.key,
            row.state,  # type: ignore[arg-type]
            row.occurred_at,
            row.event_id,
            row.detail or "",
            row.final_for_number,
        )
        by_key = await _find(session, row.channel, "key", [row.key])
        by_vendor = await _find(session, row.channel, "vendor_id", [row.vendor_id])
        delivery = by_key.get(row.key or "") or by_vendor.get(row.vendor_id or "")
        if delivery is not None:
            row.delivery_id = delivery.id
            matched.append((receipt, delivery))
    await session.flush()
    seen, failed = await _apply(session, matched, at)
    return Recorded(tuple(seen), tuple(failed), len(rows) - len(matched), 0)


# Two questions and not one join with OR: each has its index, the join goes through all of a channel's rows.
_OF_ITS_CHANNEL = sa.exists().where(Delivery.channel == ReceiptRow.channel)


def unmatched(now: Callable[[], datetime]) -> Due:
    """Ask since when a receipt waits whose delivery is known by now. ``now``: what the clock says then."""
    since = sa.bindparam("since", callable_=lambda: now() - REMATCH, type_=UtcDateTime(), unique=True)
    return Due(
        sa.select(sa.func.min(ReceiptRow.received_at)).where(
            ReceiptRow.delivery_id.is_(None),
            ReceiptRow.received_at > since,
            sa.or_(
                _OF_ITS_CHANNEL.where(Delivery.key == ReceiptRow.key),
                sa.and_(
                    ReceiptRow.key.is_(None),
                    _OF_ITS_CHANNEL.where(Delivery.vendor_id == ReceiptRow.vendor_id),
                ),
            ),
        )
    )
