"""What has been measured: which level each town has reached, at which station, and by which rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.warning.hazard import AllOf, Condition, HazardRules, RainOver, RiseOver, StageOver, in_effect
from app.warning.level import Level
from app.warning.plan import Reason
from app.warning.ruleset import Ruleset
from app.warning.situation import LevelReading, RainWindow
from app.warning.window import metres, millimetres

MARKS = {"warning": "警戒水位", "guarantee": "保证水位", "record": "历史最高水位"}


@dataclass(frozen=True, slots=True)
class Finding:
    """The highest level a town has reached for one hazard."""

    hazard: str  # event code it is reported under
    place: str
    level: Level
    station: str
    reason: Reason
    kind: str  # id of the hazard's rules, e.g. "rise"
    name: str  # e.g. 暴雨


@dataclass(slots=True)
class _Station:
    """What one station says: its place, its rain by window hours, its water levels."""

    place: str
    rain: dict[int, RainWindow] = field(default_factory=dict)
    levels: list[LevelReading] = field(default_factory=list)


def observed(
    windows: Iterable[RainWindow], levels: Iterable[LevelReading], rules: Ruleset, at: datetime
) -> tuple[Finding, ...]:
    """The level each town has reached by measurement: one finding a hazard and town, in any order of rows.

    A threshold is reached at exactly its value. A window with rows missing is "at least" its sum, so it may
    reach a threshold but never proves that none was reached. Stations outside the district reach nothing.
    """
    stations = _by_station(windows, levels)
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


def _by_station(windows: Iterable[RainWindow], levels: Iterable[LevelReading]) -> Mapping[str, _Station]:
    stations: dict[str, _Station] = {}
    for window in windows:
        if not window.place:
            continue
        station = stations.setdefault(window.station, _Station(window.place))
        held = station.rain.get(window.hours)
        if held is None or (window.at, window.tenths) > (held.at, held.tenths):
            station.rain[window.hours] = window
    newest: dict[str, LevelReading] = {}
    for reading in levels:
        known = newest.get(reading.station)
        if reading.place and (known is None or (reading.at, reading.level_mm) > (known.at, known.level_mm)):
            newest[reading.station] = reading
    for code, reading in newest.items():
        stations.setdefault(code, _Station(reading.place)).levels.append(reading)
    return stations


def _highest(hazard: HazardRules, code: str, station: _Station) -> Finding | None:
    for rule in sorted(hazard.observed, key=lambda r: -r.level):
        said = _met(rule.condition, station)
        if said is None:
            continue
        text, values = said
        reason = Reason(
            f"observed.{hazard.id}.{rule.level.word}",
            f"{code}站实测{text}，达到{hazard.name}{rule.level.zh}标准",
            {"station": code, "place": station.place, "level": rule.level.word, **values},
        )
        return Finding(
            hazard.reported_as, station.place, rule.level, code, reason, kind=hazard.id, name=hazard.name
        )
    return None


def _met(condition: Condition, station: _Station) -> tuple[str, dict[str, str | int]] | None:
    """What to say where a condition holds at a station, and None where it does not or cannot be known."""
    match condition:
        case RainOver(hours, tenths):
            window = station.rain.get(hours)
            if window is None or window.tenths < tenths:
                return None
            least = "" if window.complete else "至少"
            text = f"{hours}小时降雨{least}{millimetres(window.tenths)}毫米（≥{millimetres(tenths)}毫米）"
            return text, {"hours": hours, "tenths": window.tenths, "threshold_tenths": tenths}
        case StageOver(mark, offset):
            return next((said for r in station.levels if (said := _over(r, mark, offset))), None)
        case RiseOver(minutes, mm):
            for reading in station.levels:
                rise = reading.rise_mm.get(minutes)
                if rise is not None and rise >= mm:
                    text = f"{reading.river}水位{_spell(minutes)}上涨{metres(rise)}米（≥{metres(mm)}米）"
                    return text, {"minutes": minutes, "rise_mm": rise, "threshold_mm": mm}
            return None
        case AllOf(conditions):
            texts: list[str] = []
            values: dict[str, str | int] = {}
            for part in conditions:
                held = _met(part, station)
                if held is None:
                    return None
                texts.append(held[0])
                values |= held[1]
            return "、".join(texts), values


def _over(reading: LevelReading, mark: str, offset: int) -> tuple[str, dict[str, str | int]] | None:
    marks = {"warning": reading.warning_mm, "guarantee": reading.guarantee_mm, "record": reading.record_mm}
    line = marks[mark]
    if line is None or reading.level_mm < line + offset:
        return None
    word = "达到" if offset == 0 else "接近"
    text = f"{reading.river}水位{metres(reading.level_mm)}米，{word}{MARKS[mark]}{metres(line)}米"
    return text, {"level_mm": reading.level_mm, "mark": mark, "mark_mm": line}


def _spell(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return f"{hours}小时" if hours and not rest else f"{minutes}分钟"


def by_place(findings: Iterable[Finding]) -> Mapping[str, tuple[Finding, ...]]:
    """The findings of each town."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        found[finding.place].append(finding)
    return {place: tuple(held) for place, held in found.items()}
