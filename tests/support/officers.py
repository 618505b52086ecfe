"""The people at the desk, as verbs receive them: no account, no database."""

from datetime import UTC, datetime

from app.access.officer import Officer
from app.access.rights import Role
from tests.support.seeded import DISTRICT


def officer(role: Role, name: str = "", *, place: str | None = None, sure: bool = False) -> Officer:
    """Return an officer; the same role and name are the same person.

    ``sure``: the password was given with this act.
    """
    return Officer(
        f"{role}-{name}",
        name or role,
        role,
        place,
        DISTRICT,
        confirmed_at=datetime(2026, 7, 16, tzinfo=UTC) if sure else None,
    )
