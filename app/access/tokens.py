"""Personal tokens: a user's rights for a program, without a cookie.

Shown once, kept hashed, always with an end.
"""

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa

from app import audit
from app.access import users
from app.access.officer import Officer
from app.access.sessions import digest
from app.access.tables import PersonalToken, User
from app.audit import Actor
from app.db import Session
from app.errors import NotFound

PREFIX = "jyp_"


async def issue(
    session: Session, login: str, label: str, *, district: str, lives: timedelta, by: Actor, at: datetime
) -> str:
    """Return a new personal token, shown once. Raises NotFound for an unknown or disabled account."""
    user = await users.find(session, login, district=district)
    if user is None or user.disabled_at is not None:
        raise NotFound(users.NO_ACCOUNT)
    token = PREFIX + secrets.token_urlsafe(32)
    row = PersonalToken(
        district=district,
        officer_id=user.id,
        label=label,
        token_hash=digest(token),
        created_at=at,
        expires_at=at + lives,
    )
    session.add(row)
    await session.flush()
    audit.record(session, "token-issued", row.id, district=district, by=by, at=at, officer=user.id)
    return token


async def identify(session: Session, token: str, at: datetime) -> Officer | None:
    """Return whose personal token this is, None for one that is unknown, revoked or past its end."""
    user = await session.scalar(
        sa.select(User)
        .join(PersonalToken, PersonalToken.officer_id == User.id)
        .where(
            PersonalToken.token_hash == digest(token),
            PersonalToken.revoked_at.is_(None),
            PersonalToken.expires_at > at,
            User.disabled_at.is_(None),
        )
    )
    return users.officer_of(user) if user else None
