"""Accounts: made by the operator at the machine, one role each, a town's officer bound to the town."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

import pyotp
import sqlalchemy as sa

from app import audit
from app.access import passwords
from app.access.officer import Officer
from app.access.rights import BOUND, ROLES, Role
from app.access.tables import PersonalToken, User, UserSession
from app.audit import Actor
from app.db import Session
from app.errors import Fault, NotFound, Validation, WrongState

NO_ACCOUNT = "没有这个账号，或已停用：user list 列出有哪些。"


def officer_of(user: User, session_id: str | None = None) -> Officer:
    """Return the user as the one who acts."""
    return Officer(
        user.id, user.login, cast("Role", user.role), user.place, user.district, user.person_id, session_id
    )


def plain(login: str) -> str:
    """Return a log-in name as it is kept: without outer space, lower case."""
    return login.strip().casefold()


def check(login: str, role: str, place: str | None, password: str) -> None:
    """Raise Validation, with every fault, unless these may make an account."""
    faults = []
    name = plain(login)
    if role not in ROLES:
        faults.append(Fault("/role", "role", f"角色只能是 {'、'.join(ROLES)}"))
    if not 2 <= len(name) <= 60 or not all(c.isalnum() or c in "._-" for c in name):
        faults.append(Fault("/name", "login", "账号为 2 到 60 个字母、汉字、数字或 . _ -"))
    if role in ROLES and (role in BOUND) != (place is not None):
        faults.append(Fault("/place", "place", "镇街账号须给出镇街代码，其他角色不能给"))
    elif (
        role in ROLES and place is not None and not (place.isascii() and place.isdigit() and len(place) == 9)
    ):
        faults.append(Fault("/place", "place", "镇街代码为九位数字"))
    if why := passwords.fault(password, (name, place or "")):
        faults.append(Fault("/password", "password", why))
    if faults:
        raise Validation("The account cannot be made as asked.", errors=faults)


async def add(
    session: Session,
    login: str,
    role: Role,
    *,
    district: str,
    password_hash: str,
    by: Actor,
    at: datetime,
    place: str | None = None,
    person_id: str | None = None,
    totp: bool = False,
) -> tuple[Officer, str | None]:
    """Make an account (``check`` it first, hash outside); return it and, with ``totp``, the secret.

    Raises WrongState when the name is taken.
    """
    name = plain(login)
    if await find(session, name, district=district) is not None:
        raise WrongState("已有这个账号：换一个名字，或用 user password 换它的密码。")
    secret = pyotp.random_base32() if totp else None
    user = User(
        district=district,
        login=name,
        role=role,
        place=place,
        person_id=person_id,
        password_hash=password_hash,
        totp_secret=secret,
        created_at=at,
        password_changed_at=at,
    )
    session.add(user)
    await session.flush()
    audit.record(
        session, "user-added", user.id, district=district, by=by, at=at, role=role, place=place, totp=totp
    )
    return officer_of(user), secret


async def find(session: Session, login: str, *, district: str) -> User | None:
    """Return the account of that log-in name, disabled ones included."""
    found: User | None = await session.scalar(
        sa.select(User).where(User.district == district, User.login == plain(login))
    )
    return found


async def listed(session: Session, district: str) -> Sequence[User]:
    """Return every account, by name."""
    return (
        await session.scalars(sa.select(User).where(User.district == district).order_by(User.login))
    ).all()


async def disable(session: Session, login: str, *, district: str, by: Actor, at: datetime) -> None:
    """Close an account: its sessions and tokens end at once. Raises NotFound."""
    user = await find(session, login, district=district)
    if user is None:
        raise NotFound(NO_ACCOUNT)
    user.disabled_at = user.disabled_at or at
    await _end_all(session, user.id, at)
    audit.record(session, "user-disabled", user.id, district=district, by=by, at=at)


async def set_password(
    session: Session, login: str, password_hash: str, *, district: str, by: Actor, at: datetime
) -> None:
    """Replace the password: every session and token of the account ends. Raises NotFound."""
    user = await find(session, login, district=district)
    if user is None:
        raise NotFound(NO_ACCOUNT)
    user.password_hash, user.password_changed_at = password_hash, at
    await _end_all(session, user.id, at)
    audit.record(session, "password-changed", user.id, district=district, by=by, at=at)


async def _end_all(session: Session, user_id: str, at: datetime) -> None:
    await session.execute(
        sa.update(UserSession)
        .where(UserSession.officer_id == user_id, UserSession.ended_at.is_(None))
        .values(ended_at=at)
    )
    await session.execute(
        sa.update(PersonalToken)
        .where(PersonalToken.officer_id == user_id, PersonalToken.revoked_at.is_(None))
        .values(revoked_at=at)
    )
