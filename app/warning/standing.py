"""Many warnings at once: the level that holds now for each place. A higher absorbs a lower of its event code.

Two event codes under the same rules (大风, 雷雨大风) are two events, each called by its own name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.warning.hazard import HazardRules
from app.warning.level import Level
from app.warning.ruleset import Ruleset
from app.warning.situation import WarningFacts


@dataclass(frozen=True, slots=True)
class Holds:
    """What holds in a place for one event code: the highest level, which warning says so, what it absorbs."""

    hazard: str  # id of the rules
    name: str
    level: Level
    key: str
    absorbs: tuple[str, ...] = ()  # keys of lower warnings of the same event code


def standing(
    warnings: Iterable[WarningFacts], rules: Ruleset, at: datetime
) -> Mapping[str, tuple[Holds, ...]]:
    """Place → what holds there, the highest first, in any order of warnings.

    A reminder made from gauges is no signal and holds nothing. Of two of one level the one sent first holds:
    its people have been called.
    """
    found: dict[tuple[str, str], list[WarningFacts]] = defaultdict(list)
    known: dict[str, HazardRules] = {}
    for warning in warnings:
        hazard = rules.hazard(warning.hazard, at)
        if hazard is None or warning.observed:
            continue
        known[warning.hazard] = hazard
        for place in warning.places:
            found[place, warning.hazard].append(warning)
    result: dict[str, list[Holds]] = defaultdict(list)
    for (place, code), held in found.items():
        top, *lower = sorted(held, key=lambda w: (-w.level, w.sent, w.key))
        result[place].append(
            Holds(
                hazard=known[code].id,
                name=known[code].called(code),
                level=top.level,
                key=top.key,
                absorbs=tuple(w.key for w in lower if w.level < top.level),
            )
        )
    return {
        place: tuple(sorted(held, key=lambda h: (-h.level, h.hazard, h.key)))
        for place, held in result.items()
    }
