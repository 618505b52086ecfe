"""What was not taken, as the desk sees it, and an officer's word that a conflict is a message of its own.

Real 12379 identifiers collide within a minute: the second message is then refused by rule and right in fact.
"""

from dataclasses import dataclass
from datetime import datetime

import anyio.to_thread
import sqlalchemy as sa

from app import audit, db
from app.access.officer import Officer
from app.access.rights import require
from app.access.sources import listed as sources_listed
from app.activation.receive import Outcome
from app.channels.registry import Registry
from app.db import Session
from app.errors import JiaoyingError, NotFound, WrongState
from app.intake.encoding import decode_xml
from app.intake.raw import mark
from app.intake.read import read
from app.intake.tables import Raw
from app.intake.take import register
from app.scheme.models import Scheme
from app.tasks import alarms

STATES = ("received", "taken", "repeated", "conflict", "refused", "adopted")


@dataclass(frozen=True, slots=True)
class Kept:
    """A body that was kept and what became of it. ``text`` only where one is looked at."""

    id: str
    source: str
    received_at: datetime
    content_type: str
    size: int
    state: str
    problem: str | None
    pointers: tuple[str, ...]
    identifier: str | None
    warning_id: str | None
    text: str | None = None


async def page(
    session: Session, district: str, *, state: str | None = None, before: str | None = None, limit: int = 50
) -> list[Kept]:
    """Return kept bodies without their text, newest first; ``before``: those older than this id."""
    query = sa.select(Raw).where(Raw.district == district).order_by(Raw.id.desc()).limit(limit)
    if state is not None:
        query = query.where(Raw.state == state)
    if before is not None:
        query = query.where(Raw.id < before)
    return [_kept(raw) for raw in await session.scalars(query)]


async def look(session: Session, district: str, raw_id: str) -> Kept:
    """Return one body with its text, as well as it can be read. Raises NotFound."""
    raw = await session.get(Raw, raw_id)
    if raw is None or raw.district != district:
        raise NotFound
    try:
        text = decode_xml(raw.body)
    except JiaoyingError:
        text = raw.body.decode("utf-8", "replace")
    return _kept(raw, text)


async def adopt(
    session: Session,
    raw_id: str,
    *,
    by: Officer,
    reason: str,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
) -> Outcome:
    """Take a conflict as a message of its own, under its identifier with ``#2``, ``#3`` … behind it.

    Raises Forbidden, NotFound, WrongState (it is no conflict, or no longer one). A later Cancel that names
    the bare identifier ends the first message only; this one the desk closes.
    """
    require(by, "review")
    await db.lock(session, f"intake:{by.district}")
    raw = await session.get(Raw, raw_id, with_for_update=True)
    if raw is None or raw.district != by.district:
        raise NotFound
    sources = {source.id: source for source, _ in await sources_listed(session, by.district)}
    if raw.state != "conflict" or raw.source_id not in sources:
        raise WrongState("This body is no conflict, or its source was withdrawn.", state=raw.state)
    message = await anyio.to_thread.run_sync(read, raw.body, raw.content_type)
    outcome = await register(
        session, sources[raw.source_id], raw, message, scheme=scheme, registry=registry, at=at, own=True
    )
    await mark(session, raw, "adopted", at, message=message, warning_id=outcome.warning_id)
    await alarms.over(session, by.district, "warning-conflict", raw.id, at=at)
    audit.record(
        session,
        "conflict-adopted",
        raw.id,
        district=by.district,
        by=by.actor,
        at=at,
        reason=reason,
        warning=outcome.warning_id,
    )
    return outcome


def _kept(raw: Raw, text: str | None = None) -> Kept:
    return Kept(
        raw.id,
        raw.source,
        raw.received_at,
        raw.content_type,
        len(raw.body),
        raw.state,
        raw.problem,
        tuple(raw.pointers),
        raw.identifier,
        raw.warning_id,
        text,
    )
