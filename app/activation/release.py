"""A person lets a part of a plan out, or holds it back.

Who may, and how many it takes, is data (release.yaml).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, events
from app.access.officer import Officer
from app.access.rights import require
from app.activation import propose
from app.activation.let_out import let_out
from app.activation.states import UNDECIDED, check_part
from app.activation.tables import Decision, Part, PlanRow, Warning
from app.channels.registry import Registry
from app.errors import Forbidden, NotFound, PlanChanged, Reauthenticate, SamePerson, WrongState
from app.scheme.models import ReleaseRule, Scheme
from app.tasks import alarms
from app.warning.level import Level


@dataclass(frozen=True, slots=True)
class PartState:
    """Where a part stands after a decision."""

    part: str
    state: str
    decide_by: datetime | None
    first_by: str | None
    released_at: datetime | None


async def release(
    session: AsyncSession,
    warning_id: str,
    name: str,
    plan_hash: str,
    *,
    by: Officer,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
    reason: str | None = None,
    break_glass: bool = False,
) -> PartState:
    """Let a part out, or be the first of the two it takes.

    ``plan_hash``: the plan the officer saw. ``break_glass``: the second person cannot be reached; one officer
    may go alone once the first approval is old enough, loudly. Raises NotFound, Forbidden, Reauthenticate,
    PlanChanged, WrongState, SamePerson.
    """
    row, part = await _locked(session, warning_id, name, plan_hash, by)
    level = Level(part.level)
    rule = scheme.release.rule(name, level)  # type: ignore[arg-type]
    if (name, level) in scheme.release.reauthenticate and not by.confirmed:
        raise Reauthenticate
    if (
        part.state == "pending-approval"
        and part.first_at is not None
        and part.first_at + scheme.release.approval_lapses <= at
    ):
        part.state, part.first_by, part.first_at = "proposed", None, None
        audit.record(session, "approval-lapsed", part.id, district=row.district, by=by.actor, at=at)
    if part.state == "proposed":
        return await _first(
            session, row, part, rule, by=by, scheme=scheme, registry=registry, at=at, reason=reason
        )
    return await _second(
        session,
        row,
        part,
        rule,
        by=by,
        scheme=scheme,
        registry=registry,
        at=at,
        reason=reason,
        break_glass=break_glass,
    )


async def _first(
    session: AsyncSession,
    row: Warning,
    part: Part,
    rule: ReleaseRule,
    *,
    by: Officer,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
    reason: str | None,
) -> PartState:
    require(by, "release")
    if by.role not in rule.who:
        raise Forbidden(right="release")
    if rule.persons < 2:
        return await _let_out(
            session, row, part, by=by, scheme=scheme, registry=registry, at=at, reason=reason
        )
    check_part(part.state, "pending-approval")
    part.state, part.first_by, part.first_at = "pending-approval", by.id, at
    _decided(session, row, part, "approved-first", by, at, reason)
    await session.flush()
    return _shape(part)


async def _second(
    session: AsyncSession,
    row: Warning,
    part: Part,
    rule: ReleaseRule,
    *,
    by: Officer,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
    reason: str | None,
    break_glass: bool,
) -> PartState:
    if break_glass:
        require(by, "release")
        opens = (part.first_at or at) + scheme.release.break_glass
        if at < opens:
            raise WrongState(
                "Break-glass opens when a second person has been waited for.", opens_at=opens.isoformat()
            )
        _decided(session, row, part, "break-glass", by, at, reason)
        await alarms.raise_(
            session,
            row.district,
            row.origin,
            "break-glass",
            "单人紧急放行，请值班长立即复核",
            at=at,
            level=part.level,
            warning_id=row.id,
            subject=part.id,
        )
        return await _let_out(
            session, row, part, by=by, scheme=scheme, registry=registry, at=at, reason=reason or "break-glass"
        )
    if by.id == part.first_by:
        raise SamePerson
    require(by, "second")
    if by.role not in rule.second:
        raise Forbidden(right="second")
    return await _let_out(session, row, part, by=by, scheme=scheme, registry=registry, at=at, reason=reason)


async def _let_out(
    session: AsyncSession,
    row: Warning,
    part: Part,
    *,
    by: Officer,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
    reason: str | None,
) -> PartState:
    plan = await session.get_one(PlanRow, part.plan_id)
    lines = propose.lines_of(plan.body, part.lines)
    await let_out(
        session, row, part, lines, scheme=scheme, registry=registry, at=at, by=by.actor, reason=reason
    )
    await session.flush()
    return _shape(part)


async def hold(
    session: AsyncSession,
    warning_id: str,
    name: str,
    plan_hash: str,
    reason: str,
    *,
    by: Officer,
    at: datetime,
) -> PartState:
    """Hold a part back, with a reason. Raises as ``release``."""
    require(by, "hold")
    row, part = await _locked(session, warning_id, name, plan_hash, by)
    check_part(part.state, "held")
    part.state, part.next_alarm_at = "held", None
    if part.alarms:
        await alarms.over(session, row.district, "undecided", part.id, at=at)
    _decided(session, row, part, "held", by, at, reason)
    await session.flush()
    return _shape(part)


async def _locked(
    session: AsyncSession, warning_id: str, name: str, plan_hash: str, by: Officer
) -> tuple[Warning, Part]:
    """Return warning and undecided part, locked; whoever comes second finds what the first did."""
    row = await session.scalar(
        sa.select(Warning).where(Warning.id == warning_id, Warning.district == by.district).with_for_update()
    )
    if row is None:
        raise NotFound
    parts = list(
        await session.scalars(
            sa.select(Part)
            .where(Part.warning_id == warning_id, Part.name == name)
            .order_by(Part.serial.desc())
            .with_for_update()
        )
    )
    if not parts:
        raise NotFound("This warning has no such part.")
    part = next((one for one in parts if one.state in UNDECIDED), None)
    if part is None:
        last = parts[0]
        raise WrongState(
            f"This part is {last.state}.",
            state=last.state,
            by=last.released_by or "",
            at=str(last.released_at or ""),
        )
    if row.plan_hash != plan_hash:
        raise PlanChanged("", **await _difference(session, row, name, plan_hash))
    return row, part


async def _difference(session: AsyncSession, row: Warning, name: str, seen: str) -> dict[str, Any]:
    """Say what changed in this part since the plan the officer saw."""
    rows = {
        plan.plan_hash: plan
        for plan in await session.scalars(sa.select(PlanRow).where(PlanRow.warning_id == row.id))
    }
    now = rows.get(row.plan_hash or "")
    was = rows.get(seen)

    def keys(plan: PlanRow | None) -> set[str]:
        return (
            {f"{x['place']}/{x['layer']}/{x['duty']}" for x in plan.body["lines"] if x["part"] == name}
            if plan
            else set()
        )

    return {
        "plan_hash": row.plan_hash,
        "cause": now.cause if now else "",
        "added": sorted(keys(now) - keys(was)),
        "removed": sorted(keys(was) - keys(now)),
        "segment": row.segment,
    }


def _decided(
    session: AsyncSession, row: Warning, part: Part, act: str, by: Officer, at: datetime, reason: str | None
) -> None:
    session.add(
        Decision(
            district=row.district,
            subject=part.id,
            act=act,
            by=str(by.actor),
            occurred_at=at,
            received_at=at,
            reason=reason,
            plan_hash=part.plan_hash,
            detail={"part": part.name},
        )
    )
    audit.record(
        session,
        act,
        part.id,
        district=row.district,
        by=by.actor,
        at=at,
        reason=reason,
        part=part.name,
        state=part.state,
    )
    events.publish(session, "plan", part.id, district=row.district, warning=row.id, at=at)


def _shape(part: Part) -> PartState:
    return PartState(part.name, part.state, part.decide_by, part.first_by, part.released_at)
