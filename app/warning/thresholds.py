"""What has been measured: which level each town has reached, at which station, and by which rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from app.warning import finding as measured
from app.warning.condition import Station
from app.warning.hazard import HazardRules, in_effect
from app.warning.plan import Reason
from app.warning.ruleset import Ruleset
from app.warning.situation import ElementReading, LevelReading, RainWindow

Finding = measured.Finding


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
    best: dict[tuple[str, str], Finding] = {}
    for hazard in rules.hazards:
        if not hazard.observed or not in_effect(hazard, day):
            continue
        for code in sorted(stations):
            station = stations[code]
            found = _highest(hazard, code, station)
            if found is None:
                continue
            key = (hazard.id, station.place)
            held = best.get(key)
            if held is None or found.level > held.level:
                best[key] = found
    return tuple(sorted(best.values(), key=lambda f: (f.kind, -f.level, f.place)))


def by_station(
    windows: Iterable[RainWindow], levels: Iterable[LevelReading], elements: Iterable[ElementReading] = ()
) -> Mapping[str, Station]:
    """What each station of the district says: of two values for one thing the newer, then the greater."""
    stations: dict[str, Station] = {}
    for window in windows:
        if not window.place:
            continue
        station = stations.setdefault(window.station, Station(window.place))
        held = station.rain.get(window.hours)
        if held is None or _rank(window) > _rank(held):
            station.rain[window.hours] = window
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
        if before is None or (element.at, element.milli or 0) > (before.at, before.milli or 0):
            station.elements[element.element] = element
    return stations


def _rank(window: RainWindow) -> tuple[datetime, int, int]:
    return (window.at, window.tenths, -window.missing)


def _highest(hazard: HazardRules, code: str, station: Station) -> Finding | None:
    for rule in sorted(hazard.observed, key=lambda r: -r.level):
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


def by_place(findings: Iterable[Finding]) -> Mapping[str, tuple[Finding, ...]]:
    """The findings of each town."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        found[finding.place].append(finding)
    return {place: tuple(held) for place, held in found.items()}
