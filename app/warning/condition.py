"""The closed vocabulary of what may be asked of a gauge: one class with one function, `met`, a condition.

A condition looks at what one station measured and says in words what it found, or nothing: it does not hold,
or cannot be known. How one is added: docs/scheme.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from app.warning.situation import ElementReading, LevelReading, RainWindow
from app.warning.window import beaufort, decimal, metres, millimetres, since

MARKS = {
    "warning": "警戒水位",
    "guarantee": "保证水位",
    "record": "历史最高水位",
    "flood-limit": "汛限水位",
    "design": "设计洪水位",
    "check": "校核洪水位",
    "crest": "坝顶高程",
}
DEPTH, GUST, WIND, VISIBILITY = "depth", "gust", "wind", "visibility"
TEMPERATURES = {"temp": "气温", "ground_temp": "地面温度"}


@dataclass(frozen=True, slots=True)
class Said:
    """What a condition found: the words for the duty officer, and the values behind them."""

    text: str
    values: Mapping[str, str | int]


@dataclass(slots=True)
class Station:
    """What one station says: its place, its rain by window hours, its level, its other elements by name."""

    place: str
    rain: dict[int, RainWindow] = field(default_factory=dict)
    level: LevelReading | None = None
    elements: dict[str, ElementReading] = field(default_factory=dict)
    wettest: int = 0  # tenths of the window that holds most

    def take_rain(self, window: RainWindow) -> None:
        """Have a window of its rain."""
        self.rain[window.hours] = window
        self.wettest = max(self.wettest, window.tenths)


class Condition(Protocol):
    """What may be asked of a station."""

    def met(self, station: Station) -> Said | None:
        """What to say where it holds, None where it does not or cannot be known."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A value and the side of it that counts. `value` in thousandths of the element's unit."""

    sign: str  # "≥" "＞" "≤" "＜"
    value: int

    def holds(self, milli: int) -> bool:
        """Whether a value lies on the side that counts."""
        match self.sign:
            case "≥":
                return milli >= self.value
            case "＞":
                return milli > self.value
            case "≤":
                return milli <= self.value
            case _:
                return milli < self.value

    @property
    def upward(self) -> bool:
        """Whether high values count, and the highest of a stretch is asked for."""
        return self.sign in {"≥", "＞"}


@dataclass(frozen=True, slots=True)
class RainOver:
    """Rain over `hours` of at least `tenths` (1/10 mm)."""

    hours: int
    tenths: int

    def met(self, station: Station) -> Said | None:
        """A longer window holds the shorter one's rain: where they contradict, the greater sum counts."""
        window = station.rain.get(self.hours)
        if window is None:
            return None
        if station.wettest < self.tenths:  # most gauges, most of the time
            return None
        most = window
        for hours in sorted(station.rain):
            if hours < self.hours and station.rain[hours].tenths > most.tenths:
                most = station.rain[hours]
        if most.tenths < self.tenths:
            return None
        asked = f"≥{millimetres(self.tenths)}毫米"
        notes = [] if window.complete else [f"{window.expected}个时段缺{window.missing}个"]
        if most is not window:
            notes.append(f"{most.hours}小时已有{millimetres(most.tenths)}毫米，两者矛盾，按大的算")
        least = "至少" if notes else ""
        text = f"{self.hours}小时降雨{least}{millimetres(most.tenths)}毫米（{'，'.join((asked, *notes))}）"
        return Said(
            text,
            {
                "hours": self.hours,
                "tenths": most.tenths,
                "threshold_tenths": self.tenths,
                "missing": window.missing,
                "expected": window.expected,
            },
        )


@dataclass(frozen=True, slots=True)
class StageOver:
    """Water level at or over a mark (one of `MARKS`) plus an offset in mm."""

    mark: str
    offset_mm: int = 0

    def met(self, station: Station) -> Said | None:
        """A mark that is not known is not reached."""
        reading = station.level
        if reading is None:
            return None
        line = reading.mark(self.mark)
        if line is None or reading.level_mm < line + self.offset_mm:
            return None
        word = "达到" if reading.level_mm >= line else "接近"
        text = f"{reading.river}水位{metres(reading.level_mm)}米，{word}{MARKS[self.mark]}{metres(line)}米"
        return Said(text, {"level_mm": reading.level_mm, "mark": self.mark, "mark_mm": line})


@dataclass(frozen=True, slots=True)
class RiseOver:
    """Water level up by at least `mm` within `minutes`."""

    minutes: int
    mm: int

    def met(self, station: Station) -> Said | None:
        """A rise that nobody measured is unknown, and not none."""
        reading = station.level
        if reading is None:
            return None
        rise = reading.rise_mm.get(self.minutes)
        if rise is None or rise < self.mm:
            return None
        text = f"{reading.river}水位{since(self.minutes)}上涨{metres(rise)}米（≥{metres(self.mm)}米）"
        return Said(text, {"minutes": self.minutes, "rise_mm": rise, "threshold_mm": self.mm})


