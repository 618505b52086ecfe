"""A message that intake has read and placed becomes a warning: planned at once, or kept and shown.

Runs in one transaction with everything it causes: plan, obligations, first calls, the end of what it takes
over from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, events
from app.activation import close, lineage, lowered, propose, supersede, uplift
from app.activation.states import check_warning
from app.activation.tables import Part, Warning
from app.audit import Actor
from app.channels.registry import Registry
from app.ids import new_id
from app.origin import Origin
from app.scheme.models import Scheme
from app.warning.level import Level


@dataclass(frozen=True, slots=True)
class Referred:
    """An earlier message that this one speaks of; 12379 and JSON name only the identifier."""

    identifier: str
    sender: str | None = None
    sent: datetime | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A warning message as intake understood it, with what was decided about it.

    ``disposition``: applies, waiting, not-applicable, expired or needs-review. ``places``: nine-digit codes;
    ``problems``: (code, detail).
    """

    form: str
    source: str
    raw_id: str | None
    origin: Origin
    sender: str
    identifier: str
    event_code: str
    msg_type: str
    status: str
    level: Level | None
    sent: datetime
    effective: datetime | None
    onset: datetime | None
    expires: datetime | None
    headline: str
    description: str
    instruction: str
    issuer: str
    content_digest: str
    disposition: str
    references: tuple[Referred, ...] = ()
    places: frozenset[str] = frozenset()
    villages: frozenset[str] = frozenset()
    problems: tuple[tuple[str, str], ...] = ()
    observed: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it, as the bureau is answered."""

    warning_id: str
    identifier: str
    state: str
    disposition: str
    level: Level | None
    places: tuple[str, ...]
    parts: tuple[tuple[str, str, datetime | None], ...]  # name, state, decide_by
    problems: tuple[tuple[str, str], ...]
    affects: tuple[str, ...]
    plan_hash: str | None

    @property
    def planned(self) -> bool:
        """Whether it is in force, or ended or took over something: answered 201, else 202."""
        return self.disposition == "applies"


_STATE = {
    "needs-review": "needs-review",
    "waiting": "waiting",
    "expired": "expired",
    "not-applicable": "closed",
}


async def receive(
    session: AsyncSession,
    received: Received,
    *,
    district: str,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
) -> Outcome:
    """Take a message in.

    The caller has made sure that it is not known yet (sender, identifier, event type).
    """
    row_id = new_id()
    row = Warning(
        id=row_id,
        district=district,
        origin=received.origin.value,
        source=received.source,
        raw_id=received.raw_id,
        form=received.form,
        sender=received.sender,
        identifier=received.identifier,
        event_code=received.event_code,
        msg_type=received.msg_type,
        status=received.status,
        level=received.level,
        raised_from=None,
        sent=received.sent,
        effective=received.effective,
        onset=received.onset,
        expires=received.expires,
        headline=received.headline,
        description=received.description,
        instruction=received.instruction,
        issuer=received.issuer,
        content_digest=received.content_digest,
        observed=received.observed,
        places=sorted(received.places),
        villages=sorted(received.villages),
        references=[
            [r.identifier, r.sender, r.sent.isoformat() if r.sent else None] for r in received.references
        ],
        problems=[{"code": code, "detail": detail} for code, detail in received.problems],
        affects=[],
        state=_STATE.get(received.disposition, "in-force"),
        disposition=received.disposition,
        version=1,
        root_id=row_id,
        superseded_by=None,
        plan_id=None,
        plan_hash=None,
        segment=None,
        next_advance_at=None,
        received_at=at,
        ended_at=None,
    )
    session.add(row)
    await session.flush()
    by = Actor("source", received.source)
    audit.record(
        session,
        "received",
        row.id,
        district=district,
        by=by,
        at=at,
        disposition=received.disposition,
        state=row.state,
    )
    events.publish(session, "warning", row.id, district=district, warning=row.id, at=at)
    if received.disposition in ("needs-review", "waiting"):
        # Where a limit passes without a decision, advance raises the alarm (release.yaml: review).
        limit = scheme.release.review.limit
        row.next_advance_at = at + limit if limit else row.expires
    if received.disposition == "applies":
        await apply(session, row, scheme=scheme, registry=registry, at=at, by=by)
    await session.flush()
    return await outcome(session, row)


async def apply(
    session: AsyncSession,
    row: Warning,
    *,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
    by: Actor,
    cause: str = "收到报文",
) -> None:
    """Do what a message says: end what it cancels, replace what it updates, plan it, apply what waited."""
    earlier = await lineage.affected(session, row)
    row.affects = [other.id for other in earlier if other.raised_from is None]
    if row.msg_type == "Cancel":
        row.state, row.ended_at = "closed", at
        await _cancel(session, earlier, row, scheme=scheme, registry=registry, at=at, by=by)
        return
    waiting = [one for one in await lineage.waiting_for(session, row) if one.msg_type != "Cancel"]
    if cancels := await lineage.cancels(session, row):
        row.state, row.ended_at = "cancelled", at
        audit.record(
            session, "cancelled", row.id, district=row.district, by=by, at=at, reason="its cancel came first"
        )
        for cancel in cancels:
            _take_up(session, cancel, row, at=at, by=by)
        # What it would have replaced is over with it.
        await _cancel(session, earlier, cancels[-1], scheme=scheme, registry=registry, at=at, by=by)
        await _apply_waiting(session, waiting, scheme=scheme, registry=registry, at=at, by=by)
        return
    row.state = "in-force"
    raises = [other for other in earlier if uplift.goes_on(other, row)]
    earlier = [other for other in earlier if other not in raises]
    if earlier:
        row.root_id = earlier[0].root_id
        row.version = max(other.version for other in earlier) + 1
    made = await propose.make(session, row, scheme=scheme, at=at, cause=cause, by=by, replaces=earlier)
    above = {town for raised in raises for town in raised.places}
    await supersede.retire(session, earlier, row, at=at, by=by, lines=made.plan.lines, raised=above)
    for raised in raises:  # the higher call first: what it lets out is not asked for at the lower level too
        await uplift.follow(session, raised, row, scheme=scheme, registry=registry, at=at, by=by)
    await propose.let_out_new(session, row, made, scheme=scheme, registry=registry, at=at, by=by)
    await supersede.tell_left_out(session, earlier, row, scheme=scheme, registry=registry, at=at)
    await lowered.tell(session, earlier, row, above, scheme=scheme, registry=registry, at=at)
    await _apply_waiting(session, waiting, scheme=scheme, registry=registry, at=at, by=by)


async def _cancel(
    session: AsyncSession,
    rows: Sequence[Warning],
    cancel: Warning,
    *,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
    by: Actor,
) -> None:
    """End what a cancel speaks of."""
    for row in rows:
        if row.state != "in-force":  # a raise has ended with the warning it follows
            continue
        await close.end(
            session,
            row,
            "cancelled",
            reason=cancel.headline or "cancelled by its issuer",
            by=by,
            at=at,
            scheme=scheme,
            registry=registry,
        )


def _take_up(session: AsyncSession, cancel: Warning, row: Warning, *, at: datetime, by: Actor) -> None:
    """Note that a cancel that waited has found its message."""
    if cancel.state != "waiting":
        return
    check_warning(cancel.state, "closed")
    cancel.state, cancel.disposition, cancel.ended_at, cancel.affects = "closed", "applies", at, [row.id]
    audit.record(session, "applied", cancel.id, district=row.district, by=by, at=at, state="closed")


async def _apply_waiting(
    session: AsyncSession,
    updates: Sequence[Warning],
    *,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
    by: Actor,
) -> None:
    """Apply the updates that waited for a message, in the order they were sent."""
    for update in updates:
        update.disposition = "applies"
        await session.flush()
        await apply(session, update, scheme=scheme, registry=registry, at=at, by=by)


async def outcome(session: AsyncSession, row: Warning) -> Outcome:
    """Return what is answered about a warning, now or when the same message comes again."""
    parts = await session.execute(
        sa.select(Part.name, Part.state, Part.decide_by)
        .where(Part.warning_id == row.id)
        .order_by(Part.name, Part.serial)
    )
    latest = {part.name: (part.name, part.state, part.decide_by) for part in parts}
    return Outcome(
        row.id,
        row.identifier,
        row.state,
        row.disposition,
        Level(row.level) if row.level is not None else None,
        tuple(row.places),
        tuple(latest.values()),
        tuple((p["code"], p["detail"]) for p in row.problems),
        tuple(row.affects),
        row.plan_hash,
    )


async def again(session: AsyncSession, warning_id: str) -> Outcome:
    """Return what is answered when the same message comes again: where its warning stands now."""
    return await outcome(session, await session.get_one(Warning, warning_id))
