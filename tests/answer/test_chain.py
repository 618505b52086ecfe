"""The chain that ships: who is next and when, at each level, as 44NN has it."""

from datetime import UTC, datetime, time, timedelta

import pytest

from app.answer import chain
from app.scheme.models import Scheme, Step
from app.warning.level import Level
from tests.support.world import shipped

RELEASED = datetime(2026, 7, 15, 18, 40, tzinfo=UTC)
NIGHT = (time(22), time(6))
URGENT = [(0, "A"), (2, "A"), (4, "A"), (5, "B"), (8, "superior"), (8, "chief")]


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    return shipped()


def told(steps: tuple[Step, ...]) -> list[tuple[float, str]]:
    return [(step.after.total_seconds() / 60, step.who) for step in steps]


@pytest.mark.parametrize(
    ("level", "hop", "expected"),
    [
        (Level.RED, "H1", [*URGENT, (10, "onsite")]),
        (Level.ORANGE, "H1", [*URGENT, (20, "onsite")]),
        (Level.YELLOW, "H1", [(0, "A"), (10, "A"), (20, "A"), (20, "B"), (30, "superior")]),
        (Level.BLUE, "H1", [(0, "A"), (30, "A"), (60, "B")]),
        (Level.HINT, "H1", [(0, "A"), (30, "A"), (60, "B")]),
        (Level.RED, "H0", [(0, "A"), (1.5, "B"), (2, "A"), (3, "chief")]),
        (Level.ORANGE, "H0", [(0, "A"), (1.5, "B"), (2, "A"), (3, "chief")]),
        (Level.YELLOW, "H0", [(0, "A"), (10, "A"), (20, "A"), (20, "B"), (30, "superior")]),
    ],
)
def test_the_steps_of_a_level_come_in_this_order_at_these_minutes(scheme, level, hop, expected) -> None:
    assert told(scheme.escalation.steps(level, hop)) == expected


@pytest.mark.parametrize("hop", ["H1", "H1b", "H2", "H3", "H4"])
def test_every_hop_below_the_district_has_the_levels_general_chain(scheme, hop) -> None:
    for level in Level:
        assert scheme.escalation.steps(level, hop) == scheme.escalation.steps(level, "H1")


def test_calls_to_a_are_counted_in_rounds_and_others_are_none(scheme) -> None:
    steps = scheme.escalation.steps(Level.RED, "H1")
    assert [step.round for step in steps] == [1, 2, 3, 0, 0, 0, 0]


@pytest.mark.parametrize("level", [Level.RED, Level.ORANGE])
def test_from_the_third_round_on_a_second_channel_rings_too(scheme, level) -> None:
    steps = scheme.escalation.steps(level, "H1")
    told_ = [chain.kinds(step, ("voice", "sms"), time(2), NIGHT) for step in steps[:6]]
    assert told_ == [
        ("voice",),
        ("voice",),
        ("voice", "sms"),
        ("voice", "sms"),
        ("voice", "sms"),
        ("voice", "sms"),
    ]


@pytest.mark.parametrize("level", [Level.RED, Level.ORANGE])
def test_the_deputy_is_called_before_the_superior_and_nobody_is_called_before_the_first(
    scheme, level
) -> None:
    at = [chain.due_at(RELEASED, scheme.escalation.steps(level, "H1"), index) for index in range(8)]
    assert at[0] == RELEASED
    assert at[3] == RELEASED + timedelta(minutes=5)
    assert at[4] == at[5] == RELEASED + timedelta(minutes=8)
    assert at[7] is None


@pytest.mark.parametrize(
    ("level", "hour", "expected"),
    [
        (Level.BLUE, time(12), ("sms",)),
        (Level.BLUE, time(2, 40), ("sms",)),
        (Level.RED, time(2, 40), ("voice",)),
    ],
)
def test_a_blue_rings_nobody_and_a_red_rings_at_any_hour(scheme, level, hour, expected) -> None:
    step = scheme.escalation.steps(level, "H1")[0]
    assert chain.kinds(step, ("voice", "sms"), hour, NIGHT) == expected


def step(who: str = "A", **more: object) -> Step:
    values = {"after": timedelta(), "round": 1, "spread": 1, "channels": (), "voice_at_night": True, **more}
    return Step(who=who, **values)  # type: ignore[arg-type]


def test_a_quiet_step_uses_another_way_at_night_and_is_never_silent() -> None:
    quiet = step(voice_at_night=False)
    assert chain.kinds(quiet, ("voice", "sms"), time(23), NIGHT) == ("sms",)
    assert chain.kinds(quiet, ("voice", "sms"), time(12), NIGHT) == ("voice",)
    assert chain.kinds(quiet, ("voice",), time(23), NIGHT) == ()


def test_doors_and_loudspeakers_are_no_way_to_ask_a_person() -> None:
    assert chain.kinds(step(), ("broadcast", "door", "sms"), time(12), NIGHT) == ("sms",)
    assert chain.kinds(step(channels=("door",)), ("voice",), time(12), NIGHT) == ("voice",)


@pytest.mark.parametrize(
    ("hour", "night", "asleep"),
    [
        (time(21, 59, 59), NIGHT, False),
        (time(22), NIGHT, True),
        (time(0), NIGHT, True),
        (time(5, 59, 59), NIGHT, True),
        (time(6), NIGHT, False),
        (time(1), (time(0), time(5)), True),
        (time(5), (time(0), time(5)), False),
        (time(23), (time(0), time(5)), False),
    ],
)
def test_night_may_go_over_midnight(hour, night, asleep) -> None:
    assert chain.is_night(hour, night) is asleep


def test_a_cannot_skips_to_the_first_who_is_somebody_else() -> None:
    steps = [step("A"), step("A"), step("B"), step("superior")]
    assert [chain.next_other(steps, index) for index in range(5)] == [2, 2, 2, 3, 4]
    assert chain.next_other([step("A")], 0) == 1
