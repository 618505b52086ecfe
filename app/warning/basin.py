"""流域联防: which duty rooms up and down the river a warning calls, and why the others are left in peace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from app.warning.condition import MARKS
from app.warning.finding import Finding
from app.warning.hazard import HazardRules
from app.warning.level import Level
from app.warning.plan import NotAsked, Reason
from app.warning.ruleset import BasinRule, DutyRules, Reach, Ruleset
from app.warning.situation import LevelReading, Situation, WarningFacts
from app.warning.thresholds import is_of
from app.warning.window import metres

Asked = tuple[DutyRules, tuple[Reason, ...]]
SIDES = {"up": "上游", "down": "下游"}


def neighbours(
    situation: Situation, hazard: HazardRules, rules: Ruleset, findings: tuple[Finding, ...]
) -> tuple[list[Asked], tuple[NotAsked, ...]]:
    """The rooms that are called, each with its reasons, and those that are not, with theirs; by duty.

    A room that a higher warning of the same event calls, or an earlier of the same level, is not called again
    while that one holds: what it must do is the same, whichever gauge along the river says so. Of a hazard
    that no rule names nothing is said: no river carries heat or fog to a neighbour.
    """
    if not any(hazard.id in rule.hazards for rule in rules.basin.rules):
        return [], ()
    by_duty: dict[tuple[str, str], list[Reach]] = defaultdict(list)
    for reach in rules.basin.reaches:
        by_duty[reach.duty].append(reach)
    asked: list[Asked] = []
    left: list[NotAsked] = []
    for key, reaches in sorted(by_duty.items()):
        duty = rules.duties[key]
        fits = [(reach, tuple(_fits(reach, situation, hazard, rules))) for reach in reaches]
        on = [reach for reach, why in fits if why]
        refused = _already if on else _why_not
        why_not = refused(on or reaches, situation, hazard, rules)
        if why_not is None:
            because = [why for _, held in fits for why in held]
            asked.append((duty, (*because, *_measured(on, situation, hazard, findings))))
        else:
            left.append(NotAsked(*key, (why_not,)))
    return asked, tuple(left)


def _touched(reach: Reach, warning: WarningFacts) -> list[str]:
    return sorted(reach.towns & warning.places)


def _speaks(rule: BasinRule, reach: Reach, hazard: HazardRules) -> bool:
    return hazard.id in rule.hazards and reach.side in rule.sides


def _applies(rule: BasinRule, reach: Reach, warning: WarningFacts, hazard: HazardRules) -> bool:
    """Whether a rule calls this side for a warning, its mark apart."""
    return (
        _speaks(rule, reach, hazard)
        and warning.level >= rule.level
        and (rule.measured or not warning.observed)
        and bool(_touched(reach, warning))
    )


def _fits(reach: Reach, situation: Situation, hazard: HazardRules, rules: Ruleset) -> Iterator[Reason]:
    warning = situation.warning
    towns = _touched(reach, warning)
    known = {town.code: town.name for town in situation.towns}
    for rule in rules.basin.rules:
        if not _applies(rule, reach, warning, hazard):
            continue
        over = _over(rule.mark, reach.river, situation.levels)
        if rule.mark and over is None:
            continue
        names = "、".join(known.get(code, code) for code in towns)
        text = f"{reach.river}流经{names}，叫{SIDES[reach.side]}：{rule.why}"
        values: dict[str, str | int] = {"river": reach.river, "side": reach.side, "towns": len(towns)}
        if over is not None:
            text += f"（{over.station}站{metres(over.level_mm)}米，已过{MARKS[rule.mark]}）"
            values |= {"station": over.station, "level_mm": over.level_mm}
        yield Reason(f"basin.{rule.id}", text, values)


def _over(mark: str, river: str, levels: Iterable[LevelReading]) -> LevelReading | None:
    """The first station of a river, by code, at or over a mark."""
    for reading in sorted(levels, key=lambda one: one.station):
        line = reading.mark(mark) if mark and reading.river == river else None
        if line is not None and reading.level_mm >= line:
            return reading
    return None


def _measured(
    reaches: Iterable[Reach], situation: Situation, hazard: HazardRules, findings: Iterable[Finding]
) -> tuple[Reason, ...]:
    """What our gauges of this hazard show in the towns on the river: the figure the other room asks for."""
    here = {town for reach in reaches for town in _touched(reach, situation.warning)}
    return tuple(f.reason for f in findings if f.place in here and is_of(f, hazard))


def _already(
    reaches: list[Reach], situation: Situation, hazard: HazardRules, rules: Ruleset
) -> Reason | None:
    """Which warning of this event calls the room for these rivers: a higher one, or one sent before.

    Rules with a mark do not count: the water may have risen since. A reminder is no signal and holds nothing.
    """
    warning = situation.warning
    same = [o for o in situation.others if o.hazard == warning.hazard and o.level >= warning.level]
    for other in sorted(same, key=lambda o: (-o.level, o.sent, o.key)):
        if other.level == warning.level and (other.sent, other.key) >= (warning.sent, warning.key):
            continue
        if (other.observed and not warning.observed) or not all(
            any(not rule.mark and _applies(rule, reach, other, hazard) for rule in rules.basin.rules)
            for reach in reaches
        ):
            continue
        kind = "实测提醒" if other.observed else "预警"
        text = f"已按{hazard.called(other.hazard)}{other.level.zh}{kind}叫过，不重复叫"
        return Reason("basin.called", text, {"by": other.key, "level": other.level.word})
    return None


def _why_not(reaches: list[Reach], situation: Situation, hazard: HazardRules, rules: Ruleset) -> Reason:
    warning, name = situation.warning, hazard.called(situation.warning.hazard)
    rivers = "、".join(dict.fromkeys(reach.river for reach in reaches))
    speaking = [(r, reach) for r in rules.basin.rules for reach in reaches if _speaks(r, reach, hazard)]
    if not speaking:
        return Reason(
            "basin.hazard", f"{name}不涉及流域联防的{SIDES[reaches[0].side]}", {"hazard": hazard.id}
        )
    if not any(_touched(reach, warning) for reach in reaches):
        return Reason("basin.elsewhere", f"预警区域不在{rivers}沿线", {"rivers": rivers})
    able = [rule for rule, _ in speaking if rule.measured or not warning.observed]
    if not able:
        return Reason("basin.reminder", f"实测{name}只提醒本区，没有信号不叫邻区", {"hazard": hazard.id})
    return _from(min(able, key=lambda rule: (rule.level, bool(rule.mark))), warning.level, name, rivers)


def _from(rule: BasinRule, level: Level, name: str, rivers: str) -> Reason:
    """What is still missing: the level, or the water."""
    if level < rule.level:
        and_mark = f"且{rivers}过{MARKS[rule.mark]}" if rule.mark else ""
        return Reason("basin.level", f"{name}{rule.level.zh}起{and_mark}才叫", {"level": rule.level.word})
    return Reason("basin.mark", f"{rivers}没有站过{MARKS[rule.mark]}", {"mark": rule.mark})
