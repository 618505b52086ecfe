"""Bureaus' systems: their keys, and what each may send.

A key is ``jys_`` and 43 characters of ``secrets.token_urlsafe(32)``, shown once. Its hash is looked up by
equality, so nothing is compared byte by byte.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias, cast

import sqlalchemy as sa

from app import audit
from app.access.tables import SourceKey, SourceRow
from app.audit import Actor
from app.db import Session
from app.errors import NotFound, OutOfScope, WrongState

Bureau: TypeAlias = Literal["weather", "water", "other"]
CodeSystem: TypeAlias = Literal["nbs", "mca"]

PREFIX = "jys_"
ACTIVE_KEYS = 2
HAZARDS: dict[Bureau, tuple[str, ...]] = {"weather": ("11B", "11D"), "water": ("11A",), "other": ()}
"""Prefixes of event codes a bureau may issue unless told otherwise; none means all."""


@dataclass(frozen=True, slots=True)
class Source:
    """A bureau's system that showed its key. ``codes`` is the list its division codes are from."""

    id: str
    name: str
    district: str
    bureau: Bureau
    districts: tuple[str, ...]
    hazards: tuple[str, ...]
    codes: CodeSystem

    @property
    def actor(self) -> Actor:
        """How the audit log names it."""
        return Actor("source", self.name)

    def may_send(self, event_code: str) -> bool:
        """Whether its scope covers this event code (``11B03``)."""
        return not self.hazards or event_code.startswith(self.hazards)

    def require(self, event_code: str) -> None:
        """Pass, or raise OutOfScope."""
        if not self.may_send(event_code):
            raise OutOfScope("Your key does not cover this kind of event.")


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _source(row: SourceRow) -> Source:
    return Source(
        row.id,
        row.name,
        row.district,
        cast("Bureau", row.bureau),
        tuple(row.districts),
        tuple(row.hazards),
        cast("CodeSystem", row.codes),
    )


async def add(
    session: Session,
    name: str,
    bureau: Bureau,
    *,
    district: str,
    by: Actor,
    at: datetime,
    districts: Sequence[str] = (),
    hazards: Sequence[str] | None = None,
    codes: CodeSystem | None = None,
) -> str:
    """Register a source, or give a known one its second key; return the key, which is never shown again.

    ``hazards`` None takes the bureau's own, ``districts`` empty means ours, ``codes`` None ``nbs``; for a
    known source, what it has. Raises WrongState for a third active key, or when a known name comes with
    other options than it has: its first key would change its scope unasked.
    """
    source = await session.scalar(
        sa.select(SourceRow).where(SourceRow.district == district, SourceRow.name == name)
    )
    if source is None:
        source = SourceRow(
            district=district,
            name=name,
            bureau=bureau,
            codes=codes or "nbs",
            hazards=list(HAZARDS[bureau] if hazards is None else hazards),
            districts=list(districts or (district,)),
            created_at=at,
        )
        session.add(source)
        await session.flush()
    elif differs := _differing(source, bureau, districts, hazards, codes):
        raise WrongState(
            f"这个系统登记过，{'、'.join(differs)}与登记的不同（登记的是{_told(source)}）："
            "再领密钥不改登记，要改请换一个名字另行登记。"
        )
    active = await session.scalar(
        sa.select(sa.func.count()).where(SourceKey.source_id == source.id, SourceKey.revoked_at.is_(None))
    )
    if (active or 0) >= ACTIVE_KEYS:
        raise WrongState("这个系统已有两把密钥同时有效：先作废一把（source revoke）。")
    key = PREFIX + secrets.token_urlsafe(32)
    session.add(
        SourceKey(
            district=district, source_id=source.id, prefix=key[:10], key_hash=_digest(key), created_at=at
        )
    )
    audit.record(session, "source-key-issued", source.id, district=district, by=by, at=at)
    return key


def _differing(
    source: SourceRow,
    bureau: Bureau,
    districts: Sequence[str],
    hazards: Sequence[str] | None,
    codes: CodeSystem | None,
) -> list[str]:
    """Name what was given and is not as registered; what was not given differs in nothing."""
    asked = (
        ("局办", bureau, source.bureau),
        ("区县", sorted(districts) or None, sorted(source.districts)),
        ("灾种", None if hazards is None else sorted(hazards), sorted(source.hazards)),
        ("区划代码表", codes, source.codes),
    )
    return [name for name, given, held in asked if given is not None and given != held]


def _told(source: SourceRow) -> str:
    hazards = " ".join(source.hazards) or "不限"
    return f"局办 {source.bureau}，区县 {' '.join(source.districts)}，灾种 {hazards}，代码表 {source.codes}"


async def identify(session: Session, key: str) -> Source | None:
    """Return whose key this is, None for an unknown or revoked one."""
    row = await session.scalar(
        sa.select(SourceRow)
        .join(SourceKey, SourceKey.source_id == SourceRow.id)
        .where(
            SourceKey.key_hash == _digest(key),
            SourceKey.revoked_at.is_(None),
            SourceRow.disabled_at.is_(None),
        )
    )
    return _source(row) if row else None


async def listed(session: Session, district: str) -> list[tuple[Source, list[str]]]:
    """Return every source that is not disabled, with the first characters of its active keys."""
    rows = await session.scalars(
        sa.select(SourceRow)
        .where(SourceRow.district == district, SourceRow.disabled_at.is_(None))
        .order_by(SourceRow.name)
    )
    found = []
    for row in rows:
        prefixes = await session.scalars(
            sa.select(SourceKey.prefix)
            .where(SourceKey.source_id == row.id, SourceKey.revoked_at.is_(None))
            .order_by(SourceKey.created_at)
        )
        found.append((_source(row), list(prefixes)))
    return found


async def revoke(session: Session, name: str, prefix: str, *, district: str, by: Actor, at: datetime) -> None:
    """End the key that begins with ``prefix``. Raises NotFound."""
    source = await session.scalar(
        sa.select(SourceRow).where(SourceRow.district == district, SourceRow.name == name)
    )
    ended = source and await session.scalar(
        sa.update(SourceKey)
        .where(SourceKey.source_id == source.id, SourceKey.prefix == prefix, SourceKey.revoked_at.is_(None))
        .values(revoked_at=at)
        .returning(SourceKey.id)
    )
    if not source:
        raise NotFound("没有这个局办系统：source list 列出有哪些。")
    if not ended:
        raise NotFound("这个系统没有以此开头的有效密钥：source list 列出前十个字符。")
    audit.record(session, "source-key-revoked", source.id, district=district, by=by, at=at)
