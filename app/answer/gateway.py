"""What gateways post: receipts move deliveries and the lower ladder, key presses and replies become answers.

All of it is kept.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from app import events, metrics, sealed
from app.answer import escalate
from app.answer.fold import RUNGS
from app.answer.record import with_calls
from app.answer.settle import Given, settle
from app.answer.tables import Call, Obligation, ReplyRow
from app.answer.understand import pressed, understand
from app.channels.contract import Receipt, Reply
from app.db import chunks
from app.directory import people
from app.dispatch import receipts, standing
from app.dispatch.standing import Addressed
from app.ids import new_id
from app.scheme.models import Scheme

# A bare reply by number belongs to the newest call of that number, not to one of days ago.
REPLY_WINDOW = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a reply answers: obligations, the person who replied, and as whom they were called for each."""

    obligations: list[Obligation]
    person: str | None
    who: dict[str, set[str]]


async def take(
    session: AsyncSession,
    channel: str,
    items: Sequence[Receipt | Reply],
    *,
    district: str,
    scheme: Scheme,
    at: datetime,
) -> dict[str, int]:
    """Record what a vendor posted, in one transaction. Returns counts by outcome."""
    told = await receipts.record(
        session, channel, [i for i in items if isinstance(i, Receipt)], district=district, at=at
    )
    await heard(session, told.seen, at=at)
    if told.failed:
        await escalate.hurry(session, told.failed, scheme=scheme, at=at)
    counts = await replies(
        session, channel, [i for i in items if isinstance(i, Reply)], district=district, scheme=scheme, at=at
    )
    return {"unmatched": told.unmatched, **counts, "repeated": told.repeated + counts.get("repeated", 0)}


async def heard(session: AsyncSession, seen: Sequence[receipts.Seen], *, at: datetime) -> None:
    """Move the lower ladder (delivered, heard) of what these deliveries asked for.

    Below the gap nothing counts as answered.
    """
    if not seen:
        return
    roots = await standing.root(session, [one.delivery_id for one in seen])
    best: dict[str, int] = defaultdict(int)
    for one in seen:
        rung = RUNGS.index("heard") if one.state == "heard" else RUNGS.index("delivered")
        best[roots[one.delivery_id]] = max(best[roots[one.delivery_id]], rung)
    for part in chunks(list(best)):
        calls = await session.execute(
            sa.select(
                Call.delivery_id,
                Obligation.id,
                Obligation.rung,
                Obligation.district,
                Obligation.warning_id,
                Obligation.town,
            )
            .join(Obligation, Obligation.id == Call.obligation_id)
            .where(Call.delivery_id.in_(part), Call.who.in_(("A", "B")))
        )
        risen: dict[int, list[str]] = defaultdict(list)
        for row in calls:
            if row.rung < best[row.delivery_id]:
                risen[best[row.delivery_id]].append(row.id)
                told = f"{row.warning_id}:{row.town}"
                events.publish(
                    session,
                    "obligation",
                    told,
                    district=row.district,
                    warning=row.warning_id,
                    place=row.town,
                    at=at,
                )
        for rung, ids in sorted(risen.items()):
            for some in chunks(ids):
                await session.execute(
                    sa.update(Obligation)
                    .where(Obligation.id.in_(some), Obligation.rung < rung)
                    .values(rung=rung)
                    .execution_options(synchronize_session="fetch")
                )


