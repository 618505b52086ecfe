"""分类: what is known of one kind of hazard: its codes, what its signals promise, what a gauge must show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from app.warning.condition import Condition
from app.warning.level import Level


@dataclass(frozen=True, slots=True)
class ObservedRule:
    """What must be measured for a level to count as reached."""

    level: Level
    condition: Condition


@dataclass(frozen=True, slots=True)
class SignalRule:
    """What the signal of a level promises: its window, where it has one, and its words."""

    window: timedelta | None
    text: str


@dataclass(frozen=True, slots=True)
class HazardRules:
    """One kind of hazard (分类). A level missing in `signal` does not exist for it."""

    id: str
    name: str
    codes: frozenset[str]  # event codes, e.g. "11B03"
    prefixes: tuple[str, ...]  # classes, e.g. "11D"
    anything: bool  # takes every code no other hazard takes
    family: str
    issuer: str
    reported_as: str  # the event code a finding of this hazard is reported under
    since: date | None  # first day these rules hold
    until: date | None  # last day
    signal: Mapping[Level, SignalRule]
    observed: tuple[ObservedRule, ...]
    # event code → its own name, where that of the rules would be wrong in a text: 雷雨大风 under 大风
    names: Mapping[str, str] = field(default_factory=dict)

    def called(self, code: str) -> str:
        """What an event is called in plans and texts."""
        return self.names.get(code, self.name)


def in_effect(hazard: HazardRules, day: date) -> bool:
    """Whether a hazard's rules hold on a day; both ends included."""
    return (hazard.since is None or hazard.since <= day) and (hazard.until is None or day <= hazard.until)


def next_level(hazard: HazardRules, level: Level) -> Level | None:
    """The level above, among those the hazard has; None at the top."""
    return min((known for known in hazard.signal if known > level), default=None)
