"""A warning that outlives its hazard is flagged. Only its issuer or an officer ends it, never the machine."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from app.warning.condition import RainOver
from app.warning.finding import Finding
from app.warning.hazard import HazardRules
from app.warning.level import Level
from app.warning.plan import Reason, Suggestion
from app.warning.ruleset import Ruleset
from app.warning.situation import Situation, WarningFacts
from app.warning.thresholds import is_of

OUTLIVED = "outlived"
"""The kind of this suggestion, and of the alarm that stands while such a warning is in force."""


def promised_until(warning: WarningFacts, hazard: HazardRules, rules: Ruleset) -> datetime | None:
    """Until when the signal says it will happen; for one that promises no time, when it is asked after.

    None for a reminder, which ends by itself, and for a raise, which ends with what it raises.
    """
    if warning.observed or warning.raised_from is not None:
        return None
    signal = hazard.signal.get(warning.signal)
    begins = warning.onset or warning.effective or warning.sent
    if signal is not None and signal.window is not None:
        return begins + signal.window
    return None if rules.stage.outlived is None else begins + rules.stage.outlived


def outlived(
    situation: Situation, hazard: HazardRules, rules: Ruleset, findings: Iterable[Finding]
) -> Suggestion | None:
    """Ask the issuer whether it should be lifted: its time is over and no gauge shows its level any more."""
    warning, at = situation.warning, situation.at
    until = promised_until(warning, hazard, rules)
    if until is None or at < until:
        return None
    mine = [f.level for f in findings if is_of(f, hazard) and f.place in warning.places]
    top = max(mine, default=Level.HINT)
    if top >= warning.level:
        return None
    name, ended = hazard.called(warning.hazard), until.astimezone(rules.zone)
    text = (
        f"{name}{warning.level.zh}预警所报时限已于{ended:%H:%M}过，{_gauges(situation, hazard, top)}，"
        f"请向{warning.issuer or hazard.issuer}核实是否解除"
    )
    values: dict[str, str | int] = {"until": until.isoformat(), "measured": top.word}
    return Suggestion(OUTLIVED, text, None, (Reason(f"outlived.{hazard.id}", text, values),))


def _gauges(situation: Situation, hazard: HazardRules, top: Level) -> str:
    """What the gauges of the area can say about it, and how surely."""
    if not hazard.observed:
        return "本区测站看不出这种灾害"
    now = "区域内测站都未达标准" if top is Level.HINT else f"区域内实测最高只到{top.zh}"
    hours = {rule.condition.hours for rule in hazard.observed if isinstance(rule.condition, RainOver)}
    windows = [w for w in situation.windows if w.place in situation.warning.places and w.hours in hours]
    silent = situation.warning.places - {w.place for w in windows}
    if hours and (silent or any(not w.complete for w in windows)):
        now += "（资料不全）"
    return now
