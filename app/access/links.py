"""One-tap links: a person answers one warning from a text message, without a password.

The token is 128 bits, stored hashed. It is derived (HMAC with the session key) from the person and the
warning rather than drawn, so that a retry of the same message carries the same link under the same
idempotency key. Whoever has only the database can neither read nor make one.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from app import many, sealed
from app.access.tables import Link
from app.db import Session
from app.ids import new_id


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a link stands for. ``expired``: show that it has ended, take no answer."""

    id: str
    district: str
    person_id: str
    warning_id: str
    expires_at: datetime
    expired: bool


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def derive(person_id: str, warning_id: str) -> str:
    """Return the token of this person's link to this warning, 22 characters; it works once issued."""
    mac = hmac.digest(sealed.keys().session, f"link:{person_id}:{warning_id}".encode(), "sha256")
    return base64.urlsafe_b64encode(mac[:16]).decode().rstrip("=")


# Those that stand already get the new end.
_ISSUE = many.Insert(
    Link,
    lambda insert: insert.on_conflict_do_update(
        index_elements=[Link.person_id, Link.warning_id],
        set_={"token_hash": insert.excluded.token_hash, "expires_at": insert.excluded.expires_at},
    ),
)


async def issue(
    session: Session, person_id: str, warning_id: str, *, district: str, expires: datetime, at: datetime
) -> str:
    """Return the token (22 characters) of this person's link to this warning, valid until ``expires``.

    Asked again, it is the same token with the new end.
    """
    await issue_many(session, [(person_id, warning_id)], district=district, expires=expires, at=at)
    return derive(person_id, warning_id)


async def issue_many(
    session: Session, pairs: Iterable[tuple[str, str]], *, district: str, expires: datetime, at: datetime
) -> None:
    """Issue the links of many (person, warning) at once, valid until ``expires``; old ones are extended."""
    rows = [
        {
            "id": new_id(),
            "district": district,
            "person_id": person_id,
            "warning_id": warning_id,
            "token_hash": _digest(derive(person_id, warning_id)),
            "issued_at": at,
            "expires_at": expires,
        }
        for person_id, warning_id in sorted(set(pairs))
    ]
    await _ISSUE.put(session, rows)


async def look(session: Session, token: str, at: datetime) -> Bundle | None:
    """Return what a token stands for, None for one that was never issued or was taken back. Reads only."""
    row = await session.scalar(
        sa.select(Link).where(Link.token_hash == _digest(token), Link.revoked_at.is_(None))
    )
    if row is None:
        return None
    return Bundle(
        row.id, row.district, row.person_id, row.warning_id, row.expires_at, expired=row.expires_at <= at
    )


async def revoke(session: Session, person_id: str, at: datetime) -> None:
    """Take back every link of a person (lost phone, left the post)."""
    await session.execute(
        sa.update(Link).where(Link.person_id == person_id, Link.revoked_at.is_(None)).values(revoked_at=at)
    )
