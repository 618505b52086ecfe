"""Rain windows are exact, right-closed and never add rows that tell of the same rain."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.warning.situation import RainWindow
from app.warning.window import RainRow, metres, millimetres, rain_window
from tests.warning.situations import NOON, PANLONG


def window(rows: list[RainRow], hours: int = 1) -> RainWindow | None:
    return rain_window(rows, "SIM-P009", PANLONG, hours, NOON)


def five(minutes_ago: int, tenths: int) -> RainRow:
    return RainRow(NOON - timedelta(minutes=minutes_ago), 5, tenths * 100)


def test_the_sum_is_exact_where_floats_would_come_short() -> None:
    held = window([five(5 * i, 1) for i in range(10)])
    assert sum([0.1] * 10) < 1.0
    assert held
    assert held.tenths == 10


def test_a_row_that_ends_at_the_window_s_start_is_outside_and_one_that_ends_now_is_inside() -> None:
    held = window([five(60, 100), five(0, 7)])
    assert held
    assert held.tenths == 7


def test_a_row_of_the_future_does_not_count() -> None:
    assert window([five(-5, 100)]) is None


def test_five_minute_and_hourly_and_daily_rows_are_never_summed_together() -> None:
    hourly, daily = RainRow(NOON, 60, 12_000), RainRow(NOON, 1440, 90_000)
    complete = [five(5 * i, 10) for i in range(12)]
    held = window([hourly, daily, *complete])
    assert held
    assert held.tenths == 120
    assert held.expected == 12


def test_the_length_that_leaves_the_least_uncovered_is_taken() -> None:
    held = window([RainRow(NOON, 60, 30_000), *(five(5 * i, 10) for i in range(6))])
    assert held
    assert (held.tenths, held.missing, held.expected) == (300, 0, 1)


def test_a_window_with_rows_missing_says_how_many() -> None:
    held = window([five(5 * i, 10) for i in range(10)])
    assert held
    assert (held.tenths, held.missing, held.expected) == (100, 2, 12)
    assert not held.complete


def test_no_row_is_no_window_and_not_no_rain() -> None:
    assert window([]) is None


rows_of_rain = st.lists(
    st.builds(
        RainRow,
        at=st.integers(0, 200).map(lambda five: NOON - timedelta(minutes=5 * five)),
        minutes=st.sampled_from([5, 60, 1440]),
        milli=st.integers(0, 500).map(lambda tenths: tenths * 100),
    ),
    max_size=40,
)


@given(rows=rows_of_rain, data=st.data(), hours=st.sampled_from([1, 3, 6, 12, 24]))
def test_the_order_of_rows_and_their_repetition_change_nothing(rows, data, hours) -> None:
    shuffled = data.draw(st.permutations(rows))
    assert window(rows, hours) == window([*shuffled, *rows[:3]], hours)


@given(rows=rows_of_rain, hours=st.sampled_from([1, 3, 6, 12]))
def test_a_window_never_holds_more_than_its_rows_of_one_length(rows, hours) -> None:
    held = window(rows, hours)
    by_length = {m: sum(r.milli for r in rows if r.minutes == m) // 100 for m in (5, 60, 1440)}
    assert held is None or held.tenths <= max(by_length.values())


@pytest.mark.parametrize(("tenths", "read"), [(500, "50"), (853, "85.3"), (0, "0"), (1, "0.1")])
def test_millimetres_read_as_people_write_them(tenths, read) -> None:
    assert millimetres(tenths) == read


@pytest.mark.parametrize(("mm", "read"), [(301_500, "301.50"), (301_499, "301.49"), (-1_230, "-1.23")])
def test_metres_are_cut_and_never_rounded_up_to_a_mark(mm, read) -> None:
    assert metres(mm) == read
