"""The audit log: appended in the same transaction as the act, hash-chained for each district.

Each row's hash covers the one before and its own canonical form; ``verify`` names the first row that does not
fit. A chain by itself does not show that its end was cut off: the head is told by ``audit verify`` and
belongs somewhere else too.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from typing_extensions import override

from app import db
from app.db import Base

GENESIS = "0" * 64


class AuditLine(Base):
    """One act. Rows are never changed or removed (the first migration's trigger refuses it)."""

    __tablename__ = "audit"
    __table_args__ = (sa.UniqueConstraint("district", "seq"), sa.Index("ix_audit_subject", "subject"))

    id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    district: Mapped[str] = db.district()
    seq: Mapped[int] = mapped_column(sa.BigInteger)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(sa.String(80))
    act: Mapped[str] = mapped_column(sa.String(60))
    subject: Mapped[str] = mapped_column(sa.String(80))
    reason: Mapped[str | None] = mapped_column(sa.Text)
    detail: Mapped[dict[str, Any]]
    hash: Mapped[str] = mapped_column(sa.String(64))


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acted: kind (user, source, gateway, person, system) and id; never a name."""

    kind: str
    id: str

    @override
    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


SYSTEM = Actor("system", "jiaoying")


def record(
    session: AsyncSession,
    act: str,
    subject: str,
    *,
    district: str,
    by: Actor,
    at: datetime,
    reason: str | None = None,
    **detail: Any,
) -> None:
    """Note an act; it is chained and written when the transaction ends.

    ``detail``: ids, states, counts; nothing personal.
    """
    session.info.setdefault("audit", []).append(
        {
            "district": district,
            "at": at,
            "actor": str(by),
            "act": act,
            "subject": subject,
            "reason": reason,
            "detail": detail,
        }
    )


def chain(previous: str, seq: int, line: dict[str, Any]) -> str:
    """Return the hash of a line after ``previous``."""
    canonical = json.dumps(
        [
            previous,
            seq,
            line["district"],
            line["at"].astimezone(UTC).isoformat(timespec="microseconds"),
            line["actor"],
            line["act"],
            line["subject"],
            line["reason"],
            line["detail"],
        ],
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


_HEAD = (
    sa.select(AuditLine.seq, AuditLine.hash)
    .where(AuditLine.district == sa.bindparam("of"))
    .order_by(AuditLine.seq.desc())
    .limit(1)
)
_APPEND = sa.insert(AuditLine)


async def _write(session: AsyncSession) -> None:
    lines = session.info.pop("audit", [])
    if not lines:
        return
    connection = await session.connection()
    for district in sorted({line["district"] for line in lines}):
        # Taken last, just before the commit: acts of one district queue here for the time of one insert.
        await db.lock(session, f"chain:{district}")
        last = (await connection.execute(_HEAD, {"of": district})).one_or_none()
        seq, previous = (last.seq, last.hash) if last else (0, GENESIS)
        rows = []
        for line in lines:
            if line["district"] != district:
                continue
            seq += 1
            previous = chain(previous, seq, line)
            rows.append({**line, "seq": seq, "hash": previous})
        await connection.execute(_APPEND, rows)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What ``verify`` found: how many rows, the head, the first row that does not fit (None: unbroken)."""

    rows: int
    head: str
    broken_at: int | None


async def verify(session: AsyncSession, district: str) -> Verdict:
    """Walk the chain of a district from its start."""
    previous, seq = GENESIS, 0
    columns = [
        getattr(AuditLine, name)
        for name in ("seq", "district", "at", "actor", "act", "subject", "reason", "detail", "hash")
    ]
    result = await session.stream(
        sa.select(*columns).where(AuditLine.district == district).order_by(AuditLine.seq)
    )
    async for row in result.mappings():
        seq += 1
        expected = chain(previous, seq, dict(row))
        if row["seq"] != seq or row["hash"] != expected:
            await result.close()
            return Verdict(seq, previous, seq)
        previous = expected
    return Verdict(seq, previous, None)


db.BEFORE_COMMIT.append(_write)
