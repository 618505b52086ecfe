"""What must always be true of the rows, checked by counting those that break it.

Each check names itself and what it found.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from app import audit
from app.activation.tables import Part, Warning
from app.answer.fold import AnswerFact, standing
from app.answer.tables import Answer, Obligation, StepTaken
from app.db import Session, chunks
from app.directory.tables import Person
from app.dispatch.states import State
from app.dispatch.tables import Attempt, Delivery, Permit
from app.warning.level import Level


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: ``detail`` says how much was looked at, or what broke."""

    name: str
    ok: bool
    detail: str


async def check(
    session: Session, district: str, *, at: datetime, ended: bool, live: frozenset[str]
) -> list[Finding]:
    """Check a district's rows.

    ``ended``: the night is over, nothing may be open; ``live``: names of the live channels.
    """
    return [
        await _deliveries_end(session, district, at, ended=ended),
        await _no_send_after_the_end(session, district),
        await _origins_keep_apart(session, district, live),
        await _obligations_end(session, district, ended=ended),
        await _states_are_folds(session, district, at),
        await _every_step_ran(session, district),
        await _parts_know_who(session, district),
        await _sent_to_known_people(session, district),
        await _audit_is_unbroken(session, district),
    ]


async def _count(session: Session, of: sa.Select[int]) -> int:
    return await session.scalar(of) or 0


async def _deliveries_end(session: Session, district: str, at: datetime, *, ended: bool) -> Finding:
    """V1: nothing stays queued or sending once its time has passed; what failed says why."""
    mine = Delivery.district == district
    count = sa.select(sa.func.count()).select_from(Delivery).where(mine)
    total = await _count(session, count)
    waiting = await _count(
        session,
        count.where(Delivery.not_before.is_not(None), *([] if ended else [Delivery.expires_at <= at])),
    )
    stuck = await _count(
        session,
        count.where(
            Delivery.not_before.is_(None),
            Delivery.lease_until.is_(None),
            Delivery.state.in_((State.QUEUED.value, State.SENDING.value)),
        ),
    )
    mute = await _count(session, count.where(Delivery.state == State.FAILED.value, Delivery.reason.is_(None)))
    return Finding(
        "every delivery ends, and says why it failed",
        not (waiting or stuck or mute),
        f"{total} deliveries, {waiting} waiting, {stuck} stuck, {mute} failed without a reason",
    )


async def _no_send_after_the_end(session: Session, district: str) -> Finding:
    """V3: no try began after its warning's cancel or expiry."""
    broken = await _count(
        session,
        sa.select(sa.func.count())
        .select_from(Attempt)
        .join(Delivery, Delivery.id == Attempt.delivery_id)
        .join(Permit, sa.and_(Permit.warning_id == Delivery.warning_id, Permit.purpose == Delivery.purpose))
        .where(
            Delivery.district == district,
            sa.or_(Attempt.occurred_at > Permit.cancelled_at, Attempt.occurred_at > Permit.expires_at),
        ),
    )
    total = await _count(
        session, sa.select(sa.func.count()).select_from(Attempt).where(Attempt.district == district)
    )
    return Finding(
        "no send starts after its warning has ended", broken == 0, f"{total} tries, {broken} after the end"
    )


async def _origins_keep_apart(session: Session, district: str, live: frozenset[str]) -> Finding:
    """V7: a live channel never sees an exercise or a simulated warning, and the reverse."""
    rows = await session.execute(
        sa.select(Delivery.channel, Delivery.origin, sa.func.count())
        .where(Delivery.district == district)
        .group_by(Delivery.channel, Delivery.origin)
    )
    broken = [
        f"{channel}/{origin}: {count}"
        for channel, origin, count in rows
        if (channel in live) != (origin in ("real", "canary"))
    ]
    return Finding(
        "live channels carry real warnings only, the others never",
        not broken,
        "; ".join(broken) or "kept apart",
    )


