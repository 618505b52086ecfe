"""The correction of a false or wrong warning: prepared, one press by one person.

Every minute it stands does harm, so it waits for no second name; the chief hears of it at once instead.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.access.officer import Officer
from app.access.rights import require
from app.activation import close, countersign, said
from app.activation.close import Closing
from app.activation.tables import Decision, Warning
from app.channels.registry import Registry
from app.directory import people
from app.dispatch.enqueue import Order, enqueue
from app.errors import Fault, NotFound, Reauthenticate, Validation, WrongState
from app.origin import Origin
from app.scheme.models import Scheme
from app.tasks import alarms
from app.warning.level import Level
from app.wording.compose import OWN_WORDS

# A correction goes before every all-clear and every lesser warning; the lane of red is left to what is red.
URGENCY = int(Level.ORANGE)


async def correct(
    session: AsyncSession,
    warning_id: str,
    text: str | None,
    reason: str,
    *,
    by: Officer,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
) -> Closing:
    """Take a warning back: stop what has not started, tell whom it may have reached, tell the chief.

    ``text``: what is said instead of the scheme's own correction. Raises that follow the warning end with it
    and are corrected too. Asks for the password again where release.yaml names ``correct``. Raises NotFound,
    Forbidden, Reauthenticate, WrongState (not in force, or itself a raise: that is ended), Validation.
    """
    require(by, "correct")
    row = await session.scalar(
        sa.select(Warning).where(Warning.id == warning_id, Warning.district == by.district).with_for_update()
    )
    if row is None:
        raise NotFound
    if row.state != "in-force":
        raise WrongState(
            f"This warning is {row.state}: nothing runs that could be corrected.", state=row.state
        )
    if row.raised_from is not None:
        raise WrongState(
            "A raise is ended, not corrected: what the bureau said still holds.", state=row.state
        )
    if ("correct", Level(row.level or 0)) in scheme.release.reauthenticate and not by.confirmed:
        raise Reauthenticate
    reason = countersign.given(reason)
    words = (text or "").strip() or None
    if words is not None and len(words) > OWN_WORDS:
        raise Validation(
            "The text is too long.", errors=[Fault("/text", "too-long", f"更正最多{OWN_WORDS}个字")]
        )
    session.add(
        Decision(
            district=row.district,
            subject=row.id,
            act="corrected",
            by=str(by.actor),
            occurred_at=at,
            received_at=at,
            reason=reason,
            plan_hash=row.plan_hash,
            detail={"own_words": words is not None},
        )
    )
    await close.end(
        session,
        row,
        "closed",
        reason=reason,
        by=by.actor,
        at=at,
        scheme=scheme,
        registry=registry,
        told=said.correction(scheme, row, words),
        urgency=URGENCY,
    )
    audit.record(session, "corrected", row.id, district=row.district, by=by.actor, at=at, reason=reason)
    await _tell_chief(session, row, scheme=scheme, registry=registry, at=at)
    await session.flush()
    return Closing(row.id, row.state)


async def _tell_chief(
    session: AsyncSession, row: Warning, *, scheme: Scheme, registry: Registry, at: datetime
) -> None:
    """One person has done it alone, so the duty chief hears of it at once: at the desk and by phone."""
    await alarms.raise_(
        session,
        row.district,
        row.origin,
        "corrected",
        f"{said.title(scheme, row)}：已发更正，呼叫已停，请值班长复核",
        at=at,
        level=row.level,
        warning_id=row.id,
    )
    for chief in (await people.on_duty(session, row.district, "district.chief", at=at))[:1]:
        order = Order(
            key=f"{row.id}:corrected",
            district=row.district,
            origin=Origin(row.origin),
            warning_id=row.id,
            purpose="clear",
            part="responsible",
            town=row.district,
            place_id=row.district,
            person_id=chief,
            layer="L1",
            kind="voice",
            level=int(row.level or 0),
            round=0,
            text=said.corrected(scheme, row),
            expires_at=None,
        )
        await enqueue(session, [order], registry=registry, at=at, urgency=URGENCY)
