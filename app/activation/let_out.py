"""Let lines of a part out: obligations with their clocks, loudspeakers, door lists, orders.

One transaction with the decision.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, events
from app.activation import absorb, lineage, said
from app.activation.states import check_part
from app.activation.tables import Decision, Part, PlanRow, Warning
from app.answer import obligations
from app.answer.obligations import About, Asked
from app.audit import Actor
from app.channels.registry import Registry
from app.db import lock
from app.directory import people
from app.dispatch import withdraw
from app.dispatch.enqueue import Order, enqueue
from app.origin import Origin
from app.scheme.models import Scheme
from app.tasks import alarms, doors, orders
from app.tasks.doors import Stop
from app.warning.plan import PlanLine

CONTROLS = {word: name for name, word in orders.WORDS.items()}
# How long the confirming side has to say that an order is carried out (assumed; 44NN: report every 30 min).
ORDER_LIMIT = timedelta(minutes=30)


def line_key(line: PlanLine) -> str:
    """Return what names a line within a part."""
    return f"{line.place}/{line.layer}/{line.duty}"


async def let_out(
    session: AsyncSession,
    row: Warning,
    part: Part,
    lines: Sequence[PlanLine],
    *,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
    by: Actor,
    reason: str | None = None,
) -> None:
    """Release a part: its clocks start now and its denominator is frozen now."""
    check_part(part.state, "released")
    await lock(session, f"warning:{row.id}")
    part.state, part.released_at, part.released_by, part.next_alarm_at = "released", at, str(by), None
    if part.alarms:
        await alarms.over(session, row.district, "undecided", part.id, at=at)
    session.add(
        Decision(
            district=row.district,
            subject=part.id,
            act="released",
            by=str(by),
            occurred_at=at,
            received_at=at,
            reason=reason,
            plan_hash=part.plan_hash,
            detail={"part": part.name},
        )
    )
    about = About(
        row.id,
        row.district,
        Origin(row.origin),
        row.version,
        row.event_code,
        int(row.level or 0),
        part.plan_id,
    )
    lines = await _one_level_at_a_time(session, row, part, lines, at=at)
    asked = await _asked(session, row, lines, scheme=scheme, at=at)
    opened = await obligations.open_(
        session, about, part.name, asked, scheme=scheme, registry=registry, at=at, by=by
    )
    await _broadcast(session, row, part, lines, scheme=scheme, registry=registry, at=at)
    if part.name == "public":
        await _door_lists(session, row, [one for one in asked if one.layer == "L6"], at=at)
    if part.name == "orders":
        await _orders(session, row, part, lines, at=at, by=by)
    audit.record(
        session,
        "released",
        part.id,
        district=row.district,
        by=by,
        at=at,
        reason=reason,
        part=part.name,
        asked=opened,
        plan=part.plan_id,
    )
    events.publish(session, "plan", part.id, district=row.district, warning=row.id, at=at)


async def _one_level_at_a_time(
    session: AsyncSession, row: Warning, part: Part, lines: Sequence[PlanLine], *, at: datetime
) -> Sequence[PlanLine]:
    """Nobody is called at the bureau's level and at a raised one at once: the higher call replaces the lower.

    For a raise, stop the part's calls of the warning it follows in the same places. For a warning with
    raises, leave out what they have let out already. Returns the lines to let out.
    """
    if row.raised_from is None:
        above = await lineage.out_above(session, row, part.name)
        above |= await absorb.out_above(session, row, part.name)
        lines = [line for line in lines if line_key(line) not in above]
        await absorb.silence_lower(session, row, part.name, lines, at=at)
        return lines
    below = await lineage.raised_by(session, row)
    if below is not None:
        towns = {line.place for line in lines}
        await obligations.stop_calling(session, below.id, part=part.name, towns=towns)
        await withdraw.places(session, below.id, towns, reason="raised", at=at, part=part.name)
    return lines


async def _asked(
    session: AsyncSession, row: Warning, lines: Sequence[PlanLine], *, scheme: Scheme, at: datetime
) -> list[Asked]:
    """Return the concrete units behind the lines that owe an answer."""
    owing = {(line.place, line.layer, line.duty): line for line in lines if line.answer_within is not None}
    found = await people.targets(session, row.district, owing, scheme.layers, at=at)
    asked = []
    for target in found:
        line = owing[(target.town, target.layer, target.duty)]
        if line.answer_within is None:
            continue
        asked.append(
            Asked(
                town=target.town,
                place_id=target.place_id,
                layer=target.layer,
                duty=target.duty,
                channels=line.channels,
                answer_within=line.answer_within,
                a=target.a,
                b=target.b,
                superior=target.superior,
                no_contact=target.no_contact,
            )
        )
    return asked


async def _broadcast(
    session: AsyncSession,
    row: Warning,
    part: Part,
    lines: Sequence[PlanLine],
    *,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
) -> None:
    """Send to loudspeakers what owes no answer: coverage, never counted as heard."""
    names = await people.place_names(session, {line.place for line in lines})
    out = [
        Order(
            key=f"{part.id}:{line.place}:{kind}",
            district=row.district,
            origin=Origin(row.origin),
            warning_id=row.id,
            part=part.name,
            town=line.place,
            place_id=line.place,
            person_id=None,
            layer=line.layer,
            kind=kind,
            level=int(row.level or 0),
            round=1,
            text=said.broadcast(scheme, row, names.get(line.place, line.place), at),
            expires_at=None,
        )
        for line in lines
        if line.answer_within is None
        for kind in line.channels
        if kind == "broadcast"
    ]
    if not out:
        return
    placed = await enqueue(session, out, registry=registry, at=at)
    if len(placed) < len(out):
        await alarms.raise_(
            session,
            row.district,
            row.origin,
            "no-channel",
            f"没有接通应急广播：{len(out) - len(placed)} 个镇街没有播出，请用别的办法",
            at=at,
            level=row.level,
            warning_id=row.id,
        )


async def _door_lists(session: AsyncSession, row: Warning, homes: Sequence[Asked], *, at: datetime) -> None:
    """Put households that are called on their village's door list too: who does not answer is told there."""
    if not homes:
        return
    stops = [Stop(home.place_id, home.town, home.place_id.rpartition("-")[0]) for home in homes]
    await doors.open_list(session, row.district, row.origin, row.id, stops, at=at)


