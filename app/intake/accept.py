"""A bureau's body becomes a warning, or is kept with the reason why not. Nothing that came in is ever lost.

Transaction 1 keeps the raw bytes. Then the body is read. Transaction 2 decides and, where it applies, plans
and calls. A process that dies between the two leaves a row in state ``received``; ``resume`` finishes it
within seconds. All transactions 2 of a district queue behind one lock, so that fifty copies make one
warning, and a Cancel and its Alert that arrive together always find each other.
"""

import hashlib
from asyncio import Lock
from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

import anyio.to_thread
import sqlalchemy as sa
from sqlalchemy import exc

from app import logs, metrics
from app.access.sources import Source, listed
from app.channels.registry import Registry
from app.clock import Clock
from app.db import Database, Session
from app.due import Due
from app.errors import JiaoyingError, OutOfScope, Refused
from app.intake import refusal
from app.intake.read import family, read
from app.intake.tables import Raw
from app.intake.take import Accepted, take
from app.scheme.models import Scheme

log = logs.get(__name__)

GRACE = timedelta(seconds=3)
"""A row received longer ago than this and not decided is nobody's any more."""

# Those of one process queue here before they ask for a connection: the lock in the database would hold one
# for each.
_turns: WeakValueDictionary[str, Lock] = WeakValueDictionary()


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
            accepted = await desk.db.run(
                lambda session: take(
                    session,
                    source,
                    raw,
                    message,
                    scheme=desk.scheme,
                    registry=desk.registry,
                    at=desk.clock.now(),
                )
            )
    except Refused as error:
        async with desk.db.transaction() as session:
            await refusal.note(session, raw, error, registry=desk.registry, at=desk.clock.now())
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


async def resume(session: Session, district: str, *, scheme: Scheme, registry: Registry, at: datetime) -> int:
    """Finish one body that a process left between its two transactions; returns 1, or 0 when none is left.

    A sweep, safe on every node: the lock and the key make a second run find a repeat.
    """
    raw = await session.scalar(
        sa.select(Raw)
        .where(Raw.district == district, Raw.state == "received", Raw.received_at <= at - GRACE)
        .order_by(Raw.received_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if raw is None:
        return 0
    sources = {source.id: source for source, _ in await listed(session, district)}
    try:
        if raw.source_id not in sources:
            raise OutOfScope("The key was withdrawn before the message was worked on.")
        message = await anyio.to_thread.run_sync(read, raw.body, raw.content_type)
        async with session.begin_nested():
            await take(session, sources[raw.source_id], raw, message, scheme=scheme, registry=registry, at=at)
    except Refused as error:
        await refusal.note(session, raw, error, registry=registry, at=at)
    except Exception as error:
        if isinstance(error, exc.DBAPIError):
            raise
        # Our own fault, and it would come again at every run: the desk gets the raw body, the others go on.
        log.exception("message.not_resumed", raw=raw.id, error=type(error).__name__)
        await refusal.note(session, raw, JiaoyingError(), registry=registry, at=at)
    log.warning("message.resumed", raw=raw.id)
    return 1


def unfinished(district: str) -> Due:
    """Ask when :func:`resume` will next have something to do."""
    kept = sa.select(sa.func.min(Raw.received_at)).where(Raw.district == district, Raw.state == "received")
    return Due(kept, after=GRACE)
