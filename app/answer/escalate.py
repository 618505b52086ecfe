"""The chain walked: calls that are due are made, whoever is next is next, and what ran out of time is missed.

Every step leaves a row (``step_taken``), so a sweep is safe on every node and a step that did not run can be
seen.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, events, metrics
from app.access import links
from app.answer import chain, texts
from app.answer.tables import Brief, Call, Obligation, StepTaken
from app.audit import SYSTEM
from app.channels.registry import Registry
from app.clock import local
from app.db import chunks
from app.directory import people
from app.dispatch import standing
from app.dispatch.enqueue import Order, enqueue
from app.origin import Origin
from app.scheme.models import Scheme
from app.tasks import alarms, visits
from app.warning.level import Level

# Superiors and chiefs are told of everything that goes unanswered, but not rung for each unit anew: one call
# in this time.
TELL_AGAIN = timedelta(minutes=5)
# A one-tap link answers until this long after its warning ended.
LINK_OUTLIVES = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class _Ask:
    """One obligation's share of a call."""

    row: Obligation
    person: str
    who: str
    round: int
    kinds: tuple[str, ...]


async def sweep(
    session: AsyncSession, *, scheme: Scheme, registry: Registry, at: datetime, limit: int = 500
) -> int:
    """Take every step that is due, then mark what ran out of time.

    Returns how many obligations were touched.
    """
    due = list(
        await session.scalars(
            sa.select(Obligation)
            .where(Obligation.next_step_at <= at)
            .order_by(Obligation.level.desc(), Obligation.next_step_at, Obligation.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    )
    if due:
        await take_steps(session, due, scheme=scheme, registry=registry, at=at)
    missed = list(
        await session.execute(
            sa.update(Obligation)
            .where(Obligation.state == "open", Obligation.due_at < at)
            .values(state="missed")
            .returning(Obligation.id, Obligation.district, Obligation.warning_id, Obligation.town)
            .execution_options(synchronize_session=False)
        )
    )
    for row in missed:
        audit.record(
            session,
            "missed",
            row.id,
            district=row.district,
            by=SYSTEM,
            at=at,
            reason="nobody answered in time",
        )
        events.publish(
            session,
            "obligation",
            f"{row.warning_id}:{row.town}",
            district=row.district,
            warning=row.warning_id,
            place=row.town,
            at=at,
        )
    return len(due) + len(missed)


async def next_due(session: AsyncSession) -> datetime | None:
    """Return when the next step or limit is due."""
    step = await session.scalar(
        sa.select(sa.func.min(Obligation.next_step_at)).where(Obligation.next_step_at.is_not(None))
    )
    limit = await session.scalar(sa.select(sa.func.min(Obligation.due_at)).where(Obligation.state == "open"))
    times = [t for t in (step, limit + timedelta(microseconds=1) if limit else None) if t]
    return min(times, default=None)


async def take_steps(
    session: AsyncSession, rows: Sequence[Obligation], *, scheme: Scheme, registry: Registry, at: datetime
) -> None:
    """Carry out the due steps of some obligations: one call for each person and kind, whatever they must answer for."""
    named = {p for row in rows for p in (row.a_person, row.b_person, row.superior_person) if p}
    reachable = await people.reachable(session, named)
    now = local(at).timetz().replace(tzinfo=None)
    asks: list[_Ask] = []
    taken: list[dict[str, object]] = []
    chief_for: list[Obligation] = []
    for row in rows:
        steps = scheme.escalation.steps(Level(row.level), scheme.duty(row.layer, row.duty).hop)
        index = row.step
        due = row.next_step_at or at
        while index < len(steps) and (due <= at):
            step = steps[index]
            outcome = "called"
            if step.who in ("A", "B", "superior"):
                person = {"A": row.a_person, "B": row.b_person, "superior": row.superior_person}[step.who]
                kinds = chain.kinds(step, row.channels.split(","), now, scheme.escalation.night)
                if person is not None and person in reachable and kinds:
                    asks.append(_Ask(row, person, step.who, step.round or row.round, kinds))
                    row.round = max(row.round, step.round)
                else:
                    outcome = "nobody" if person is None else "no-contact"
            elif step.who == "chief":
                chief_for.append(row)
            else:
                await _send_somebody(session, row, at)
                outcome = "task"
            taken.append(
                {
                    "obligation_id": row.id,
                    "step": index,
                    "district": row.district,
                    "who": step.who,
                    "due_at": due,
                    "taken_at": at,
                    "outcome": outcome,
                }
            )
            if outcome in ("called", "task"):
                row.who = step.who
            row.escalated = row.escalated or step.who != "A"
            metrics.ESCALATIONS.labels(Level(row.level).word, step.who).inc()
            # Nobody to ring: whoever comes after is due now, not when the rounds that cannot be rung would
            # have passed.
            index = index + 1 if outcome in ("called", "task") else chain.next_other(steps, index + 1)
            later = chain.due_at(row.released_at, steps, index)
            if later is None:
                break
            due = later if outcome in ("called", "task") else at
        row.step = index
        row.next_step_at = None if index >= len(steps) else max(due, at) if due > at else due
        if index >= len(steps):
            await _stand(session, row, at)
    await session.flush()
    if taken:
        make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        for part in chunks(taken):
            await session.execute(make(StepTaken).on_conflict_do_nothing(), list(part))
    await _ring(session, asks, scheme=scheme, registry=registry, at=at)
    await _tell_chief(session, chief_for, scheme=scheme, registry=registry, at=at)


async def _send_somebody(session: AsyncSession, row: Obligation, at: datetime) -> None:
    names = await people.place_names(session, [row.place_id])
    await visits.send_somebody(
        session,
        district=row.district,
        origin=row.origin,
        warning_id=row.warning_id,
        obligation_id=row.id,
        town=row.town,
        place_id=row.place_id,
        text=f"{names.get(row.place_id, row.place_id)}叫不应，派人上门",
        due_at=at + timedelta(minutes=30),
        at=at,
        level=row.level,
    )


async def _stand(session: AsyncSession, row: Obligation, at: datetime) -> None:
    """The chain has ended without an answer: it stands before the desk until a person acts."""
    await alarms.raise_(
        session,
        row.district,
        row.origin,
        "unanswered",
        "叫应链走完仍未应，等值班处置",
        at=at,
        level=row.level,
        warning_id=row.warning_id,
        subject=f"{row.warning_id}:{row.town}",
        town=row.town,
    )


async def _ring(
    session: AsyncSession, asks: Sequence[_Ask], *, scheme: Scheme, registry: Registry, at: datetime
) -> None:
    """Queue one message for each person, warning, part and kind, and note which obligations it asks for."""
    if not asks:
        return
    bundles: dict[tuple[str, str, str, str, str], list[_Ask]] = defaultdict(list)
    for ask in asks:
        for kind in ask.kinds:
            bundles[(ask.row.warning_id, ask.row.part, ask.person, kind, ask.who)].append(ask)
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
    for (warning_id, part, person, kind, who), held in sorted(bundles.items()):
        top = max(held, key=lambda ask: (ask.row.level, ask.row.layer == "L2"))
        brief = briefs[warning_id]
        if who == "superior":
            window = int(at.timestamp() // TELL_AGAIN.total_seconds())
            key = texts.key(warning_id, part, person, kind, who, str(window))
        else:
            key = texts.key(
                warning_id, part, person, kind, who, *sorted(f"{ask.row.id}/{ask.row.step}" for ask in held)
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
                text=writer.ask(brief.facts, kind, who, [ask.row for ask in held]),
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
    make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    for batch in chunks(calls):
        await session.execute(make(Call).on_conflict_do_nothing(), list(batch))


async def _tell_chief(
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
        make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        for delivery in placed.values():
            await session.execute(
                make(Call).on_conflict_do_nothing(),
                [
                    {
                        "obligation_id": row.id,
                        "delivery_id": delivery,
                        "district": row.district,
                        "person_id": chiefs[0],
                        "round": 0,
                        "who": "chief",
                        "at": at,
                    }
                    for row in held
                ],
            )


async def hurry(session: AsyncSession, lost: Sequence[str], *, scheme: Scheme, at: datetime) -> int:
    """A message is lost for good: where nothing else of that round can still reach the person, the next step is due now.

    A number that does not exist is not tried in further rounds: the next person is due.
    """
    roots = set((await standing.root(session, lost)).values()) | set(lost)
    ids: set[str] = set()
    for part in chunks(sorted(roots)):
        ids |= set(await session.scalars(sa.select(Call.obligation_id).where(Call.delivery_id.in_(part))))
    hurried = 0
    for part in chunks(sorted(ids)):
        rows = list(
            await session.scalars(
                sa.select(Obligation).where(
                    Obligation.id.in_(part), Obligation.answered_at.is_(None), Obligation.next_step_at > at
                )
            )
        )
        calls = defaultdict(list)
        for call in await session.scalars(
            sa.select(Call).where(Call.obligation_id.in_([row.id for row in rows]))
        ):
            calls[call.obligation_id].append(call)
        of_calls = {call.delivery_id for held in calls.values() for call in held}
        living = await standing.alive(session, of_calls)
        nobodys = await standing.bad_numbers(session, of_calls)
        for row in rows:
            latest = max(call.at for call in calls[row.id])
            if any(call.delivery_id in living for call in calls[row.id] if call.at == latest):
                continue
            row.next_step_at = at
            if any(call.delivery_id in nobodys for call in calls[row.id] if call.at == latest):
                steps = scheme.escalation.steps(Level(row.level), scheme.duty(row.layer, row.duty).hop)
                row.step = chain.next_other(steps, row.step)
            hurried += 1
    await session.flush()
    return hurried
