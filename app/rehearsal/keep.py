"""A rehearsal is put before an approver, who signs exactly its difference, once, with a reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app import audit
from app.access import rights
from app.access.officer import Officer
from app.activation import kept
from app.audit import Actor
from app.db import Session
from app.errors import NotFound, PlanChanged, Validation, WrongState
from app.ids import new_id
from app.rehearsal.diff import digest
from app.rehearsal.tables import Rehearsal
from app.scheme.models import Scheme


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept rehearsal as pages read it. ``signed_by``: an account's id."""

    id: str
    old_version: str
    new_version: str
    old_digest: str
    new_digest: str
    digest: str
    body: Mapping[str, Any]
    made_at: datetime
    signed_by: str | None
    signed_at: datetime | None
    reason: str | None


async def keep(
    session: Session, old: Scheme, new: Scheme, body: dict[str, Any], *, by: Actor, at: datetime
) -> str:
    """Keep a difference and both schemes' files. Returns its id."""
    district = old.district.code
    for scheme in (old, new):
        await kept.keep(session, district, scheme, at=at)
    row = Rehearsal(
        id=new_id(),
        district=district,
        old_digest=old.digest,
        new_digest=new.digest,
        old_version=old.version,
        new_version=new.version,
        digest=body["digest"],
        body=body,
        made_at=at,
        signed_by=None,
        signed_at=None,
        reason=None,
    )
    session.add(row)
    await session.flush()
    audit.record(
        session,
        "rehearsed",
        row.id,
        district=district,
        by=by,
        at=at,
        old=old.digest,
        new=new.digest,
        difference=row.digest,
    )
    return row.id


async def listed(session: Session, district: str, *, limit: int = 50) -> list[Kept]:
    """Return the newest rehearsals, the newest first."""
    rows = await session.scalars(
        sa.select(Rehearsal)
        .where(Rehearsal.district == district)
        .order_by(Rehearsal.made_at.desc(), Rehearsal.id.desc())
        .limit(limit)
    )
    return [_of(row) for row in rows]


async def one(session: Session, district: str, rehearsal_id: str) -> Kept:
    """Return one. Raises NotFound."""
    row = await session.get(Rehearsal, rehearsal_id)
    if row is None or row.district != district:
        raise NotFound("There is no such rehearsal.")
    return _of(row)


async def sign(
    session: Session, rehearsal_id: str, seen: str, reason: str, *, by: Officer, at: datetime
) -> None:
    """Sign the difference that was seen. ``seen``: its digest.

    Raises Forbidden, NotFound, WrongState when it is signed already, PlanChanged when what was seen is not
    what is kept, Validation without a reason.
    """
    rights.require(by, "sign-rules")
    if not reason.strip():
        raise Validation("没有签。要写明理由。")
    row = await session.get(Rehearsal, rehearsal_id, with_for_update=True)
    if row is None or row.district != by.district:
        raise NotFound("There is no such rehearsal.")
    if row.signed_at is not None:
        raise WrongState("It is signed already.")
    if seen != row.digest or digest(row.body) != row.digest:
        raise PlanChanged("This is not the difference that was seen.")
    row.signed_by, row.signed_at, row.reason = by.id, at, reason.strip()
    audit.record(
        session,
        "rules-signed",
        row.id,
        district=row.district,
        by=Actor("user", by.id),
        at=at,
        reason=row.reason,
        new=row.new_digest,
        difference=row.digest,
    )


async def signature(session: Session, district: str, new_digest: str) -> Kept | None:
    """Return the newest signed rehearsal that led to a scheme."""
    row = await session.scalar(
        sa.select(Rehearsal)
        .where(
            Rehearsal.district == district,
            Rehearsal.new_digest == new_digest,
            Rehearsal.signed_at.is_not(None),
        )
        .order_by(Rehearsal.signed_at.desc())
        .limit(1)
    )
    return None if row is None else _of(row)


async def unsigned(session: Session, district: str, used: str) -> bool:
    """Whether the scheme in use replaced another one without a signature. The first of all needs none."""
    if await signature(session, district, used) is not None:
        return False
    return await kept.others(session, district, used)


def _of(row: Rehearsal) -> Kept:
    return Kept(
        row.id,
        row.old_version,
        row.new_version,
        row.old_digest,
        row.new_digest,
        row.digest,
        row.body,
        row.made_at,
        row.signed_by,
        row.signed_at,
        row.reason,
    )
