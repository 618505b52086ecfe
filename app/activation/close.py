"""The end of a warning: cancelled by its issuer, expired, or closed by an officer.

Calls stop; those who were reached are told.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, events
from app.access.officer import Officer
from app.access.rights import require
from app.activation import absorb, countersign, lineage, said
from app.activation.countersign import Act
from app.activation.said import Told
from app.activation.states import UNDECIDED, check_part, check_warning
from app.activation.tables import Decision, Part, Warning
from app.answer import obligations
from app.audit import Actor
from app.channels.registry import Registry
from app.dispatch import notify, permit, withdraw
from app.errors import NotFound, Reauthenticate
from app.scheme.models import Scheme
from app.tasks import acts, alarms, doors
from app.warning.level import Level
from app.warning.outlived import OUTLIVED

# How long an all-clear is worth telling.
CLEAR_LIFE = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Closing:
    """Where a warning stands now: ``closed``, or ``pending-approval`` when it waits for a second name."""

    id: str
    state: str


async def end(
    session: AsyncSession,
    row: Warning,
    state: str,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    scheme: Scheme,
    registry: Registry,
    told: Told | None = None,
    urgency: int = 0,
) -> None:
    """End a warning, and the raises that follow it: no send starts after this commits.

    A cancelled or closed one is followed by an all-clear to whom it reached, or by ``told`` instead. Where
    only a raise ends, the warning it raised goes on: its calls in those towns are taken up again.
    """
    check_warning(row.state, state)
    planned = row.plan_id is not None
    await alarms.over(session, row.district, OUTLIVED, row.id, at=at)
    row.state, row.ended_at, row.next_advance_at = state, at, None
    raises: list[Warning] = []
    if row.raised_from is None:
        await absorb.resume_lower(session, row, at=at)
        raises = await lineage.raises(session, row)
        for raised in raises:
            await end(
                session,
                raised,
                state,
                reason=reason,
                by=by,
                at=at,
                scheme=scheme,
                registry=registry,
                told=told,
                urgency=urgency,
            )
    elif (below := await lineage.raised_by(session, row)) is not None:
        await obligations.call_again(session, below.id, [*row.places, row.district], at=at)
        told = told or said.step_down(scheme, below)
    if planned:
        await withdraw.warnings(session, [row.id], reason=state, at=at)
        await obligations.stop_calling(session, row.id)
        if state in ("cancelled", "closed"):
            await obligations.exclude_unexpired(session, row.id, reason=f"warning {state}", by=by, at=at)
        await withdraw_parts(session, row, at=at, by=by)
        await acts.withdraw_for(session, row.id, at=at)
        await doors.withdraw_for(session, row.id, at=at)
        if state in ("cancelled", "closed"):
            await _tell(
                session,
                row,
                told or said.clear(scheme, row, at),
                told_by=[raised.id for raised in raises],
                scheme=scheme,
                registry=registry,
                at=at,
                urgency=urgency,
            )
    audit.record(session, state, row.id, district=row.district, by=by, at=at, reason=reason)
    events.publish(session, "warning", row.id, district=row.district, warning=row.id, at=at)


async def close(
    session: AsyncSession,
    warning_id: str,
    reason: str,
    *,
    by: Officer,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
) -> Closing:
    """An officer ends a warning, with a reason, or is the first of two (release.yaml, ``close``).

    The first name waits as the decision ``close-first`` and lapses like any other. Raises NotFound,
    Forbidden, Reauthenticate, WrongState, SamePerson, Validation.
    """
    require(by, "close")
    row = await session.scalar(sa.select(Warning).where(Warning.id == warning_id).with_for_update())
    if row is None or row.district != by.district:
        raise NotFound
    check_warning(row.state, "closed")
    level = Level(row.level or 0)
    if ("close", level) in scheme.release.reauthenticate and not by.confirmed:
        raise Reauthenticate
    reason = countersign.given(reason)
    rule = scheme.release.close[level]
    act = Act(row.id, "close", "close", rule, rule.persons, ("closed",), plan_hash=row.plan_hash)
    names = await countersign.agreed(session, act, reason, by=by, scheme=scheme, at=at)
    if names is None:
        return Closing(row.id, "pending-approval")
    session.add(
        Decision(
            district=row.district,
            subject=row.id,
            act="closed",
            by=str(by.actor),
            occurred_at=at,
            received_at=at,
            reason=reason,
            plan_hash=row.plan_hash,
            detail={"names": names},
        )
    )
    await end(session, row, "closed", reason=reason, by=by.actor, at=at, scheme=scheme, registry=registry)
    return Closing(row.id, row.state)


async def withdraw_parts(session: AsyncSession, row: Warning, *, at: datetime, by: Actor) -> None:
    """Take undecided parts of a warning that is over off the desk."""
    parts = await session.scalars(
        sa.select(Part)
        .where(Part.warning_id == row.id, Part.state.in_((*UNDECIDED, "held")))
        .with_for_update()
    )
    for part in parts:
        check_part(part.state, "withdrawn")
        part.state, part.next_alarm_at = "withdrawn", None
        if part.alarms:
            await alarms.over(session, row.district, "undecided", part.id, at=at)
        audit.record(session, "withdrawn", part.id, district=row.district, by=by, at=at, part=part.name)


async def permit_clear(session: AsyncSession, row: Warning, *, scheme: Scheme, at: datetime) -> None:
    """Permit what tells that a warning is over; it outlives the warning."""
    await permit.grant(
        session,
        row.id,
        district=row.district,
        origin=row.origin,
        hazard=row.event_code,
        title=said.title(scheme, row),
        expires_at=at + CLEAR_LIFE,
        purpose="clear",
    )


async def _tell(
    session: AsyncSession,
    row: Warning,
    told: Told,
    *,
    told_by: Collection[str],
    scheme: Scheme,
    registry: Registry,
    at: datetime,
    urgency: int,
) -> None:
    """Tell everybody whom the warning may have reached that it is over."""
    await permit_clear(session, row, scheme=scheme, at=at)
    await notify.all_clear(
        session,
        row.id,
        text=told.text,
        aloud=told.aloud,
        told_by=told_by,
        earlier=await lineage.versions_before(session, row),
        registry=registry,
        at=at,
        urgency=urgency,
    )
