"""The planner: a situation and the rules in, a plan with its reasons out. Same input, same plan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from app.warning import measures
from app.warning.approach import approaches
from app.warning.basin import Asked, neighbours
from app.warning.doubts import doubts
from app.warning.finding import Finding
from app.warning.hazard import HazardRules, next_level
from app.warning.level import Level
from app.warning.outlived import outlived, promised_until
from app.warning.outlook import Expected, expected, outlook
from app.warning.plan import Action, NotChosen, Plan, PlanLine, Reason
from app.warning.response import response
from app.warning.ruleset import AlsoCall, Cell, DutyRules, Ruleset
from app.warning.situation import Holding, Place, Situation, WarningFacts
from app.warning.stage import Stage, stage
from app.warning.standing import Holds, standing
from app.warning.thresholds import by_place, is_of, observed
from app.warning.uplift import next_edge, uplift

DutyKey = tuple[str, str]
DISTRICT_LAYER = "L1"


def plan(situation: Situation, rules: Ruleset) -> Plan:
    """Who is called for this warning now, how and why; who is not; what is proposed.

    Raises ValueError if no rule fits the hazard, or the warning names no town of the district: an empty
    area is never read as "everywhere".
    """
    warning, at = situation.warning, situation.at
    hazard = rules.hazard(warning.hazard, at)
    if hazard is None:
        raise ValueError(f"no rules for hazard {warning.hazard}")
    chosen = [town for town in situation.towns if town.code in warning.places]
    if not chosen:
        raise ValueError("the warning names no town of the district")
    findings = observed(situation.windows, situation.levels, rules, at, situation.elements)
    where = stage(warning, hazard, findings, rules, at, situation.reports)
    segment = where.segment.id
    # A reminder is no signal, so it has no level that could be raised; what is raised is not raised again.
    raised = None if not _may_rise(warning) else uplift(situation, hazard, rules, findings)
    # A raise is the district's own resolve: the signal that it raises proposes the response.
    started = None if warning.raised_from is not None else response(situation, hazard, rules, findings)
    ahead = () if warning.observed else expected(situation, hazard, rules)
    over = outlived(situation, hazard, rules, findings)
    asked, not_asked = neighbours(situation, hazard, rules, findings)
    reminder = warning.observed  # made from measurements alone: it calls the responsible and orders nothing
    return Plan(
        segment=segment,
        segment_from=where.source,
        level=warning.level,
        response_level=started.level.response if started and started.level is not None else None,
        lines=tuple(_lines(situation, rules, hazard, where, chosen, findings, asked)),
        not_chosen=tuple(_not_chosen(situation, hazard, findings, ahead)),
        measures=()
        if reminder
        else measures.measures(warning.level, segment, hazard, (t.code for t in chosen), rules),
        suggestions=tuple(s for s in (raised, started, outlook(situation, ahead), over) if s is not None),
        controls=() if reminder else measures.controls(warning.level, segment, hazard, rules),
        next_cut=_next_cut(situation, rules, hazard, where),
        actions=()
        if reminder
        else (*measures.actions(warning.level, segment, rules), *_send_to(situation, rules)),
        because=(
            where.because,
            *_raised(warning),
            *approaches(situation, hazard),
            *doubts(situation, hazard),
        ),
        not_asked=not_asked,
    )


def _send_to(situation: Situation, rules: Ruleset) -> list[Action]:
    """Whoever cannot be called is gone to: one action for each town of the warning that is cut off."""
    names = {town.code: town.name for town in situation.towns}
    found = []
    for cut in sorted(situation.cut_off, key=lambda c: c.place):
        if cut.place not in situation.warning.places:
            continue
        since = cut.since.astimezone(rules.zone)
        name = names.get(cut.place, cut.place)
        how = "报告三断" if cut.reported else "叫应链走完无人应"
        why = Reason("news.cut-off", f"{name}{how}，自{since:%H:%M}起", {"place": cut.place})
        found.append(Action(f"派人到{name}，用卫星电话或370兆联络", (why,)))
    return found


def _may_rise(warning: WarningFacts) -> bool:
    return not warning.observed and warning.raised_from is None


def _raised(warning: WarningFacts) -> tuple[Reason, ...]:
    """Why somebody is called at a level that no bureau has issued."""
    if warning.raised_from is None:
        return ()
    text = f"信号为{warning.raised_from.zh}，区里决定提级，按{warning.level.zh}叫应"
    return (Reason("uplift.decided", text, {"from": warning.raised_from.word, "level": warning.level.word}),)


def _lines(
    situation: Situation,
    rules: Ruleset,
    hazard: HazardRules,
    where: Stage,
    chosen: list[Place],
    findings: tuple[Finding, ...],
    asked: list[Asked],
) -> list[PlanLine]:
    called = _called(situation, rules, hazard, where.segment.id)
    holdings = {(h.town, h.duty): h for h in situation.holdings}
    measured = by_place(findings)
    name = hazard.called(situation.warning.hazard)
    lines = [
        _line(situation, duty, situation.district, why, holdings, rules, ())
        for duty, why in called
        if duty.layer == DISTRICT_LAYER
    ]
    for duty, (why, *more) in asked:
        lines.append(_line(situation, duty, situation.district, why, holdings, rules, tuple(more)))
    local = [(duty, why) for duty, why in called if duty.layer != DISTRICT_LAYER]
    held = {duty.key for duty, _ in local}
    holds = standing((situation.warning, *situation.others), rules, situation.at)
    for town in chosen:
        inside = Reason("area.inside", f"{town.name}在{name}预警区域内", {"place": town.code})
        seen = (
            inside,
            *(f.reason for f in measured.get(town.code, ()) if is_of(f, hazard)),
            *_absorbed(town, holds.get(town.code, ()), situation),
        )
        for duty, why in [*local, *_own(town.code, held, situation, rules, hazard, where)]:
            lines.append(_line(situation, duty, town, why, holdings, rules, seen))
    return sorted(lines, key=lambda line: (line.layer, line.part, line.duty, line.place))


def _absorbed(town: Place, holds: tuple[Holds, ...], situation: Situation) -> tuple[Reason, ...]:
    """Why who has been called at a higher level of the same event is not called for this one again."""
    for held in holds:
        if situation.warning.key in held.absorbs:
            text = f"{town.name}另有{held.name}{held.level.zh}预警在执行，以高一级为准，已按它叫到的不重复叫"
            return (Reason("level.absorbed", text, {"by": held.key, "level": held.level.word}),)
    return ()


def _called(
    situation: Situation, rules: Ruleset, hazard: HazardRules, segment: str
) -> list[tuple[DutyRules, Reason]]:
    """The duties that are called, each with the first cell that calls it.

    Later segments and higher levels only add.
    """
    warning = situation.warning
    if warning.observed:
        text = "实测提醒：只叫区值班和站点所在镇街值班"
        always = [(rules.duties[key], Reason("observed.reminder", text)) for key in rules.reminder]
        return [*always, *_reminded_from(warning, hazard, rules)]
    reached = rules.segment_index(segment)
    first: dict[DutyKey, Cell] = {}
    for cell in rules.cells:
        if cell.level > warning.level or rules.segment_index(cell.segment) > reached:
            continue
        for key in cell.call:
            first.setdefault(key, cell)
    result: list[tuple[DutyRules, Reason]] = []
    for key, cell in first.items():
        duty = rules.duties[key]
        if warning.level < duty.from_level or (duty.families and hazard.family not in duty.families):
            continue
        rule = f"matrix.{cell.segment}.{cell.level.word}"
        result.append((duty, Reason(rule, f"{cell.segment}时段{cell.level.zh}起叫{duty.name}")))
    return result


def _reminded_from(
    warning: WarningFacts, hazard: HazardRules, rules: Ruleset
) -> list[tuple[DutyRules, Reason]]:
    """Whom a reminder of this level calls besides: the district's own rungs above the duty rooms."""
    found: dict[DutyKey, tuple[DutyRules, Reason]] = {}
    for row in rules.reminder_from:
        if hazard.id in row.hazards and warning.level >= row.level:
            duty = rules.duties[row.duty]
            text = f"实测{hazard.name}{row.level.zh}起也叫{duty.name}：{row.why}"
            why = Reason(f"observed.reminder.{row.level.word}", text, {"level": row.level.word})
            found.setdefault(row.duty, (duty, why))
    return list(found.values())


