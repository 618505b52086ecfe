"""What a forecast says about a hazard. It is never an observation: it moves no segment and calls nobody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.warning.condition import RainOver
from app.warning.hazard import HazardRules
from app.warning.level import Level
from app.warning.news import Outlook
from app.warning.plan import Reason, Suggestion
from app.warning.ruleset import Ruleset
from app.warning.situation import Place, Situation
from app.warning.window import millimetres


@dataclass(frozen=True, slots=True)
class Expected:
    """The highest level that the forecast reaches in a town, and from when."""

    place: str
    level: Level
    begins: datetime
    reason: Reason


def expected(situation: Situation, hazard: HazardRules, rules: Ruleset) -> tuple[Expected, ...]:
    """One a town: the highest level of this hazard whose rain is forecast, at its first moment.

    Rows of one source and one length are summed, never two that overlap, never those of two sources. Of two
    for one stretch the greater counts.
    """
    by_town: dict[str, list[Outlook]] = defaultdict(list)
    for one in situation.outlooks:
        if one.element == "rain" and one.ends > situation.at:
            by_town[one.place].append(one)
    found = []
    for town in situation.towns:
        reached = _highest(by_town.get(town.code, []), hazard)
        if reached is not None:
            found.append(_said(town, hazard, rules, reached))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Reached:
    level: Level
    begins: datetime
    milli: int
    condition: RainOver


def _highest(rows: list[Outlook], hazard: HazardRules) -> _Reached | None:
    """The highest level; of its conditions the one that begins first, then the shorter, then the wetter."""
    for level in sorted({rule.level for rule in hazard.observed}, reverse=True):
        asked = [
            r.condition for r in hazard.observed if r.level == level and isinstance(r.condition, RainOver)
        ]
        reached = [
            _Reached(level, begins, milli, one)
            for one in asked
            for begins, milli in _sums(rows, timedelta(hours=one.hours))
            if milli >= one.tenths * 100
        ]
        if reached:
            return min(reached, key=lambda r: (r.begins, r.condition.hours, -r.milli))
    return None


def _sums(rows: Iterable[Outlook], hours: timedelta) -> Iterator[tuple[datetime, int]]:
    """What each stretch of these hours adds up to, by where it begins."""
    series: dict[tuple[str, timedelta], list[Outlook]] = defaultdict(list)
    for row in rows:
        series[row.source, row.ends - row.begins].append(row)
    for held in series.values():
        held.sort(key=lambda row: (row.begins, -row.milli))
        for first in held:
            total, last = 0, first.begins
            for row in held:
                if row.begins >= last and row.ends <= first.begins + hours:
                    total, last = total + row.milli, row.ends
            yield first.begins, total


def _said(town: Place, hazard: HazardRules, rules: Ruleset, reached: _Reached) -> Expected:
    when, condition = reached.begins.astimezone(rules.zone), reached.condition
    text = (
        f"预报（非实测）{town.name}{when.month}月{when.day}日{when:%H:%M}起{condition.hours}小时"
        f"{millimetres(reached.milli // 100)}毫米，将达{hazard.name}{reached.level.zh}标准"
    )
    values: dict[str, str | int] = {
        "place": town.code,
        "hours": condition.hours,
        "tenths": reached.milli // 100,
        "threshold_tenths": condition.tenths,
        "begins": reached.begins.isoformat(),
    }
    rule = f"outlook.{hazard.id}.{reached.level.word}"
    return Expected(town.code, reached.level, reached.begins, Reason(rule, text, values))


def outlook(situation: Situation, found: tuple[Expected, ...]) -> Suggestion | None:
    """Ask for a consultation where more is forecast for the warning's own towns than it says."""
    warning = situation.warning
    more = [one for one in found if one.place in warning.places and one.level > warning.level]
    if not more:
        return None
    more.sort(key=lambda one: (-one.level, one.begins, one.place))
    text = f"{'；'.join(one.reason.text for one in more[:3])}{'等' if len(more) > 3 else ''}，请与气象台会商"
    return Suggestion("outlook", text, more[0].level, tuple(one.reason for one in more))
