"""Who is due is rung: one message for each person and kind, and a note of which obligations it asks for."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import many
from app.access import links
from app.answer import texts
from app.answer.tables import Brief, Call, Obligation
from app.channels.registry import Registry
from app.directory import people
from app.dispatch.enqueue import Order, enqueue
from app.origin import Origin
from app.scheme.models import Scheme
from app.tasks import alarms

# Superiors and chiefs are told of everything that goes unanswered, but not rung for each unit anew: they get
# one call in this time.
TELL_AGAIN = timedelta(minutes=5)
# A one-tap link answers until this long after its warning ended.
LINK_OUTLIVES = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Ask:
    """One obligation's share of a call."""

    row: Obligation
    person: str
    who: str
    round: int
    kinds: tuple[str, ...]


async def ring(
    session: AsyncSession, asks: Sequence[Ask], *, scheme: Scheme, registry: Registry, at: datetime
) -> None:
    """Queue one message for each person, warning, part and kind, and note which obligations it asks for.

    Whoever holds a duty and whoever stands in for another is asked the same, both in one message; a superior
    is told something else.
    """
    if not asks:
        return
    bundles: dict[tuple[str, str, str, str, str], list[Ask]] = defaultdict(list)
    for ask in asks:
        for kind in ask.kinds:
            told = ask.who if ask.who == "superior" else "holder"
            bundles[(ask.row.warning_id, ask.row.part, ask.person, kind, told)].append(ask)
    briefs = {
        row.warning_id: row
        for row in await session.scalars(
            sa.select(Brief).where(Brief.warning_id.in_({key[0] for key in bundles}))
        )
    }
    names = await people.place_names(
        session, {ask.row.place_id for ask in asks} | {ask.row.town for ask in asks}
    )
    writer = texts.Writer(scheme, names)
    orders, asked_in, linked = [], {}, set()
    for (warning_id, part, person, kind, told), held in sorted(bundles.items()):
        top = max(held, key=lambda ask: (ask.row.level, ask.row.layer == "L2"))
        brief = briefs[warning_id]
        if told == "superior":
            window = int(at.timestamp() // TELL_AGAIN.total_seconds())
            key = texts.key(warning_id, part, person, kind, told, str(window))
        else:
            key = texts.key(
                warning_id, part, person, kind, told, *sorted(f"{ask.row.id}/{ask.row.step}" for ask in held)
            )
        orders.append(
            Order(
                key=key,
                district=top.row.district,
                origin=Origin(top.row.origin),
                warning_id=warning_id,
                part=part,
                town=top.row.town,
                place_id=top.row.place_id,
                person_id=person,
                layer=top.row.layer,
                kind=kind,
                level=top.row.level,
                round=top.round,
                text=writer.ask(brief.facts, kind, told, [ask.row for ask in held]),
                expires_at=brief.expires_at,
            )
        )
        asked_in[key] = held
        if kind == "sms":
            linked.add((person, warning_id))
    if linked:
        latest = max(brief.expires_at for brief in briefs.values()) + LINK_OUTLIVES
        await links.issue_many(session, linked, district=orders[0].district, expires=latest, at=at)
    placed = await enqueue(session, orders, registry=registry, at=at)
    calls = [
        {
            "obligation_id": ask.row.id,
            "delivery_id": delivery,
            "district": ask.row.district,
            "person_id": ask.person,
            "round": ask.round,
            "who": ask.who,
            "at": at,
        }
        for key, delivery in placed.items()
        for ask in asked_in[key]
    ]
    await _note(session, calls)


async def tell_chief(
    session: AsyncSession, rows: Sequence[Obligation], *, scheme: Scheme, registry: Registry, at: datetime
) -> None:
    """Tell the duty chief by phone and at the desk; the chief never answers for a place."""
    by_warning: dict[str, list[Obligation]] = defaultdict(list)
    for row in rows:
        by_warning[row.warning_id].append(row)
    for warning_id, held in sorted(by_warning.items()):
        first = held[0]
        towns = sorted({row.town for row in held})
        await alarms.raise_(
            session,
            first.district,
            first.origin,
            "calling-chief",
            f"{len(held)} 处叫不应，涉及 {len(towns)} 个镇街，已叫值班长",
            at=at,
            level=first.level,
            warning_id=warning_id,
            subject=warning_id,
        )
        chiefs = await people.on_duty(session, first.district, "district.chief", at=at)
        if not chiefs:
            continue
        names = await people.place_names(session, {row.place_id for row in held} | set(towns))
        brief = await session.get_one(Brief, warning_id)
        writer = texts.Writer(scheme, names)
        window = int(at.timestamp() // TELL_AGAIN.total_seconds())
        orders = [
            Order(
                key=texts.key(warning_id, chiefs[0], "voice", "chief", str(window)),
                district=first.district,
                origin=Origin(first.origin),
                warning_id=warning_id,
                part=first.part,
                town=first.district,
                place_id=first.district,
                person_id=chiefs[0],
                layer="L1",
                kind="voice",
                level=first.level,
                round=0,
                text=writer.ask(brief.facts, "voice", "chief", held),
                expires_at=brief.expires_at,
            )
        ]
        placed = await enqueue(session, orders, registry=registry, at=at)
        calls = [
            {
                "obligation_id": row.id,
                "delivery_id": delivery,
                "district": row.district,
                "person_id": chiefs[0],
                "round": 0,
                "who": "chief",
                "at": at,
            }
            for delivery in placed.values()
            for row in held
        ]
        await _note(session, calls)


_NOTE_CALLS = many.Insert(Call, many.keep_old())


async def _note(session: AsyncSession, calls: Sequence[dict[str, Any]]) -> None:
    """Note which obligations a message asks for; the same message again notes nothing twice."""
    await _NOTE_CALLS.put(session, calls)
