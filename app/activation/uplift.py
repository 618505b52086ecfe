"""提级: a person decides that the district calls one level above the bureau's signal, or that it does not.

A raise is a warning of the district's own (source ``uplift``) for the raised towns, one level up, of the same
event (``root_id``), with the bureau's warning as its reference; ``raised_from`` keeps the signal's level. So
the bureau's warning stays word for word what it was, and all that a level means (who is called, clocks,
chains, who may let the public part out, rates by level, links, all-clears) holds for the raise without a
second way of doing it. What follows from "the district's own":

- every text says the signal's colour and 区里提级: none claims a signal that the bureau has not issued;
- while it is in force nobody is called at both levels (``let_out``: the higher call replaces the lower);
- it is no sign of the weather: it suggests no further raise and no response level;
- it ends with the warning it follows. An update that comes up to its level takes its place; under any other
  it goes on in the towns that the update still names (``follow``): a machine never lowers. A person ends it
  with ``close``, and then the bureau's level holds again.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, events
from app.access.officer import Officer
from app.access.rights import require
from app.activation import countersign, lineage, propose, said, supersede
from app.activation.countersign import Act
from app.activation.tables import Decision, PlanRow, Warning, ends_at
from app.audit import Actor
from app.channels.registry import Registry
from app.errors import Fault, NotFound, Validation, WrongState
from app.ids import new_id
from app.scheme.models import Scheme
from app.tasks import alarms
from app.warning.hazard import next_level
from app.warning.level import Level

SOURCE = "uplift"
# From this level on it takes two names to decide *not* to raise (44NN: with a reason and two names).
TWO_NAMES_NOT_TO = Level.ORANGE


@dataclass(frozen=True, slots=True)
class Raised:
    """What was decided: ``raised`` (as the warning of this id), ``not-raised``, or ``pending-approval``."""

    state: str
    warning_id: str | None = None


async def raise_(
    session: AsyncSession,
    warning_id: str,
    places: Sequence[str],
    to_level: Level,
    accept: bool,  # noqa: FBT001 - the contract's own word, and what the body says
    reason: str,
    *,
    by: Officer,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
) -> Raised:
    """Raise a warning by one level for these towns (nine digits), or decide not to.

    The rules suggest it; a person may also raise for what no rule sees. Raises NotFound, Forbidden,
    WrongState (not in force, made from gauges, a raise itself, a town raised already), SamePerson,
    Validation.
    """
    require(by, "raise")
    row = await session.scalar(
        sa.select(Warning).where(Warning.id == warning_id, Warning.district == by.district).with_for_update()
    )
    if row is None:
        raise NotFound
    if row.state != "in-force" or row.observed or row.raised_from is not None:
        raise WrongState("Only a bureau's warning in force can be raised, by one level.", state=row.state)
    reason = countersign.given(reason)
    _check(row, places, to_level, accept=accept, scheme=scheme, at=at)
    if accept:
        already = {town for other in await lineage.raises(session, row) for town in other.places}
        if already & set(places):
            raise WrongState("Some of these towns are raised already.", state="raised", towns=sorted(already))
    rule = scheme.release.uplift
    persons = rule.persons if accept or to_level < TWO_NAMES_NOT_TO else 2
    about = {"accept": accept, "places": sorted(set(places)), "to_level": to_level.word}
    ends = ("raised", "not-raised")
    act = Act(row.id, "raise", "raise", rule, persons, ends, about, row.plan_hash)
    names = await countersign.agreed(session, act, reason, by=by, scheme=scheme, at=at)
    if names is None:
        return Raised("pending-approval")
    raised = None
    if accept:
        raised = _own(row, places, to_level, at=at, issuer=scheme.district.name)
        await _begin(session, raised, [], scheme=scheme, registry=registry, at=at, by=by.actor, cause="提级")
    did = "raised" if accept else "not-raised"
    detail = {**about, "names": names, "suggested": await _suggested(session, row)}
    detail |= {"warning": raised.id} if raised is not None else {}
    session.add(
        Decision(
            district=row.district,
            subject=row.id,
            act=did,
            by=str(by.actor),
            occurred_at=at,
            received_at=at,
            reason=reason,
            plan_hash=row.plan_hash,
            detail=detail,
        )
    )
    audit.record(session, did, row.id, district=row.district, by=by.actor, at=at, reason=reason, **detail)
    events.publish(session, "warning", row.id, district=row.district, warning=row.id, at=at)
    await session.flush()
    return Raised(did, raised.id if raised is not None else None)


def goes_on(raised: Warning, update: Warning) -> bool:
    """Whether a raise goes on under an update: it calls higher still, in towns that the update names."""
    if raised.raised_from is None or raised.level is None:
        return False
    return raised.level > (update.level or 0) and bool(set(raised.places) & set(update.places))


async def follow(
    session: AsyncSession,
    raised: Warning,
    update: Warning,
    *,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
    by: Actor,
) -> None:
    """Let a raise go on under the update of its warning; what has not changed is not called anew."""
    places = sorted(set(raised.places) & set(update.places))
    level = Level(raised.level or 0)
    own = _own(update, places, level, at=at, issuer=raised.issuer)
    await _begin(
        session, own, [raised], scheme=scheme, registry=registry, at=at, by=by, cause="提级随更新继续"
    )
    if (update.level or 0) < (raised.raised_from or 0):
        signal = Level(update.level or 0)
        await alarms.raise_(
            session,
            own.district,
            own.origin,
            "raise-stands",
            f"来报降为{signal.zh}，提级的{level.zh}仍在执行，请决定是否结束提级",
            at=at,
            level=own.level,
            warning_id=own.id,
        )


def _check(
    row: Warning, places: Sequence[str], to_level: Level, *, accept: bool, scheme: Scheme, at: datetime
) -> None:
    """Raise Validation, with every fault: never lower, one level at a time, only where it was issued."""
    level = Level(row.level or 0)
    hazard = scheme.ruleset.hazard(row.event_code, at)
    higher = next_level(hazard, level) if hazard is not None else None
    faults = [
        Fault(f"/places/{index}", "not-in-area", "不在这条预警的镇街之内")
        for index, code in enumerate(places)
        if code not in row.places
    ]
    if accept and not places:
        faults.append(Fault("/places", "no-place", "没有写镇街：空的区域从不当作全区"))
    if level < scheme.ruleset.uplift.from_level or higher is None:
        faults.append(Fault("/to_level", "no-higher-level", "这一级不能再提"))
    elif to_level <= level:
        faults.append(Fault("/to_level", "not-higher", "提级只升不降"))
    elif to_level > higher:
        faults.append(Fault("/to_level", "more-than-one-level", f"一次只提一级：到{higher.zh}"))
    if faults:
        raise Validation("The warning cannot be raised like this.", errors=faults)


def _own(row: Warning, places: Sequence[str], level: Level, *, at: datetime, issuer: str) -> Warning:
    """Return the district's own warning that raises another one."""
    towns = sorted(set(places))
    stamp = json.dumps([row.id, level.word, towns, at.isoformat()])
    digest = hashlib.sha256(stamp.encode()).hexdigest()
    return Warning(
        id=new_id(),
        district=row.district,
        origin=row.origin,
        source=SOURCE,
        raw_id=None,
        form="raised",
        sender=SOURCE,
        identifier=f"raised-{level.word}-{at:%Y%m%d%H%M%S}-{digest[:8]}",
        event_code=row.event_code,
        msg_type="Alert",
        status=row.status,
        level=int(level),
        raised_from=row.level,
        sent=at,
        effective=row.effective,
        onset=row.onset,
        expires=ends_at(row),
        headline=f"区里提级：{row.headline}",
        description=row.description,
        instruction=row.instruction,
        issuer=issuer,
        content_digest=digest,
        observed=False,
        places=towns,
        villages=[code for code in row.villages if code[:9] in towns],
        references=[[row.identifier, row.sender, row.sent.isoformat()]],
        problems=[],
        affects=[],
        state="in-force",
        disposition="applies",
        version=row.version,
        root_id=row.root_id,
        superseded_by=None,
        plan_id=None,
        plan_hash=None,
        segment=None,
        next_advance_at=None,
        received_at=at,
        ended_at=None,
    )


async def _begin(
    session: AsyncSession,
    own: Warning,
    earlier: Sequence[Warning],
    *,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
    by: Actor,
    cause: str,
) -> None:
    """Plan a raise and call the responsible at once; the rest waits for a person at the raised level."""
    session.add(own)
    await session.flush()
    audit.record(
        session,
        "received",
        own.id,
        district=own.district,
        by=by,
        at=at,
        disposition=own.disposition,
        state=own.state,
        title=said.title(scheme, own),
    )
    events.publish(session, "warning", own.id, district=own.district, warning=own.id, at=at)
    made = await propose.make(session, own, scheme=scheme, at=at, cause=cause, by=by, replaces=earlier)
    await supersede.retire(session, earlier, own, at=at, by=by)
    await propose.let_out_new(session, own, made, scheme=scheme, registry=registry, at=at, by=by)


async def _suggested(session: AsyncSession, row: Warning) -> list[str]:
    """Return the rules that suggest a raise in the present plan."""
    plan = await session.get(PlanRow, row.plan_id) if row.plan_id else None
    found = (plan.body.get("suggestions") or []) if plan is not None else []
    return [reason["rule"] for one in found if one["kind"] == "uplift" for reason in one["because"]]
