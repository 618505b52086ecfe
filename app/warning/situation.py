"""Everything the planner looks at, as plain values. Times are aware; what is measured is a whole number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.warning.level import Level
from app.warning.news import CutOff, FieldReport, Outlook


@dataclass(frozen=True, slots=True)
class Place:
    """A place of the statistics list: district (6 digits), town (9) or village (12)."""

    code: str
    name: str
    parent: str
    level: str  # "district" | "town" | "village"


@dataclass(frozen=True, slots=True)
class WarningFacts:
    """What a warning says, after intake has read it."""

    key: str
    hazard: str  # event code, e.g. "11B03"
    level: Level
    sent: datetime
    effective: datetime | None
    onset: datetime | None
    expires: datetime | None
    places: frozenset[str]  # nine-digit codes of towns, never empty for a warning that is planned
    villages: frozenset[str] = frozenset()  # twelve-digit codes, only where the message names them
    observed: bool = False  # made from observations alone: a reminder, not a bureau's signal
    headline: str = ""
    issuer: str = ""
    raised_from: Level | None = None  # 提级: the district calls at `level`, the bureau's signal says this one

    @property
    def signal(self) -> Level:
        """The level the bureau's signal has: what it promises, in which window, is said at this level."""
        return self.level if self.raised_from is None else self.raised_from


@dataclass(frozen=True, slots=True)
class Holding:
    """How a duty is held in one town (or the district, for L1)."""

    town: str
    layer: str
    duty: str
    units: int  # villages, grids, groups, points … that have the duty
    people: int  # named people who can be called
    no_contact: int  # units nobody can be reached for


@dataclass(frozen=True, slots=True)
class RainWindow:
    """Rain that fell at a station in the `hours` up to `at`, right-closed: (at - hours, at]."""

    station: str
    place: str  # nine-digit code of its town; empty for a station outside the district
    hours: int
    tenths: int  # tenths of a millimetre, exact
    missing: int  # intervals without a row
    expected: int  # intervals a whole window has
    at: datetime

    @property
    def complete(self) -> bool:
        """Whether the sum is the rain, and not merely "at least" that much."""
        return self.missing == 0


@dataclass(frozen=True, slots=True)
class LevelReading:
    """A water level and the marks it is compared with, in whole millimetres above the station's datum."""

    station: str
    river: str
    place: str
    at: datetime
    level_mm: int
    warning_mm: int | None = None
    guarantee_mm: int | None = None
    record_mm: int | None = None
    rise_mm: Mapping[int, int] = field(default_factory=dict)  # minutes looked back → rise over them
    flood_limit_mm: int | None = None  # 汛限, a reservoir's
    design_mm: int | None = None  # 设计洪水位
    crest_mm: int | None = None  # 坝顶
    check_mm: int | None = None  # 校核洪水位

    def mark(self, name: str) -> int | None:
        """A mark by its name in the rules ("warning", "flood-limit" …), None where the station has none."""
        found: int | None = getattr(self, f"{name.replace('-', '_')}_mm")
        return found


@dataclass(frozen=True, slots=True)
class ElementReading:
    """What a station measured of one element besides rain and level, in thousandths of its unit.

    Units: cm of standing water, m/s, m, °C, mm of melted snow. What was not measured is absent, never zero.
    """

    station: str
    place: str  # nine-digit code of its town; empty for a station outside the district
    element: str  # "depth" "gust" "wind" "visibility" "temp" "ground_temp" "snow_6h" "snow_12h"
    at: datetime  # of the newest reading looked at
    milli: int | None  # the newest, None when it is too old to be the present state
    highest: Mapping[int, int] = field(default_factory=dict)  # hours looked back → highest in them
    lowest: Mapping[int, int] = field(default_factory=dict)
    days: tuple[tuple[int, int] | None, ...] = ()  # (lowest, highest) of the last 24 h, those before, …
    fell: Mapping[int, int] = field(default_factory=dict)  # hours → how much lower than so long before
    kind: str = ""  # of station, e.g. "underpass"


@dataclass(frozen=True, slots=True)
class Situation:
    """The planner's whole input beside the rules. `at` is the moment the plan is made for."""

    at: datetime
    warning: WarningFacts
    towns: tuple[Place, ...]
    holdings: tuple[Holding, ...]
    windows: tuple[RainWindow, ...]
    levels: tuple[LevelReading, ...]
    others: tuple[WarningFacts, ...]  # other warnings in force
    district: Place
    elements: tuple[ElementReading, ...] = ()
    reports: tuple[FieldReport, ...] = ()  # events known and not closed
    cut_off: tuple[CutOff, ...] = ()  # towns that are 失联
    outlooks: tuple[Outlook, ...] = ()  # forecasts of the days ahead
    past: tuple[WarningFacts, ...] = ()  # warnings that have ended within the days the rules look back
