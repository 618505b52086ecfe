"""What a check has found: holes as values, the same shape whichever check found them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

KINDS = {
    "no-contact": "叫不到任何人",
    "one-way": "只有 1 条路",
    "vacant": "没有人任这一职",
    "no-phone": "有人，没有号码",
    "dead-number": "号码是空号",
    "same-person": "A 角 B 角是同一人或同一号码",
    "gap": "班表空着",
    "double-booking": "一人同时排了两个班",
    "no-channel": "没有能用的通道",
    "unproved": "号码没有打通过",
}
"""Every kind of hole and what it means."""


@dataclass(frozen=True, slots=True)
class Hole:
    """Somewhere a warning would not get through.

    ``place``: the unit's code; ``town``: its town, or the district's code. ``role``: the post that is at
    fault (a channel's kind for ``no-channel``). ``starts``: of a gap or a double booking. ``lacks`` and
    ``remedy`` are for people and name nobody.
    """

    kind: str
    town: str
    place: str
    role: str
    name: str
    lacks: str
    remedy: str
    starts: datetime | None = None

    @property
    def key(self) -> str:
        """What it is known by: the same hole found again has the same key."""
        when = "" if self.starts is None else f"{self.starts:%Y%m%dT%H%MZ}"
        return f"{self.kind}/{self.place}/{self.role}/{when}"


def once(holes: Iterable[Hole]) -> tuple[Hole, ...]:
    """Return each hole once, by town, place and kind: one vacancy that many units feel is one hole."""
    found = {hole.key: hole for hole in holes}
    return tuple(sorted(found.values(), key=lambda one: (one.town, one.place, one.kind, one.key)))
