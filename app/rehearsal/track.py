"""What one scheme would have done on a stretch of the past: levels reached, calls made, plans proposed. Pure.

A track is told what was known at each moment, in order of time, as the product was told it then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.warning.finding import Finding
from app.warning.level import Level
from app.warning.plan import Plan, Suggestion
from app.warning.planner import plan
from app.warning.ruleset import Ruleset
from app.warning.situation import (
    ElementReading,
    Holding,
    LevelReading,
    Place,
    RainWindow,
    Situation,
    WarningFacts,
)
from app.warning.thresholds import observed


@dataclass(frozen=True, slots=True)
class Happened:
    """A warning of the past: what it said, and from when to when it was in force."""

    facts: WarningFacts
    since: datetime
    until: datetime
    origin: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What does not move: the places, who holds what, the district."""

    towns: tuple[Place, ...]
    holdings: tuple[Holding, ...]
    district: Place


@dataclass(frozen=True, slots=True)
class Moment:
    """What was known at a moment. ``warnings``: those in force."""

    at: datetime
    windows: tuple[RainWindow, ...]
    levels: tuple[LevelReading, ...]
    elements: tuple[ElementReading, ...]
    warnings: tuple[Happened, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """A level a town reached by measurement: since when, until when (None: to the end), at which station."""

    since: datetime
    until: datetime | None
    station: str


@dataclass(frozen=True, slots=True)
class Call:
    """A duty that was called: when, within what it had to answer, over which channels, how many people."""

    at: datetime
    within: timedelta | None
    channels: tuple[str, ...]
    part: str
    people: int
    rule: str
    because: str


ReachKey = tuple[str, str, Level]
"""Hazard's rules, town, level."""
CallKey = tuple[str, str, str, str]
"""Warning, place, layer, duty; a reminder from measurements is ``observed:rain:red``."""
MarkKey = tuple[str, str, str]
"""Warning, kind (segment, response, uplift, measure …), text."""


class Track:
    """One scheme's way through the past."""

    def __init__(self, rules: Ruleset, ground: Ground, reminder_life: timedelta) -> None:
        self._rules, self._ground, self._life = rules, ground, reminder_life
        self.reaches: dict[ReachKey, list[Reach]] = defaultdict(list)
        self.calls: dict[CallKey, list[Call]] = defaultdict(list)
        self.marks: dict[MarkKey, datetime] = {}
        self.unplanned: dict[str, str] = {}
        self._open: dict[ReachKey, Reach] = {}
        self._reminders: list[Happened] = []
        self._cuts: dict[str, datetime | None] = {}

    def next_cut(self) -> datetime | None:
        """When time alone next changes a plan."""
        return min((cut for cut in self._cuts.values() if cut is not None), default=None)

    def see(self, moment: Moment) -> None:
        """Go on to a moment: judge the gauges, plan what is new, moved or due, remind where a level rose."""
        rules = self._rules
        found = observed(moment.windows, moment.levels, rules, moment.at, moment.elements)
        risen, moved = self._keep(found, moment.at)
        self._reminders = [one for one in self._reminders if one.until > moment.at]
        standing = {one.facts.key for one in moment.warnings}
        self._cuts = {key: cut for key, cut in self._cuts.items() if key in standing}
        for one in moment.warnings:
            key = one.facts.key
            cut = self._cuts.get(key)
            if key not in self._cuts or (cut is not None and cut <= moment.at) or one.facts.places & moved:
                self._plan(one, moment, key)
        self._remind(risen, moment)

    def _keep(self, found: Sequence[Finding], at: datetime) -> tuple[list[Finding], set[str]]:
        """As the product keeps its findings: whoever reached orange has passed blue and yellow too."""
        top = {(one.kind, one.place): one for one in found}
        moved: set[str] = set()
        for key, reach in list(self._open.items()):
            kind, place, level = key
            now = top.get((kind, place))
            if now is None or now.level < level:
                del self._open[key]
                self.reaches[key][-1] = replace(reach, until=at)
                moved.add(place)
        risen: list[Finding] = []
        for one in found:
            for level in (level for level in Level if Level.HINT < level <= one.level):
                key = (one.kind, one.place, level)
                if key in self._open:
                    continue
                self._open[key] = Reach(at, None, one.station)
                self.reaches[key].append(self._open[key])
                moved.add(one.place)
                if level == one.level:
                    risen.append(one)
        return risen, moved

    def _remind(self, risen: Iterable[Finding], moment: Moment) -> None:
        """A 叫应 from measurements alone, where no bureau's warning calls at this level already."""
        groups: dict[tuple[str, str, Level], list[Finding]] = defaultdict(list)
        for one in risen:
            groups[one.kind, one.hazard, one.level].append(one)
        for (kind, hazard, level), held in sorted(groups.items(), key=lambda item: (-item[0][2], item[0][0])):
            covered = {
                place
                for one in moment.warnings
                if one.facts.hazard == hazard and one.facts.level >= level
                for place in one.facts.places
            }
            places = frozenset(one.place for one in held) - covered
            if not places:
                continue
            key = f"observed:{kind}:{level.word}"
            facts = WarningFacts(
                key,
                hazard,
                level,
                moment.at,
                moment.at,
                None,
                moment.at + self._life,
                places,
                observed=True,
                headline=f"实测{held[0].name}{level.zh}",
                issuer=self._ground.district.name,
            )
            origin = moment.warnings[0].origin if moment.warnings else ""
            reminder = Happened(facts, moment.at, moment.at + self._life, origin)
            self._call(key, self._made(reminder, moment), moment.at, always=True)
            self._reminders.append(reminder)

    def _made(self, one: Happened, moment: Moment) -> Plan | None:
        others = [
            other.facts
            for other in (*moment.warnings, *self._reminders)
            if other.facts.key != one.facts.key
            and other.facts.raised_from is None
            and other.origin in {one.origin, ""}
        ]
        ground = self._ground
        here = {*one.facts.places, ground.district.code}
        situation = Situation(
            at=moment.at,
            warning=one.facts,
            towns=ground.towns,
            holdings=tuple(held for held in ground.holdings if held.town in here),
            windows=moment.windows,
            levels=moment.levels,
            others=tuple(others),
            district=ground.district,
            elements=moment.elements,
        )
        try:
            return plan(situation, self._rules)
        except ValueError as error:  # no rules for it, or no town of the district: said, not dropped
            self.unplanned[one.facts.key] = str(error)
            return None

    def _plan(self, one: Happened, moment: Moment, key: str) -> None:
        made = self._made(one, moment)
        cut = None if made is None else made.next_cut
        # A cut that does not move on must not hold the track.
        self._cuts[key] = cut if cut is None or cut > moment.at else None
        if made is None:
            return
        self._call(key, made, moment.at, always=False)
        said = [
            ("segment", made.segment),
            *(("action", one.text) for one in made.actions),
            *(("measure", f"{one.industry}：{one.text}") for one in made.measures),
            *(("control", f"{one.kind} {one.text}") for one in made.controls),
            *((one.kind, _said(one)) for one in made.suggestions),
        ]
        for kind, text in sorted(set(said)):
            self.marks.setdefault((key, kind, text), moment.at)

    def _call(self, key: str, made: Plan | None, at: datetime, *, always: bool) -> None:
        """Only what is new is called. A reminder's every call counts."""
        for line in made.lines if made is not None else ():
            held = self.calls[key, line.place, line.layer, line.duty]
            if held and not always:
                continue
            why = line.because[0]
            held.append(
                Call(at, line.answer_within, line.channels, line.part, line.people, why.rule, why.text)
            )


def _said(one: Suggestion) -> str:
    """A suggestion by its level alone: its words tell of the rain of the moment."""
    if one.level is None:
        return ""
    return f"{one.level.roman}级" if one.kind == "response" else one.level.zh
