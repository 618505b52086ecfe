"""提级: when the rules suggest one level higher. A person decides, never the machine."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from app.warning.hazard import next_level
from app.warning.level import Level
from app.warning.plan import Reason, Suggestion
from app.warning.ruleset import Holiday, Night, Overlap, Ruleset, UpliftCondition, Upstream
from app.warning.situation import Situation
from app.warning.thresholds import Finding, observed


def uplift(
    level: Level, situation: Situation, rules: Ruleset, findings: tuple[Finding, ...] | None = None
) -> Suggestion | None:
    """One level higher if any condition holds; never more, and never a level the hazard lacks."""
    warning = situation.warning
    hazard = rules.hazard(warning.hazard, situation.at)
    if hazard is None or level < rules.uplift.from_level:
        return None
    higher = next_level(hazard, level)
    if higher is None:
        return None
    if findings is None:
        findings = observed(situation.windows, situation.levels, rules, situation.at, situation.elements)
    checked = (_holds(condition, level, situation, rules, findings) for condition in rules.uplift.conditions)
    reasons = tuple(reason for reason in checked if reason)
    if not reasons:
        return None
    text = f"建议由{level.zh}提到{higher.zh}：{'；'.join(r.text for r in reasons)}"
    return Suggestion("uplift", text, higher, reasons)


def next_edge(rules: Ruleset, at: datetime) -> datetime | None:
    """When the night next begins or ends, so that the suggestion appears and goes in time."""
    edges: list[datetime] = []
    local = at.astimezone(rules.zone)
    for condition in rules.uplift.conditions:
        if isinstance(condition, Night):
            for edge in (condition.since, condition.until):
                moment = local.replace(hour=edge.hour, minute=edge.minute, second=0, microsecond=0)
                edges.append(moment if moment > local else moment + timedelta(days=1))
    return min((edge.astimezone(at.tzinfo) for edge in edges), default=None)


def _holds(
    condition: UpliftCondition,
    level: Level,
    situation: Situation,
    rules: Ruleset,
    findings: tuple[Finding, ...],
) -> Reason | None:
    match condition:
        case Night():
            return _night(condition, situation.at.astimezone(rules.zone).time())
        case Upstream():
            return _upstream(condition, level, situation, rules, findings)
        case Overlap():
            return _overlap(condition, situation, rules, findings)
        case Holiday():
            day = situation.at.astimezone(rules.zone).date()
            if not condition.since <= day <= condition.until:
                return None
            return Reason("uplift.holiday", f"{condition.name}期间人员聚集", {"holiday": condition.name})


def _night(night: Night, now: time) -> Reason | None:
    """Asleep, people are slower to answer and slower to move."""
    over_midnight = night.since > night.until
    inside = (now >= night.since or now < night.until) if over_midnight else night.since <= now < night.until
    if not inside:
        return None
    hours = f"{night.since:%H:%M}–{night.until:%H:%M}"
    return Reason("uplift.night", f"夜间（{hours}）", {"night": hours})


def _upstream(
    upstream: Upstream, level: Level, situation: Situation, rules: Ruleset, findings: tuple[Finding, ...]
) -> Reason | None:
    """What fell above arrives below."""
    hazard = rules.hazard(situation.warning.hazard, situation.at)
    if hazard is None:
        return None
    names = {town.code: town.name for town in situation.towns}
    for town in sorted(situation.warning.places):
        for above in sorted(upstream.above.get(town, ())):
            reached = _level_at(above, hazard.family, situation, rules, findings)
            if reached is not None and reached > level:
                here, there = names.get(town, town), names.get(above, above)
                values: dict[str, str | int] = {"upstream": above, "place": town, "level": reached.word}
                return Reason("uplift.upstream", f"{here}的上游{there}已达{reached.zh}", values)
    return None


def _level_at(
    town: str, family: str, situation: Situation, rules: Ruleset, findings: tuple[Finding, ...]
) -> Level | None:
    reached = [
        other.level
        for other in situation.others
        if town in other.places and _family(other.hazard, situation, rules) == family
    ]
    reached += [
        f.level for f in findings if f.place == town and _family(f.hazard, situation, rules) == family
    ]
    return max(reached, default=None)


def _overlap(
    overlap: Overlap, situation: Situation, rules: Ruleset, findings: tuple[Finding, ...]
) -> Reason | None:
    """Two hazards in one town are worse than the worse of the two."""
    mine = rules.hazard(situation.warning.hazard, situation.at)
    if mine is None:
        return None
    partners = {h for pair in overlap.pairs if mine.id in pair for h in pair if h != mine.id}
    for other in sorted(situation.others, key=lambda o: o.key):
        theirs = rules.hazard(other.hazard, situation.at)
        shared = situation.warning.places & other.places
        if theirs and shared and theirs.id in partners and other.level >= overlap.from_level:
            text = f"与{theirs.name}{other.level.zh}预警叠加"
            return Reason("uplift.overlap", text, {"hazard": other.hazard, "towns": len(shared)})
    for finding in findings:
        if (
            finding.kind in partners
            and finding.place in situation.warning.places
            and finding.level >= overlap.from_level
        ):
            text = f"与实测{finding.name}{finding.level.zh}叠加"
            return Reason("uplift.overlap", text, {"hazard": finding.hazard, "place": finding.place})
    return None


def _family(code: str, situation: Situation, rules: Ruleset) -> str:
    hazard = rules.hazard(code, situation.at)
    return hazard.family if hazard else ""
