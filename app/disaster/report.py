"""首报, 续报, 终报. Each is a fact; the event's clock follows from them."""

from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from app import audit, db
from app.access.officer import Officer
from app.access.rights import require
from app.db import Session
from app.disaster import keep
from app.disaster.form import ReportIn
from app.disaster.tables import Disaster, ReportRow
from app.errors import Validation
from app.ids import new_id

EARLIEST = timedelta(days=30)
"""An occurrence further back than this is a slip of the finger."""


async def first(
    session: Session,
    report: ReportIn,
    *,
    origin: str,
    by: Officer,
    at: datetime,
    event_id: str,
    occurred_at: datetime | None = None,
    disaster_id: str | None = None,
    via: Literal["page", "phone", "api"] = "page",
    warning_id: str | None = None,
    hazard: str | None = None,
) -> str:
    """Take a first report and return the event's id; the same ``event_id`` again returns the same event.

    ``disaster_id`` names an event that is known already (an alarm, 119). ``occurred_at`` is when it was
    written on the phone. Raises Forbidden, OutOfScope, NotFound, Validation.
    """
    require(by, "report-disaster", report.place)
    await db.lock(session, f"report:{by.district}:{event_id}")
    there = await _already(session, by.district, event_id)
    if there is not None:
        return there
    _plausible(report, at)
    began = report.not_before(at)
    sign = ("occurrence", began) if began else ("grid", min(occurred_at or at, at))
    if disaster_id is None:
        event = keep.new(report.place, report.place_text, list(report.kinds), origin, by.district, sign, at)
        event.warning_id, event.hazard = warning_id, hazard
        session.add(event)
        await session.flush()
    else:
        event = await keep.locked(session, disaster_id, by)
        if event.place != report.place:
            raise Validation("The report is of another town than the event.")
    await _append(
        session,
        event,
        report,
        "first",
        sign=sign,
        by=by,
        at=at,
        event_id=event_id,
        occurred_at=occurred_at,
        via=via,
        corrects=None,
    )
    return event.id


async def followup(
    session: Session,
    disaster_id: str,
    report: ReportIn,
    *,
    by: Officer,
    at: datetime,
    event_id: str,
    occurred_at: datetime | None = None,
    corrects: str | None = None,
    via: Literal["page", "phone", "api"] = "page",
) -> str:
    """Take a follow-up, or with ``corrects`` (a report's id) a correction. Returns the report's id.

    It moves no clock: T0 stays, and a missing first report is still missing. Raises Forbidden, NotFound,
    Validation.
    """
    return await _later(
        session,
        disaster_id,
        report,
        "followup",
        by=by,
        at=at,
        event_id=event_id,
        occurred_at=occurred_at,
        corrects=corrects,
        via=via,
    )


async def final(
    session: Session,
    disaster_id: str,
    report: ReportIn,
    *,
    by: Officer,
    at: datetime,
    event_id: str,
    occurred_at: datetime | None = None,
    via: Literal["page", "phone", "api"] = "page",
) -> str:
    """Take the final, verified report. Returns its id. Raises Forbidden, NotFound, Validation."""
    return await _later(
        session,
        disaster_id,
        report,
        "final",
        by=by,
        at=at,
        event_id=event_id,
        occurred_at=occurred_at,
        corrects=None,
        via=via,
    )


async def _already(session: Session, district: str, event_id: str) -> str | None:
    found: str | None = await session.scalar(
        sa.select(ReportRow.disaster_id).where(ReportRow.district == district, ReportRow.event_id == event_id)
    )
    return found


async def _later(
    session: Session,
    disaster_id: str,
    report: ReportIn,
    kind: str,
    *,
    by: Officer,
    at: datetime,
    event_id: str,
    occurred_at: datetime | None,
    corrects: str | None,
    via: str,
) -> str:
    require(by, "report-disaster", report.place)
    event = await keep.locked(session, disaster_id, by)
    there: str | None = await session.scalar(
        sa.select(ReportRow.id).where(ReportRow.district == event.district, ReportRow.event_id == event_id)
    )
    if there is not None:
        return there
    if event.place != report.place:
        raise Validation("The report is of another town than the event.")
    if corrects is not None and not await session.scalar(
        sa.select(ReportRow.id).where(ReportRow.id == corrects, ReportRow.disaster_id == disaster_id)
    ):
        raise Validation("The report it corrects is none of this event.")
    return await _append(
        session,
        event,
        report,
        kind,
        sign=None,
        by=by,
        at=at,
        event_id=event_id,
        occurred_at=occurred_at,
        via=via,
        corrects=corrects,
    )


async def _append(
    session: Session,
    event: Disaster,
    report: ReportIn,
    kind: str,
    *,
    sign: tuple[str, datetime] | None,
    by: Officer,
    at: datetime,
    event_id: str,
    occurred_at: datetime | None,
    via: str,
    corrects: str | None,
) -> str:
    if sign is not None:
        session.add(keep.sign(event, sign[0], sign[1], by.actor, at, event_id))
    row = ReportRow(
        id=new_id(),
        district=event.district,
        disaster_id=event.id,
        kind=kind,
        via=via,
        kinds=list(report.kinds),
        people=report.people.model_dump(),
        body=report.model_dump_json(exclude={"people", "kinds"}),
        occurred_at=min(occurred_at or at, at),
        received_at=at,
        by=str(by.actor),
        event_id=event_id,
        corrects=corrects,
    )
    session.add(row)
    await session.flush()
    await keep.refold(session, event, at)
    audit.record(
        session,
        f"disaster-{kind}",
        event.id,
        district=event.district,
        by=by.actor,
        at=at,
        report=row.id,
        corrects=corrects,
    )
    keep.tell(session, event, at)
    return row.id


def _plausible(report: ReportIn, at: datetime) -> None:
    if report.occurred_at is not None and report.occurred_at < at - EARLIEST:
        raise Validation("The event lies too far back for a first report.")
