"""提级: when the rules suggest one level higher. A person decides, never the machine."""

from __future__ import annotations

from datetime import datetime

from app.warning.finding import Finding
from app.warning.hazard import HazardRules, next_level
from app.warning.plan import Suggestion
from app.warning.ruleset import Look, Ruleset
from app.warning.situation import Situation
from app.warning.uplift_signs import Night


def uplift(
    situation: Situation, hazard: HazardRules, rules: Ruleset, findings: tuple[Finding, ...]
) -> Suggestion | None:
    """One level higher if any condition holds; never more, and never a level the hazard lacks."""
    level = situation.warning.level
    if level < rules.uplift.from_level:
        return None
    higher = next_level(hazard, level)
    if higher is None:
        return None
    look = Look(level, hazard, situation, rules, findings)
    reasons = tuple(reason for sign in rules.uplift.conditions if (reason := sign.holds(look)))
    if not reasons:
        return None
    text = f"建议由{level.zh}提到{higher.zh}：{'；'.join(r.text for r in reasons)}"
    return Suggestion("uplift", text, higher, reasons)


def next_edge(rules: Ruleset, at: datetime) -> datetime | None:
    """When the night next begins or ends, so that the suggestion appears and goes in time."""
    nights = [sign for sign in rules.uplift.conditions if isinstance(sign, Night)]
    return min((night.next_edge(at, rules.zone).astimezone(at.tzinfo) for night in nights), default=None)
