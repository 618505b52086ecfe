"""A bureau's body becomes a warning, or is kept with the reason why not. Nothing that came in is ever lost.

Transaction 1 keeps the raw bytes. Then the body is read. Transaction 2 decides and, where it applies, plans
and calls. A process that dies between the two leaves a row in state ``received``; ``resume`` finishes it
within seconds. All transactions 2 of a district queue behind one lock, so that fifty copies make one
warning, and a Cancel and its Alert that arrive together always find each other.
"""

import hashlib
from asyncio import Lock
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

import anyio.to_thread
import sqlalchemy as sa

from app import audit, db, events, logs, metrics
from app.access.sources import Source
from app.activation import receive
from app.activation.receive import Outcome, Received, Referred
from app.audit import SYSTEM
from app.channels.registry import Registry
from app.clock import Clock
from app.db import Database, Session
from app.errors import (
    ConflictingDuplicate,
    Fault,
    InvalidGeometry,
    JiaoyingError,
    OutOfScope,
    Refused,
    Unavailable,
    Validation,
)
from app.intake import disposition, event_codes, placing
from app.intake.disposition import Decision, Earlier, Where
from app.intake.message import Message, Status
from app.intake.read import family, read
from app.intake.tables import Key, Raw
from app.origin import Origin
from app.scheme.models import Scheme
from app.tasks import alarms

log = logs.get(__name__)

GRACE = timedelta(seconds=3)
"""A row received longer ago than this and not decided is nobody's any more."""

_GEOMETRY = frozenset(
    {"bad-polygon", "bad-circle", "open-polygon", "self-crossing", "swapped-coordinates", "line"}
)

