"""One table: which right belongs to which roles. Nothing else in the product decides by a role's name.

A right says what an account may do at all. Whether it may be done *now* (state, level, second person) is
the verb's matter and, where districts differ, `release.yaml`'s.
"""

from collections.abc import Mapping
from typing import Literal, Protocol, TypeAlias, get_args

from app.errors import Forbidden, NotFound, OutOfScope

Role: TypeAlias = Literal[
    "viewer", "duty", "chief", "leader", "supervisor", "operator", "auditor", "town", "department"
]
ROLES: tuple[Role, ...] = get_args(Role)

Right: TypeAlias = Literal[
    "read-desk",  # warnings, plans, deliveries, obligations, stations of the whole district
    "read-town",  # what concerns one town: its warnings, door lists, reports
    "read-rates",
    "read-audit",
    "read-number",  # one person's full number, for a call by hand; each look is audited
    "export",
    "release",  # let a part out, as the first or only person
    "second",  # be the second person
    "hold",
    "review",  # decide on a message that the machine could not place
    "close",
    "correct",  # send the prepared correction of a false warning
    "raise",  # 提级
    "respond",  # propose a response level
    "sign-response",
    "answer",  # answer on a page for one's own place
    "answer-by-phone",  # enter what somebody said on the phone
    "exclude",  # take a target out of a denominator, with a reason
    "visit",  # mark doors: told, nobody home, refused, needs help
    "claim",  # take on an alarm, a silence or a hole; hand a shift over
    "report-disaster",
    "confirm-measures",
    "configure",  # sources, users, rules
    "sign-rules",  # approve a change of rules by its rehearsal
]
RIGHTS: tuple[Right, ...] = get_args(Right)

_DESK: tuple[Role, ...] = ("duty", "chief")

_TABLE: tuple[tuple[Right, tuple[Role, ...]], ...] = (
    ("read-desk", ("viewer", *_DESK, "leader", "supervisor", "operator", "auditor", "department")),
    ("read-town", (*_DESK, "leader", "supervisor", "town")),
    ("read-rates", ("viewer", *_DESK, "leader", "supervisor", "operator", "auditor")),
    ("read-audit", ("auditor",)),
    ("read-number", (*_DESK, "town")),
    ("export", ("supervisor",)),
    ("release", (*_DESK, "leader")),
    ("second", ("chief", "leader")),
    ("hold", (*_DESK, "leader")),
    ("review", (*_DESK, "leader")),
    ("close", (*_DESK, "leader")),
    ("correct", (*_DESK, "leader")),
    ("raise", (*_DESK, "leader")),
    ("respond", (*_DESK, "leader")),
    ("sign-response", ("chief", "leader")),
    ("answer", ("town",)),
    ("answer-by-phone", (*_DESK, "town")),
    ("exclude", ("chief", "supervisor")),
    ("visit", (*_DESK, "town")),
    ("claim", (*_DESK, "operator")),
    ("report-disaster", (*_DESK, "town", "department")),
    ("confirm-measures", (*_DESK, "department")),
    ("configure", ("operator",)),
    ("sign-rules", ("chief", "leader")),
)

HELD_BY: Mapping[Right, frozenset[Role]] = {right: frozenset(roles) for right, roles in _TABLE}

BOUND: frozenset[Role] = frozenset({"town"})
"""Roles whose rights end at the border of their own place."""


class Holder(Protocol):
    """Whoever asks: a role and, where the role is bound to one, a place."""

    @property
    def role(self) -> Role:
        """Its role."""

    @property
    def place(self) -> str | None:
        """Its place's code, nine digits for a town."""


def holds(role: Role, right: Right) -> bool:
    """Whether the table gives this right to this role."""
    return role in HELD_BY[right]


def within(officer: Holder, place: str) -> bool:
    """Whether a place (town, village, or a unit whose code begins so) is one the officer may act for."""
    if officer.role not in BOUND:
        return True
    return officer.place is not None and place.startswith(officer.place)


def require(officer: Holder, right: Right, place: str | None = None) -> None:
    """Pass, or raise Forbidden without the right, OutOfScope when the place is another's."""
    if not holds(officer.role, right):
        raise Forbidden(right=right)
    if place is not None and not within(officer, place):
        raise OutOfScope("This belongs to another place.", right=right)


def show(officer: Holder, place: str) -> None:
    """Pass, or raise NotFound: what belongs to another town looks as if it did not exist."""
    if not within(officer, place):
        raise NotFound