def _own(
    town: str, held: set[DutyKey], situation: Situation, rules: Ruleset, hazard: HazardRules, where: Stage
) -> list[tuple[DutyRules, Reason]]:
    """What the town's own plan calls beyond the district's: single duties, or all of the segment ahead."""
    own = rules.towns.get(town)
    if own is None or situation.warning.observed:
        return []
    level = situation.warning.level
    fits = [a for a in own.also if a.duty not in held and _fits(a, level, hazard, where)]
    more = {
        a.duty: (rules.duties[a.duty], Reason(f"town.{town}.also", f"{own.name}预案：{a.why}")) for a in fits
    }
    ahead = rules.stage.segments[rules.segment_index(where.segment.id) + 1 :]
    sensitive = next((s for s in own.sensitive if hazard.id in s.hazards and level >= s.level), None)
    if sensitive is not None and ahead:
        why = Reason(f"town.{town}.sensitive", f"{own.name}预案：{sensitive.why}，提前按{ahead[0].id}叫应")
        for duty, _ in _called(situation, rules, hazard, ahead[0].id):
            if duty.layer != DISTRICT_LAYER and duty.part == "responsible" and duty.key not in held:
                more.setdefault(duty.key, (duty, why))
    return list(more.values())


def _fits(also: AlsoCall, level: Level, hazard: HazardRules, where: Stage) -> bool:
    return (
        level >= also.level
        and (not also.families or hazard.family in also.families)
        and (not also.segments or where.segment.id in also.segments)
    )


