"""What gateways post: receipts move deliveries and the lower ladder, key presses and replies become answers.

All of it is kept.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import events, many, metrics, sealed
from app.answer import escalate
from app.answer.fold import RUNGS
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


_ASKED_OF_A_OR_B = (
    sa.select(
        Call.delivery_id,
        Obligation.id,
        Obligation.rung,
        Obligation.district,
        Obligation.warning_id,
        Obligation.town,
    )
    .join(Obligation, Obligation.id == Call.obligation_id)
    .where(Call.delivery_id.in_(sa.bindparam("deliveries", expanding=True)), Call.who.in_(("A", "B")))
)
_RAISE_RUNG = (
    sa.update(Obligation)
    .where(Obligation.id.in_(sa.bindparam("obligations", expanding=True)))
    .where(Obligation.rung < sa.bindparam("to"))
    .values(rung=sa.bindparam("to"))
)


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
    connection = await session.connection()
    for part in chunks(list(best)):
        risen: dict[int, list[str]] = defaultdict(list)
        for row in await connection.execute(_ASKED_OF_A_OR_B, {"deliveries": part}):
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
                await connection.execute(_RAISE_RUNG, {"obligations": some, "to": rung})


_KNOWN = sa.select(ReplyRow.event_id).where(
    ReplyRow.channel == sa.bindparam("channel"), ReplyRow.event_id.in_(sa.bindparam("events", expanding=True))
)
_KEEP = many.Insert(ReplyRow, many.keep_old())


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
        for event in await session.scalars(_KNOWN, {"channel": channel, "events": part}):
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
    await _KEEP.put(session, rows)
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
    by_number = await _by_number(
        session,
        {item.from_number for event, item in fresh.items() if item.from_number and event not in addressed},
        district=district,
        at=at,
    )
    found: dict[str, _Asked] = {}
    for event, item in fresh.items():
        if event in addressed:
            one = addressed[event]
            rows, who = by_delivery.get(roots[one.delivery_id], ([], {}))
            found[event] = _Asked(rows, one.person_id, who)
        else:
            found[event] = by_number.get(item.from_number or "", _Asked([], None, {}))
    return found


_CALLED_BY = (
    sa.select(Call.delivery_id, Call.who, Obligation)
    .join(Obligation, Obligation.id == Call.obligation_id)
    .where(Call.delivery_id.in_(sa.bindparam("deliveries", expanding=True)))
)


async def _by_delivery(
    session: AsyncSession, deliveries: set[str]
) -> dict[str, tuple[list[Obligation], dict[str, set[str]]]]:
    found: dict[str, tuple[list[Obligation], dict[str, set[str]]]] = {}
    for part in chunks(sorted(deliveries)):
        for delivery_id, who, row in await session.execute(_CALLED_BY, {"deliveries": part}):
            held, roles = found.setdefault(delivery_id, ([], {}))
            held.append(row)
            roles.setdefault(row.id, set()).add(who)
    return found


_CALLS_OF = (
    sa.select(
        Call.person_id,
        Call.delivery_id,
        Call.who,
        Call.at,
        Obligation.id,
        Obligation.warning_id,
        Obligation.answered_at,
        Obligation.level,
        Obligation.released_at,
        Obligation.hazard,
        Obligation.place_id,
        Obligation.duty,
    )
    .join(Obligation, Obligation.id == Call.obligation_id)
    .where(Call.person_id.in_(sa.bindparam("persons", expanding=True)), Call.at > sa.bindparam("since"))
)
_OBLIGATIONS = sa.select(Obligation).where(Obligation.id.in_(sa.bindparam("ids", expanding=True)))


async def _by_number(
    session: AsyncSession, numbers: Collection[str], *, district: str, at: datetime
) -> dict[str, _Asked]:
    """Find what replies from these numbers are about; a number nobody has is left out."""
    if not numbers:
        return {}
    found = await people.by_phones(session, district, numbers)
    owners = {number: persons for number, persons in found.items() if persons}
    calls = await _calls_of(session, {person for held in owners.values() for person in held}, at=at)
    newest: dict[str, Any] = {}
    about: dict[str, dict[str, set[str]]] = {}
    for number, persons in owners.items():
        held = [call for person in persons for call in calls[person]]
        if held:
            newest[number] = min(held, key=_unanswered_and_new)
            who = about[number] = defaultdict(set)
            for call in held:
                # That message may have said more than its own warning; what it said is answered too.
                if newest[number].delivery_id == call.delivery_id or (
                    newest[number].warning_id == call.warning_id
                ):
                    who[call.id].add(call.who)
    rows: dict[str, Obligation] = {}
    for part in chunks(sorted({one for who in about.values() for one in who})):
        rows |= {row.id: row for row in await session.scalars(_OBLIGATIONS, {"ids": part})}
    return {
        number: _Asked([rows[one] for one in sorted(about[number])], newest[number].person_id, about[number])
        if number in newest
        else _Asked([], persons[0], {})
        for number, persons in owners.items()
    }


async def _calls_of(session: AsyncSession, persons: Collection[str], *, at: datetime) -> dict[str, list[Any]]:
    """Return these people's calls of the last day, each with what it asked for, by person."""
    calls: dict[str, list[Any]] = defaultdict(list)
    connection = await session.connection()
    for part in chunks(sorted(persons)):
        for row in await connection.execute(_CALLS_OF, {"persons": part, "since": at - REPLY_WINDOW}):
            calls[row.person_id].append(row)
    return calls


def _unanswered_and_new(call: Any) -> tuple[object, ...]:
    """Order calls: what nobody has answered first, then the newest, the highest, the latest released."""
    return (
        call.answered_at is not None,
        -call.at.timestamp(),
        -call.level,
        -call.released_at.timestamp(),
        call.hazard,
        call.place_id,
        call.duty,
    )
