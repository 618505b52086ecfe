"""Where an act takes two names: the first waits as a decision until another says the same, or it lapses.

A part of a plan keeps its first name itself (``release``), a response level too (``response``); what is about
a warning as a whole is kept here.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, events
from app.access.officer import Officer
from app.access.rights import HELD_BY, Right, require
from app.activation.tables import Decision
from app.errors import Fault, Forbidden, SamePerson, Validation
from app.ids import new_id
from app.scheme.models import ReleaseRule, Scheme


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be decided about a warning.

    ``about``: exactly what; a second name is for the same, another wish is a first name of its own. ``ends``:
    the decisions that answer it, after which an earlier first name says nothing any more.
    """

    subject: str
    name: str  # the first name is kept as the decision "<name>-first"
    right: Right
    rule: ReleaseRule
    persons: int
    ends: tuple[str, ...]
    about: dict[str, Any] = field(default_factory=dict)
    plan_hash: str | None = None


async def agreed(
    session: AsyncSession, act: Act, reason: str, *, by: Officer, scheme: Scheme, at: datetime
) -> list[str] | None:
    """Return the actors whose names the act has, or None: this officer is now the first of two.

    The caller holds the warning's row, so whoever comes second finds what the first did. Raises Forbidden,
    SamePerson.
    """
    if act.persons < 2:
        _may(by, act.right, act.rule.who)
        return [str(by.actor)]
    first = await _first(session, act, by, scheme=scheme, at=at)
    if first is not None and first.detail == act.about:
        if first.by == str(by.actor):
            raise SamePerson
        _may(by, "second", act.rule.second or HELD_BY["second"])
        return [first.by, str(by.actor)]
    _may(by, act.right, act.rule.who)
    session.add(
        Decision(
            id=new_id(),
            district=by.district,
            subject=act.subject,
            act=f"{act.name}-first",
            by=str(by.actor),
            occurred_at=at,
            received_at=at,
            reason=reason,
            plan_hash=act.plan_hash,
            detail=act.about,
        )
    )
    audit.record(
        session, f"{act.name}-first", act.subject, district=by.district, by=by.actor, at=at, reason=reason
    )
    events.publish(session, "warning", act.subject, district=by.district, warning=act.subject, at=at)
    await session.flush()
    return None


def given(reason: str) -> str:
    """Return a reason without outer space.

    Raises Validation where nothing is left: it is what an auditor reads later.
    """
    said = reason.strip()
    if not said:
        raise Validation("A reason is asked for.", errors=[Fault("/reason", "missing", "请写明理由")])
    return said


def _may(by: Officer, right: Right, roles: frozenset[Any]) -> None:
    require(by, right)
    if by.role not in roles:
        raise Forbidden(right=right)


async def _first(
    session: AsyncSession, act: Act, by: Officer, *, scheme: Scheme, at: datetime
) -> Decision | None:
    """Return the first name that waits; None where there is none, it was answered, or it has lapsed."""
    newest = await session.scalar(
        sa.select(Decision)
        .where(Decision.subject == act.subject, Decision.act.in_((f"{act.name}-first", *act.ends)))
        .order_by(Decision.id.desc())
        .limit(1)
    )
    if newest is None or newest.act in act.ends:
        return None
    if newest.received_at + scheme.release.approval_lapses <= at:
        audit.record(
            session,
            "approval-lapsed",
            act.subject,
            district=by.district,
            by=by.actor,
            at=at,
            act_named=act.name,
        )
        return None
    return newest
