"""Which response level (应急响应) the rules propose. A warning is none: starting one needs a person."""

from __future__ import annotations

from app.warning.condition import MARKS
from app.warning.level import Level
from app.warning.plan import Reason, Suggestion
from app.warning.ruleset import ResponseCondition, ResponseRule, RiverOver, Ruleset, WarnedTowns
from app.warning.situation import LevelReading, Situation
from app.warning.thresholds import Finding
from app.warning.window import metres


def response(situation: Situation, rules: Ruleset, findings: tuple[Finding, ...]) -> Suggestion | None:
    """The highest response level of the warning's family that any sign speaks for, or None."""
    hazard = rules.hazard(situation.warning.hazard, situation.at)
    if hazard is None:
        return None
    mine = [rule for rule in rules.responses if rule.family == hazard.family]
    for rule in sorted(mine, key=lambda r: -r.level):
        found = [reason for c in rule.any_of if (reason := _holds(c, rule.level, situation, rules, findings))]
        if found:
            signs = "；".join(reason.text for reason in found)
            text = f"建议启动{rule.level.roman}级响应（{rule.signed_by}签发）：{signs}"
            return Suggestion("response", text + _by_eye(rule.level, mine), rule.level, tuple(found))
    return None


def _by_eye(level: Level, rules: list[ResponseRule]) -> str:
    """What no gauge tells and would speak for one level more: only a person can see it."""
    higher = next((rule for rule in rules if rule.level == level + 1 and rule.manual), None)
    return f"。若{'，或'.join(higher.manual)}，可到{higher.level.roman}级" if higher else ""


def _holds(
    condition: ResponseCondition,
    level: Level,
    situation: Situation,
    rules: Ruleset,
    findings: tuple[Finding, ...],
) -> Reason | None:
    rule = f"response.{level.response}"
    match condition:
        case WarnedTowns(kind, least, needed):
            towns = _towns_under(kind, least, situation, rules, findings)
            if len(towns) < needed:
                return None
            name = next((h.name for h in rules.hazards if h.id == kind), kind)
            text = f"{name}{least.zh}及以上涉及{len(towns)}个镇街（≥{needed}个）"
            return Reason(rule, text, {"hazard": kind, "level": least.word, "towns": len(towns)})
        case RiverOver(mark, rising):
            for reading in sorted(situation.levels, key=lambda r: r.station):
                line = _mark(reading, mark)
                if line is None or reading.level_mm < line or (rising and not _rises(reading)):
                    continue
                text = (
                    f"{reading.river}{reading.station}站水位{metres(reading.level_mm)}米，超过{MARKS[mark]}"
                )
                text += "且仍在上涨" if rising else ""
                return Reason(rule, text, {"station": reading.station, "mark": mark, "mark_mm": line})
            return None


def _towns_under(
    kind: str, least: Level, situation: Situation, rules: Ruleset, findings: tuple[Finding, ...]
) -> set[str]:
    known = {town.code for town in situation.towns}
    towns: set[str] = set()
    for warning in (situation.warning, *situation.others):
        hazard = rules.hazard(warning.hazard, situation.at)
        if hazard and hazard.id == kind and warning.level >= least:
            towns |= warning.places & known
    return towns | {f.place for f in findings if f.kind == kind and f.level >= least}


def _mark(reading: LevelReading, mark: str) -> int | None:
    return {"warning": reading.warning_mm, "guarantee": reading.guarantee_mm, "record": reading.record_mm}[
        mark
    ]


def _rises(reading: LevelReading) -> bool:
    """Judged over the shortest stretch known."""
    return bool(reading.rise_mm) and reading.rise_mm[min(reading.rise_mm)] > 0
