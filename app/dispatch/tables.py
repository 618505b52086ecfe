"""Deliveries, their tries, their receipts, and one row a warning that permits sending.

Only this room writes them.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app import db
from app.db import Base


class Permit(Base):
    """Whether a warning's messages may still start: the one row a cancel and a send both lock.

    ``purpose``: alert (the warning itself) or clear (its correction or all-clear, which outlives the cancel).
    """

    __tablename__ = "permit"

    warning_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    purpose: Mapped[str] = mapped_column(sa.String(6), primary_key=True)
    district: Mapped[str] = db.district()
    origin: Mapped[str] = db.origin()
    hazard: Mapped[str] = mapped_column(sa.String(10))
    title: Mapped[str] = mapped_column(sa.Text)  # what loudspeakers and app messages show above the text
    cancelled_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]


class Content(Base):
    """A text, stored once however many it goes to."""

    __tablename__ = "content"
    __table_args__ = (sa.UniqueConstraint("district", "digest"),)

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    digest: Mapped[str] = mapped_column(sa.String(64))
    text: Mapped[str] = mapped_column(sa.Text)


class Delivery(Base):
    """One message to one person (or to the loudspeakers of a place) over one channel in one round.

    ``state`` is what happened (``facts.State``); ``not_before``, ``lease_until``, ``claimed_by`` and
    ``urgency`` are where it stands in line. ``not_before`` is null when nothing is left to do. ``key`` is the
    idempotency key of all its tries.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        sa.UniqueConstraint("key"),
        sa.Index(
            "ix_delivery_ends",
            "warning_id",
            "purpose",
            "expires_at",
            "not_before",  # so that the index alone answers
            postgresql_where=sa.text("not_before IS NOT NULL"),
            sqlite_where=sa.text("not_before IS NOT NULL"),
        ),
        sa.Index("ix_delivery_warning", "warning_id", "town"),
        sa.Index("ix_delivery_vendor", "channel", "vendor_id"),
        sa.Index("ix_delivery_person", "person_id", "created_at"),
        sa.Index(
            "ix_delivery_failover",
            "failover_of",
            postgresql_where=sa.text("failover_of IS NOT NULL"),
            sqlite_where=sa.text("failover_of IS NOT NULL"),
        ),
    )

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    origin: Mapped[str] = db.origin()
    warning_id: Mapped[str] = mapped_column(sa.String(36))
    purpose: Mapped[str] = mapped_column(sa.String(6), default="alert")
    part: Mapped[str] = mapped_column(sa.String(12))
    town: Mapped[str] = mapped_column(sa.String(12))  # nine digits, or the district's six
    place_id: Mapped[str] = mapped_column(sa.String(40))
    person_id: Mapped[str | None] = mapped_column(sa.String(36))
    layer: Mapped[str] = mapped_column(sa.String(4))
    kind: Mapped[str] = mapped_column(sa.String(12))
    channel: Mapped[str] = mapped_column(sa.String(40))
    key: Mapped[str] = mapped_column(sa.String(120))
    content_id: Mapped[str] = mapped_column(sa.ForeignKey("content.id"))
    level: Mapped[int]
    urgency: Mapped[int]
    round: Mapped[int]
    failover_of: Mapped[str | None] = mapped_column(sa.String(36))
    # The warning whose one-tap link its text carries, where another took over since: a retry says the same.
    link_of: Mapped[str | None] = mapped_column(sa.String(36))
    state: Mapped[str] = mapped_column(sa.String(10))
    reason: Mapped[str | None] = mapped_column(sa.String(40))
    vendor_id: Mapped[str | None] = mapped_column(sa.String(80))
    attempts: Mapped[int] = mapped_column(default=0)
    possibly_twice: Mapped[bool] = mapped_column(default=False)
    not_before: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    claimed_by: Mapped[str | None] = mapped_column(sa.String(60))
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    state_at: Mapped[datetime]


# In the order in which it is worked off, so that whoever takes the first hundred reads a hundred.
sa.Index(
    "ix_delivery_line",
    Delivery.urgency.desc(),
    Delivery.not_before,
    Delivery.id,
    postgresql_where=Delivery.not_before.is_not(None),
    sqlite_where=Delivery.not_before.is_not(None),
)


class Attempt(Base):
    """One try of a delivery at a gateway: a fact, never changed but for its end."""

    __tablename__ = "attempt"
    __table_args__ = (sa.UniqueConstraint("delivery_id", "number"),)

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    delivery_id: Mapped[str] = mapped_column(sa.ForeignKey("delivery.id"))
    number: Mapped[int]
    channel: Mapped[str] = mapped_column(sa.String(40))
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime | None]
    # accepted, retry, failed; null while the call is open or its worker died
    outcome: Mapped[str | None] = mapped_column(sa.String(12))
    reason: Mapped[str | None] = mapped_column(sa.String(40))


class ReceiptRow(Base):
    """What a gateway reported later.

    Unmatched ones (``delivery_id`` null) are kept, shown and matched again for a while.
    """

    __tablename__ = "receipt"
    __table_args__ = (
        sa.UniqueConstraint("channel", "event_id"),
        sa.Index("ix_receipt_delivery", "delivery_id"),
        sa.Index(
            "ix_receipt_unmatched",
            "received_at",
            postgresql_where=sa.text("delivery_id IS NULL"),
            sqlite_where=sa.text("delivery_id IS NULL"),
        ),
    )

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    channel: Mapped[str] = mapped_column(sa.String(40))
    event_id: Mapped[str] = mapped_column(sa.String(120))
    vendor_id: Mapped[str | None] = mapped_column(sa.String(80))
    key: Mapped[str | None] = mapped_column(sa.String(120))
    delivery_id: Mapped[str | None] = mapped_column(sa.String(36))
    state: Mapped[str] = mapped_column(sa.String(12))
    detail: Mapped[str | None] = mapped_column(sa.String(40))
    final_for_number: Mapped[bool]
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