# Copies of one body wait here for the first, so that they do not each hold a connection while they wait for
# its lock.
_turns: WeakValueDictionary[str, Lock] = WeakValueDictionary()


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the bureau is answered. ``repeated``: the same message came before; nothing was done again."""

    outcome: Outcome
    repeated: bool
    raw_id: str


@dataclass(frozen=True, slots=True)
class Desk:
    """What an intake works with."""

    db: Database
    clock: Clock
    scheme: Scheme
    registry: Registry


async def accept(desk: Desk, source: Source, body: bytes, content_type: str) -> Accepted:
    """Take in a warning message. Opens its own transactions.

    Raises UnsupportedMediaType before anything is kept; otherwise what ``read`` raises, OutOfScope,
    ConflictingDuplicate or Validation, each with ``kept``, the id of the raw body, after that body and the
    reason are stored and an alarm stands before the desk. Raises Unavailable when nothing could be stored.
    """
    family(content_type)
    at = desk.clock.now()
    raw = Raw(
        district=source.district,
        source_id=source.id,
        source=source.name,
        received_at=at,
        content_type=content_type[:200],
        body=body,
        sha256=hashlib.sha256(body).hexdigest(),
        state="received",
        pointers=[],
    )
    async with desk.db.transaction() as session:
        session.add(raw)
    return await _decide(desk, source, raw)


async def _decide(desk: Desk, source: Source, raw: Raw) -> Accepted:
    """Do all that follows transaction 1."""
    turn = _turns.setdefault(f"{id(desk.db)}:{raw.district}", Lock())
    try:
        message = await anyio.to_thread.run_sync(read, raw.body, raw.content_type)
        async with turn:
            accepted = await desk.db.run(lambda session: _take(session, desk, source, raw, message))
    except Refused as error:
        await _refuse(desk, raw, error)
        raise type(error)(error.detail, errors=error.errors, **{**error.facts, "kept": raw.id}) from error
    metrics.WARNINGS.labels(
        message.form, "repeated" if accepted.repeated else accepted.outcome.disposition
    ).inc()
    log.info(
        "message.accepted",
        raw=raw.id,
        warning=accepted.outcome.warning_id,
        repeated=accepted.repeated,
        disposition=accepted.outcome.disposition,
    )
    return accepted


async def _take(session: Session, desk: Desk, source: Source, raw: Raw, message: Message) -> Accepted:
    """Transaction 2: repeat, conflict, or a new message with its disposition and all that follows from it."""
    at = desk.clock.now()
    await db.lock(session, f"intake:{raw.district}")
    known = await session.scalar(
        sa.select(Key).where(
            Key.district == raw.district,
            Key.sender == message.sender,
            Key.identifier == message.identifier,
            Key.event_code == message.event_code,
        )
    )
    if known is not None:
        if known.content_digest != message.content_digest:
            raise ConflictingDuplicate(
                "This identifier was taken before with other content. Both are before the duty officer.",
                conflicts_with=known.warning_id,
            )
        await _mark(session, raw, "repeated", at, message=message, warning_id=known.warning_id)
        return Accepted(await receive.again(session, known.warning_id), True, raw.id)
    where = await placing.place(session, message, district=raw.district, system=source.codes)
    _in_scope(source, message, where)
    earlier = await _earlier(session, raw.district, source, message)
    decision = disposition.decide(message, where, earlier, at, event_codes.known)
    _for_json(message, decision)
    outcome = await receive.receive(
        session,
        received(message, decision, where, source=source.name, raw_id=raw.id, origin=origin(message, desk)),
        district=raw.district,
        scheme=desk.scheme,
        registry=desk.registry,
        at=at,
    )
    session.add(
        Key(
            district=raw.district,
            sender=message.sender,
            identifier=message.identifier,
            event_code=message.event_code,
            content_digest=message.content_digest,
            sent=message.sent,
            status=message.status.value,
            bureau=source.bureau,
            source=source.name,
            disposition=decision.disposition,
            raw_id=raw.id,
            warning_id=outcome.warning_id,
        )
    )
    await _mark(session, raw, "taken", at, message=message, warning_id=outcome.warning_id)
    return Accepted(outcome, False, raw.id)


def origin(message: Message, desk: Desk) -> Origin:
    """Return what the warning counts as: real only where a live channel can carry it."""
    if message.status is Status.EXERCISE:
        return Origin.EXERCISE
    return Origin.REAL if desk.registry.any_live else Origin.SIMULATED


def received(
    message: Message, decision: Decision, where: Where, *, source: str, raw_id: str | None, origin: Origin
) -> Received:
    """Return the message as ``activation`` takes it."""
    return Received(
        form=message.form,
        source=source,
        raw_id=raw_id,
        origin=origin,
        sender=message.sender,
        identifier=message.identifier,
        event_code=message.event_code,
        msg_type=message.msg_type.value,
        status=message.status.value,
        level=message.level,
        sent=message.sent,
        effective=message.effective,
        onset=message.onset,
        expires=message.expires,
        headline=message.headline,
        description=message.description,
        instruction=message.instruction,
        issuer=message.issuer[:120],
        content_digest=message.content_digest,
        disposition=decision.disposition,
        references=tuple(Referred(each.identifier, each.sender, each.sent) for each in message.references),
        places=where.places,
        villages=where.villages,
        problems=tuple((problem.code, problem.detail) for problem in decision.problems),
    )


def _in_scope(source: Source, message: Message, where: Where) -> None:
    """Refuse a known kind of event, or places of ours, outside the source's scope. Raises OutOfScope.

    A code that nobody knows is no scope question: it goes before the duty officer.
    """
    if message.event_code and event_codes.known(message.event_code):
        source.require(message.event_code)
    allowed = tuple(source.districts)
    if allowed and not all(code.startswith(allowed) for code in where.places):
        raise OutOfScope("Your key does not cover these places.")


def _for_json(message: Message, decision: Decision) -> None:
    """Refuse a JSON message that cannot be placed: its sender can mend it at once. Raises Validation."""
    if message.form != "json" or decision.disposition != "needs-review":
        return
    wrong = [p for p in decision.problems if p.blocking and p.code in disposition.PLACEMENT]
    if not wrong:
        return
    faults = [
        Fault("/event_code" if problem.code == "unknown-event" else "/areas", problem.code, problem.detail)
        for problem in wrong
    ]
    kind = InvalidGeometry if any(problem.code in _GEOMETRY for problem in wrong) else Validation
    raise kind("The warning cannot be placed.", errors=faults)


async def _earlier(session: Session, district: str, source: Source, message: Message) -> Earlier:
    """Look up the messages it refers to: by CAP's triple where it gives one, else by identifier."""
    if not message.references:
        return Earlier()
    rows = await session.scalars(
        sa.select(Key).where(
            Key.district == district, Key.identifier.in_({each.identifier for each in message.references})
        )
    )
    named = [
        row
        for row in rows
        if any(
            each.identifier == row.identifier
            and each.sender in {None, row.sender}
            and each.sent in {None, row.sent}
            for each in message.references
        )
    ]
    # What waits itself is not there yet: a Cancel of a waiting Update must wait with it.
    here = [
        row
        for row in named
        if row.disposition != "waiting" or (await receive.again(session, row.warning_id)).state != "waiting"
    ]
    same = [row for row in here if row.status == message.status.value]
    return Earlier(
        found=bool(same),
        other_status=len(same) < len(here),
        other_bureau=any(
            row.bureau != source.bureau or (row.bureau == "other" and row.source != source.name)
            for row in here
        ),
        none_applied=bool(here) and all(row.disposition == "not-applicable" for row in here),
    )


