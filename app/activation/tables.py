"""Warnings, their plans, parts and decisions, response levels, observed findings.

Only this room writes them.
"""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app import db
from app.db import Base


class Warning(Base):
    """A warning as taken in (or made from observations): what was said, where it stands (``states``)."""

    __tablename__ = "warning"
    __table_args__ = (
        sa.UniqueConstraint("district", "sender", "identifier", "event_code"),
        sa.Index("ix_warning_state", "district", "state"),
        sa.Index("ix_warning_advance", "next_advance_at"),
        sa.Index("ix_warning_received", "district", "received_at"),
        sa.Index("ix_warning_root", "root_id"),
    )

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    origin: Mapped[str] = db.origin()
    source: Mapped[str] = mapped_column(sa.String(60))  # name of the bureau's system; "observed" for our own
    raw_id: Mapped[str | None] = mapped_column(sa.String(36))
    form: Mapped[str] = mapped_column(sa.String(10))
    sender: Mapped[str] = mapped_column(sa.String(120))
    identifier: Mapped[str] = mapped_column(sa.String(160))
    event_code: Mapped[str] = mapped_column(sa.String(10))
    msg_type: Mapped[str] = mapped_column(sa.String(10))
    status: Mapped[str] = mapped_column(sa.String(10))
    level: Mapped[int | None]
    # 提级 (``uplift``): the level of the bureau's signal that this one raises
    raised_from: Mapped[int | None]
    sent: Mapped[datetime]
    effective: Mapped[datetime | None]
    onset: Mapped[datetime | None]
    expires: Mapped[datetime | None]
    headline: Mapped[str] = mapped_column(sa.Text)
    description: Mapped[str] = mapped_column(sa.Text)
    instruction: Mapped[str] = mapped_column(sa.Text)
    issuer: Mapped[str] = mapped_column(sa.String(120))
    content_digest: Mapped[str] = mapped_column(sa.String(64))
    observed: Mapped[bool] = mapped_column(default=False)
    places: Mapped[list[str]]
    villages: Mapped[list[str]]
    references: Mapped[list[Any]]
    problems: Mapped[list[Any]]
    affects: Mapped[list[str]]
    state: Mapped[str] = mapped_column(sa.String(14))
    disposition: Mapped[str] = mapped_column(sa.String(16))
    version: Mapped[int] = mapped_column(default=1)
    # the first warning of the event; its own id for a first
    root_id: Mapped[str] = mapped_column(sa.String(36))
    superseded_by: Mapped[str | None] = mapped_column(sa.String(36))
    plan_id: Mapped[str | None] = mapped_column(sa.String(36))
    plan_hash: Mapped[str | None] = mapped_column(sa.String(64))
    segment: Mapped[str | None] = mapped_column(sa.String(4))
    next_advance_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


# A warning that names no end is held for this long (44NN names none; assumed), then it expires and says so.
DEFAULT_LIFE = timedelta(hours=24)
# How long a reminder made from measurements stands before it expires by itself (assumed).
REMINDER_LIFE = timedelta(hours=3)


def ends_at(row: Warning) -> datetime:
    """Return when a warning ends by itself."""
    return row.expires or row.received_at + DEFAULT_LIFE


class PlanRow(Base):
    """One version of a warning's plan, kept for ever with the digest of the scheme that made it."""

    __tablename__ = "plan"
    __table_args__ = (sa.UniqueConstraint("warning_id", "version"),)

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    warning_id: Mapped[str] = mapped_column(sa.ForeignKey("warning.id"))
    warning_version: Mapped[int]
    version: Mapped[int]
    scheme_version: Mapped[str] = mapped_column(sa.String(40))
    scheme_digest: Mapped[str] = mapped_column(sa.String(64))
    plan_hash: Mapped[str] = mapped_column(sa.String(64))
    segment: Mapped[str] = mapped_column(sa.String(4))
    level: Mapped[int]
    response_level: Mapped[str | None] = mapped_column(sa.String(4))
    cause: Mapped[str] = mapped_column(sa.Text)
    made_at: Mapped[datetime]
    body: Mapped[dict[str, Any]]  # lines, not_chosen, measures, suggestions, controls as in the contract
    # the situation it was made for (``kept``), so that it can be made again
    made_for: Mapped[bytes | None] = mapped_column(sa.LargeBinary)


