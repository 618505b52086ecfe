"""The digest of a plan: what an officer releases, whatever order it is written in, and for ever the same."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.warning.level import Level
from app.warning.plan import Action, Control, Measure, NotChosen, Plan, PlanLine, Reason, Suggestion

WHY = (Reason("rule", "因为"),)
LINE = PlanLine("responsible", "500153102", "L2", "town-duty", ("voice",), timedelta(minutes=5), 1, 2, 0, WHY)
OTHER = replace(LINE, place="500153103", answer_within=None)
PLAN = Plan(
    segment="T3",
    segment_from="onset",
    level=Level.RED,
    response_level="II",
    lines=(LINE, OTHER),
    not_chosen=(NotChosen("500153001", WHY), NotChosen("500153003", WHY)),
    measures=(Measure("学校", "区教委", "停课", WHY),),
    suggestions=(Suggestion("uplift", "提级", Level.RED, WHY), Suggestion("outlived", "核实", None, WHY)),
    controls=(Control("C1", "撤", "转移", "区长", "镇长", "", WHY),),
    next_cut=None,
    actions=(Action("会商", WHY),),
)


def test_a_line_without_a_reason_cannot_exist() -> None:
    with pytest.raises(ValueError, match="500153102/L2/town-duty names no rule"):
        replace(LINE, because=())


def test_the_digest_of_a_released_plan_is_the_same_for_ever() -> None:
    assert PLAN.digest("scheme") == "b6edc7a13efeb5e0630da8a8ab4ae26d4c5132feacfdc33db579b7687828dcdf"


def test_the_order_of_lines_and_of_towns_left_out_does_not_count() -> None:
    turned = replace(PLAN, lines=PLAN.lines[::-1], not_chosen=PLAN.not_chosen[::-1])
    assert turned.digest("scheme") == PLAN.digest("scheme")


def test_reasons_and_the_next_cut_do_not_count() -> None:
    more = replace(LINE, because=(*WHY, Reason("more", "又因为")))
    assert replace(PLAN, lines=(more, OTHER), because=WHY).digest("scheme") == PLAN.digest("scheme")


CHANGES = [
    {"segment": "T4"},
    {"level": Level.ORANGE},
    {"response_level": None},
    {"not_chosen": PLAN.not_chosen[:1]},
    {"actions": (Action("不会商", WHY),)},
    {"measures": ()},
    {"measures": (replace(PLAN.measures[0], department="镇政府"),)},
    {"controls": (replace(PLAN.controls[0], ordered_by="镇长"),)},
    {"controls": (replace(PLAN.controls[0], confirmed_by="区长"),)},
    {"suggestions": PLAN.suggestions[:1]},
    {"suggestions": (replace(PLAN.suggestions[0], level=Level.ORANGE), PLAN.suggestions[1])},
    *(
        {"lines": (replace(LINE, **change), OTHER)}
        for change in (
            {"part": "public"},
            {"place": "500153112"},
            {"layer": "L3"},
            {"duty": "town-mayor"},
            {"channels": ("voice", "sms")},
            {"answer_within": timedelta(minutes=5, seconds=1)},
            {"answer_within": None},
            {"units": 2},
            {"people": 3},
            {"no_contact": 1},
        )
    ),
]


@pytest.mark.parametrize("change", CHANGES)
def test_each_thing_that_would_be_done_otherwise_counts(change) -> None:
    assert replace(PLAN, **change).digest("scheme") != PLAN.digest("scheme")


def test_the_scheme_counts() -> None:
    assert PLAN.digest("another") != PLAN.digest("scheme")