@dataclass(frozen=True, slots=True)
class DepthOver:
    """Standing water at or over a depth (thousandths of a cm); `kind`: only at stations of this kind."""

    milli: int
    kind: str = ""

    def met(self, station: Station) -> Said | None:
        """The newest depth counts: water drains."""
        reading = station.elements.get(DEPTH)
        if reading is None or reading.milli is None or reading.milli < self.milli:
            return None
        if self.kind and reading.kind != self.kind:
            return None
        where = "下穿道" if self.kind == "underpass" else ""
        text = f"{where}积水{decimal(reading.milli)}厘米（≥{decimal(self.milli)}厘米）"
        return Said(text, {"depth_milli": reading.milli, "threshold_milli": self.milli})


@dataclass(frozen=True, slots=True)
class WindOver:
    """Wind of at least a force (Beaufort), mean or in gusts, within the last `hours`."""

    element: str  # "wind" | "gust"
    force: int
    milli: int  # the force's lower edge, thousandths of m/s
    hours: int

    def met(self, station: Station) -> Said | None:
        """The strongest of the last hours counts."""
        reading = station.elements.get(self.element)
        most = None if reading is None else reading.highest.get(self.hours)
        if most is None or most < self.milli:
            return None
        name = "阵风" if self.element == GUST else "平均风"
        text = f"{since(self.hours * 60)}内{name}{decimal(most)}米/秒（{beaufort(most)}级，≥{self.force}级）"
        return Said(text, {"hours": self.hours, "milli": most, "force": self.force})


@dataclass(frozen=True, slots=True)
class VisibilityUnder:
    """Visibility below a distance (thousandths of a metre)."""

    milli: int

    def met(self, station: Station) -> Said | None:
        """The newest reading counts."""
        reading = station.elements.get(VISIBILITY)
        if reading is None or reading.milli is None or reading.milli >= self.milli:
            return None
        text = f"能见度{decimal(reading.milli)}米（＜{decimal(self.milli)}米）"
        return Said(text, {"milli": reading.milli, "threshold_milli": self.milli})


@dataclass(frozen=True, slots=True)
class SnowOver:
    """Snow over `hours` of at least `milli` (thousandths of a millimetre, melted), as the station sums it."""

    hours: int
    milli: int

    def met(self, station: Station) -> Said | None:
        """The newest sum counts; rain is never taken for snow."""
        reading = station.elements.get(f"snow_{self.hours}h")
        if reading is None or reading.milli is None or reading.milli < self.milli:
            return None
        text = f"{self.hours}小时降雪{decimal(reading.milli)}毫米（≥{decimal(self.milli)}毫米）"
        return Said(text, {"hours": self.hours, "milli": reading.milli, "threshold_milli": self.milli})


@dataclass(frozen=True, slots=True)
class Temperature:
    """The highest or lowest temperature of the last `hours` against a limit; with `days`, of each of them."""

    element: str  # "temp" | "ground_temp"
    limit: Limit
    hours: int
    days: int = 1

    def met(self, station: Station) -> Said | None:
        """A day without readings is no day that held."""
        reading = station.elements.get(self.element)
        if reading is None:
            return None
        found = self._extremes(reading)
        if found is None or not all(self.limit.holds(milli) for milli in found):
            return None
        shown = min(found) if self.limit.upward else max(found)  # the day that held by the least
        word = "最高" if self.limit.upward else "最低"
        when = f"连续{self.days}天" if self.days > 1 else f"{since(self.hours * 60)}内"
        name = TEMPERATURES[self.element]
        text = f"{when}{word}{name}{decimal(shown)}℃（{self.limit.sign}{decimal(self.limit.value)}℃）"
        return Said(text, {"hours": self.hours, "days": self.days, "milli": shown})

    def _extremes(self, reading: ElementReading) -> list[int] | None:
        if self.days > 1:
            known = [day for day in reading.days[: self.days] if day is not None]
            return [day[self.limit.upward] for day in known] if len(known) == self.days else None
        milli = (reading.highest if self.limit.upward else reading.lowest).get(self.hours)
        return None if milli is None else [milli]


@dataclass(frozen=True, slots=True)
class TemperatureFall:
    """Air colder than at the same time `hours` before by at least `milli` (thousandths of a degree)."""

    hours: int
    milli: int

    def met(self, station: Station) -> Said | None:
        """The same time of day is compared: every night is colder than its day."""
        reading = station.elements.get("temp")
        fell = None if reading is None else reading.fell.get(self.hours)
        if fell is None or fell < self.milli:
            return None
        text = f"{since(self.hours * 60)}降温{decimal(fell)}℃（≥{decimal(self.milli)}℃）"
        return Said(text, {"hours": self.hours, "fell_milli": fell, "threshold_milli": self.milli})


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one of them at the same station."""

    conditions: tuple[Condition, ...]

    def met(self, station: Station) -> Said | None:
        """One that cannot be known leaves the whole unknown."""
        texts: list[str] = []
        values: dict[str, str | int] = {}
        for part in self.conditions:
            said = part.met(station)
            if said is None:
                return None
            texts.append(said.text)
            values |= said.values
        return Said("、".join(texts), values)
