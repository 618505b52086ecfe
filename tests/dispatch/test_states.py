"""The state of a delivery is the strongest of its facts: their order, repetition and delay cannot matter."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dispatch.states import State, state_of, weaker_than

FACTS = st.lists(st.sampled_from(State), max_size=12)


@given(FACTS, st.randoms(use_true_random=False))
def test_the_same_facts_in_any_order_and_any_number_of_times_are_one_state(facts, chance) -> None:
    again = [*facts, *chance.choices(facts, k=len(facts))] if facts else []
    chance.shuffle(again)
    assert state_of(again) is state_of(facts)


@given(FACTS, FACTS)
def test_facts_may_come_in_batches_and_a_state_that_is_kept_stands_for_those_before(early, late) -> None:
    assert state_of([state_of(early), *late]) is state_of([*early, *late])


@given(FACTS, st.sampled_from(State))
def test_a_fact_never_makes_a_state_weaker(facts, more) -> None:
    assert state_of([*facts, more]).strength >= state_of(facts).strength


def test_a_delivery_without_facts_waits() -> None:
    assert state_of([]) is State.QUEUED


def test_delivered_wins_over_failed_whichever_came_first() -> None:
    for order in itertools.permutations([State.DELIVERED, State.FAILED, State.ACCEPTED, State.CANCELLED]):
        assert state_of(order) is State.DELIVERED


@pytest.mark.parametrize("state", State)
def test_what_a_state_overrides_is_exactly_what_the_fold_lets_it_override(state: State) -> None:
    assert set(weaker_than(state)) == {
        other.value for other in State if other is not state and state_of([other, state]) is state
    }


def test_accepted_still_waits_for_a_receipt_and_nothing_final_does() -> None:
    assert [state.value for state in State if not state.final] == ["queued", "sending", "accepted"]
