"""Whose task a hole is, until the directory has been mended; what was missing as a warning came in."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app import db
from app.db import Base


class HoleRow(Base):
    """A hole that somebody has been given to close by a day.

    The hole itself is found anew at every look (``found.Hole.key``); a row whose hole is no longer found has
    been closed by the directory, and speaks of nothing any more.
    """

    __tablename__ = "hole"
    __table_args__ = (sa.UniqueConstraint("district", "key"),)

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    key: Mapped[str] = mapped_column(sa.String(140))
    kind: Mapped[str] = mapped_column(sa.String(20))
    place_id: Mapped[str] = mapped_column(sa.String(40))
    role: Mapped[str] = mapped_column(sa.String(40))
    owner_id: Mapped[str] = mapped_column(sa.String(36), sa.ForeignKey("person.id"))
    due: Mapped[date] = mapped_column(sa.Date())
    """The last day (local) on which it may still be open."""
    note: Mapped[str] = mapped_column(sa.String(200), default="")
    given_by: Mapped[str] = mapped_column(sa.String(80))
    given_at: Mapped[datetime]


class PreflightRow(Base):
    """What the pre-flight of a warning's towns found when it came in, kept with its first plan for ever."""

    __tablename__ = "preflight"

    warning_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    district: Mapped[str] = db.district()
    plan_id: Mapped[str] = mapped_column(sa.String(36))
    at: Mapped[datetime]
    units: Mapped[int]
    """Duties that were looked at, one for each place that has it."""
    total: Mapped[int]
    holes: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON)
    """The first of them, what stops most calls before the rest: key, kind, town, place, role, name, lacks."""
