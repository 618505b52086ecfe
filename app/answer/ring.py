"""Who is due is rung: one message for each person and kind, and a note of which obligations it asks for."""

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeAlias

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
    bundles, riders = await _bundles(session, asks, at)
    if not bundles:
        return
    open_ = await beside.open_of(session, {one.person for one in bundles if one.told == HOLDER})
    rung = {ask.row.id for ask in asks if not ask.again}
    others = {
        key: _beside(held, riders[key], open_.get((held[0].row.origin, key.person), ()), rung)
        for key, held in bundles.items()
        if key.told == HOLDER
    }
    about = {key.warning_id for key in bundles} | {a.row.warning_id for held in others.values() for a in held}
    briefs = await beside.briefs(session, about)
    names = await people.place_names(
        session, {ask.row.place_id for ask in asks} | {ask.row.town for ask in asks}
    )
    writer = texts.Writer(scheme, names)
    orders, asked_in, linked = [], {}, set()
    for key, held in sorted(bundles.items()):
        also = others.get(key, [])
        order = _order(key, held, also, briefs, writer, at)
        orders.append(order)
        asked_in[order.key] = [*held, *also]
        if key.kind == "sms":
            linked |= {(key.person, ask.row.warning_id) for ask in asked_in[order.key]}
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


_Bundles: TypeAlias = dict[_Bundle, list[Ask]]


async def _bundles(session: AsyncSession, asks: Sequence[Ask], at: datetime) -> tuple[_Bundles, _Bundles]:
    """Put together what one message asks for. What another has said just now is left out.

    Returns the messages, and by message the repeats that ride on it: they have none of their own.
    """
    repeats = {ask.row.id for ask in asks if ask.again and ask.row.part != beside.ORDERS}
    said = await beside.just_rung(session, repeats, at) if repeats else set()
    bundles: _Bundles = defaultdict(list)
    for ask in asks:
        told = ask.who if ask.who == "superior" else HOLDER
        for kind in ask.kinds:
            if told == HOLDER and ask.row.id in repeats and (ask.row.id, ask.person, kind) in said:
                continue
            bundles[_Bundle(ask.row.warning_id, ask.row.part, ask.person, kind, told)].append(ask)
    riders: _Bundles = defaultdict(list)
    carriers: dict[tuple[str, str, str], _Bundle] = {}
    for key, held in sorted(bundles.items(), key=lambda item: (-max(a.row.level for a in item[1]), item[0])):
        if key.told != HOLDER:
            continue
        carrier = carriers.setdefault((held[0].row.origin, key.person, key.kind), key)
        if carrier != key and all(ask.row.id in repeats for ask in held):
            riders[carrier] += bundles.pop(key)
    return bundles, riders


def _beside(
    held: Sequence[Ask], riders: Sequence[Ask], open_: Sequence[beside.Open], rung: Container[str]
) -> list[Ask]:
    """Return what a message asks for beside what it is for; what has its first call now has that one."""
    said = {ask.row.id for ask in (*held, *riders)}
    more = [one for one in open_ if one.row.id not in said and one.row.id not in rung]
    return [*riders, *(Ask(one.row, held[0].person, one.who, one.row.round, ()) for one in more)]


def _order(
    key: _Bundle,
    held: Sequence[Ask],
    also: Sequence[Ask],
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
    others = beside.names((ask.row for ask in also if ask.row.warning_id != key.warning_id), briefs)
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