async def _obligations_end(session: Session, district: str, *, ended: bool) -> Finding:
    """V6: each obligation ends exactly once in met, late or missed."""
    rows = await session.execute(
        sa.select(Obligation.state, sa.func.count().label("rows"))
        .where(Obligation.district == district)
        .group_by(Obligation.state)
    )
    by_state: dict[str, int] = {row.state: row.rows for row in rows}
    unclear = await _count(
        session,
        sa.select(sa.func.count())
        .select_from(Obligation)
        .where(
            Obligation.district == district,
            sa.or_(
                sa.and_(
                    Obligation.state == "met",
                    sa.or_(Obligation.answered_at.is_(None), Obligation.answered_at > Obligation.due_at),
                ),
                sa.and_(
                    Obligation.state == "late",
                    sa.or_(Obligation.answered_at.is_(None), Obligation.answered_at <= Obligation.due_at),
                ),
                sa.and_(Obligation.state.in_(("missed", "open")), Obligation.answered_at.is_not(None)),
            ),
        ),
    )
    open_ = by_state.get("open", 0)
    counts = ", ".join(f"{state} {count}" for state, count in sorted(by_state.items()))
    return Finding(
        "every obligation ends met, late or missed",
        unclear == 0 and not (ended and open_),
        f"{counts or 'none'}; {unclear} contradictory",
    )


async def _states_are_folds(session: Session, district: str, at: datetime) -> Finding:
    """V5, V6: what a row says is what its facts say."""
    facts: dict[str, list[AnswerFact]] = defaultdict(list)
    for answer in await session.scalars(sa.select(Answer).where(Answer.district == district)):
        facts[answer.obligation_id].append(
            AnswerFact(answer.rung, answer.counts, answer.received_at, answer.via, 0, answer.event_id)
        )
    rows = (
        await session.execute(
            sa.select(
                Obligation.id,
                Obligation.due_at,
                Obligation.state,
                Obligation.answered_at,
                Obligation.via,
                Obligation.rung,
            ).where(Obligation.district == district)
        )
    ).all()
    wrong = 0
    for row in rows:
        now = standing(facts[row.id], due_at=row.due_at, at=at, heard=row.rung)
        wrong += (now.state, now.answered_at, now.via) != (row.state, row.answered_at, row.via)
    return Finding(
        "states are what their facts say", wrong == 0, f"{len(rows)} obligations recomputed, {wrong} differ"
    )


async def _every_step_ran(session: Session, district: str) -> Finding:
    """A step of the chain that was due has run, or the obligation was answered or let go before."""
    taken: dict[str, set[int]] = defaultdict(set)
    for obligation_id, step in await session.execute(
        sa.select(StepTaken.obligation_id, StepTaken.step).where(StepTaken.district == district)
    ):
        taken[obligation_id].add(step)
    ids: Sequence[str] = list(
        await session.scalars(
            sa.select(Obligation.id).where(Obligation.district == district, Obligation.no_contact.is_(False))
        )
    )
    never = sum(1 for one in ids if not taken[one])
    return Finding(
        "everybody who can be reached was called",
        never == 0,
        f"{len(ids)} obligations with contact, {never} never called",
    )


async def _parts_know_who(session: Session, district: str) -> Finding:
    """A part that needs two persons was let out by two different ones, or by break-glass, on record."""
    rows = await session.execute(
        sa.select(Part.first_by, Part.released_by, Part.name, Part.level).where(
            Part.district == district, Part.state == "released", Part.name != "responsible"
        )
    )
    parts = list(rows)
    alone = [
        part
        for part in parts
        if Level(part.level) is Level.RED
        and part.first_by is not None
        and part.released_by == f"user:{part.first_by}"
    ]
    return Finding(
        "two persons let a red out",
        not alone,
        f"{len(parts)} parts let out by people, {len(alone)} reds by one person",
    )


async def _sent_to_known_people(session: Session, district: str) -> Finding:
    """Whoever a message went to stands in the directory."""
    ids = list(
        await session.scalars(sa.select(Delivery.person_id).where(Delivery.district == district).distinct())
    )
    known = 0
    for part in chunks([one for one in ids if one]):
        known += await _count(
            session, sa.select(sa.func.count()).select_from(Person).where(Person.id.in_(part))
        )
    asked = sum(1 for one in ids if one)
    return Finding(
        "every message went to a person of the directory", known == asked, f"{asked} people, {known} known"
    )


async def _audit_is_unbroken(session: Session, district: str) -> Finding:
    """V8: the chain verifies from its first row."""
    verdict = await audit.verify(session, district)
    ended = await _count(
        session,
        sa.select(sa.func.count())
        .select_from(Warning)
        .where(Warning.district == district, Warning.disposition == "applies"),
    )
    return Finding(
        "the audit log is unbroken",
        verdict.broken_at is None and (verdict.rows > 0 or ended == 0),
        f"{verdict.rows} lines" if verdict.broken_at is None else f"broken at line {verdict.broken_at}",
    )
