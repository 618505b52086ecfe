"""Which response level (应急响应) the rules propose. A warning is none: starting one needs a person."""

from __future__ import annotations

from app.warning.finding import Finding
from app.warning.hazard import HazardRules
from app.warning.level import Level
from app.warning.plan import Suggestion
from app.warning.ruleset import Look, ResponseRule, Ruleset
from app.warning.situation import Situation


def response(
    situation: Situation, hazard: HazardRules, rules: Ruleset, findings: tuple[Finding, ...]
) -> Suggestion | None:
    """The highest response level of the warning's family that any sign speaks for, or None."""
    mine = [rule for rule in rules.responses if rule.family == hazard.family]
    for rule in sorted(mine, key=lambda r: -r.level):
        look = Look(rule.level, hazard, situation, rules, findings)
        found = [reason for sign in rule.any_of if (reason := sign.holds(look))]
        if found:
            signs = "；".join(reason.text for reason in found)
            text = f"建议启动{rule.level.roman}级响应（{rule.signed_by}签发）：{signs}"
            return Suggestion("response", text + _by_eye(rule.level, mine), rule.level, tuple(found))
    return None


def _by_eye(level: Level, rules: list[ResponseRule]) -> str:
    """What no gauge tells and would speak for one level more: only a person can see it."""
    higher = next((rule for rule in rules if rule.level == level + 1 and rule.manual), None)
    return f"。若{'，或'.join(higher.manual)}，可到{higher.level.roman}级" if higher else ""
