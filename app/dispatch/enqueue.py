"""Put messages in line: content once, one row a message, one idempotency key for all its tries."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.channels.contract import ChannelKind
from app.channels.registry import Registry
from app.db import chunks
from app.dispatch.facts import State
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
                "content_id": content[_digest(order.text)],
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
    known = await _known(session, list(ids))
    fresh = [row for row in rows if row["key"] not in known]
    if not fresh:
        return ids | known
    make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    added = make(Delivery).on_conflict_do_nothing(index_elements=[Delivery.key])
    connection = await session.connection()
    for part in chunks(fresh):
        result = await connection.execute(added, list(part))
        if result.rowcount != len(part):  # another node has just put the same in line
            known |= await _known(session, [row["key"] for row in part])
    for row in fresh:
        events.publish(
            session,
            "delivery",
            known.get(row["key"], row["id"]),
            district=row["district"],
            warning=row["warning_id"],
            place=row["town"],
            at=at,
        )
    session.info["enqueued"] = True
    return ids | known


async def _known(session: AsyncSession, keys: Sequence[str]) -> dict[str, str]:
    """Return the ids of deliveries by key."""
    known: dict[str, str] = {}
    for part in chunks(keys):
        found = await session.execute(sa.select(Delivery.key, Delivery.id).where(Delivery.key.in_(part)))
        known |= {row.key: row.id for row in found}
    return known


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def _contents(session: AsyncSession, orders: Sequence[Order]) -> dict[str, str]:
    """Return content id by digest, storing texts that are new."""
    texts = {_digest(order.text): order for order in orders}
    found: dict[str, str] = {}
    for part in chunks(list(texts)):
        rows = await session.execute(
            sa.select(Content.digest, Content.id).where(
                Content.district == orders[0].district, Content.digest.in_(part)
            )
        )
        found |= {row.digest: row.id for row in rows}
    new = [
        {"id": new_id(), "district": order.district, "digest": digest, "text": order.text}
        for digest, order in texts.items()
        if digest not in found
    ]
    if new:
        # Two transactions may store the same text at once; the loser reads the winner's row.
        if session.get_bind().dialect.name == "postgresql":
            await session.execute(postgresql.insert(Content).on_conflict_do_nothing(), new)
            for part in chunks([row["digest"] for row in new]):
                rows = await session.execute(
                    sa.select(Content.digest, Content.id).where(
                        Content.district == orders[0].district, Content.digest.in_(part)
                    )
                )
                found |= {row.digest: row.id for row in rows}
        else:
            await session.execute(sa.insert(Content), new)
            found |= {row["digest"]: row["id"] for row in new}
    return found