async def _orders(
    session: AsyncSession, row: Warning, part: Part, lines: Sequence[PlanLine], *, at: datetime, by: Actor
) -> None:
    """Make each 断禁停撤疏 of the plan a task of each town that is under the order."""
    plan = await session.get_one(PlanRow, part.plan_id)
    for town in sorted({line.place for line in lines if line.place != row.district}):
        for control in plan.body["controls"]:
            await orders.open_(
                session,
                district=row.district,
                origin=row.origin,
                warning_id=row.id,
                kind="order",
                what=CONTROLS[control["kind"]],
                town=town,
                place_id=town,
                text=control["text"],
                ordered_by=by,
                confirmed_by=control["confirmed_by"],
                due_at=at + ORDER_LIMIT,
                at=at,
                level=int(row.level or 0),
            )


async def carry(
    session: AsyncSession,
    old: Warning,
    new: Warning,
    unchanged: Collection[str],
    lines: Collection[str] = (),
) -> None:
    """Note that what an earlier warning let out is out under the one that follows it.

    That is all in unchanged towns, and these ``lines`` (see ``line_key``).
    """
    rows = list(
        await session.scalars(
            sa.select(Part)
            .where(Part.warning_id == old.id, Part.state == "released")
            .order_by(Part.name, Part.serial)
        )
    )
    serial: dict[str, int] = {}
    for row in rows:
        keys = [key for key in row.lines if key.split("/", 1)[0] in unchanged or key in lines]
        if not keys:
            continue
        serial[row.name] = serial.get(row.name, 0) + 1
        session.add(
            Part(
                district=new.district,
                origin=new.origin,
                warning_id=new.id,
                name=row.name,
                serial=serial[row.name] + 1000 * (1 + old.version),
                level=row.level,
                plan_id=row.plan_id,
                plan_hash=row.plan_hash,
                lines=keys,
                state="released",
                proposed_at=row.proposed_at,
                decide_by=row.decide_by,
                first_by=row.first_by,
                first_at=row.first_at,
                released_at=row.released_at,
                released_by=row.released_by,
                alarms=0,
                next_alarm_at=None,
            )
        )
    await session.flush()
