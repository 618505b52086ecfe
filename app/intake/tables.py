"""Tables of the intake: every body as it came, and the key of every message that was taken."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app import db
from app.db import Base


class Raw(Base):
    """A body as it came, before anybody read it. ``body`` holds at most 1 MiB and is never changed.

    ``state``: received (not yet decided), taken, repeated, conflict, refused, adopted (a conflict that an
    officer took as a message of its own).
    """

    __tablename__ = "intake_raw"
    __table_args__ = (
        sa.CheckConstraint(
            "state IN ('received','taken','repeated','conflict','refused','adopted')", name="state"
        ),
        sa.Index("ix_intake_raw_state", "district", "state", "received_at"),
        sa.Index("ix_intake_raw_received", "district", "received_at"),
    )

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    source_id: Mapped[str] = mapped_column(sa.String(36))
    source: Mapped[str] = mapped_column(sa.String(60))
    received_at: Mapped[datetime]
    content_type: Mapped[str] = mapped_column(sa.String(200))
    body: Mapped[bytes] = mapped_column(sa.LargeBinary)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    state: Mapped[str] = mapped_column(sa.String(10))
    problem: Mapped[str | None] = mapped_column(sa.String(40))
    """Code of the problem it was refused with."""
    pointers: Mapped[list[str]] = mapped_column(default=list)
    """Where the faults lie; never the values."""
    identifier: Mapped[str | None] = mapped_column(sa.String(160))
    """As read; None where it could not be."""
    warning_id: Mapped[str | None] = mapped_column(sa.String(36))
    """The warning it became, repeats, or is in conflict with."""
    decided_at: Mapped[datetime | None]


class Key(Base):
    """A message that was taken: what tells a repeat from a conflict, and what a later reference finds."""

    __tablename__ = "intake_key"
    __table_args__ = (
        sa.UniqueConstraint("district", "sender", "identifier", "event_code", "serial"),
        sa.Index("ix_intake_key_identifier", "district", "identifier"),
    )

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    sender: Mapped[str] = mapped_column(sa.String(120))
    identifier: Mapped[str] = mapped_column(sa.String(160))
    event_code: Mapped[str] = mapped_column(sa.String(10))
    serial: Mapped[int] = mapped_column(default=1)
    """Above 1 only where an officer took a conflict as a message of its own."""
    content_digest: Mapped[str] = mapped_column(sa.String(64))
    sent: Mapped[datetime]
    status: Mapped[str] = mapped_column(sa.String(10))
    bureau: Mapped[str] = mapped_column(sa.String(10))
    source: Mapped[str] = mapped_column(sa.String(60))
    disposition: Mapped[str] = mapped_column(sa.String(16))
    raw_id: Mapped[str] = mapped_column(sa.ForeignKey("intake_raw.id"))
    warning_id: Mapped[str] = mapped_column(sa.String(36))
