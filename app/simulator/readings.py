"""The storm as the bureaus' own gauges saw it: rain in tenths of a millimetre, levels in mm."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path

STEP = 5
LEVELS = ("blue", "yellow", "orange", "red")
# National rainstorm signal: hours and tenths of a millimetre (44NN table of signals).
THRESHOLDS: dict[str, tuple[int, int]] = {
    "blue": (12, 500),
    "yellow": (6, 500),
    "orange": (3, 500),
    "red": (3, 1000),
}


@dataclass(frozen=True, slots=True)
class Station:
    """A gauge.

    ``town`` is empty for one outside the district; marks are in millimetres, None where it has none.
    """

    code: str
    kind: str
    name: str
    river: str
    town: str
    warning_mm: int | None
    guarantee_mm: int | None


@dataclass(frozen=True)
class Readings:
    """What was read, by station and minute since the story's start."""

    stations: Mapping[str, Station]
    rain: Mapping[str, Mapping[int, int]]
    level: Mapping[str, Mapping[int, int]]
    raw: Mapping[int, tuple[tuple[str, str, str], ...]]

    @classmethod
    def read(cls, storm: Path, stations: Path) -> "Readings":
        """Read storm.csv and stations.csv."""
        with stations.open(encoding="utf-8", newline="") as lines:
            known = {row["code"]: _station(row) for row in csv.DictReader(lines)}
        rain: dict[str, dict[int, int]] = {}
        level: dict[str, dict[int, int]] = {}
        raw: dict[int, list[tuple[str, str, str]]] = {}
        with storm.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                minute = int(row["offset_min"])
                raw.setdefault(minute, []).append((row["station"], row["rain_mm"], row["level_m"]))
                if row["rain_mm"]:
                    rain.setdefault(row["station"], {})[minute] = int(Decimal(row["rain_mm"]) * 10)
                if row["level_m"]:
                    level.setdefault(row["station"], {})[minute] = int(Decimal(row["level_m"]) * 1000)
        return cls(known, rain, level, {minute: tuple(rows) for minute, rows in raw.items()})

    @cached_property
    def end(self) -> int:
        """The last minute of the storm."""
        return max(self.raw)

    @cached_property
    def towns(self) -> tuple[str, ...]:
        """The towns that have a rain gauge, in the order of their codes."""
        return tuple(sorted({s.town for s in self.stations.values() if s.kind == "rain" and s.town}))

    @cached_property
    def _sums(self) -> Mapping[str, tuple[int, ...]]:
        """Running sums by station: entry n is the rain up to minute n * STEP, inclusive."""
        found = {}
        for station, read in self.rain.items():
            total, sums = 0, []
            for minute in range(0, self.end + 1, STEP):
                total += read.get(minute, 0)
                sums.append(total)
            found[station] = tuple(sums)
        return found

    def fallen(self, station: str, minute: int, hours: int) -> int:
        """Rain of a gauge in the hours that end at a minute (right-closed), in tenths of a millimetre."""
        sums = self._sums[station]
        last, before = minute // STEP, (minute - 60 * hours) // STEP
        return sums[last] - (sums[before] if before >= 0 else 0)

    def most(self, town: str, minute: int, hours: int) -> int:
        """The greatest rain among a town's gauges, in tenths."""
        return max(self.fallen(code, minute, hours) for code in self._gauges[town])

    @cached_property
    def _gauges(self) -> Mapping[str, tuple[str, ...]]:
        return {
            town: tuple(s.code for s in self.stations.values() if s.kind == "rain" and s.town == town)
            for town in self.towns
        }

    def signal(self, town: str, minute: int) -> str | None:
        """The highest rainstorm signal whose threshold a gauge of the town has passed."""
        for level in reversed(LEVELS):
            hours, tenths = THRESHOLDS[level]
            if self.most(town, minute, hours) >= tenths:
                return level
        return None

    def reached(self) -> dict[str, dict[str, int]]:
        """When each town first passed each level's threshold, in minutes since the start."""
        found: dict[str, dict[str, int]] = {town: {} for town in self.towns}
        for minute in range(0, self.end + 1, STEP):
            for town in self.towns:
                for level, (hours, tenths) in THRESHOLDS.items():
                    if level not in found[town] and self.most(town, minute, hours) >= tenths:
                        found[town][level] = minute
        return found


def _station(row: Mapping[str, str]) -> Station:
    def millimetres(name: str) -> int | None:
        return int(Decimal(row[name]) * 1000) if row[name] else None

    return Station(
        row["code"],
        row["kind"],
        row["name"],
        row["river"],
        row["town_code"],
        millimetres("warning_level_m"),
        millimetres("guarantee_level_m"),
    )
