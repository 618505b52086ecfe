"""What has been measured: which level each town has reached, at which station, and by which rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from app.warning.condition import Station
from app.warning.finding import Finding
from app.warning.hazard import HazardRules, ObservedRule, in_effect
from app.warning.level import Level
from app.warning.plan import Reason
from app.warning.ruleset import Ruleset
from app.warning.situation import ElementReading, LevelReading, RainWindow


def observed(
    windows: Iterable[RainWindow],
    levels: Iterable[LevelReading],
    rules: Ruleset,
    at: datetime,
    elements: Iterable[ElementReading] = (),
) -> tuple[Finding, ...]:
    """The level each town has reached by measurement: one finding a hazard and town, in any order of rows.

    A threshold is reached at exactly its value. A window with rows missing is "at least" its sum, so it may
    reach a threshold but never proves that none was reached. Stations outside the district reach nothing.
    """
    stations = by_station(windows, levels, elements)
    day = at.astimezone(rules.zone).date()
    ordered = sorted(stations.items())
    best: dict[tuple[str, str], Finding] = {}
    for hazard in rules.hazards:
        if not hazard.observed or not in_effect(hazard, day):
            continue
        descending = sorted(hazard.observed, key=lambda rule: -rule.level)
        for code, station in ordered:
            held = best.get((hazard.id, station.place))
            found = _highest(hazard, descending, code, station, Level.HINT if held is None else held.level)
            if found is not None:
                best[hazard.id, station.place] = found
    return tuple(sorted(best.values(), key=lambda f: (f.kind, -f.level, f.place)))


def by_station(
    windows: Iterable[RainWindow], levels: Iterable[LevelReading], elements: Iterable[ElementReading] = ()
) -> Mapping[str, Station]:
    """What each station of the district says: of two values for one thing the newer, then the greater."""
    stations: dict[str, Station] = {}
    _take_rain(stations, windows)
    for level in levels:
        if not level.place:
            continue
        station = stations.setdefault(level.station, Station(level.place))
        known = station.level
        if known is None or (level.at, level.level_mm) > (known.at, known.level_mm):
            station.level = level
    for element in elements:
        if not element.place:
            continue
        station = stations.setdefault(element.station, Station(element.place))
        before = station.elements.get(element.element)
        if before is None or _measured(element) > _measured(before):
            station.elements[element.element] = element
    return stations


def _take_rain(stations: dict[str, Station], windows: Iterable[RainWindow]) -> None:
    for window in windows:
        if not window.place:
            continue
        station = stations.get(window.station)
        if station is None:
            station = stations[window.station] = Station(window.place)
        held = station.rain.get(window.hours)
        if held is None or _rank(window) > _rank(held):
            station.take_rain(window)


def _measured(element: ElementReading) -> tuple[datetime, bool, int]:
    return (element.at, element.milli is not None, element.milli or 0)


def _rank(window: RainWindow) -> tuple[datetime, int, int]:
    return (window.at, window.tenths, -window.missing)


def _highest(
    hazard: HazardRules, rules: Iterable[ObservedRule], code: str, station: Station, above: Level
) -> Finding | None:
    """The highest level a station reaches, if it is above what its town has reached already."""
    for rule in rules:
        if rule.level <= above:
            return None
        said = rule.condition.met(station)
        if said is None:
            continue
        reason = Reason(
            f"observed.{hazard.id}.{rule.level.word}",
            f"{code}站实测{said.text}，达到{hazard.name}{rule.level.zh}标准",
            {"station": code, "place": station.place, "level": rule.level.word, **said.values},
        )
        return Finding(
            hazard.reported_as, station.place, rule.level, code, reason, kind=hazard.id, name=hazard.name
        )
    return None


def is_of(finding: Finding, hazard: HazardRules) -> bool:
    """Whether what is measured speaks for a warning of these rules: theirs, or reported under their code."""
    return finding.kind == hazard.id or finding.hazard in hazard.codes


def by_place(findings: Iterable[Finding]) -> Mapping[str, tuple[Finding, ...]]:
    """The findings of each town."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        found[finding.place].append(finding)
    return {place: tuple(held) for place, held in found.items()}
