"""A rehearsal that was kept, and who signed its difference."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app import db
from app.db import Base


class Rehearsal(Base):
    """The difference between two schemes on a stretch of the past, put before an approver.

    ``digest`` is over the difference alone; a signature is for exactly that. Nothing is changed but the
    signature, and that once.
    """

    __tablename__ = "rehearsal"
    __table_args__ = (sa.Index("ix_rehearsal_made", "district", "made_at"),)

    id: Mapped[str] = db.pk()
    district: Mapped[str] = db.district()
    old_digest: Mapped[str] = mapped_column(sa.String(64))
    new_digest: Mapped[str] = mapped_column(sa.String(64))
    old_version: Mapped[str] = mapped_column(sa.String(40))
    new_version: Mapped[str] = mapped_column(sa.String(40))
    digest: Mapped[str] = mapped_column(sa.String(64))
    body: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    signed_by: Mapped[str | None] = mapped_column(sa.String(36))
    signed_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(sa.Text)
