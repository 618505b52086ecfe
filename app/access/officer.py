"""The person who acts, as every verb receives it."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from app.access.rights import Right, Role, holds
from app.audit import Actor


@dataclass(frozen=True, slots=True)
class Officer:
    """A user who is logged in, or whose personal token was shown.

    ``place`` is a town's nine digits, None for the district's own people. ``name`` is the log-in name; like
    a person's it belongs in no log. ``person_id`` is the same human in the directory, if known.
    ``confirmed_at`` is set when the password (and code) were given again with *this* request.
    """

    id: str
    name: str = field(repr=False)
    role: Role
    place: str | None
    district: str
    person_id: str | None = None
    session_id: str | None = None
    confirmed_at: datetime | None = None

    def may(self, right: Right) -> bool:
        """Whether the officer's role holds this right."""
        return holds(self.role, right)

    @property
    def actor(self) -> Actor:
        """How the audit log names this officer: by id."""
        return Actor("user", self.id)

    @property
    def confirmed(self) -> bool:
        """Whether the officer proved with this very request to be the one who logged in."""
        return self.confirmed_at is not None

    def confirming(self, at: datetime) -> Self:
        """Return the same officer, who has just proved who it is."""
        return replace(self, confirmed_at=at)