async def replies(
    session: AsyncSession,
    channel: str,
    items: Sequence[Reply],
    *,
    district: str,
    scheme: Scheme,
    at: datetime,
) -> dict[str, int]:
    """Record replies of one channel; each is kept whatever it says. Returns how many had which outcome."""
    if not items:
        return {}
    fresh = {item.event_id[:120]: item for item in items}
    for part in chunks(list(fresh)):
        known = await session.scalars(
            sa.select(ReplyRow.event_id).where(ReplyRow.channel == channel, ReplyRow.event_id.in_(part))
        )
        for event in known:
            del fresh[event]
    asked = await _asked(session, channel, fresh, district=district, at=at)
    given, rows = [], []
    counts: dict[str, int] = defaultdict(int)
    for event, item in fresh.items():
        meaning = pressed(item.digit) if item.digit else understand(item.text or "")
        found = asked[event]
        if meaning is None:
            outcome = "not-understood"
        elif found.obligations:
            outcome = "answered"
            via = "voice" if item.digit else "sms"
            given.append(
                (
                    Given(meaning, via, channel, event, item.at, person_id=found.person),
                    found.obligations,
                    found.who,
                )
            )
        else:
            outcome = "nothing-open" if found.person else "unknown-number"
        metrics.REPLIES.labels(channel, outcome).inc()
        counts[outcome] += 1
        rows.append(
            {
                "id": new_id(),
                "district": district,
                "channel": channel,
                "event_id": event,
                "key": (item.key or "")[:120] or None,
                "phone_index": sealed.blind_index(item.from_number) if item.from_number else None,
                "words": item.digit or item.text,
                "outcome": outcome,
                "occurred_at": item.at,
                "received_at": at,
            }
        )
    make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    for some in chunks(rows):
        await session.execute(make(ReplyRow).on_conflict_do_nothing(), list(some))
    await settle(session, given, scheme=scheme, at=at)
    return {**counts, "repeated": len(items) - len(rows)}


async def _asked(
    session: AsyncSession, channel: str, fresh: dict[str, Reply], *, district: str, at: datetime
) -> dict[str, _Asked]:
    """Find what each reply answers: by our key or the vendor's call id, else by its number.

    By a number it is the newest call of it that nobody has answered; where all are answered, the newest: who
    has confirmed may find that they cannot.
    """
    by_key = await standing.by_key(session, channel, [item.key for item in fresh.values() if item.key])
    by_vendor = await standing.by_vendor_id(
        session,
        channel,
        [item.gateway_id for item in fresh.values() if item.gateway_id and item.key not in by_key],
    )
    addressed: dict[str, Addressed] = {}
    for event, item in fresh.items():
        one = by_key.get(item.key or "") or by_vendor.get(item.gateway_id or "")
        if one is not None:
            addressed[event] = one
    roots = await standing.root(session, [one.delivery_id for one in addressed.values()])
    by_delivery = await _by_delivery(session, set(roots.values()))
    found: dict[str, _Asked] = {}
    for event, item in fresh.items():
        if event in addressed:
            one = addressed[event]
            rows, who = by_delivery.get(roots[one.delivery_id], ([], {}))
            found[event] = _Asked(rows, one.person_id, who)
        elif item.from_number is not None:
            found[event] = await _by_number(session, item.from_number, district=district, at=at)
        else:
            found[event] = _Asked([], None, {})
    return found


async def _by_delivery(
    session: AsyncSession, deliveries: set[str]
) -> dict[str, tuple[list[Obligation], dict[str, set[str]]]]:
    found: dict[str, tuple[list[Obligation], dict[str, set[str]]]] = {}
    for part in chunks(sorted(deliveries)):
        rows = await session.execute(
            sa.select(Call.delivery_id, Call.who, Obligation)
            .join(Obligation, Obligation.id == Call.obligation_id)
            .where(Call.delivery_id.in_(part))
        )
        for delivery_id, who, row in rows:
            held, roles = found.setdefault(delivery_id, ([], {}))
            held.append(row)
            roles.setdefault(row.id, set()).add(who)
    return found


async def _by_number(session: AsyncSession, number: str, *, district: str, at: datetime) -> _Asked:
    persons = await people.by_phone(session, district, number)
    if not persons:
        return _Asked([], None, {})
    newest = (
        await session.execute(
            sa.select(Obligation.warning_id, Call.person_id)
            .join(Call, Call.obligation_id == Obligation.id)
            .where(Call.person_id.in_(persons), Call.at > at - REPLY_WINDOW)
            .order_by(
                Obligation.answered_at.is_not(None),
                Call.at.desc(),
                Obligation.level.desc(),
                Obligation.released_at.desc(),
                Obligation.hazard,
                Obligation.place_id,
                Obligation.duty,
            )
            .limit(1)
        )
    ).one_or_none()
    if newest is None:
        return _Asked([], persons[0], {})
    rows, who = await with_calls(
        session,
        sa.select(Call)
        .join(Obligation, Obligation.id == Call.obligation_id)
        .where(
            Call.person_id.in_(persons),
            Obligation.warning_id == newest.warning_id,
            Call.at > at - REPLY_WINDOW,
        ),
    )
    return _Asked(rows, newest.person_id, who)
