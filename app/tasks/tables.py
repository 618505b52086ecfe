"""Tasks, household doors, and the acts and marks they are folded from. Only this room writes them."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app import db
from app.db import Base
from app.sealed import SealedText

KINDS = ("visit", "order", "measure", "alarm", "consult")
STATES = ("open", "taken", "done", "refused", "withdrawn")
MARKS = ("none", "told", "nobody", "refused", "help")


def _one_of(column: str, words: tuple[str, ...]) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} IN ({', '.join(repr(word) for word in words)})", name=column)


class Task(Base):
    """Something a person must do. ``state`` is the fold of its acts (``facts.state_of``), as a cache.

    ``key`` says what it is about (an obligation, a measure at a place, an alarm's subject): asking twice for
    the same key gives the same task. ``what`` is the kind's own word: cut, ban, stop, evacuate, divert for an
    order; the industry for a measure; silence, undecided, help … for an alarm.
    """

    __tablename__ = "task"
    __table_args__ = (
        _one_of("kind", KINDS),
        _one_of("state", STATES),
        sa.Index("ix_task_key", "district", "key"),
        sa.Index("ix_task_town", "town", "state"),
        sa.Index(
            "ix_task_standing",
            "district",
            "kind",
            postgresql_where=sa.text("state IN ('open','taken')"),
            sqlite_where=sa.text("state IN ('open','taken')"),
        ),
        sa.Index("ix_task_warning", "warning_id"),
    )

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    origin: Mapped[str] = db.origin()
    kind: Mapped[str] = mapped_column(sa.String(8))
    what: Mapped[str] = mapped_column(sa.String(40))
    key: Mapped[str] = mapped_column(sa.String(200))
    warning_id: Mapped[str | None] = mapped_column(sa.String(36))
    obligation_id: Mapped[str | None] = mapped_column(sa.String(36))
    level: Mapped[int | None]  # of the warning, for the desk's order and sound
    place_id: Mapped[str | None] = mapped_column(sa.String(40))
    town: Mapped[str | None] = mapped_column(sa.String(12))  # nine digits, or the district's six
    owner_person: Mapped[str | None] = mapped_column(sa.String(36))
    owner_role: Mapped[str | None] = mapped_column(sa.String(40))
    department: Mapped[str | None] = mapped_column(sa.String(80))
    ordered_by: Mapped[str | None] = mapped_column(sa.String(80))
    text: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.String(10), default="open")
    due_at: Mapped[datetime | None]
    taken_by: Mapped[str | None] = mapped_column(sa.String(80))
    taken_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    # an alarm's cause went away by itself; it still stands until a person acts
    over_at: Mapped[datetime | None]
    evidence: Mapped[str | None] = mapped_column(SealedText("task.evidence"))
    reason: Mapped[str | None] = mapped_column(sa.Text)
    created_at: Mapped[datetime]


class TaskFact(Base):
    """One act on a task: appended, never changed."""

    __tablename__ = "task_fact"
    __table_args__ = (sa.UniqueConstraint("task_id", "event_id"),)

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    task_id: Mapped[str] = mapped_column(sa.ForeignKey("task.id"))
    act: Mapped[str] = mapped_column(sa.String(10))  # taken, done, refused, reopened, withdrawn
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(sa.String(80))
    event_id: Mapped[str] = mapped_column(sa.String(120))
    evidence: Mapped[str | None] = mapped_column(SealedText("task_fact.evidence"))
    reason: Mapped[str | None] = mapped_column(sa.Text)


class Door(Base):
    """A household on a warning's door list, and what holds at its door (``facts.mark_of``, as a cache).

    ``list`` is the village or grid whose people walk it; ``position`` the order of walking, fixed when the
    list is opened.
    """

    __tablename__ = "door"
    __table_args__ = (
        _one_of("mark", MARKS),
        sa.UniqueConstraint("warning_id", "household"),
        sa.Index("ix_door_list", "warning_id", "list", "position"),
        sa.Index("ix_door_town", "town"),
    )

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    origin: Mapped[str] = db.origin()
    warning_id: Mapped[str] = mapped_column(sa.String(36))
    town: Mapped[str] = mapped_column(sa.String(12))
    list: Mapped[str] = mapped_column(sa.String(40))
    household: Mapped[str] = mapped_column(sa.String(40))
    position: Mapped[int]
    mark: Mapped[str] = mapped_column(sa.String(8), default="none")
    at: Mapped[datetime | None]
    by: Mapped[str | None] = mapped_column(sa.String(80))
    withdrawn_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class DoorFact(Base):
    """One mark at one door: appended, never changed. Two people's marks both stay."""

    __tablename__ = "door_fact"
    __table_args__ = (sa.UniqueConstraint("door_id", "event_id"),)

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    door_id: Mapped[str] = mapped_column(sa.ForeignKey("door.id"))
    mark: Mapped[str] = mapped_column(sa.String(8))
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(sa.String(80))
    event_id: Mapped[str] = mapped_column(sa.String(120))
    detail: Mapped[dict[str, Any]]  # for help: {"needs": [...], "carry": int|null, "beside": …}
