"""How far the water is from its marks, and how long that takes at the rate of the last hour."""

from __future__ import annotations

from dataclasses import dataclass

from app.warning.condition import MARKS
from app.warning.hazard import HazardRules
from app.warning.plan import Reason
from app.warning.situation import LevelReading, Situation
from app.warning.window import metres, since

HOUR = 60
LONGEST = 24 * HOUR
"""Minutes beyond which the rate of one hour says nothing (assumed)."""


@dataclass(frozen=True, slots=True)
class Distance:
    """What is missing to a mark. ``minutes`` None: not rising, or no rate known, or too far off."""

    mark: str
    gap_mm: int
    minutes: int | None


def distances(reading: LevelReading) -> tuple[Distance, ...]:
    """The distance to 警戒 and 保证, those of them that are known and not reached."""
    rise = reading.rise_mm.get(HOUR)
    found = []
    for mark in ("warning", "guarantee"):
        line = reading.mark(mark)
        if line is None or reading.level_mm >= line:
            continue
        gap = line - reading.level_mm
        minutes = None if rise is None or rise <= 0 else -(-gap * HOUR // rise)
        found.append(Distance(mark, gap, minutes if minutes is not None and minutes <= LONGEST else None))
    return tuple(found)


def sentence(reading: LevelReading) -> str:
    """E.g. 距警戒水位0.42米，按近1小时涨速约50分钟; empty where every known mark is reached."""
    held = distances(reading)
    if not held:
        return ""
    said = [
        f"距{MARKS[one.mark]}{metres(one.gap_mm)}米"
        + ("" if one.minutes is None else f"，按近1小时涨速约{since(one.minutes)}")
        for one in held
    ]
    rise = reading.rise_mm.get(HOUR)
    if rise is None:
        said.append("近1小时涨速不明")
    elif rise <= 0:
        said.append("近1小时没有上涨")
    return "；".join(said)


def approaches(situation: Situation, hazard: HazardRules) -> tuple[Reason, ...]:
    """For a flood, one for each river station of the area whose water is below a mark."""
    if hazard.family != "flood":
        return ()
    reasons = []
    for reading in sorted(situation.levels, key=lambda one: one.station):
        if reading.place not in situation.warning.places:
            continue
        said = sentence(reading)
        if said:
            text = f"{reading.river}{reading.station}站水位{metres(reading.level_mm)}米，{said}"
            values: dict[str, str | int] = {"station": reading.station, "level_mm": reading.level_mm}
            for one in distances(reading):
                values[f"to_{one.mark}_mm"] = one.gap_mm
                if one.minutes is not None:
                    values[f"to_{one.mark}_minutes"] = one.minutes
            reasons.append(Reason("level.distance", text, values))
    return tuple(reasons)
