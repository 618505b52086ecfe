"""What came to light by another way than the town's report: an alarm, 119, 110, the media, a check."""

from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from app import audit, db
from app.access.officer import Officer
from app.access.rights import require
from app.audit import Actor
from app.db import Session
from app.disaster import facts, keep
from app.disaster.form import Kind
from app.disaster.tables import Sign
from app.errors import Validation, WrongState


async def heard(
    session: Session,
    *,
    district: str,
    origin: str,
    place: str,
    place_text: str,
    kinds: list[Kind],
    source: Literal["alarm", "119", "110", "grid", "media", "check"],
    occurred_at: datetime,
    by: Actor,
    at: datetime,
    event_id: str,
    warning_id: str | None = None,
    hazard: str | None = None,
) -> str:
    """Note an event that an alarm, 119 or the like told of; its town still owes the first report.

    Returns its id.
    """
    return await _heard(
        session,
        district,
        origin,
        place,
        place_text,
        list(kinds),
        source,
        occurred_at,
        by=by,
        at=at,
        event_id=event_id,
        warning_id=warning_id,
        hazard=hazard,
        later=False,
    )


async def found_later(
    session: Session,
    *,
    origin: str,
    place: str,
    place_text: str,
    kinds: list[Kind],
    source: Literal["119", "110", "media", "check"],
    occurred_at: datetime,
    by: Officer,
    at: datetime,
    event_id: str,
    warning_id: str | None = None,
    hazard: str | None = None,
) -> str:
    """Note an event that came to light afterwards: it counts as late or missed.

    Returns its id. Raises Forbidden.
    """
    require(by, "report-disaster", place)
    return await _heard(
        session,
        by.district,
        origin,
        place,
        place_text,
        list(kinds),
        source,
        occurred_at,
        by=by.actor,
        at=at,
        event_id=event_id,
        warning_id=warning_id,
        hazard=hazard,
        later=True,
    )


async def told_too(
    session: Session,
    disaster_id: str,
    source: str,
    occurred_at: datetime,
    *,
    by: Officer,
    at: datetime,
    event_id: str,
) -> datetime:
    """Add another sign of the same event (119 had it before the town).

    Returns T0, which may now be earlier. Raises Forbidden, NotFound, Validation.
    """
    require(by, "report-disaster")
    event = await keep.locked(session, disaster_id, by)
    if source not in facts.SOURCES:
        raise Validation("This is no source of a sign.")
    if not await session.scalar(
        sa.select(Sign.id).where(Sign.district == event.district, Sign.event_id == event_id)
    ):
        session.add(keep.sign(event, source, min(occurred_at, at), by.actor, at, event_id))
        await session.flush()
        await keep.refold(session, event, at)
        audit.record(
            session, "disaster-sign", event.id, district=event.district, by=by.actor, at=at, source=source
        )
        keep.tell(session, event, at)
    return event.t0


async def exclude(session: Session, disaster_id: str, reason: str, *, by: Officer, at: datetime) -> None:
    """Take an event out of the rate, with a reason and a name.

    Raises Forbidden, NotFound, Validation, WrongState.
    """
    require(by, "exclude")
    if not reason.strip():
        raise Validation("An exclusion needs a reason.")
    event = await keep.locked(session, disaster_id, by)
    if not event.reportable:
        raise WrongState("It is excluded already.")
    event.reportable, event.excluded_reason, event.excluded_by = False, reason, by.id
    event.next_remind_at = None
    audit.record(
        session, "disaster-excluded", event.id, district=event.district, by=by.actor, at=at, reason=reason
    )
    keep.tell(session, event, at)


async def _heard(
    session: Session,
    district: str,
    origin: str,
    place: str,
    place_text: str,
    kinds: list[str],
    source: str,
    occurred_at: datetime,
    *,
    by: Actor,
    at: datetime,
    event_id: str,
    warning_id: str | None,
    hazard: str | None,
    later: bool,
) -> str:
    await db.lock(session, f"report:{district}:{event_id}")
    there: str | None = await session.scalar(
        sa.select(Sign.disaster_id).where(Sign.district == district, Sign.event_id == event_id)
    )
    if there is not None:
        return there
    began = min(occurred_at, at)
    event = keep.new(place, place_text, kinds, origin, district, (source, began), at)
    event.warning_id, event.hazard, event.found_later = warning_id, hazard, later
    session.add(event)
    await session.flush()
    session.add(keep.sign(event, source, began, by, at, event_id))
    await session.flush()
    await keep.refold(session, event, at)
    audit.record(
        session,
        "disaster-found-later" if later else "disaster-heard",
        event.id,
        district=district,
        by=by,
        at=at,
        source=source,
        place=place,
    )
    keep.tell(session, event, at)
    return event.id
