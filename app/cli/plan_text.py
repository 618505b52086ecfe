"""A plan as a supervisor reads it: who is called and why, who is not and why, what is done and proposed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from app.scheme.models import Scheme
from app.warning.plan import Plan, PlanLine

KINDS = {"voice": "电话", "sms": "短信", "broadcast": "应急广播", "door": "上门"}
PARTS = {"responsible": "自动", "public": "待放行·公众", "orders": "待放行·指令"}


def told(plan: Plan, scheme: Scheme) -> list[str]:
    """Every line with its reasons and their rules, every town that is not called with its reason."""
    return list(_told(plan, scheme))


def _told(plan: Plan, scheme: Scheme) -> Iterator[str]:
    segment = next(s for s in scheme.ruleset.stage.segments if s.id == plan.segment)
    when = f"{segment.id} {segment.name}（{plan.segment_from}）"
    yield f"{plan.level.zh} {when}：{segment.purpose}，叫 {len(plan.lines)} 组"
    yield from (f"    因为 {reason.text}（{reason.rule}）" for reason in plan.because)
    for line in plan.lines:
        yield heading(line, scheme)
        yield from (f"    因为 {reason.text}（{reason.rule}）" for reason in line.because)
    if plan.not_chosen or plan.not_asked:
        yield "没有选上："
        for town in plan.not_chosen:
            yield f"{scheme.place_name(town.place)}：{'；'.join(reason.text for reason in town.because)}"
        for room in plan.not_asked:
            name = scheme.duty(room.layer, room.duty).name
            yield f"{name}：{'；'.join(reason.text for reason in room.because)}"
    yield from (f"指挥：{one.text}（{one.because[0].text}）" for one in plan.actions)
    yield from (f"行业：{m.industry}（{m.department}）{m.text}（{m.because[0].text}）" for m in plan.measures)
    for order in plan.controls:
        fuse = f"，熔断：{order.fuse}" if order.fuse else ""
        who = f"{order.ordered_by}下令，{order.confirmed_by}确认"
        yield f"可令：{order.kind} {order.text}（{who}{fuse}；{order.because[0].text}）"
    yield from (f"建议：{one.text}" for one in plan.suggestions)


def heading(line: PlanLine, scheme: Scheme) -> str:
    """One line of a plan without its reasons."""
    duty = scheme.duty(line.layer, line.duty)
    of = "流域联防" if duty.unit else scheme.place_name(line.place)
    who = f"{PARTS[line.part]} {of} {line.layer} {duty.name}"
    return f"{who}（{means(line)}，{limit(line)}）{line.units}处{line.people}人"


def means(line: PlanLine) -> str:
    """By which means, in order of trial."""
    return "、".join(KINDS.get(kind, kind) for kind in line.channels)


def limit(line: PlanLine) -> str:
    """Within what time it is to be answered."""
    if line.answer_within is None:
        return "不要求应答"
    minutes, rest = divmod(line.answer_within, timedelta(minutes=1))
    return f"{minutes}分钟内应" if not rest else f"{int(line.answer_within.total_seconds())}秒内应"
