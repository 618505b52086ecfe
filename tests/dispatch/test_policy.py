"""What follows a failed try: the same channel again, another one, or the end; how soon is the level's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dispatch.policy import BACKOFF, POISON_CLAIMS, GiveUp, Retry, after_failure
from app.warning.level import Level

WAITS = [
    (Level.RED, [2, 5, 10]),
    (Level.ORANGE, [3, 10, 20]),
    (Level.YELLOW, [10, 30, 60]),
    (Level.BLUE, [30, 120, 300]),
    (Level.HINT, [60, 300]),
]


@pytest.mark.parametrize(("level", "waits"), WAITS)
def test_a_vendor_that_may_take_it_later_is_asked_again_a_few_times_then_given_up(level, waits) -> None:
    for attempt, seconds in enumerate(waits, 1):
        verdict = after_failure(retry=True, reason="unreachable", attempts=attempt, level=level)
        assert isinstance(verdict, Retry)
        assert verdict.after.total_seconds() == seconds
    last = after_failure(retry=True, reason="unreachable", attempts=len(waits) + 1, level=level)
    assert last == GiveUp("unreachable", failover=True)


def test_only_a_red_goes_to_another_channel_after_its_first_failure() -> None:
    over = {
        (level, attempt)
        for level in Level
        for attempt in (1, 2)
        if isinstance(v := after_failure(retry=True, reason="x", attempts=attempt, level=level), Retry)
        and v.failover
    }
    assert over == {(Level.RED, 1)}


def test_a_number_that_does_not_exist_is_tried_nowhere_else() -> None:
    assert after_failure(retry=False, reason="bad-number", attempts=1, level=Level.RED) == GiveUp(
        "bad-number", failover=False
    )
    assert after_failure(retry=False, reason="rejected", attempts=1, level=Level.RED) == GiveUp(
        "rejected", failover=True
    )


@given(st.sampled_from(Level), st.integers(1, 2), st.floats(1, 300))
def test_a_vendor_that_says_when_is_not_asked_before(level, attempt, seconds) -> None:
    verdict = after_failure(
        retry=True, reason="throttled", attempts=attempt, level=level, retry_after=seconds
    )
    assert isinstance(verdict, Retry)
    assert verdict.after.total_seconds() >= max(seconds, BACKOFF[level][attempt - 1]) - 1e-6


def test_no_level_tries_as_often_as_what_kills_its_worker() -> None:
    assert max(len(waits) + 1 for waits in BACKOFF.values()) < POISON_CLAIMS
