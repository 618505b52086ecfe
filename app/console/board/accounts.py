"""The people who act on the desk: their names as shown, never in a log."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.tables import User, UserSession
from app.console import words
from app.directory.tables import Person


async def names_of(session: AsyncSession, ids: Iterable[str | None]) -> dict[str, str]:
    """Return ``user:<id>`` or the bare id → name and role, e.g. ``甲立夏 值班员``."""
    wanted = {one for one in ids if one}
    bare = {one.removeprefix("user:") for one in wanted}
    if not bare:
        return {}
    rows = await session.execute(
        sa.select(User.id, User.login, User.role, Person)
        .outerjoin(Person, Person.id == User.person_id)
        .where(User.id.in_(bare))
    )
    found = {
        user: f"{person.name if person else login} {words.ROLES.get(role, role)}"
        for user, login, role, person in rows
    }
    return {one: found[one.removeprefix("user:")] for one in wanted if one.removeprefix("user:") in found}


async def on_duty(session: AsyncSession, district: str, role: str, since: object) -> str | None:
    """Return the name of whoever of that role is signed in and was seen since an instant."""
    row = (
        await session.execute(
            sa.select(User.login, Person)
            .join(UserSession, UserSession.officer_id == User.id)
            .outerjoin(Person, Person.id == User.person_id)
            .where(
                User.district == district,
                User.role == role,
                UserSession.ended_at.is_(None),
                UserSession.seen_at >= since,
            )
            .order_by(UserSession.seen_at.desc())
            .limit(1)
        )
    ).first()
    return None if row is None else (row[1].name if row[1] else row[0])
