"""Obligations and the facts they are folded from: calls, steps of the chain, answers, raw replies.

Only this room writes them.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app import db
from app.db import Base
from app.sealed import SealedText


class Obligation(Base):
    """A target (place, duty, version of a warning) that must answer by ``due_at``.

    The denominator: never deleted.

    ``state``: open, met, late, missed; ``rung`` is the highest of the ladder reached (0 called, 1 accepted, 2
    delivered, 3 heard, 4 confirmed, 5 acting, 6 done); from 4 on it counts as answered. ``step`` is the next
    step of the chain and ``next_step_at`` when it is due; null when the chain has ended or nobody need be
    called any more.
    """

    __tablename__ = "obligation"
    __table_args__ = (
        sa.UniqueConstraint("warning_id", "part", "place_id", "duty"),
        sa.Index(
            "ix_obligation_step",
            "next_step_at",
            postgresql_where=sa.text("next_step_at IS NOT NULL"),
            sqlite_where=sa.text("next_step_at IS NOT NULL"),
        ),
        sa.Index(
            "ix_obligation_due",
            "due_at",
            postgresql_where=sa.text("state = 'open'"),
            sqlite_where=sa.text("state = 'open'"),
        ),
        sa.Index("ix_obligation_released", "district", "origin", "released_at"),
        sa.Index("ix_obligation_place", "place_id", "state"),
        sa.Index("ix_obligation_a", "a_person"),
        sa.Index("ix_obligation_b", "b_person"),
    )

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    origin: Mapped[str] = db.origin()
    warning_id: Mapped[str] = mapped_column(sa.String(36))
    # the warning whose release opened it; an update that changes nothing takes it over
    opened_for: Mapped[str] = mapped_column(sa.String(36))
    version: Mapped[int]  # of the warning, as asked
    plan_id: Mapped[str] = mapped_column(sa.String(36))
    part: Mapped[str] = mapped_column(sa.String(12))
    hazard: Mapped[str] = mapped_column(sa.String(10))
    level: Mapped[int]
    town: Mapped[str] = mapped_column(sa.String(12))
    place_id: Mapped[str] = mapped_column(sa.String(40))
    layer: Mapped[str] = mapped_column(sa.String(4))
    duty: Mapped[str] = mapped_column(sa.String(30))
    channels: Mapped[str] = mapped_column(sa.String(60))  # kinds in order of trial, joined by commas
    a_person: Mapped[str | None] = mapped_column(sa.String(36))
    b_person: Mapped[str | None] = mapped_column(sa.String(36))
    superior_person: Mapped[str | None] = mapped_column(sa.String(36))
    no_contact: Mapped[bool]
    released_at: Mapped[datetime]
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(
        sa.String(8), sa.CheckConstraint("state IN ('open','met','late','missed')", name="state")
    )
    rung: Mapped[int] = mapped_column(default=0)
    cannot: Mapped[bool] = mapped_column(default=False)
    answered_at: Mapped[datetime | None]
    via: Mapped[str | None] = mapped_column(sa.String(12))
    answered_round: Mapped[int | None]
    round: Mapped[int] = mapped_column(default=0)  # rounds of calls so far
    # who was called last: A, B, superior, chief, onsite
    who: Mapped[str] = mapped_column(sa.String(10), default="A")
    escalated: Mapped[bool] = mapped_column(default=False)  # somebody other than A was called
    step: Mapped[int] = mapped_column(default=0)
    next_step_at: Mapped[datetime | None]
    excluded_reason: Mapped[str | None] = mapped_column(sa.Text)
    excluded_by: Mapped[str | None] = mapped_column(sa.String(36))


class Brief(Base):
    """What is said about a warning, as values for the templates.

    ``facts`` has the fields of ``wording.facts.Facts`` that hold for all.
    """

    __tablename__ = "brief"

    warning_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    district: Mapped[str] = db.district()
    origin: Mapped[str] = db.origin()
    facts: Mapped[dict[str, Any]]
    expires_at: Mapped[datetime]


class Call(Base):
    """A delivery that asked for this obligation; one call may ask for several: one person, several duties."""

    __tablename__ = "call"
    __table_args__ = (
        sa.Index("ix_call_delivery", "delivery_id"),
        sa.Index("ix_call_person", "person_id", "at"),
    )

    obligation_id: Mapped[str] = mapped_column(sa.ForeignKey("obligation.id"), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    district: Mapped[str] = db.district()
    person_id: Mapped[str | None] = mapped_column(sa.String(36))
    round: Mapped[int]
    who: Mapped[str] = mapped_column(sa.String(10))
    at: Mapped[datetime]


class StepTaken(Base):
    """A step of the chain that was carried out; its key makes a sweep safe on every node."""

    __tablename__ = "step_taken"
    __table_args__ = (sa.Index("ix_step_taken_newest", "district", "layer", "taken_at"),)

    obligation_id: Mapped[str] = mapped_column(sa.ForeignKey("obligation.id"), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    district: Mapped[str] = db.district()
    # the obligation's: the desk asks for the steps of its own layers
    layer: Mapped[str] = mapped_column(sa.String(4))
    who: Mapped[str] = mapped_column(sa.String(10))
    due_at: Mapped[datetime]
    taken_at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(sa.String(20))  # called, no-contact, nobody, task


class Answer(Base):
    """What somebody answered, by whichever way.

    All are kept; ``counts`` says whether it meets the obligation, ``why_not`` why not.
    """

    __tablename__ = "answer"
    __table_args__ = (
        sa.UniqueConstraint("source", "event_id", "obligation_id"),
        sa.Index("ix_answer_obligation", "obligation_id"),
        sa.Index("ix_answer_newest", "district", "received_at"),
    )

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    origin: Mapped[str] = db.origin()
    obligation_id: Mapped[str] = mapped_column(sa.ForeignKey("obligation.id"))
    person_id: Mapped[str | None] = mapped_column(sa.String(36))
    # the officer who entered it for somebody on the phone
    entered_by: Mapped[str | None] = mapped_column(sa.String(36))
    rung: Mapped[str] = mapped_column(sa.String(10))  # confirmed, acting, done, cannot
    via: Mapped[str] = mapped_column(sa.String(12))  # voice, sms, link, page, phone, onsite
    counts: Mapped[bool]
    why_not: Mapped[str | None] = mapped_column(sa.String(40))
    version: Mapped[int]
    words: Mapped[str | None] = mapped_column(SealedText("answer.words"))
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    source: Mapped[str] = mapped_column(sa.String(40))
    event_id: Mapped[str] = mapped_column(sa.String(120))


class ReplyRow(Base):
    """A reply as a gateway handed it over, whatever became of it."""

    __tablename__ = "reply"
    __table_args__ = (sa.UniqueConstraint("channel", "event_id"),)

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    channel: Mapped[str] = mapped_column(sa.String(40))
    event_id: Mapped[str] = mapped_column(sa.String(120))
    key: Mapped[str | None] = mapped_column(sa.String(120))
    phone_index: Mapped[str | None] = mapped_column(sa.String(64))
    words: Mapped[str | None] = mapped_column(SealedText("reply.words"))
    # answered, nothing-open, unknown-number, not-understood
    outcome: Mapped[str] = mapped_column(sa.String(20))
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