def _line(
    situation: Situation,
    duty: DutyRules,
    place: Place,
    why: Reason,
    holdings: Mapping[tuple[str, str], Holding],
    rules: Ruleset,
    seen: tuple[Reason, ...],
) -> PlanLine:
    level = situation.warning.level
    because = [why, *seen]
    clock = None if duty.coverage else duty.clocks.get(level)
    channels = duty.channels[level] if level in duty.channels else duty.channels[min(duty.channels)]
    own = rules.towns.get(place.code)
    if own is not None:
        its_clock = own.clocks.get(duty.key, {}).get(level)
        if its_clock is not None and its_clock != clock and not duty.coverage:
            clock = its_clock
            because.append(Reason(f"town.{place.code}.clock", f"{own.name}预案：{own.why}，时限另定"))
        its_channels = own.channels.get(duty.key, {}).get(level)
        if its_channels is not None and its_channels != channels:
            channels = its_channels
            because.append(Reason(f"town.{place.code}.channels", f"{own.name}预案：{own.why}，方式另定"))
    if clock is not None:
        seconds = int(clock.total_seconds())
        said = f"{seconds}秒" if seconds % 60 else f"{seconds // 60}分钟"
        text = f"{level.zh}限{said}内应答"
        because.append(Reason(f"clock.{duty.clock_rule}.{level.word}", text, {"seconds": seconds}))
    holding = holdings.get((place.code, duty.holders))
    units, people, no_contact = (holding.units, holding.people, holding.no_contact) if holding else (0, 0, 0)
    if people == 0 and not duty.coverage:
        because.append(Reason("holding.none", f"{place.name}没有登记{duty.name}，叫不到人", {"units": units}))
    elif no_contact:
        text = f"{place.name}{duty.name}有{no_contact}处叫不到人"
        because.append(Reason("holding.no-contact", text, {"no_contact": no_contact}))
    return PlanLine(
        part=duty.part,
        place=place.code,
        layer=duty.layer,
        duty=duty.id,
        channels=channels,
        answer_within=clock,
        units=units,
        people=people,
        no_contact=no_contact,
        because=tuple(because),
    )


def _not_chosen(
    situation: Situation, hazard: HazardRules, findings: tuple[Finding, ...], ahead: tuple[Expected, ...]
) -> list[NotChosen]:
    measured = by_place(findings)
    forecast = {one.place: one for one in ahead}
    name = hazard.called(situation.warning.hazard)
    result: list[NotChosen] = []
    for town in sorted(situation.towns, key=lambda t: t.code):
        if town.code in situation.warning.places:
            continue
        outside = Reason("area.outside", f"{town.name}不在本次{name}预警区域内")
        over = tuple(
            Reason("area.measured", f"但请留意：{f.reason.text}", f.reason.values)
            for f in measured.get(town.code, ())
            if is_of(f, hazard)
        )
        if town.code in forecast:
            reason = forecast[town.code].reason
            over = (*over, Reason("area.expected", f"但请留意：{reason.text}", reason.values))
        result.append(NotChosen(town.code, (outside, *over)))
    return result


def _next_cut(situation: Situation, rules: Ruleset, hazard: HazardRules, where: Stage) -> datetime | None:
    """The next moment at which time alone changes the plan.

    A segment's end, the edge of the night, or when the time that the signal promised is over.
    """
    warning = situation.warning
    moments = [] if where.next_cut is None else [where.next_cut]
    until = promised_until(warning, hazard, rules)
    moments += [until] if until is not None and until > situation.at else []
    if (
        _may_rise(warning)
        and warning.level >= rules.uplift.from_level
        and next_level(hazard, warning.level) is not None
    ):
        edge = next_edge(rules, situation.at)
        moments += [] if edge is None else [edge]
    return min(moments, default=None)
