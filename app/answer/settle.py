"""What an answer does: it is written down, and the obligations it is for are folded anew.

The first valid answer counts, all are kept. An answer meets an obligation when its person holds the duty (A,
B), or, below the towns, when the superior gives it for them. A chief or a neighbour never does. Whoever
answers the newer or higher has heard the older too.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app import audit, events, many, metrics
from app.answer import chain
from app.answer.fold import AnswerFact, standing
from app.answer.tables import Answer, Call, Obligation
from app.audit import Actor
from app.db import chunks
from app.dispatch import standing as in_line
from app.dispatch import withdraw
from app.ids import new_id
from app.scheme.models import Scheme
from app.warning.level import Level


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as given: by whom, what, by which way, when, and the id that makes a repeat harmless."""

    rung: str
    via: str
    source: str
    event_id: str
    occurred_at: datetime
    person_id: str | None = None
    entered_by: str | None = None
    words: str | None = None
    trusted: bool = False  # entered by the desk or by the level above: counts whoever it is


@dataclass(frozen=True, slots=True)
class Effect:
    """What an answer did to one obligation."""

    obligation_id: str
    counts: bool
    why_not: str | None
    state: str


def _why_not(row: Obligation, given: Given, called_as: set[str]) -> str | None:
    """Return why an answer does not meet an obligation, None if it does."""
    if given.trusted or given.person_id in (row.a_person, row.b_person) or called_as & {"A", "B"}:
        return None
    if row.layer not in ("L1", "L2") and (given.person_id == row.superior_person or "superior" in called_as):
        return None
    return "not-their-duty"


_KEEP = many.Insert(Answer, many.keep_old())


async def settle(
    session: AsyncSession,
    given: Sequence[tuple[Given, list[Obligation], dict[str, set[str]]]],
    *,
    scheme: Scheme,
    at: datetime,
) -> list[Effect]:
    """Write answers and fold them into their obligations."""
    if not given:
        return []
    rows: dict[str, Obligation] = {}
    answers = []
    verdicts = [
        {row.id: _why_not(row, one, who.get(row.id, set())) for row in obligations}
        for one, obligations, who in given
    ]
    met = [
        [row for row in obligations if judged[row.id] is None and one.rung != "cannot"]
        for (one, obligations, _), judged in zip(given, verdicts, strict=True)
    ]
    before = await _older(session, [row for counted in met for row in counted])
    for (one, obligations, _), judged, counted in zip(given, verdicts, met, strict=True):
        for row in [*obligations, *_heard_too(before, counted)]:
            rows[row.id] = row
            why_not = judged.get(row.id)
            answers.append(
                {
                    "id": new_id(),
                    "district": row.district,
                    "origin": row.origin,
                    "obligation_id": row.id,
                    "person_id": one.person_id,
                    "entered_by": one.entered_by,
                    "rung": one.rung,
                    "via": one.via,
                    "counts": why_not is None,
                    "why_not": why_not,
                    "version": row.version,
                    "words": one.words,
                    "occurred_at": one.occurred_at,
                    "received_at": at,
                    "source": one.source,
                    "event_id": one.event_id[:120],
                }
            )
            metrics.ANSWERS.labels(one.via, one.rung).inc()
    await _lock(session, rows)
    await _KEEP.put(session, answers)
    return await _fold(session, list(rows.values()), scheme=scheme, at=at)


