"""The rules as frozen values: built by `scheme` from `config/`, and all the planner knows of a district."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from app.warning.finding import Finding
from app.warning.hazard import HazardRules, in_effect
from app.warning.level import Level
from app.warning.plan import Part, Reason
from app.warning.situation import Situation


@dataclass(frozen=True, slots=True)
class Segment:
    """One time segment (分段): lead times from `upto` (included) down to `downto` (not included)."""

    id: str
    name: str
    upto: timedelta
    downto: timedelta
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class Reported:
    """Field reports that mean it has begun: of these kinds by family, not older than `within`."""

    segment: str
    within: timedelta
    kinds: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class StageRules:
    """The segments, earliest first, and what is taken when a warning names no onset."""

    segments: tuple[Segment, ...]
    # a signal's window of at least this → segment; longest first
    by_window: tuple[tuple[timedelta, str], ...]
    observed: str  # a gauge of the area is already over the threshold
    default: str  # nothing is known
    reported: Reported | None = None
    # a signal that promises no time is asked after when so long has passed and no gauge shows its hazard
    outlived: timedelta | None = None


@dataclass(frozen=True, slots=True)
class DutyRules:
    """One duty of one layer (分层): from which level it is called, its clock and its channels by level."""

    id: str
    layer: str
    name: str
    part: Part
    from_level: Level
    families: frozenset[str]  # empty: every family of hazards
    holders: str  # the duty of the directory whose holders are called (itself, but for orders)
    clocks: Mapping[Level, timedelta]  # a level missing here owes no answer
    clock_rule: str  # id of the hop, e.g. "H2"
    channels: Mapping[Level, tuple[str, ...]]  # every level from `from_level` on
    coverage: bool  # nobody answers (broadcast): no clock ever

    @property
    def key(self) -> tuple[str, str]:
        """(layer, duty), unique."""
        return (self.layer, self.id)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of segment × level: what it adds to the cells before and below it."""

    segment: str
    level: Level
    call: tuple[tuple[str, str], ...]  # (layer, duty)
    actions: tuple[str, ...]


class Sign(Protocol):
    """A condition of 提级 or of a response level: one class with one function (`uplift_signs`, `signs`)."""

    def holds(self, look: Look) -> Reason | None:
        """Why it speaks for more, None where it does not or cannot be known."""


@dataclass(frozen=True, slots=True)
class UpliftRules:
    """提级: any one condition suggests one level higher, from `from_level` on."""

    from_level: Level
    conditions: tuple[Sign, ...]


@dataclass(frozen=True, slots=True)
class ResponseRule:
    """When starting a response level is proposed. `manual`: signs only a person can see, shown beside."""

    family: str
    level: Level
    any_of: tuple[Sign, ...]
    manual: tuple[str, ...]
    signed_by: str


@dataclass(frozen=True, slots=True)
class IndustryMeasure:
    """A row of 一行业一措施."""

    industry: str
    department: str
    level: Level
    families: frozenset[str]
    segments: frozenset[str]
    text: str
    rule: str


@dataclass(frozen=True, slots=True)
class ControlRule:
    """A row of 断禁停撤疏."""

    id: str
    kind: str
    text: str
    ordered_by: str
    confirmed_by: str
    fuse: str
    level: Level
    families: frozenset[str]
    segments: frozenset[str]


@dataclass(frozen=True, slots=True)
class AlsoCall:
    """A town calls a duty earlier than the district does."""

    duty: tuple[str, str]
    level: Level
    families: frozenset[str]
    segments: frozenset[str]
    why: str


@dataclass(frozen=True, slots=True)
class RemindedFrom:
    """Whom a reminder made from observations calls besides, from a level of these hazards on."""

    duty: tuple[str, str]
    level: Level
    hazards: frozenset[str]  # ids
    why: str


@dataclass(frozen=True, slots=True)
class Sensitive:
    """Kinds of warning a town takes more seriously: its responsible people are called a segment ahead."""

    hazards: frozenset[str]  # ids
    level: Level
    why: str


