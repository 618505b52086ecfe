"""The officer does not wait for the clock: the next person of the chain is called now."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, events
from app.access.officer import Officer
from app.access.rights import require
from app.answer import chain, escalate
from app.answer.tables import Obligation
from app.channels.registry import Registry
from app.errors import NotFound, WrongState
from app.scheme.models import Scheme
from app.warning.level import Level


async def urge(
    session: AsyncSession,
    obligation_id: str,
    *,
    by: Officer,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
) -> str:
    """Carry out the next step of the chain that calls somebody else than A, now; return who (B, superior …).

    Raises NotFound, Forbidden, and WrongState when it was answered or the chain has ended.
    """
    row = await session.scalar(
        sa.select(Obligation)
        .where(Obligation.id == obligation_id, Obligation.district == by.district)
        .with_for_update()
    )
    if row is None:
        raise NotFound
    require(by, "answer-by-phone", row.town)
    if row.answered_at is not None:
        raise WrongState("It has been answered.", state=row.state)
    steps = scheme.escalation.steps(Level(row.level), scheme.duty(row.layer, row.duty).hop)
    index = chain.next_other(steps, row.step)
    if row.next_step_at is None or index >= len(steps):
        raise WrongState("Everybody in the chain has been called.", state=row.state)
    row.step, row.next_step_at = index, at
    who = steps[index].who
    await escalate.take_steps(session, [row], scheme=scheme, registry=registry, at=at)
    audit.record(
        session,
        "escalated-by-hand",
        row.id,
        district=row.district,
        by=by.actor,
        at=at,
        who=who,
        step=index,
    )
    events.publish(
        session,
        "obligation",
        f"{row.warning_id}:{row.town}",
        district=row.district,
        warning=row.warning_id,
        place=row.town,
        at=at,
    )
    return who
