"""What reports and signs share: an event's row, its lock, and the fold that keeps its clock."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from app import beats, events
from app.access.officer import Officer
from app.access.rights import show
from app.audit import Actor
from app.db import Session
from app.disaster import facts
from app.disaster.tables import Disaster, ReportRow, Sign
from app.errors import NotFound
from app.ids import new_id
from app.tasks import alarms

REMIND = (timedelta(minutes=30), timedelta(minutes=50))
ALARM = "report-due"
BEAT = "disasters"
"""Beats, as ``disasters:<district>``, whenever something is heard of an event."""


def new(
    place: str,
    place_text: str,
    kinds: list[str],
    origin: str,
    district: str,
    sign: tuple[str, datetime],
    at: datetime,
) -> Disaster:
    """Make the row of an event that one sign (source, time) told of."""
    return Disaster(
        id=new_id(),
        district=district,
        origin=origin,
        place=place,
        place_text=place_text,
        kind=kinds[0],
        kinds=kinds,
        t0=sign[1],
        t0_source=sign[0],
        state="known",
        created_at=at,
    )


def sign(event: Disaster, source: str, when: datetime, by: Actor, at: datetime, event_id: str) -> Sign:
    """Make the row of a sign."""
    return Sign(
        id=new_id(),
        district=event.district,
        disaster_id=event.id,
        source=source,
        occurred_at=when,
        received_at=at,
        by=str(by),
        event_id=event_id,
    )


async def locked(session: Session, disaster_id: str, by: Officer) -> Disaster:
    """Return an event, locked until the transaction ends. Raises NotFound, also for another town's."""
    event = await session.scalar(
        sa.select(Disaster)
        .where(Disaster.id == disaster_id, Disaster.district == by.district)
        .with_for_update()
    )
    if event is None:
        raise NotFound("There is no such event.")
    show(by, event.place)
    return event


async def refold(session: Session, event: Disaster, at: datetime) -> None:
    """Set what follows from the signs and reports there are: T0, first report, state, reminders."""
    signs = await session.execute(
        sa.select(Sign.source, Sign.occurred_at).where(Sign.disaster_id == event.id)
    )
    reports = await session.execute(
        sa.select(ReportRow.kind, ReportRow.received_at, ReportRow.corrects).where(
            ReportRow.disaster_id == event.id
        )
    )
    now = facts.standing(
        [facts.SignFact(source, when) for source, when in signs],
        [facts.ReportFact(kind, when, corrects is not None) for kind, when, corrects in reports],
    )
    event.t0, event.t0_source = now.t0, now.t0_source
    event.first_report_at, event.state = now.first_report_at, now.state
    event.next_remind_at = None
    if event.first_report_at is None and event.reportable and not event.found_later:
        # A sign that moves T0 back moves the reminders too; one that is past by now is due at once.
        after_last = event.reminded_at
        steps = (event.t0 + after for after in REMIND)
        event.next_remind_at = next((s for s in steps if after_last is None or s > after_last), None)
    elif event.first_report_at is not None:
        for after in REMIND:
            await alarms.over(session, event.district, ALARM, reminder(event.id, after), at=at)
    await session.flush()
    await beats.touch(session, f"{BEAT}:{event.district}", at)


def tell(session: Session, event: Disaster, at: datetime) -> None:
    """Tell live pages that the event changed."""
    events.publish(
        session,
        "disaster",
        event.id,
        district=event.district,
        at=at,
        warning=event.warning_id,
        place=event.place,
    )


def reminder(disaster_id: str, after: timedelta) -> str:
    """Return the subject of the alarm that reminds of a missing first report."""
    return f"{disaster_id}:{after // timedelta(minutes=1)}"
