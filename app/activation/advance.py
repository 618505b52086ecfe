"""A plan lives: it is made again at each segment cut and when our gauges show something else.

A warning ends when its time is over.
"""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.activation import close, propose
from app.activation.tables import Warning, ends_at
from app.audit import Actor
from app.channels.registry import Registry
from app.due import Due
from app.scheme.models import Scheme
from app.tasks import alarms
from app.warning.outlived import OUTLIVED

BY = Actor("system", "advance")


async def sweep(
    session: AsyncSession, *, scheme: Scheme, registry: Registry, at: datetime, limit: int = 20
) -> int:
    """Move on what is due: expire, re-plan, or alarm for what waits for a person too long.

    Returns how many warnings.
    """
    rows = list(
        await session.scalars(
            sa.select(Warning)
            .where(Warning.next_advance_at <= at)
            # A raise before the warning it follows: what it lets out is not asked for at the lower level too.
            .order_by(Warning.next_advance_at, Warning.raised_from.is_(None), Warning.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    )
    for row in rows:
        if row.state == "in-force":
            if ends_at(row) <= at:
                await close.end(
                    session,
                    row,
                    "expired",
                    reason="its time is over",
                    by=BY,
                    at=at,
                    scheme=scheme,
                    registry=registry,
                )
            else:
                cause = "同灾种高一级预警有变" if row.plan_hash is None else "时间推进"
                await replan(session, row, scheme=scheme, registry=registry, at=at, cause=cause)
        elif row.state in ("needs-review", "waiting"):
            await alarms.raise_(
                session,
                row.district,
                row.origin,
                "needs-review",
                "来报到时限无人核对，未呼叫任何人",
                at=at,
                level=row.level,
                warning_id=row.id,
                subject=row.id,
            )
            row.next_advance_at = None
        else:
            row.next_advance_at = None
    await session.flush()
    return len(rows)


async def replan(
    session: AsyncSession, row: Warning, *, scheme: Scheme, registry: Registry, at: datetime, cause: str
) -> bool:
    """Make a warning's plan again; only what is new is called. Returns whether the plan has changed."""
    before = row.segment
    made = await propose.make(session, row, scheme=scheme, at=at, cause=cause, by=BY)
    if made.row is not None and made.plan.segment != before:
        made.row.cause = f"{cause}：进入 {made.plan.segment}"
    await propose.let_out_new(session, row, made, scheme=scheme, registry=registry, at=at, by=BY)
    for one in made.plan.suggestions:
        if one.kind == OUTLIVED:
            await alarms.raise_(
                session,
                row.district,
                row.origin,
                OUTLIVED,
                one.text,
                at=at,
                level=row.level,
                warning_id=row.id,
            )
    if row.next_advance_at is not None and row.next_advance_at <= at:
        row.next_advance_at = ends_at(row)  # a cut that does not move on must not spin the sweep
    return made.new


async def water_moved(
    session: AsyncSession,
    district: str,
    origin: str,
    towns: Collection[str],
    *,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
) -> int:
    """Make the plans of warnings that cover these towns again: our gauges there show another level now."""
    rows = await session.scalars(
        sa.select(Warning)
        .where(
            Warning.district == district,
            Warning.origin == origin,
            Warning.state == "in-force",
            Warning.observed.is_(False),
        )
        .order_by(Warning.raised_from.is_(None), Warning.received_at, Warning.id)
        .with_for_update()
    )
    moved = 0
    for row in rows:
        if set(row.places) & set(towns):
            moved += await replan(session, row, scheme=scheme, registry=registry, at=at, cause="实测变化")
    return moved


NEXT_WARNING = Due(sa.select(sa.func.min(Warning.next_advance_at)))
