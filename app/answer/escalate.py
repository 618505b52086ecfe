"""The chain walked: whoever is due is rung (``ring``), then the next, and what ran out of time is missed.

Every step leaves a row (``step_taken``): a sweep is safe on every node, and a step that did not run is seen.
"""

from collections import defaultdict
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, beats, events, many, metrics
from app.answer import chain, silence
from app.answer.ring import Ask, ring, tell_chief
from app.answer.tables import Call, Obligation, StepTaken
from app.audit import SYSTEM
from app.channels.registry import Registry
from app.clock import local
from app.db import chunks
from app.directory import people
from app.dispatch import standing
from app.due import Due
from app.origin import Origin
from app.scheme.models import Scheme, Step
from app.tasks import alarms, visits
from app.warning.level import Level


@dataclass(slots=True)
class _Come:
    """What the due steps of some obligations come to. ``able``: kinds there is a channel for, by origin."""

    able: dict[str, frozenset[str]]
    asks: list[Ask] = field(default_factory=list)
    chief_for: list[Obligation] = field(default_factory=list)
    taken: list[dict[str, object]] = field(default_factory=list)


# Whoever has several duties is rung once for what is due together. So what is due together is taken
# together, but for a bound on the time that others have to wait for this transaction (some two seconds).
TOGETHER = 5_000


async def sweep(
    session: AsyncSession, *, scheme: Scheme, registry: Registry, at: datetime, limit: int = TOGETHER
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


NEXT_STEP = Due(sa.select(sa.func.min(Obligation.next_step_at)).where(Obligation.next_step_at.is_not(None)))
# Whoever answers at the last instant has answered in time.
NEXT_LIMIT = Due(
    sa.select(sa.func.min(Obligation.due_at)).where(Obligation.state == "open"),
    after=timedelta(microseconds=1),
)


_NOTE_STEPS = many.Insert(StepTaken, many.keep_old())


async def take_steps(
    session: AsyncSession, rows: Sequence[Obligation], *, scheme: Scheme, registry: Registry, at: datetime
) -> None:
    """Carry out the due steps of some obligations: one call for each person and kind, whatever it is for."""
    named = {p for row in rows for p in (row.a_person, row.b_person, row.superior_person) if p}
    reachable = await people.reachable(session, named)
    come = _Come(
        {
            origin: frozenset(kind for kind in chain.SENDABLE if registry.for_kind(kind, Origin(origin)))
            for origin in {row.origin for row in rows}
        }
    )
    for row in rows:
        await _walk(session, row, reachable, come, scheme=scheme, at=at)
    await session.flush()
    await _NOTE_STEPS.put(session, come.taken)
    await ring(session, come.asks, scheme=scheme, registry=registry, at=at)
    await tell_chief(session, come.chief_for, scheme=scheme, registry=registry, at=at)


async def _walk(
    session: AsyncSession,
    row: Obligation,
    reachable: Container[str],
    come: _Come,
    *,
    scheme: Scheme,
    at: datetime,
) -> None:
    """Take one obligation's due steps, and set when the next is due."""
    steps = scheme.escalation.steps(Level(row.level), scheme.duty(row.layer, row.duty).hop)
    index = row.step
    due = row.next_step_at or at
    while index < len(steps) and due <= at:
        step = steps[index]
        outcome = await _take(session, row, step, reachable, come, scheme=scheme, at=at)
        came_to_somebody = outcome in ("called", "task")
        come.taken.append(
            {
                "obligation_id": row.id,
                "step": index,
                "district": row.district,
                "layer": row.layer,
                "who": step.who,
                "due_at": due,
                "taken_at": at,
                "outcome": outcome,
            }
        )
        if came_to_somebody:
            row.who = step.who
        row.escalated = row.escalated or step.who != "A"
        metrics.ESCALATIONS.labels(Level(row.level).word, step.who).inc()
        # Nobody to ring: whoever comes after is due now, not when the rounds that cannot be rung are over.
        index = index + 1 if came_to_somebody else chain.next_other(steps, index + 1)
        later = chain.due_at(row.released_at, steps, index)
        if later is None:
            break
        due = later if came_to_somebody else at
    row.step = index
    row.next_step_at = due if index < len(steps) else None
    if index >= len(steps):
        await _stand(session, row, at)


async def _take(
    session: AsyncSession,
    row: Obligation,
    step: Step,
    reachable: Container[str],
    come: _Come,
    *,
    scheme: Scheme,
    at: datetime,
) -> str:
    """Take one step. Returns what became of it: called, task, nobody (the post is empty) or no-contact."""
    if step.who == "chief":
        come.chief_for.append(row)
        return "called"
    if step.who not in ("A", "B", "superior"):
        await _send_somebody(session, row, at)
        if row.layer == "L2":
            await beats.touch(session, f"{silence.BEAT}:{row.district}", at)
        return "task"
    person = {"A": row.a_person, "B": row.b_person, "superior": row.superior_person}[step.who]
    if person is None:
        return "nobody"
    now = local(at).timetz().replace(tzinfo=None)
    kinds = chain.kinds(step, row.channels.split(","), now, scheme.escalation.night, come.able[row.origin])
    if person not in reachable or not kinds:
        return "no-contact"
    again = row.round > 0 and row.who == step.who
    come.asks.append(Ask(row, person, step.who, step.round or row.round, kinds, again=again))
    row.round = max(row.round, step.round)
    return "called"


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


async def hurry(session: AsyncSession, lost: Sequence[str], *, scheme: Scheme, at: datetime) -> int:
    """Make the next step due now where a message is lost for good and nothing else can reach the person.

    Nothing else of that round, that is. A number that does not exist is not tried in further rounds: the next
    person is due. Returns how many obligations were hurried.
    """
    roots = set((await standing.root(session, lost)).values()) | set(lost)
    ids: set[str] = set()
    for part in chunks(sorted(roots)):
        ids |= set(await session.scalars(sa.select(Call.obligation_id).where(Call.delivery_id.in_(part))))
    hurried = 0
    for part in chunks(sorted(ids)):
        rows = list(
            await session.scalars(
                sa.select(Obligation)
                .where(Obligation.id.in_(part))
                .where(Obligation.answered_at.is_(None), Obligation.next_step_at > at)
                .order_by(Obligation.id)
                .with_for_update()  # an answer that is being written is waited for, and then stands
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
