"""Plans as a supervisor reads them: a change of rules shows as a change of text.

`red-two-towns.txt` is a whole plan, line by line, as `explain` prints it. The other files hold one hazard
each: what a 12379 message without onset does for two towns at each of its levels, one line a duty.
`JIAOYING_WRITE_GOLDEN=1` writes the files anew; read the difference before committing it.
"""

import os
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from app.cli.plan_text import PARTS, limit, means, told
from app.warning.level import Level
from app.warning.plan import Plan, PlanLine
from app.warning.planner import plan
from tests.warning.bulletins import CODES, facts, levels
from tests.warning.situations import PANLONG, WUJIA, rain, rules, scheme, situation, towns, warning

GOLDEN = Path(__file__).parent / "golden"


def as_kept(name: str, text: str) -> str:
    """Return what the file holds; written anew where that is asked for."""
    file = GOLDEN / name
    if os.environ.get("JIAOYING_WRITE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    return file.read_text(encoding="utf-8")


def test_a_red_plan_for_two_towns_reads_as_before() -> None:
    now = situation(
        warning(places=(PANLONG, WUJIA)),
        windows=(rain(1035, 3), rain(512, 3, place=WUJIA, station="SIM-P012")),
    )
    text = "\n".join(told(plan(now, rules()), scheme())) + "\n"
    assert text == as_kept("red-two-towns.txt", text)


def test_in_it_every_line_and_every_town_that_is_not_called_has_its_reason() -> None:
    rows = told(plan(situation(warning(places=(PANLONG, WUJIA))), rules()), scheme())
    called = [i for i, row in enumerate(rows) if row.startswith(tuple(PARTS.values()))]
    assert called
    assert all(rows[i + 1].startswith("    因为 ") for i in called)
    outside = [town.name for town in towns() if town.code not in (PANLONG, WUJIA)]
    assert len(outside) == 19
    assert all(any(row.startswith(f"{name}：") and "不在" in row for row in rows) for name in outside)


def _duty(line: PlanLine) -> tuple[str, str, str]:
    return (line.part, line.layer, line.duty)


def _where(line: PlanLine) -> str:
    return "流域联防" if scheme().duty(line.layer, line.duty).unit else scheme().place_name(line.place)


def _brief(made: Plan) -> Iterator[str]:
    """One line a duty: who, how, until when, by which rule; what a town's own plan changes stands behind."""
    for _, held in groupby(made.lines, key=_duty):
        lines = list(held)
        first = lines[0]
        name = scheme().duty(first.layer, first.duty).name
        where = "、".join(f"{_where(one)}（{means(one)}，{limit(one)}）" for one in lines)
        why = dict.fromkeys(
            reason.text
            for one in lines
            for reason in one.because
            if reason.rule.startswith(("matrix.", "town.", "observed.", "basin."))
        )
        yield f"  {PARTS[first.part]} {first.layer} {name}：{where}，因为{'；'.join(why)}"


def _level(hazard: str, level: Level) -> Iterator[str]:
    about = facts(CODES[hazard], level)
    made = plan(situation(about, at=about.sent), rules())
    held = next(h for h in rules().hazards if h.id == hazard)
    yield f"{level.zh}：{held.signal[level].text}"
    yield from (f"  {reason.text}" for reason in made.because)
    yield from _brief(made)
    away = {n.because[0].text.partition("不在")[2] for n in made.not_chosen}
    yield f"  不叫 {len(made.not_chosen)} 个镇街：不在{'；'.join(sorted(away))}"
    for room in made.not_asked:
        yield f"  不叫{scheme().duty(room.layer, room.duty).name}：{'；'.join(r.text for r in room.because)}"
    yield f"  指挥：{'；'.join(action.text for action in made.actions)}"
    for measure in made.measures:
        yield f"  行业：{measure.industry}（{measure.department}）{measure.text}"
    for order in made.controls:
        yield f"  可令：{order.kind} {order.text}（{order.ordered_by}下令，{order.confirmed_by}确认）"
    yield from (f"  建议：{one.text}" for one in made.suggestions)
    yield ""


@pytest.mark.parametrize("hazard", sorted(CODES))
def test_each_hazard_reads_as_before_at_each_of_its_levels(hazard) -> None:
    name = next(h.name for h in rules().hazards if h.id == hazard)
    rows = [f"{name}（{CODES[hazard]}），盘龙镇、吴家镇，报文无发生时间", ""]
    for level in levels(hazard):
        rows += _level(hazard, level)
    text = "\n".join(rows)
    assert text == as_kept(f"{hazard}.txt", text)
