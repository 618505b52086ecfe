"""Where an obligation stands follows from its answers alone, in whatever order and how late they come."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.answer.fold import CONFIRMED, RUNGS, AnswerFact, standing

RELEASED = datetime(2026, 7, 15, 18, 40, tzinfo=UTC)
DUE = RELEASED + timedelta(minutes=10)
LATER = DUE + timedelta(hours=3)
TICK = timedelta(microseconds=1)

MOMENTS = st.one_of(
    st.integers(0, 7200).map(lambda seconds: RELEASED + timedelta(seconds=seconds)),
    st.sampled_from([DUE - TICK, DUE, DUE + TICK]),
)
FACTS = st.lists(
    st.builds(
        AnswerFact,
        rung=st.sampled_from(["confirmed", "acting", "done", "cannot"]),
        counts=st.booleans(),
        received_at=MOMENTS,
        via=st.sampled_from(["voice", "sms", "page"]),
        round=st.integers(1, 3),
        event=st.text("abc", min_size=1, max_size=4),
    ),
    max_size=8,
    unique_by=lambda fact: fact.event,
)


def given_(
    rung: str, at: datetime, *, counts: bool = True, event: str = "e", via: str = "voice"
) -> AnswerFact:
    return AnswerFact(rung, counts, at, via, 1, event)


@given(FACTS, st.randoms(use_true_random=False))
def test_any_order_and_repetition_of_the_same_answers_is_one_standing(facts, chance) -> None:
    again = [*facts, *chance.choices(facts, k=len(facts))] if facts else []
    chance.shuffle(again)
    assert standing(again, due_at=DUE, at=LATER) == standing(facts, due_at=DUE, at=LATER)


@given(FACTS)
def test_it_ends_in_exactly_the_state_that_its_first_confirmation_gives(facts) -> None:
    times = [fact.received_at for fact in facts if fact.counts and fact.rung != "cannot"]
    now = standing(facts, due_at=DUE, at=LATER)
    expected = "missed" if not times else "met" if min(times) <= DUE else "late"
    assert (now.state, now.answered_at) == (expected, min(times, default=None))
    assert (now.rung >= CONFIRMED) is bool(times)


@given(FACTS, MOMENTS)
def test_what_has_not_reached_us_yet_changes_nothing(facts, at) -> None:
    known = [fact for fact in facts if fact.received_at <= at]
    assert standing(facts, due_at=DUE, at=at) == standing(known, due_at=DUE, at=at)


@given(FACTS, MOMENTS, MOMENTS)
def test_what_was_met_stays_met_and_what_was_missed_never_becomes_met(facts, one, other) -> None:
    early, late = sorted((one, other))
    before, after = standing(facts, due_at=DUE, at=early), standing(facts, due_at=DUE, at=late)
    assert (before.state, after.state) in {
        ("open", "open"),
        ("open", "met"),
        ("open", "late"),
        ("open", "missed"),
        ("met", "met"),
        ("late", "late"),
        ("missed", "missed"),
        ("missed", "late"),
    }
    assert after.rung >= before.rung


@given(FACTS)
def test_an_answer_that_does_not_count_moves_nothing(facts) -> None:
    counting = [fact for fact in facts if fact.counts]
    assert standing(facts, due_at=DUE, at=LATER) == standing(counting, due_at=DUE, at=LATER)


@pytest.mark.parametrize(
    ("received", "state"),
    [
        (DUE - TICK, "met"),
        (DUE, "met"),
        (DUE + TICK, "late"),
        (DUE.replace(minute=DUE.minute - 1, second=59, microsecond=999_000), "met"),
    ],
)
def test_exactly_at_its_time_is_in_time_and_the_next_microsecond_is_late(received, state) -> None:
    assert standing([given_("confirmed", received)], due_at=DUE, at=LATER).state == state


def test_nothing_is_missed_before_its_time_has_passed() -> None:
    assert standing([], due_at=DUE, at=DUE).state == "open"
    assert standing([], due_at=DUE, at=DUE + TICK).state == "missed"


def test_an_answer_after_it_was_missed_is_late_never_met() -> None:
    assert standing([], due_at=DUE, at=LATER).state == "missed"
    now = standing([given_("confirmed", DUE + timedelta(minutes=1))], due_at=DUE, at=LATER)
    assert (now.state, now.rung) == ("late", CONFIRMED)


def test_cannot_is_no_answer_and_a_later_confirmation_takes_it_back() -> None:
    cannot = given_("cannot", RELEASED, event="1")
    now = standing([cannot], due_at=DUE, at=DUE)
    assert (now.state, now.cannot, now.answered_at, now.rung < CONFIRMED) == ("open", True, None, True)
    both = standing([cannot, given_("confirmed", DUE, event="2")], due_at=DUE, at=DUE)
    assert (both.state, both.cannot, both.answered_at) == ("met", False, DUE)


def test_who_confirmed_and_then_cannot_has_answered_and_the_trouble_shows() -> None:
    facts = [given_("confirmed", RELEASED, event="1"), given_("cannot", DUE, event="2")]
    now = standing(facts, due_at=DUE, at=LATER)
    assert (now.state, now.answered_at, now.cannot) == ("met", RELEASED, True)


def test_the_first_answer_is_the_answer_and_the_highest_rung_is_the_rung() -> None:
    facts = [
        given_("acting", DUE, event="2", via="page"),
        given_("confirmed", RELEASED, event="1", via="sms"),
        given_("done", LATER, event="3", via="phone"),
    ]
    now = standing(facts, due_at=DUE, at=LATER)
    assert (now.via, now.answered_at, now.rung) == ("sms", RELEASED, RUNGS.index("done"))


@pytest.mark.parametrize("heard", range(len(RUNGS)))
def test_no_receipt_however_high_counts_as_answered(heard: int) -> None:
    now = standing([], due_at=DUE, at=DUE, heard=heard)
    assert (now.state, now.rung) == ("open", min(heard, CONFIRMED - 1))
