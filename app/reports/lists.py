"""A list in pages: the cursor is the key of the last row, opaque to the caller."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from app.errors import Fault, Validation

T = TypeVar("T")
U = TypeVar("U")

USUAL, MOST = 50, 500


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows and where the next ones begin; ``next`` None at the end."""

    items: list[T]
    next: str | None


def cursor(key: str) -> str:
    """Return the cursor after a key."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def after(given: str | None) -> str | None:
    """Return the key of a cursor. Raises Validation for one that we did not make."""
    if given is None:
        return None
    try:
        return base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)).decode()
    except (binascii.Error, ValueError):
        raise Validation(errors=[Fault("/query/cursor", "not-valid", "Not a cursor of this list.")]) from None


def instant(stamp: str) -> datetime:
    """Return the time in a cursor. Raises Validation for one that we did not make."""
    try:
        at = datetime.fromisoformat(stamp)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Validation(errors=[Fault("/query/cursor", "not-valid", "Not a cursor of this list.")])
    return at


def page(rows: Sequence[U], limit: int, key: Callable[[U], str], shape: Callable[[U], T]) -> Page[T]:
    """Make a page of up to ``limit + 1`` rows that were read."""
    more = len(rows) > limit
    shown = rows[:limit]
    return Page([shape(row) for row in shown], cursor(key(shown[-1])) if more else None)
