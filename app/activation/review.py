"""A person decides on what the machine could not: a message is planned, or dismissed.

It stands here because it could not be placed (``needs-review``) or its reference has not come (``waiting``).
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, events
from app.access.officer import Officer
from app.access.rights import require
from app.activation import close, countersign, lineage, receive
from app.activation.countersign import Act
from app.activation.receive import Outcome
from app.activation.states import check_warning
from app.activation.tables import Decision, Warning, ends_at
from app.channels.registry import Registry
from app.directory import people
from app.errors import Fault, NotFound, Validation, WrongState
from app.scheme.models import Scheme
from app.tasks import alarms
from app.warning.level import Level

WAITING = ("needs-review", "waiting")


async def review(
    session: AsyncSession,
    warning_id: str,
    places: Sequence[str],
    level: Level | None,
    accept: bool,  # noqa: FBT001 - the contract's own word, and what the body says
    reason: str,
    *,
    by: Officer,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
) -> Outcome | None:
    """Accept a message for these towns (nine digits), or dismiss it.

    Returns what became of it, None while a second name waits.

    Accepted, it is planned like any other: its origin stays, its disposition becomes ``applies``. ``level``
    is for a message that came without one; what the bureau said is never changed here. A Cancel needs no
    towns: it ends what it names. Dismissed, it is closed. Raises NotFound, Forbidden, WrongState, SamePerson,
    Validation.
    """
    require(by, "review")
    row = await session.scalar(
        sa.select(Warning).where(Warning.id == warning_id, Warning.district == by.district).with_for_update()
    )
    if row is None:
        raise NotFound
    if row.state not in WAITING:
        raise WrongState(f"This message is {row.state}, there is nothing to review.", state=row.state)
    reason = countersign.given(reason)
    if accept:
        await _check(session, row, places, level, scheme=scheme, at=at)
    about = {
        "accept": accept,
        "places": sorted(set(places)) if accept else [],
        "level": level.word if accept and level is not None else None,
    }
    rule = scheme.release.review
    act = Act(row.id, "review", "review", rule, rule.persons, ("reviewed", "dismissed"), about)
    names = await countersign.agreed(session, act, reason, by=by, scheme=scheme, at=at)
    if names is None:
        return None
    did = "reviewed" if accept else "dismissed"
    session.add(
        Decision(
            district=row.district,
            subject=row.id,
            act=did,
            by=str(by.actor),
            occurred_at=at,
            received_at=at,
            reason=reason,
            plan_hash=None,
            detail={**about, "names": names, "was": row.state},
        )
    )
    audit.record(session, did, row.id, district=row.district, by=by.actor, at=at, reason=reason, **about)
    await alarms.over(session, row.district, "needs-review", row.id, at=at)
    if accept:
        await _accept(session, row, places, level, by=by, scheme=scheme, registry=registry, at=at)
    else:
        await close.end(
            session, row, "closed", reason=reason, by=by.actor, at=at, scheme=scheme, registry=registry
        )
    events.publish(session, "warning", row.id, district=row.district, warning=row.id, at=at)
    await session.flush()
    return await receive.outcome(session, row)


async def _accept(
    session: AsyncSession,
    row: Warning,
    places: Sequence[str],
    level: Level | None,
    *,
    by: Officer,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
) -> None:
    if row.msg_type != "Cancel":
        check_warning(row.state, "in-force")
        row.places = sorted(set(places))
        row.villages = [code for code in row.villages if code[:9] in row.places]
        row.level = int(level) if row.level is None and level is not None else row.level
    row.disposition, row.next_advance_at = "applies", None
    await receive.apply(
        session, row, scheme=scheme, registry=registry, at=at, by=by.actor, cause="人工核对后执行"
    )


async def _check(
    session: AsyncSession,
    row: Warning,
    places: Sequence[str],
    level: Level | None,
    *,
    scheme: Scheme,
    at: datetime,
) -> None:
    """Raise Validation (every fault at once) or WrongState unless the message can be carried out so."""
    known = {town.code for town in await people.towns(session, row.district)}
    faults = [
        Fault(f"/places/{index}", "unknown-code", "不是本区镇街的九位代码")
        for index, code in enumerate(places)
        if code not in known
    ]
    if row.msg_type != "Cancel":
        if not places:
            faults.append(Fault("/places", "no-place", "没有写镇街：空的区域从不当作全区"))
        if row.level is None and level is None:
            faults.append(Fault("/level", "unknown-severity", "来报没有级别，请写明级别"))
        if row.level is not None and level is not None and level != row.level:
            faults.append(Fault("/level", "level-given", "来报写明了级别，不在核对时改动"))
        if scheme.ruleset.hazard(row.event_code, at) is None:
            faults.append(Fault("", "unknown-event", "没有这类灾害的规则，不能执行，只能不采纳"))
    if faults:
        raise Validation("The message cannot be carried out like this.", errors=faults)
    if row.msg_type == "Cancel" and not await lineage.affected(session, row):
        raise WrongState(
            "Nothing that it could end is in force: close that by hand, or dismiss this.", state=row.state
        )
    if row.msg_type != "Cancel" and ends_at(row) <= at:
        raise WrongState("Its time is over: it can only be dismissed.", state=row.state)
