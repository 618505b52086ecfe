"""Users, sessions, failed log-ins, personal tokens, sources and their keys, one-tap links.

No token or key is stored: only SHA-256 of it. (They are random and long, so a slow hash would add nothing.)
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app import db
from app.db import Base
from app.sealed import SealedText


class User(Base):
    """An account.

    ``place`` binds a town's officer to it; ``person_id`` is the same human in the directory, if known.
    """

    __tablename__ = "officer"
    __table_args__ = (sa.UniqueConstraint("district", "login"),)

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    login: Mapped[str] = mapped_column(sa.String(60))
    role: Mapped[str] = mapped_column(sa.String(12))
    place: Mapped[str | None] = mapped_column(sa.String(12))
    person_id: Mapped[str | None] = mapped_column(sa.String(36))
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    totp_secret: Mapped[str | None] = mapped_column(SealedText("officer.totp_secret"))
    totp_step: Mapped[int | None] = mapped_column(sa.BigInteger)
    """The last 30-second step whose code was used; the same code never opens twice."""
    created_at: Mapped[datetime]
    password_changed_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class UserSession(Base):
    """A log-in from one browser.

    ``seen_at`` moves at most every few minutes; ``ended_at`` is log-out or revocation.
    """

    __tablename__ = "officer_session"
    __table_args__ = (sa.UniqueConstraint("token_hash"), sa.Index("ix_officer_session_officer", "officer_id"))

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    officer_id: Mapped[str] = mapped_column(sa.ForeignKey("officer.id"))
    token_hash: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class LogInFailure(Base):
    """One failed try. Blind indexes: enough to slow a guesser down, not to follow a person."""

    __tablename__ = "log_in_failure"
    __table_args__ = (
        sa.Index("ix_log_in_failure_account", "account", "address", "at"),
        sa.Index("ix_log_in_failure_address", "address", "at"),
    )

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    account: Mapped[str] = mapped_column(sa.String(32))
    address: Mapped[str] = mapped_column(sa.String(32))
    at: Mapped[datetime]


class PersonalToken(Base):
    """A user's token for programs: the user's rights without a cookie."""

    __tablename__ = "personal_token"
    __table_args__ = (sa.UniqueConstraint("token_hash"), sa.Index("ix_personal_token_officer", "officer_id"))

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    officer_id: Mapped[str] = mapped_column(sa.ForeignKey("officer.id"))
    label: Mapped[str] = mapped_column(sa.String(60))
    token_hash: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SourceRow(Base):
    """A bureau's system and what it may send. ``hazards`` are prefixes of event codes, empty for all."""

    __tablename__ = "source"
    __table_args__ = (sa.UniqueConstraint("district", "name"),)

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    name: Mapped[str] = mapped_column(sa.String(60))
    bureau: Mapped[str] = mapped_column(sa.String(10))
    codes: Mapped[str] = mapped_column(sa.String(8))
    hazards: Mapped[list[str]]
    districts: Mapped[list[str]]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class SourceKey(Base):
    """One key of a source. Two may be active, so that it can be changed without a gap."""

    __tablename__ = "source_key"
    __table_args__ = (sa.UniqueConstraint("key_hash"), sa.Index("ix_source_key_source", "source_id"))

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    source_id: Mapped[str] = mapped_column(sa.ForeignKey("source.id"))
    prefix: Mapped[str] = mapped_column(sa.String(12))
    key_hash: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class Link(Base):
    """A one-tap link: what one person is asked about one warning, until ``expires_at``."""

    __tablename__ = "link"
    # The token follows from person and warning. A second unique index would only fail one of two transactions
    # that issue the same link at once: PostgreSQL waits for the other at one index alone.
    __table_args__ = (sa.UniqueConstraint("person_id", "warning_id"), sa.Index("ix_link_token", "token_hash"))

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    person_id: Mapped[str] = mapped_column(sa.String(36))
    warning_id: Mapped[str] = mapped_column(sa.String(36))
    token_hash: Mapped[str] = mapped_column(sa.String(64))
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