async def _lock(session: AsyncSession, ids: Collection[str]) -> None:
    """Let answers to one obligation queue, so that each is folded with those before it.

    SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    await session.flush()
    for part in chunks(sorted(ids)):
        fresh = sa.select(Obligation).where(Obligation.id.in_(part)).order_by(Obligation.id).with_for_update()
        await session.scalars(fresh.execution_options(populate_existing=True))


_Same: TypeAlias = tuple[str, str, str, str, str]


def _same(row: Obligation) -> _Same:
    return (row.place_id, row.duty, row.part, row.hazard, row.origin)


_UNANSWERED_BEFORE = sa.select(Obligation).where(
    Obligation.place_id.in_(sa.bindparam("places", expanding=True)),
    Obligation.answered_at.is_(None),
    Obligation.released_at <= sa.bindparam("latest"),
    Obligation.excluded_reason.is_(None),
)


async def _older(session: AsyncSession, rows: Sequence[Obligation]) -> dict[_Same, list[Obligation]]:
    """Return what the places of these rows were asked before and have not answered, by what it was."""
    found: dict[_Same, list[Obligation]] = defaultdict(list)
    for part in chunks(sorted({row.place_id for row in rows})):
        latest = max(row.released_at for row in rows)
        for row in await session.scalars(_UNANSWERED_BEFORE, {"places": part, "latest": latest}):
            found[_same(row)].append(row)
    return found


def _heard_too(before: Mapping[_Same, list[Obligation]], rows: Sequence[Obligation]) -> list[Obligation]:
    """Return what whoever confirms these has heard too: the older or lower of the same place and hazard."""
    own = {row.id for row in rows}
    newest: dict[_Same, datetime] = {}
    for row in rows:
        newest[_same(row)] = max(row.released_at, newest.get(_same(row), row.released_at))
    return [
        older
        for same, at in newest.items()
        for older in before.get(same, ())
        if older.id not in own and older.released_at <= at
    ]


# Not the words: they are sealed, and opening each would be most of the work.
_ANSWERS_TO = (
    sa.select(
        Answer.obligation_id,
        Answer.rung,
        Answer.counts,
        Answer.why_not,
        Answer.received_at,
        Answer.via,
        Answer.event_id,
    )
    .where(Answer.obligation_id.in_(sa.bindparam("obligations", expanding=True)))
    .order_by(Answer.id)
)


async def _fold(
    session: AsyncSession, rows: Sequence[Obligation], *, scheme: Scheme, at: datetime
) -> list[Effect]:
    facts: dict[str, list[AnswerFact]] = defaultdict(list)
    why: dict[str, tuple[bool, str | None]] = {}
    connection = await session.connection()
    for part in chunks([row.id for row in rows]):
        for answer in await connection.execute(_ANSWERS_TO, {"obligations": part}):
            facts[answer.obligation_id].append(
                AnswerFact(answer.rung, answer.counts, answer.received_at, answer.via, 0, answer.event_id)
            )
            why[answer.obligation_id] = (answer.counts, answer.why_not)
    effects, settled = [], []
    for row in rows:
        before = (row.state, row.rung, row.cannot)
        now = standing(facts[row.id], due_at=row.due_at, at=at, heard=row.rung)
        after = (now.state, max(row.rung, now.rung), now.cannot)
        if before != after:
            row.state, row.rung, row.cannot = after
        if now.answered_at is not None:
            if row.answered_at is None:
                row.answered_round = row.round
            if (row.answered_at, row.via, row.next_step_at) != (now.answered_at, now.via, None):
                row.answered_at, row.via, row.next_step_at = now.answered_at, now.via, None
            settled.append(row.id)
        elif now.cannot and not before[2] and row.next_step_at is not None:
            steps = scheme.escalation.steps(Level(row.level), scheme.duty(row.layer, row.duty).hop)
            row.step, row.next_step_at = chain.next_other(steps, row.step), at
        if before != after:
            audit.record(
                session,
                "answered" if now.answered_at else "cannot" if now.cannot else "heard",
                row.id,
                district=row.district,
                by=Actor("answer", now.via or "unknown"),
                at=at,
                state=row.state,
                was=before[0],
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
        counts, why_not = why.get(row.id, (False, None))
        effects.append(Effect(row.id, counts, why_not, row.state))
    await session.flush()
    await _stop_needless(session, settled, at=at)
    return effects


_Asking, _StillAsking = aliased(Call), aliased(Call)
_NEEDLESS = (
    sa.select(_Asking.delivery_id)
    .distinct()
    .where(
        _Asking.obligation_id.in_(sa.bindparam("answered", expanding=True)),
        in_line.may_wait(_Asking.delivery_id),
        ~sa.exists().where(
            _StillAsking.delivery_id == _Asking.delivery_id,
            _StillAsking.obligation_id == Obligation.id,
            Obligation.answered_at.is_(None),
        ),
    )
)


async def _stop_needless(session: AsyncSession, answered: Sequence[str], *, at: datetime) -> None:
    """Stop what still waits to ask for what has been answered, unless it also asks for something open."""
    connection = await session.connection()
    for part in chunks(answered):
        needless = (await connection.scalars(_NEEDLESS, {"answered": part})).all()
        if needless:
            await withdraw.deliveries(session, needless, reason="answered", at=at)