class SchemeRow(Base):
    """A scheme that made a plan or was put before an approver: every file of it, kept for ever."""

    __tablename__ = "scheme"

    district: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    version: Mapped[str] = mapped_column(sa.String(40))
    files: Mapped[bytes] = mapped_column(sa.LargeBinary)  # JSON, name → text, deflated
    first_at: Mapped[datetime]


class Part(Base):
    """A part of a warning's plan that is let out as one: responsible, public or orders.

    ``state``: proposed, pending-approval, released, held, refused, withdrawn. A later plan that adds lines to
    a part already released makes another row (``serial``) with the difference alone.
    """

    __tablename__ = "part"
    __table_args__ = (
        sa.UniqueConstraint("warning_id", "name", "serial"),
        sa.Index(
            "ix_part_decide",
            "decide_by",
            postgresql_where=sa.text("state IN ('proposed','pending-approval')"),
            sqlite_where=sa.text("state IN ('proposed','pending-approval')"),
        ),
    )

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    origin: Mapped[str] = db.origin()
    warning_id: Mapped[str] = mapped_column(sa.ForeignKey("warning.id"))
    name: Mapped[str] = mapped_column(sa.String(12))
    serial: Mapped[int]
    level: Mapped[int]
    plan_id: Mapped[str] = mapped_column(sa.String(36))
    plan_hash: Mapped[str] = mapped_column(sa.String(64))
    lines: Mapped[list[str]]  # keys place/layer/duty of the plan's lines that this row lets out
    state: Mapped[str] = mapped_column(sa.String(18))
    proposed_at: Mapped[datetime]
    decide_by: Mapped[datetime | None]
    first_by: Mapped[str | None] = mapped_column(sa.String(36))
    first_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    released_by: Mapped[str | None] = mapped_column(sa.String(80))
    alarms: Mapped[int] = mapped_column(default=0)  # how many in the chain were phoned because nobody decided
    next_alarm_at: Mapped[datetime | None]


class Decision(Base):
    """Who did what to a part, a warning or a response level: a fact, never changed."""

    __tablename__ = "decision"
    __table_args__ = (sa.Index("ix_decision_subject", "subject"),)

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    subject: Mapped[str] = mapped_column(sa.String(36))
    act: Mapped[str] = mapped_column(sa.String(24))
    by: Mapped[str] = mapped_column(sa.String(80))
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    reason: Mapped[str | None] = mapped_column(sa.Text)
    plan_hash: Mapped[str | None] = mapped_column(sa.String(64))
    detail: Mapped[dict[str, Any]]


class ResponseRow(Base):
    """A decision on the response level of a family of hazards; the last one not pending is what holds."""

    __tablename__ = "response"
    __table_args__ = (sa.Index("ix_response_family", "district", "family", "decided_at"),)

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    origin: Mapped[str] = db.origin()
    family: Mapped[str] = mapped_column(sa.String(12))
    level: Mapped[str] = mapped_column(sa.String(4))
    decision: Mapped[str] = mapped_column(sa.String(12))
    state: Mapped[str] = mapped_column(sa.String(18))  # in-force, pending-approval, replaced, lapsed
    first_by: Mapped[str] = mapped_column(sa.String(36))
    second_by: Mapped[str | None] = mapped_column(sa.String(36))
    decided_at: Mapped[datetime]
    in_force_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(sa.Text)


class FindingRow(Base):
    """What our own gauges show of a place: a level reached, since when and until when.

    Not a warning signal: only the bureau issues those.
    """

    __tablename__ = "finding"
    __table_args__ = (sa.UniqueConstraint("district", "origin", "kind", "place", "level", "since"),)

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    origin: Mapped[str] = db.origin()
    kind: Mapped[str] = mapped_column(sa.String(20))  # id of the hazard's rules: rain, river, rise …
    hazard: Mapped[str] = mapped_column(sa.String(10))
    place: Mapped[str] = mapped_column(sa.String(12))
    level: Mapped[int]
    station: Mapped[str] = mapped_column(sa.String(20))
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    rule: Mapped[str] = mapped_column(sa.String(60))
    text: Mapped[str] = mapped_column(sa.Text)
    warning_id: Mapped[str | None] = mapped_column(sa.String(36))  # the 叫应 it started
