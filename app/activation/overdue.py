"""A part that nobody decides within its limit is an alarm by name.

The desk hears it, the chief is phoned, then the leader.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.activation import propose, said
from app.activation.let_out import let_out
from app.activation.states import UNDECIDED
from app.activation.tables import Part, PlanRow, Warning
from app.audit import SYSTEM
from app.channels.registry import Registry
from app.directory import people
from app.dispatch.enqueue import Order, enqueue
from app.due import Due
from app.origin import Origin
from app.scheme.models import Scheme
from app.tasks import alarms
from app.warning.level import Level

# Which post of the directory answers to a role of release.yaml's chain.
POSTS = {"chief": "district.chief", "leader": "district.head"}
NAMES = {"public": "公众发布", "orders": "断禁停撤疏与转移令", "responsible": "责任人叫应"}


async def sweep(session: AsyncSession, *, scheme: Scheme, registry: Registry, at: datetime) -> int:
    """Raise what is overdue, phone the next in the chain; let go unasked only where the district says so."""
    parts = list(
        await session.scalars(
            sa.select(Part)
            .where(Part.next_alarm_at <= at, Part.state.in_(UNDECIDED))
            .order_by(Part.next_alarm_at, Part.id)
            .with_for_update(skip_locked=True)
        )
    )
    for part in parts:
        row = await session.get_one(Warning, part.warning_id)
        rule = scheme.release.rule(part.name, Level(part.level))  # type: ignore[arg-type]
        if rule.auto_at_limit and part.alarms == 0 and row.segment in scheme.release.auto_only_in:
            plan = await session.get_one(PlanRow, part.plan_id)
            lines = propose.lines_of(plan.body, part.lines)
            await let_out(
                session,
                row,
                part,
                lines,
                scheme=scheme,
                registry=registry,
                at=at,
                by=SYSTEM,
                reason="nobody decided within the limit; the district lets it go by itself",
            )
            continue
        await _alarm(session, row, part, scheme=scheme, registry=registry, at=at)
    await session.flush()
    return len(parts)


async def _alarm(
    session: AsyncSession, row: Warning, part: Part, *, scheme: Scheme, registry: Registry, at: datetime
) -> None:
    chain = scheme.release.overdue
    step = chain[part.alarms] if part.alarms < len(chain) else None
    await alarms.raise_(
        session,
        row.district,
        row.origin,
        "undecided",
        f"{said.title(scheme, row)}：{NAMES[part.name]}到时限无人决定",
        at=at,
        level=part.level,
        warning_id=row.id,
        subject=part.id,
    )
    audit.record(
        session,
        "undecided",
        part.id,
        district=row.district,
        by=SYSTEM,
        at=at,
        part=part.name,
        phoned=step.who if step else None,
    )
    if step is not None:
        for person in (await people.on_duty(session, row.district, POSTS.get(step.who, step.who), at=at))[:1]:
            await enqueue(
                session,
                [
                    Order(
                        key=f"{part.id}:undecided:{part.alarms}",
                        district=row.district,
                        origin=Origin(row.origin),
                        warning_id=row.id,
                        part=part.name,
                        town=row.district,
                        place_id=row.district,
                        person_id=person,
                        layer="L1",
                        kind="voice",
                        level=part.level,
                        round=0,
                        text=said.undecided(scheme, row, NAMES[part.name]),
                        expires_at=None,
                    )
                ],
                registry=registry,
                at=at,
            )
    part.alarms += 1
    after = chain[part.alarms].after if part.alarms < len(chain) else None
    part.next_alarm_at = part.decide_by + after if after is not None and part.decide_by is not None else None


NEXT_LIMIT = Due(sa.select(sa.func.min(Part.next_alarm_at)).where(Part.state.in_(UNDECIDED)))