@dataclass(frozen=True, slots=True)
class TownMeasure:
    """A measure of one town's own plan."""

    level: Level
    families: frozenset[str]
    department: str
    text: str


@dataclass(frozen=True, slots=True)
class TownRules:
    """一乡镇一方案: what one town does otherwise than the district."""

    code: str
    name: str
    clocks: Mapping[tuple[str, str], Mapping[Level, timedelta]]
    channels: Mapping[tuple[str, str], Mapping[Level, tuple[str, ...]]]
    also: tuple[AlsoCall, ...]
    measures: tuple[TownMeasure, ...]
    why: str
    sensitive: tuple[Sensitive, ...] = ()
    transfer: str = ""  # where its people go, as the town's transfer plan says


@dataclass(frozen=True, slots=True)
class Reach:
    """A river seen from one duty room (流域联防): the towns on it, and whether the room lies up or down."""

    river: str
    side: str  # "up" | "down"
    towns: frozenset[str]
    duty: tuple[str, str]  # (layer, duty) of the room


@dataclass(frozen=True, slots=True)
class BasinRule:
    """From which level of which hazards on the rooms of these sides are called."""

    id: str
    hazards: frozenset[str]  # ids
    level: Level
    sides: frozenset[str]
    mark: str  # only while a station of the river stands at or over it; empty: whatever it stands at
    measured: bool  # also by a reminder that our gauges alone have made
    why: str


@dataclass(frozen=True, slots=True)
class BasinRules:
    """流域联防: who is up and down the rivers, and when they are called."""

    reaches: tuple[Reach, ...] = ()
    rules: tuple[BasinRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Ruleset:
    """All rules of a district."""

    district: str
    zone: ZoneInfo
    stage: StageRules
    hazards: tuple[HazardRules, ...]
    duties: Mapping[tuple[str, str], DutyRules]
    cells: tuple[Cell, ...]
    reminder: tuple[tuple[str, str], ...]  # duties a warning made from observations alone may call
    uplift: UpliftRules
    responses: tuple[ResponseRule, ...]
    measures: tuple[IndustryMeasure, ...]
    controls: tuple[ControlRule, ...]
    towns: Mapping[str, TownRules]
    basin: BasinRules = BasinRules()
    reminder_from: tuple[RemindedFrom, ...] = ()

    def hazard(self, code: str, at: datetime) -> HazardRules | None:
        """The rules for an event code on the day of `at`: its own, its class's, or those for anything."""
        day = at.astimezone(self.zone).date()
        held = [h for h in self.hazards if in_effect(h, day)]
        for hazard in held:
            if code in hazard.codes:
                return hazard
        by_class = [h for h in held if code.startswith(h.prefixes)]
        if by_class:
            return by_class[0]
        return next((h for h in held if h.anything), None)

    def called(self, code: str, at: datetime) -> str:
        """What an event is called in plans, texts and on pages; its code where no rules are known."""
        hazard = self.hazard(code, at)
        return hazard.called(code) if hazard else code

    def segment_index(self, segment: str) -> int:
        """Where a segment stands, 0 for the earliest. Raises ValueError if it is unknown."""
        for index, known in enumerate(self.stage.segments):
            if known.id == segment:
                return index
        raise ValueError(f"not a segment: {segment!r}")


@dataclass(frozen=True, slots=True)
class Look:
    """All that a sign may look at: the level it would raise, of which hazard, in which situation."""

    level: Level
    hazard: HazardRules
    situation: Situation
    rules: Ruleset
    findings: tuple[Finding, ...]

    def hazard_of(self, code: str) -> HazardRules | None:
        """The rules of another event code now."""
        return self.rules.hazard(code, self.situation.at)

    def name(self, town: str) -> str:
        """What a town is called; its code where it is unknown."""
        return next((t.name for t in self.situation.towns if t.code == town), town)