async def _mark(
    session: Session,
    raw: Raw,
    state: str,
    at: datetime,
    *,
    message: Message | None = None,
    warning_id: str | None = None,
    problem: str | None = None,
    pointers: Sequence[str] = (),
) -> None:
    await session.execute(
        sa.update(Raw)
        .where(Raw.id == raw.id)
        .values(
            state=state,
            decided_at=at,
            identifier=message.identifier if message else None,
            warning_id=warning_id,
            problem=problem,
            pointers=list(pointers),
        )
    )


async def _refuse(desk: Desk, raw: Raw, error: JiaoyingError) -> None:
    """Note why a body was refused and put it before the desk, with sound, until a person has looked."""
    at = desk.clock.now()
    conflict = isinstance(error, ConflictingDuplicate)
    kind = "warning-conflict" if conflict else "warning-refused"
    text = (
        f"{raw.source}发来同一编号、内容不同的预警，请核对是否另为一条"
        if conflict
        else f"{raw.source}发来的预警报文被拒收（{error.code}），原文已留存，请核对"
    )
    async with desk.db.transaction() as session:
        await _mark(
            session,
            raw,
            "conflict" if conflict else "refused",
            at,
            warning_id=str(error.facts["conflicts_with"]) if conflict else None,
            problem=error.code,
            pointers=[fault.pointer for fault in error.errors],
        )
        # One standing alarm for a source that keeps sending what cannot be read; one for each conflict.
        await alarms.raise_(
            session,
            raw.district,
            (Origin.REAL if desk.registry.any_live else Origin.SIMULATED).value,
            kind,
            text,
            at=at,
            subject=raw.id if conflict else raw.source,
        )
        events.publish(session, "alarm", raw.id, district=raw.district, at=at)
        audit.record(
            session,
            kind,
            raw.id,
            district=raw.district,
            by=audit.Actor("source", raw.source),
            at=at,
            code=error.code,
        )
    metrics.REFUSED.labels(error.code).inc()
    log.warning("message.refused", raw=raw.id, code=error.code)


async def resume(desk: Desk, sources: Sequence[Source], *, at: datetime) -> int:
    """Finish what a process that died left between its two transactions; returns how many.

    A sweep, safe on every node: the lock and the key make a second run find a repeat. ``sources``: those
    whose rows are looked after (``access.sources.listed``).
    """
    by_id = {source.id: source for source in sources}
    async with desk.db.reading() as session:
        left = list(
            await session.scalars(
                sa.select(Raw)
                .where(Raw.state == "received", Raw.received_at < at - GRACE, Raw.source_id.in_(by_id))
                .order_by(Raw.received_at)
                .limit(100)
            )
        )
    done = 0
    for raw in left:
        try:
            await _decide(desk, by_id[raw.source_id], raw)
        except Unavailable:
            break
        except Refused:
            pass  # noted and shown by _decide
        except Exception as error:
            # Our own fault, and it would come again at every run: the desk gets the raw body, the others go
            # on.
            log.exception("message.not_resumed", raw=raw.id, error=type(error).__name__)
            await _refuse(desk, raw, JiaoyingError("The message could not be worked on."))
        done += 1
    if done:
        async with desk.db.transaction() as session:
            audit.record(
                session, "resumed", "intake", district=left[0].district, by=SYSTEM, at=at, count=done
            )
    return done
