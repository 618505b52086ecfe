"""Whether a warning's messages may start: one row a warning, locked by the claim and by the cancel alike."""

from collections.abc import Collection
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.dispatch.tables import Permit

Purpose: TypeAlias = Literal["alert", "clear"]


class Held(NamedTuple):
    """Whether and until when a warning's messages may start, and what is shown above their text."""

    warning_id: str
    purpose: str
    hazard: str
    title: str
    cancelled_at: datetime | None
    expires_at: datetime | None


_HELD = (
    sa.select(
        Permit.warning_id,
        Permit.purpose,
        Permit.hazard,
        Permit.title,
        Permit.cancelled_at,
        Permit.expires_at,
    )
    .where(Permit.warning_id.in_(sa.bindparam("warnings", expanding=True)))
    .order_by(Permit.warning_id, Permit.purpose)
    .with_for_update(read=True)
)


async def grant(
    session: AsyncSession,
    warning_id: str,
    *,
    district: str,
    origin: str,
    hazard: str,
    title: str,
    expires_at: datetime | None,
    purpose: Purpose = "alert",
) -> None:
    """Permit sending for a warning until it expires."""
    await session.execute(
        sa.insert(Permit).values(
            warning_id=warning_id,
            purpose=purpose,
            district=district,
            origin=origin,
            hazard=hazard,
            title=title,
            cancelled_at=None,
            expires_at=expires_at,
        )
    )


async def revoke(session: AsyncSession, warning_ids: Collection[str], *, at: datetime) -> None:
    """Permit nothing more of the warnings themselves; no such send starts after this commits."""
    await session.execute(
        sa.update(Permit)
        .where(Permit.warning_id.in_(warning_ids), Permit.purpose == "alert", Permit.cancelled_at.is_(None))
        .values(cancelled_at=at)
    )


async def held(session: AsyncSession, warning_ids: Collection[str]) -> dict[tuple[str, str], Held]:
    """Return warnings' permits by (warning, purpose), locked against a cancel till the transaction ends."""
    connection = await session.connection()
    rows = await connection.execute(_HELD, {"warnings": list(warning_ids)})
    return {(row.warning_id, row.purpose): Held(*row) for row in rows}
