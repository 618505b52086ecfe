"""Disasters, the signs that told of them, and the reports. Only this room writes them."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app import db
from app.db import Base
from app.sealed import SealedText


class Disaster(Base):
    """One event. ``t0``, ``first_report_at`` and ``state`` are the fold of signs and reports, as a cache.

    ``state``: known (heard of, not reported), reported, final. ``place`` is the town (nine digits).
    ``reportable`` decides whether it counts at all; an exclusion has a reason and a name.
    """

    __tablename__ = "disaster"
    __table_args__ = (
        sa.CheckConstraint("state IN ('known','reported','final')", name="state"),
        sa.Index("ix_disaster_place", "place", "t0"),
        sa.Index("ix_disaster_t0", "district", "origin", "t0"),
        sa.Index(
            "ix_disaster_remind",
            "next_remind_at",
            postgresql_where=sa.text("next_remind_at IS NOT NULL"),
            sqlite_where=sa.text("next_remind_at IS NOT NULL"),
        ),
    )

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    origin: Mapped[str] = db.origin()
    place: Mapped[str] = mapped_column(sa.String(12))
    place_text: Mapped[str] = mapped_column(SealedText("disaster.place_text"))
    kind: Mapped[str] = mapped_column(sa.String(20))  # the first of ``kinds``
    kinds: Mapped[list[str]]
    # of the warning it fell under, for the rate by hazard
    hazard: Mapped[str | None] = mapped_column(sa.String(10))
    warning_id: Mapped[str | None] = mapped_column(sa.String(36))
    t0: Mapped[datetime]
    t0_source: Mapped[str] = mapped_column(sa.String(12))
    reportable: Mapped[bool] = mapped_column(default=True)
    excluded_reason: Mapped[str | None] = mapped_column(sa.Text)
    excluded_by: Mapped[str | None] = mapped_column(sa.String(36))
    found_later: Mapped[bool] = mapped_column(default=False)
    first_report_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(sa.String(10))
    reminded_at: Mapped[datetime | None]
    next_remind_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Sign(Base):
    """What told of an event, and when: appended, never changed. T0 is the earliest of them."""

    __tablename__ = "disaster_sign"
    __table_args__ = (
        sa.UniqueConstraint("district", "event_id"),
        sa.Index("ix_disaster_sign_disaster", "disaster_id"),
    )

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    disaster_id: Mapped[str] = mapped_column(sa.ForeignKey("disaster.id"))
    source: Mapped[str] = mapped_column(sa.String(12))  # occurrence, alarm, grid, media, 119, 110, check
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(sa.String(80))
    event_id: Mapped[str] = mapped_column(sa.String(120))


class ReportRow(Base):
    """A report: appended, never changed. A wrong one is answered by another that names it in ``corrects``.

    ``people`` holds counts (dead, missing, hurt, trapped, moved), null where nobody knows. ``body`` is the
    rest as JSON, sealed: people's words hold people's names.
    """

    __tablename__ = "report"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('first','followup','final')", name="kind"),
        sa.UniqueConstraint("district", "event_id"),
        sa.Index("ix_report_disaster", "disaster_id", "received_at"),
    )

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    disaster_id: Mapped[str] = mapped_column(sa.ForeignKey("disaster.id"))
    kind: Mapped[str] = mapped_column(sa.String(10))
    via: Mapped[str] = mapped_column(sa.String(8))  # page, phone, api
    kinds: Mapped[list[str]]
    people: Mapped[dict[str, Any]]
    body: Mapped[str] = mapped_column(SealedText("report.body"))
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(sa.String(80))
    event_id: Mapped[str] = mapped_column(sa.String(120))
    corrects: Mapped[str | None] = mapped_column(sa.String(36))
