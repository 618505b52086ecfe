"""Put messages in line: content once, one row a message, one idempotency key for all its tries."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import events, many
from app.channels.contract import ChannelKind
from app.channels.registry import Registry
from app.db import chunks
from app.dispatch.states import State
from app.dispatch.tables import Content, Delivery
from app.ids import new_id
from app.origin import Origin


@dataclass(frozen=True, slots=True)
class Order:
    """One message to be sent to a person (a broadcast: to a place), by one kind of channel, in one round.

    ``key`` names it for ever (warning, person, kind, round …): the same order twice is one delivery. ``text``
    may hold ``{link}``, which becomes the person's one-tap link as it is sent.
    """

    key: str
    district: str
    origin: Origin
    warning_id: str
    part: str
    town: str
    place_id: str
    person_id: str | None
    layer: str
    kind: str
    level: int
    round: int
    text: str
    expires_at: datetime | None
    purpose: str = "alert"
    channel: str | None = None
    failover_of: str | None = None
    link_of: str | None = None


# Statements are built once: building them anew each time takes longer than the database does.
_ADD = many.Insert(Delivery, many.keep_old([Delivery.key]))
_BY_KEY = sa.select(Delivery.key, Delivery.id).where(Delivery.key.in_(sa.bindparam("keys", expanding=True)))
_STORED = sa.select(Content.digest, Content.id).where(
    Content.district == sa.bindparam("district"), Content.digest.in_(sa.bindparam("digests", expanding=True))
)
_STORE = many.Insert(Content, many.keep_old())


async def enqueue(
    session: AsyncSession,
    orders: Sequence[Order],
    *,
    registry: Registry,
    at: datetime,
    urgency: int | None = None,
) -> dict[str, str]:
    """Put orders in line. Returns delivery id by order key, for those that have a channel at all.

    ``urgency``: place in line, default the order's level. An order whose kind no channel of its origin
    carries is not queued (its key is missing in the answer): the caller shows that.
    """
    rows: list[dict[str, Any]] = []
    ids: dict[str, str] = {}
    content = await _contents(session, orders)
    for order in orders:
        if order.key in ids:  # two reasons to say the same to the same person at once
            continue
        channel = order.channel
        if channel is None:
            able = registry.for_kind(ChannelKind(order.kind), order.origin)
            if not able:
                continue
            channel = able[0].name
        row_id = new_id()
        ids[order.key] = row_id
        rows.append(
            {
                "id": row_id,
                "district": order.district,
                "origin": order.origin.value,
                "warning_id": order.warning_id,
                "purpose": order.purpose,
                "part": order.part,
                "town": order.town,
                "place_id": order.place_id,
                "person_id": order.person_id,
                "layer": order.layer,
                "kind": order.kind,
                "channel": channel,
                "key": order.key,
                "content_id": content[order.text],
                "level": order.level,
                "urgency": order.level if urgency is None else urgency,
                "round": order.round,
                "failover_of": order.failover_of,
                "link_of": order.link_of,
                "state": State.QUEUED.value,
                "reason": None,
                "vendor_id": None,
                "attempts": 0,
                "possibly_twice": False,
                "not_before": at,
                "lease_until": None,
                "claimed_by": None,
                "expires_at": order.expires_at,
                "created_at": at,
                "state_at": at,
            }
        )
    if not rows:
        return {}
    known: dict[str, str] = {}
    if await _ADD.put(session, rows) != len(rows):  # some were in line before, or another node put them there
        known = await _known(session, [row["key"] for row in rows])
    fresh = [row for row in rows if known.get(row["key"], row["id"]) == row["id"]]
    for row in fresh:
        events.publish(
            session,
            "delivery",
            row["id"],
            district=row["district"],
            warning=row["warning_id"],
            place=row["town"],
            at=at,
        )
    if fresh:
        session.info["enqueued"] = True
    return ids | known


async def _known(session: AsyncSession, keys: Sequence[str]) -> dict[str, str]:
    """Return the ids of deliveries by key."""
    known: dict[str, str] = {}
    connection = await session.connection()
    for part in chunks(keys):
        found = await connection.execute(_BY_KEY, {"keys": part})
        known |= {row.key: row.id for row in found}
    return known


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def _contents(session: AsyncSession, orders: Sequence[Order]) -> dict[str, str]:
    """Return content id by text, storing texts that are new."""
    texts = {_digest(text): text for text in {order.text for order in orders}}
    district = orders[0].district if orders else ""
    found = await _stored(session, district, list(texts))
    new = [
        {"id": new_id(), "district": district, "digest": digest, "text": text}
        for digest, text in texts.items()
        if digest not in found
    ]
    if new:
        if await _STORE.put(session, new) == len(new):
            found |= {row["digest"]: row["id"] for row in new}
        else:  # two transactions may store the same text at once; the loser reads the winner's row
            found |= await _stored(session, district, [row["digest"] for row in new])
    return {text: found[digest] for digest, text in texts.items()}


async def _stored(session: AsyncSession, district: str, digests: Sequence[str]) -> dict[str, str]:
    """Return the ids of texts by digest."""
    found: dict[str, str] = {}
    connection = await session.connection()
    for part in chunks(digests):
        rows = await connection.execute(_STORED, {"district": district, "digests": part})
        found |= {row.digest: row.id for row in rows}
    return found
