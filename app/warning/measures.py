"""一行业一措施 and 断禁停撤疏: what industries do and what may be ordered, at a level and in a segment."""

from __future__ import annotations

from collections.abc import Iterable

from app.warning.hazard import HazardRules
from app.warning.level import Level
from app.warning.plan import Action, Control, Measure, Reason
from app.warning.ruleset import Ruleset


def measures(
    level: Level, segment: str, hazard: HazardRules, places: Iterable[str], rules: Ruleset
) -> tuple[Measure, ...]:
    """Every row up to this level: a higher level adds rows and takes none away. Then the towns' own."""
    rows: list[Measure] = []
    for row in rules.measures:
        if row.level > level or not _fits(row.families, hazard.family) or not _fits(row.segments, segment):
            continue
        reason = Reason(row.rule, f"{row.industry}：{row.level.zh}起", {"level": row.level.word})
        rows.append(Measure(row.industry, row.department, row.text, (reason,)))
    moved = controls(level, segment, hazard, rules)
    for place in sorted(places):
        town = rules.towns.get(place)
        if town is None:
            continue
        for own in town.measures:
            if own.level <= level and _fits(own.families, hazard.family):
                reason = Reason(
                    f"town.{place}", f"{town.name}预案：{own.level.zh}起", {"level": own.level.word}
                )
                rows.append(Measure(town.name, own.department, own.text, (reason,)))
        if town.transfer and any(order.kind == "撤" for order in moved):
            why = Reason(f"town.{place}.transfer", f"{town.name}转移方案")
            rows.append(Measure(town.name, f"{town.name}指挥部", town.transfer, (why,)))
    return tuple(rows)


def controls(level: Level, segment: str, hazard: HazardRules, rules: Ruleset) -> tuple[Control, ...]:
    """The orders this level and segment put before the officer. None of them acts by itself."""
    chosen: list[Control] = []
    for row in rules.controls:
        if row.level > level or not _fits(row.families, hazard.family) or not _fits(row.segments, segment):
            continue
        reason = Reason(f"control.{row.id}", f"{row.level.zh}起可下令：{row.kind}", {"level": row.level.word})
        chosen.append(
            Control(row.id, row.kind, row.text, row.ordered_by, row.confirmed_by, row.fuse, (reason,))
        )
    return tuple(chosen)


def actions(level: Level, segment: str, rules: Ruleset) -> tuple[Action, ...]:
    """What the command centre does: every cell up to this segment and level adds its own."""
    reached = rules.segment_index(segment)
    held: list[Action] = []
    for cell in rules.cells:
        if cell.level > level or rules.segment_index(cell.segment) > reached:
            continue
        reason = Reason(f"matrix.{cell.segment}.{cell.level.word}", f"{cell.segment}{cell.level.zh}起")
        held += [Action(text, (reason,)) for text in cell.actions]
    return tuple(held)


def _fits(wanted: frozenset[str], value: str) -> bool:
    return not wanted or value in wanted
