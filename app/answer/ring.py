"""Who is due is rung: one message for each person and kind, and a note of which obligations it asks for."""

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import many
from app.access import links
from app.answer import beside, texts
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
HOLDER = "holder"


@dataclass(frozen=True, slots=True)
class Ask:
    """One obligation's share of a call. ``again``: this person was the last to be rung for it."""

    row: Obligation
    person: str
    who: str
    round: int
    kinds: tuple[str, ...]
    again: bool = False


class _Bundle(NamedTuple):
    """What one message asks for, and how it is told: a superior is told something else than a holder."""

    warning_id: str
    part: str
    person: str
    kind: str
    told: str


async def ring(
    session: AsyncSession, asks: Sequence[Ask], *, scheme: Scheme, registry: Registry, at: datetime
) -> None:
    """Queue one message for each person, warning, part and kind, and note which obligations it asks for.

    Whoever holds a duty and whoever stands in for another is asked the same, both in one message; a superior
    is told something else. Each message says what else its person has open and asks for that as well, so a
    repeat for what another message has said just now is left to that one. A first call never is.
    """
    bundles = await _bundles(session, asks, at)
    if not bundles:
        return
    persons = {one.person for one in bundles if one.told == HOLDER}
    open_ = await beside.open_of(session, persons)
    rung = {ask.row.id for ask in asks if not ask.again}
    others = {
        key: _beside(held, open_.get((held[0].row.origin, key.person), ()), rung)
        for key, held in bundles.items()
        if key.told == HOLDER
    }
    about = {key.warning_id for key in bundles} | {o.row.warning_id for held in others.values() for o in held}
    briefs = {
        row.warning_id: row
        for row in await session.scalars(sa.select(Brief).where(Brief.warning_id.in_(sorted(about))))
    }
    names = await people.place_names(
        session, {ask.row.place_id for ask in asks} | {ask.row.town for ask in asks}
    )
    writer = texts.Writer(scheme, names)
    orders, asked_in, linked = [], {}, set()
    for key, held in sorted(bundles.items()):
        also = others.get(key, [])
        order = _order(key, held, also, briefs, writer, at)
        orders.append(order)
        asked_in[order.key] = [(ask.row, ask.round, ask.who) for ask in held]
        asked_in[order.key] += [(one.row, one.row.round, one.who) for one in also]
        if key.kind == "sms":
            linked |= {(key.person, row.warning_id) for row, _, _ in asked_in[order.key]}
    if linked:
        latest = max(brief.expires_at for brief in briefs.values()) + LINK_OUTLIVES
        await links.issue_many(session, linked, district=orders[0].district, expires=latest, at=at)
    placed = await enqueue(session, orders, registry=registry, at=at)
    calls = [
        {
            "obligation_id": row.id,
            "delivery_id": delivery,
            "district": row.district,
            "person_id": order.person_id,
            "round": round_,
            "who": who,
            "at": at,
        }
        for order in orders
        if (delivery := placed.get(order.key)) is not None
        for row, round_, who in asked_in[order.key]
    ]
    await _note(session, calls)


async def _bundles(session: AsyncSession, asks: Sequence[Ask], at: datetime) -> dict[_Bundle, list[Ask]]:
    """Put together what one message asks for, and leave out what another has said, or is about to say."""
    repeats = {ask.row.id for ask in asks if ask.again and ask.row.part != beside.ORDERS}
    said = await beside.just_rung(session, repeats, at) if repeats else set()
    bundles: dict[_Bundle, list[Ask]] = defaultdict(list)
    for ask in asks:
        told = ask.who if ask.who == "superior" else HOLDER
        for kind in ask.kinds:
            if told == HOLDER and ask.row.id in repeats and (ask.row.id, ask.person, kind) in said:
                continue
            bundles[_Bundle(ask.row.warning_id, ask.row.part, ask.person, kind, told)].append(ask)
    carried: set[tuple[str, str, str]] = set()
    for key, held in sorted(bundles.items(), key=lambda item: (-max(a.row.level for a in item[1]), item[0])):
        carrier = (held[0].row.origin, key.person, key.kind)
        if key.told == HOLDER and carrier in carried and all(ask.row.id in repeats for ask in held):
            del bundles[key]
        elif key.told == HOLDER:
            carried.add(carrier)
    return bundles


def _beside(held: Sequence[Ask], open_: Sequence[beside.Open], rung: Container[str]) -> list[beside.Open]:
    """Return what a message says beside what it is for; what has its first call now is told by that one."""
    own = {ask.row.id for ask in held}
    return [one for one in open_ if one.row.id not in own and one.row.id not in rung]


def _order(
    key: _Bundle,
    held: Sequence[Ask],
    also: Sequence[beside.Open],
    briefs: Mapping[str, Brief],
    writer: texts.Writer,
    at: datetime,
) -> Order:
    top = max(held, key=lambda ask: (ask.row.level, ask.row.layer == "L2"))
    brief = briefs[key.warning_id]
    if key.told == HOLDER:
        named = texts.key(*key, *sorted(f"{ask.row.id}/{ask.row.step}" for ask in held))
    else:
        named = texts.key(*key, str(int(at.timestamp() // TELL_AGAIN.total_seconds())))
    others = beside.names((one.row for one in also if one.row.warning_id != key.warning_id), briefs)
    return Order(
        key=named,
        district=top.row.district,
        origin=Origin(top.row.origin),
        warning_id=key.warning_id,
        part=key.part,
        town=top.row.town,
        place_id=top.row.place_id,
        person_id=key.person,
        layer=top.row.layer,
        kind=key.kind,
        level=top.row.level,
        round=top.round,
        text=writer.ask(brief.facts, key.kind, key.told, [ask.row for ask in held], others),
        expires_at=brief.expires_at,
    )


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
