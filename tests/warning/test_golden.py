"""A red plan for two towns, as a duty officer reads it: a change of rules shows as a change of text.

`JIAOYING_WRITE_GOLDEN=1` writes the file anew; read the difference before committing it.
"""

import os
from datetime import timedelta
from pathlib import Path

from app.warning.plan import Plan
from app.warning.planner import plan
from tests.warning.situations import PANLONG, WUJIA, rain, rules, scheme, situation, towns, warning

GOLDEN = Path(__file__).parent / "golden" / "red-two-towns.txt"
PARTS = {"responsible": "自动", "public": "待放行·公众", "orders": "待放行·指令"}


def readable(held: Plan) -> str:
    names = {"500153": "荣昌区", **{town.code: town.name for town in towns()}}
    rows = [
        f"时段 {held.segment} 级别 {held.level.zh} 建议响应 {held.response_level}",
        held.because[0].text,
        "",
    ]
    for line in held.lines:
        duty = scheme().duty(line.layer, line.duty)
        limit = (
            "不要求应答"
            if line.answer_within is None
            else f"限{line.answer_within // timedelta(minutes=1)}分"
        )
        who = f"{PARTS[line.part]} {names[line.place]} {line.layer} {duty.name}"
        rows.append(f"{who} {'、'.join(line.channels)} {limit} {line.people}人")
        rows += [f"    因为 {reason.text}" for reason in line.because]
    rows += ["", *(f"不叫 {names[n.place]}：{n.because[0].text}" for n in held.not_chosen)]
    rows += ["", *(f"指挥 {action.text}" for action in held.actions)]
    rows += ["", *(f"行业 {m.industry}（{m.department}）{m.text}" for m in held.measures)]
    rows += [
        "",
        *(f"可令 {c.kind} {c.text}（{c.ordered_by}下令，{c.confirmed_by}确认）" for c in held.controls),
    ]
    rows += ["", *(f"建议 {s.text}" for s in held.suggestions)]
    return "\n".join(rows) + "\n"


def test_a_red_plan_for_two_towns_reads_as_before() -> None:
    now = situation(
        warning(places=(PANLONG, WUJIA)),
        windows=(rain(1035, 3), rain(512, 3, place=WUJIA, station="SIM-P012")),
    )
    text = readable(plan(now, rules()))
    if os.environ.get("JIAOYING_WRITE_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")
