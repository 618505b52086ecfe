"""The closed vocabulary of signs that speak for a response level: one class with one function a sign."""

from __future__ import annotations

from dataclasses import dataclass

from app.warning.condition import MARKS
from app.warning.level import Level
from app.warning.plan import Reason
from app.warning.ruleset import Look
from app.warning.situation import LevelReading
from app.warning.window import metres


@dataclass(frozen=True, slots=True)
class WarnedTowns:
    """At least `towns` towns are under this hazard at this level or higher, by signal or by measurement."""

    hazard: str
    level: Level
    towns: int

    def holds(self, look: Look) -> Reason | None:
        """Every town counts once, whatever speaks for it."""
        towns = self._under(look)
        if len(towns) < self.towns:
            return None
        name = next((h.name for h in look.rules.hazards if h.id == self.hazard), self.hazard)
        text = f"{name}{self.level.zh}及以上涉及{len(towns)}个镇街（≥{self.towns}个）"
        return Reason(
            f"response.{look.level.response}",
            text,
            {"hazard": self.hazard, "level": self.level.word, "towns": len(towns)},
        )

    def _under(self, look: Look) -> set[str]:
        known = {town.code for town in look.situation.towns}
        towns: set[str] = set()
        for warning in (look.situation.warning, *look.situation.others):
            hazard = look.hazard_of(warning.hazard)
            if hazard and hazard.id == self.hazard and warning.level >= self.level:
                towns |= warning.places & known
        return towns | {f.place for f in look.findings if f.kind == self.hazard and f.level >= self.level}


@dataclass(frozen=True, slots=True)
class RiverOver:
    """A river at or over a mark; `rising` asks that it still rises."""

    mark: str
    rising: bool

    def holds(self, look: Look) -> Reason | None:
        """The first station, by code, at or over the mark."""
        for reading in sorted(look.situation.levels, key=lambda r: r.station):
            line = reading.mark(self.mark)
            if line is None or reading.level_mm < line or (self.rising and not _rises(reading)):
                continue
            level = metres(reading.level_mm)
            text = f"{reading.river}{reading.station}站水位{level}米，超过{MARKS[self.mark]}"
            text += "且仍在上涨" if self.rising else ""
            return Reason(
                f"response.{look.level.response}",
                text,
                {"station": reading.station, "mark": self.mark, "mark_mm": line},
            )
        return None


def _rises(reading: LevelReading) -> bool:
    """Judged over the shortest stretch known."""
    return bool(reading.rise_mm) and reading.rise_mm[min(reading.rise_mm)] > 0


@dataclass(frozen=True, slots=True)
class ReportedEvent:
    """A town has reported an event: of one of these kinds, or with so many dead."""

    kinds: frozenset[str]  # empty: any
    dead: int
    text: str  # as the duty officer reads it, e.g. 小型水库出险

    def holds(self, look: Look) -> Reason | None:
        """The first town, by code, with such an event that is not closed."""
        for report in sorted(look.situation.reports, key=lambda r: r.place):
            if report.dead < self.dead or (self.kinds and not self.kinds & set(report.kinds)):
                continue
            text = f"{look.name(report.place)}报告：{self.text}"
            return Reason(f"response.{look.level.response}", text, {"place": report.place})
        return None


@dataclass(frozen=True, slots=True)
class CutOffTown:
    """A town is 失联 while people are trapped there."""

    trapped: int

    def holds(self, look: Look) -> Reason | None:
        """The first town, by code, that is cut off with at least so many trapped, as far as is known."""
        known: dict[str, int] = {}
        for report in look.situation.reports:
            known[report.place] = known.get(report.place, 0) + report.trapped
        for cut in sorted(look.situation.cut_off, key=lambda c: c.place):
            trapped = known.get(cut.place, 0)
            if trapped >= self.trapped:
                text = f"{look.name(cut.place)}失联，有{trapped}人被困"
                return Reason(f"response.{look.level.response}", text, {"place": cut.place})
        return None
