"""Log-in, sessions, proving oneself again.

A session is a row; the browser holds 256 random bits of which we keep the hash. It ends 12 hours after it
was last seen, 24 hours after log-in, at log-out, or when the account is closed. Passwords are checked
outside any transaction (``passwords.fits``), for that takes longer than a commit.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp
import sqlalchemy as sa

from app import audit
from app.access import csrf, passwords, throttle, users
from app.access.officer import Officer
from app.access.tables import User, UserSession
from app.audit import Actor
from app.db import Session
from app.errors import NotFound

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Lasts:
    """How long a session lasts since it was last seen, and since log-in."""

    idle: timedelta = IDLE
    absolute: timedelta = ABSOLUTE


USUAL = Lasts()
SEEN_EVERY = timedelta(minutes=10)
CODE_SECONDS = 30
CODE_SKEW = 1
"""Steps of 30 s before and after ours whose code is taken: phones' clocks differ."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Password and code, checked: whose they are, and the code's step if there was one."""

    user_id: str
    step: int | None


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A fresh session. ``token`` goes into the cookie and nowhere else."""

    officer: Officer
    token: str
    csrf: str


def digest(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def code_step(secret: str, code: str, at: datetime, last: int | None) -> int | None:
    """Return the step a code belongs to; None when it is wrong, too old, or was used already (``last``)."""
    totp = pyotp.TOTP(secret, interval=CODE_SECONDS)
    now = int(at.timestamp()) // CODE_SECONDS
    for step in range(now - CODE_SKEW, now + CODE_SKEW + 1):
        expected = totp.generate_otp(step)
        if hmac.compare_digest(expected.encode(), code.strip().encode()) and (last is None or step > last):
            return step
    return None


async def prove(user: User | None, password: str, code: str | None, at: datetime) -> Proof | None:
    """Check password and, where the account has one, the code.

    None when anything is wrong; which, is not told.
    """
    right = await passwords.fits(password, user.password_hash if user else None)
    if user is None or not right or user.disabled_at is not None:
        return None
    if user.totp_secret is None:
        return Proof(user.id, None)
    step = code_step(user.totp_secret, code or "", at, user.totp_step)
    return None if step is None else Proof(user.id, step)


async def _use(session: Session, proof: Proof) -> User | None:
    """Spend the code, once: two requests with the same code race for one row."""
    if proof.step is not None:
        spent = await session.scalar(
            sa.update(User)
            .where(User.id == proof.user_id, sa.or_(User.totp_step.is_(None), User.totp_step < proof.step))
            .values(totp_step=proof.step)
            .returning(User.id)
        )
        if spent is None:
            return None
    user: User | None = await session.get(User, proof.user_id, populate_existing=True)
    return user if user is not None and user.disabled_at is None else None


async def log_in(
    session: Session,
    proof: Proof | None,
    login: str,
    address: str,
    *,
    district: str,
    at: datetime,
    lasts: Lasts = USUAL,
) -> LoggedIn | None:
    """Open a session for who proved to be ``login``; or count the failure and return None.

    Commit either way.
    """
    user = await _use(session, proof) if proof else None
    if user is None:
        await throttle.note(session, login, address, district=district, at=at)
        audit.record(
            session, "log-in-failed", "log-in", district=district, by=Actor("system", "log-in"), at=at
        )
        return None
    await throttle.clear(session, login, address)
    token = secrets.token_urlsafe(32)
    row = UserSession(
        district=district,
        officer_id=user.id,
        token_hash=digest(token),
        created_at=at,
        seen_at=at,
        expires_at=at + lasts.absolute,
    )
    session.add(row)
    await session.flush()
    officer = users.officer_of(user, row.id)
    audit.record(session, "logged-in", row.id, district=district, by=officer.actor, at=at)
    return LoggedIn(officer, token, csrf.token(row.id))


async def look(
    session: Session, token: str, at: datetime, lasts: Lasts = USUAL
) -> tuple[Officer, bool] | None:
    """Return whose session this is, and whether it is time to call ``seen``. None when it has ended.

    Reads only.
    """
    found = (
        await session.execute(
            sa.select(UserSession, User)
            .join(User, User.id == UserSession.officer_id)
            .where(
                UserSession.token_hash == digest(token),
                UserSession.ended_at.is_(None),
                UserSession.expires_at > at,
                UserSession.seen_at > at - lasts.idle,
                User.disabled_at.is_(None),
            )
        )
    ).one_or_none()
    if found is None:
        return None
    row, user = found
    return users.officer_of(user, row.id), row.seen_at <= at - SEEN_EVERY


async def seen(session: Session, session_id: str, at: datetime) -> None:
    """Note that a session is in use: the page that stays open all night is not idle."""
    await session.execute(
        sa.update(UserSession)
        .where(UserSession.id == session_id, UserSession.seen_at < at)
        .values(seen_at=at)
    )


async def log_out(session: Session, officer: Officer, at: datetime) -> None:
    """End the officer's session."""
    if officer.session_id is None:
        return
    await session.execute(
        sa.update(UserSession)
        .where(UserSession.id == officer.session_id, UserSession.ended_at.is_(None))
        .values(ended_at=at)
    )
    audit.record(
        session, "logged-out", officer.session_id, district=officer.district, by=officer.actor, at=at
    )


async def live(session: Session, officer_id: str, at: datetime) -> list[UserSession]:
    """Return an officer's sessions that have not ended, the newest first."""
    return list(
        await session.scalars(
            sa.select(UserSession)
            .where(
                UserSession.officer_id == officer_id,
                UserSession.ended_at.is_(None),
                UserSession.expires_at > at,
                UserSession.seen_at > at - IDLE,
            )
            .order_by(UserSession.created_at.desc())
        )
    )


async def end(session: Session, officer: Officer, session_id: str, at: datetime) -> None:
    """End one of one's own sessions, from another. Raises NotFound."""
    ended = await session.scalar(
        sa.update(UserSession)
        .where(
            UserSession.id == session_id, UserSession.officer_id == officer.id, UserSession.ended_at.is_(None)
        )
        .values(ended_at=at)
        .returning(UserSession.id)
    )
    if ended is None:
        raise NotFound
    audit.record(session, "session-ended", session_id, district=officer.district, by=officer.actor, at=at)


async def confirm(
    session: Session, officer: Officer, proof: Proof | None, *, address: str, at: datetime
) -> Officer | None:
    """Return the officer as just confirmed; None when the proof fails, which is counted (commit it)."""
    if proof is None or proof.user_id != officer.id or await _use(session, proof) is None:
        await throttle.note(session, officer.name, address, district=officer.district, at=at)
        audit.record(
            session, "confirmation-failed", officer.id, district=officer.district, by=officer.actor, at=at
        )
        return None
    await throttle.clear(session, officer.name, address)
    return officer.confirming(at)
