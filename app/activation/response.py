"""The response level (应急响应) of a family of hazards: it spans warnings, and it is signed.

Whoever is on duty may propose; only those sign whom release.yaml names under ``response``. Where it asks for
two persons, one of ``who`` and another one of ``who`` or ``second`` sign the same decision, in either order;
the first waits (``pending-approval``) and lapses. One decision for each family and origin holds; the others
stay as rows.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, events
from app.access.officer import Officer
from app.access.rights import require
from app.activation import countersign
from app.activation.tables import Decision, PlanRow, ResponseRow, Warning
from app.db import lock
from app.errors import Fault, Forbidden, SamePerson, Validation, WrongState
from app.ids import new_id
from app.origin import Origin
from app.scheme.models import ReleaseRule, Scheme

ResponseLevel: TypeAlias = Literal["none", "IV", "III", "II", "I"]
Verb: TypeAlias = Literal["start", "raise", "lower", "end", "not-raised"]

LEVELS: tuple[ResponseLevel, ...] = ("none", "IV", "III", "II", "I")
"""From nothing to the gravest."""

SIGNED, PROPOSED = "response-signed", "response-proposed"


@dataclass(frozen=True, slots=True)
class Response:
    """A decision on a family's level. ``level`` is what holds with it; while it waits, what it asks for.

    ``signed_by``: the office that signs this level (response.yaml), where the scheme names one.
    """

    id: str
    family: str
    level: str
    decision: str
    state: str
    origin: str
    reason: str
    decided_at: datetime
    in_force_at: datetime | None
    first_by: str
    second_by: str | None
    signed_by: str | None


async def in_force(
    session: AsyncSession, district: str, family: str, *, origin: Origin, scheme: Scheme
) -> Response | None:
    """Return the decision that holds for a family, whose level may be ``none``; None where none was made."""
    row = await _held(session, district, family, origin)
    return None if row is None else _shape(row, scheme)


async def decide(
    session: AsyncSession,
    family: str,
    level: ResponseLevel,
    decision: Verb,
    reason: str,
    *,
    by: Officer,
    scheme: Scheme,
    at: datetime,
    origin: Origin,
) -> Response:
    """Start, raise, lower, end, or decide not to raise; or be the one who proposes it, or the first of two.

    ``level``: the level to reach; for ``end`` none; for ``not-raised`` the one that is not gone to. Down it
    goes one step at a time, and neither down nor to an end while a warning in force still speaks for more.
    Raises Forbidden, WrongState, SamePerson, Validation.
    """
    if not by.may("sign-response"):
        require(by, "respond")
    reason = countersign.given(reason)
    if family not in {hazard.family for hazard in scheme.ruleset.hazards}:
        raise Validation("Unknown family.", errors=[Fault("/family", "unknown-family", "没有这一类灾害")])
    await lock(session, f"response:{by.district}:{origin.value}:{family}")
    held = await _held(session, by.district, family, origin)
    wanted: ResponseLevel = "none" if decision == "end" else level
    _check(_level(held), level, decision)
    if decision in ("lower", "end"):
        await _signal_lifted(session, by.district, family, wanted, origin=origin, scheme=scheme, at=at)
    row = await _waiting(session, by, family, wanted, decision, origin=origin, scheme=scheme, at=at)
    signatures = await _signatures(session, row)
    rule = scheme.release.response
    signs = _signs(row, signatures, rule, by)
    if row is None:
        row = ResponseRow(
            id=new_id(),
            district=by.district,
            origin=origin.value,
            family=family,
            level=wanted,
            decision=decision,
            state="pending-approval",
            first_by=by.id,
            second_by=None,
            decided_at=at,
            in_force_at=None,
            reason=reason,
        )
        session.add(row)
    elif not signatures:
        row.first_by = by.id  # whoever proposed it stays in the decisions; a name here is a signature
    row.decided_at = at
    act = SIGNED if signs else PROPOSED
    _note(session, row, act, reason, by=by, at=at, office=_office(scheme, family, wanted))
    if signs:
        signatures[by.id] = by.role
    if _complete(rule, signatures):
        await _take_effect(session, row, held, list(signatures), by=by, at=at, reason=reason)
    events.publish(session, "plan", row.id, district=row.district, at=at)
    await session.flush()
    return _shape(row, scheme)


def _signs(row: ResponseRow | None, signatures: dict[str, str], rule: ReleaseRule, by: Officer) -> bool:
    """Whether what the officer says is a signature, or else a proposal, of which one is enough."""
    if row is not None and (by.id in signatures or (not signatures and row.first_by == by.id)):
        raise SamePerson
    signs = by.may("sign-response") and by.role in rule.who | rule.second
    if row is not None and not signs:
        raise Forbidden("This waits for a signature.", right="sign-response")
    return signs


def _check(held: ResponseLevel, level: ResponseLevel, decision: Verb) -> None:
    """Raise WrongState where the decision does not fit what holds, Validation where its level does not."""
    now, to = LEVELS.index(held), LEVELS.index(level)
    if decision == "start" and held != "none":
        raise WrongState(f"Level {held} is in force: raise, lower or end it.", state=held)
    if decision in ("raise", "lower", "end") and held == "none":
        raise WrongState("No response level is in force.", state=held)
    fault: Fault | None = None
    if decision == "end":
        if level not in ("none", held):
            fault = Fault("/level", "not-in-force", f"要结束的是{held}级，level 写 none")
    elif level == "none":
        fault = Fault("/level", "level-missing", "要写明级别：IV、III、II 或 I")
    elif decision in ("raise", "not-raised") and to <= now:
        fault = Fault("/level", "not-higher", f"现为{held}级，要写更高的级别")
    elif decision == "lower" and to != now - 1:
        fault = Fault("/level", "not-one-step", f"现为{held}级，一次只降一级")
    if fault is not None:
        raise Validation("The level does not fit the decision.", errors=[fault])


async def _signal_lifted(
    session: AsyncSession,
    district: str,
    family: str,
    to: ResponseLevel,
    *,
    origin: Origin,
    scheme: Scheme,
    at: datetime,
) -> None:
    """Raise WrongState while a warning in force speaks for more (44NN: not before the signal is lifted)."""
    rows = await session.execute(
        sa.select(Warning.event_code, PlanRow.response_level)
        .join(PlanRow, PlanRow.id == Warning.plan_id)
        .where(
            Warning.district == district,
            Warning.origin == origin.value,
            Warning.state == "in-force",
            PlanRow.response_level.is_not(None),
        )
    )
    for code, proposed in rows:
        hazard = scheme.ruleset.hazard(code, at)
        if hazard is not None and hazard.family == family and LEVELS.index(proposed) > LEVELS.index(to):
            raise WrongState("A warning in force still speaks for a higher level.", state=proposed)


async def _held(session: AsyncSession, district: str, family: str, origin: Origin) -> ResponseRow | None:
    return await session.scalar(
        sa.select(ResponseRow)
        .where(
            ResponseRow.district == district,
            ResponseRow.family == family,
            ResponseRow.origin == origin.value,
            ResponseRow.state == "in-force",
        )
        .order_by(ResponseRow.decided_at.desc(), ResponseRow.id.desc())
        .limit(1)
        .with_for_update()
    )


def _level(row: ResponseRow | None) -> ResponseLevel:
    return next((level for level in LEVELS if row is not None and row.level == level), "none")


async def _waiting(
    session: AsyncSession,
    by: Officer,
    family: str,
    level: ResponseLevel,
    decision: Verb,
    *,
    origin: Origin,
    scheme: Scheme,
    at: datetime,
) -> ResponseRow | None:
    """Return the same decision, where it waits for a name; what waited too long lapses here."""
    rows = await session.scalars(
        sa.select(ResponseRow)
        .where(
            ResponseRow.district == by.district,
            ResponseRow.family == family,
            ResponseRow.origin == origin.value,
            ResponseRow.state == "pending-approval",
        )
        .order_by(ResponseRow.id)
        .with_for_update()
    )
    found = None
    for row in rows:
        if row.decided_at + scheme.release.approval_lapses <= at:
            row.state = "lapsed"
            audit.record(session, "approval-lapsed", row.id, district=row.district, by=by.actor, at=at)
        elif (row.level, row.decision) == (level, decision):
            found = row
    return found


async def _signatures(session: AsyncSession, row: ResponseRow | None) -> dict[str, str]:
    """Return who has signed, by id, with the role each signed in; in the order they did."""
    if row is None:
        return {}
    rows = await session.scalars(
        sa.select(Decision).where(Decision.subject == row.id, Decision.act == SIGNED).order_by(Decision.id)
    )
    return {one.by.partition(":")[2]: str(one.detail["role"]) for one in rows}


def _complete(rule: ReleaseRule, signatures: dict[str, str]) -> bool:
    """Whether these signatures suffice: one of ``who``, with two persons another one besides."""
    first = [one for one, role in signatures.items() if role in rule.who]
    return bool(first) and len(signatures) >= rule.persons


async def _take_effect(
    session: AsyncSession,
    row: ResponseRow,
    held: ResponseRow | None,
    names: list[str],
    *,
    by: Officer,
    at: datetime,
    reason: str,
) -> None:
    """Let a decision hold: it takes the place of the one before, and of all that still wait for a name."""
    asked, since = row.level, at
    if row.decision == "not-raised":
        row.level = _level(held)
        since = held.in_force_at or at if held is not None else at
    row.state, row.in_force_at = "in-force", since
    row.first_by, row.second_by = names[0], names[-1] if len(names) > 1 else None
    await session.flush()
    await session.execute(
        sa.update(ResponseRow)
        .where(
            ResponseRow.district == row.district,
            ResponseRow.family == row.family,
            ResponseRow.origin == row.origin,
            ResponseRow.id != row.id,
            ResponseRow.state.in_(("in-force", "pending-approval")),
        )
        .values(state="replaced")
    )
    audit.record(
        session,
        f"response-{row.decision}",
        row.id,
        district=row.district,
        by=by.actor,
        at=at,
        reason=reason,
        family=row.family,
        asked=asked,
        level=row.level,
        names=names,
    )


def _note(
    session: AsyncSession,
    row: ResponseRow,
    act: str,
    reason: str,
    *,
    by: Officer,
    at: datetime,
    office: str | None,
) -> None:
    """Keep who proposed or signed what, in which role."""
    detail = {
        "family": row.family,
        "level": row.level,
        "decision": row.decision,
        "role": by.role,
        "office": office,
    }
    session.add(
        Decision(
            id=new_id(),
            district=row.district,
            subject=row.id,
            act=act,
            by=str(by.actor),
            occurred_at=at,
            received_at=at,
            reason=reason,
            plan_hash=None,
            detail=detail,
        )
    )
    audit.record(session, act, row.id, district=row.district, by=by.actor, at=at, reason=reason, **detail)


def _office(scheme: Scheme, family: str, level: str) -> str | None:
    """Return the office that signs a family's level."""
    return next(
        (
            rule.signed_by
            for rule in scheme.ruleset.responses
            if rule.family == family and rule.level.response == level
        ),
        None,
    )


def _shape(row: ResponseRow, scheme: Scheme) -> Response:
    return Response(
        row.id,
        row.family,
        row.level,
        row.decision,
        row.state,
        row.origin,
        row.reason,
        row.decided_at,
        row.in_force_at,
        row.first_by,
        row.second_by,
        _office(scheme, row.family, row.level),
    )
