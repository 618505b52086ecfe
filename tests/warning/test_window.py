"""Rain windows are exact, right-closed and never add rows that tell of the same rain."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.warning.situation import RainWindow
from app.warning.window import RainRow, beaufort, choose, decimal, metres, millimetres, rain_window, since
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


def hourly(minutes_ago: int, mm: int, length: int = 60) -> RainRow:
    return RainRow(NOON - timedelta(minutes=minutes_ago), length, mm * 1000)


def test_an_hourly_row_that_began_before_the_window_counts_by_its_end() -> None:
    held = window([hourly(30, 12)])
    assert held
    assert (held.tenths, held.missing) == (120, 0)


@pytest.mark.parametrize(("minutes_ago", "tenths"), [(120, 80), (121, None)])
def test_a_row_may_have_begun_an_hour_before_the_window_and_no_minute_more(minutes_ago, tenths) -> None:
    held = window([hourly(minutes_ago, 8, length=120)], hours=3)
    assert (held.tenths if held else None) == tenths


def test_a_row_longer_than_the_window_tells_nothing_of_it() -> None:
    assert window([RainRow(NOON, 61, 9_000)]) is None
    assert choose({61: (9_000, 1), 1440: (90_000, 1)}, "SIM-P009", PANLONG, 1, NOON) is None


def test_where_a_station_changed_its_minute_the_newer_of_two_overlapping_hours_counts() -> None:
    held = window([hourly(60, 7), hourly(30, 5), hourly(0, 10)], hours=3)
    assert held
    assert (held.tenths, held.missing, held.expected) == (170, 1, 3)


def test_of_two_rows_of_one_moment_the_greater_counts_whichever_came_first() -> None:
    for rows in ([five(0, 4), five(0, 9)], [five(0, 9), five(0, 4)]):
        held = window(rows)
        assert held
        assert (held.tenths, held.missing) == (9, 11)


def test_a_dry_day_is_a_window_without_rain_and_without_a_row_missing() -> None:
    held = window([five(5 * i, 0) for i in range(288)], hours=24)
    assert held
    assert (held.tenths, held.missing, held.expected) == (0, 0, 288)


def test_a_length_of_which_no_row_came_is_no_window_and_a_dry_row_is_one() -> None:
    assert choose({5: (0, 0)}, "SIM-P009", PANLONG, 1, NOON) is None
    dry = choose({5: (0, 0), 60: (0, 1)}, "SIM-P009", PANLONG, 1, NOON)
    assert dry
    assert (dry.tenths, dry.missing, dry.expected) == (0, 0, 1)


def test_rows_whose_length_does_not_divide_the_window_are_never_more_than_complete() -> None:
    held = window([RainRow(NOON - timedelta(minutes=7 * i), 7, 100) for i in range(9)])
    assert held
    assert (held.tenths, held.missing, held.expected) == (9, 0, 8)


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


@pytest.mark.parametrize(
    ("mm", "read"),
    [(301_500, "301.50"), (301_499, "301.49"), (0, "0.00"), (-9, "0.00"), (-10, "-0.01"), (-1_230, "-1.23")],
)
def test_metres_are_cut_and_never_rounded_up_to_a_mark(mm, read) -> None:
    assert metres(mm) == read


@pytest.mark.parametrize(("milli", "read"), [(0, "0"), (1, "0.001"), (-1, "-0.001"), (1_000, "1")])
def test_a_thousandth_has_its_sign_and_nothing_has_none(milli, read) -> None:
    assert decimal(milli) == read


@pytest.mark.parametrize(
    ("minutes", "read"), [(0, "0分钟"), (59, "59分钟"), (60, "1小时"), (61, "1小时1分钟"), (1440, "24小时")]
)
def test_a_stretch_of_time_reads_as_people_say_it(minutes, read) -> None:
    assert since(minutes) == read


# GB/T 28591-2012, table 1: from and to, in tenths of m/s.
BEAUFORT = [
    *((0, 2), (3, 15), (16, 33), (34, 54), (55, 79), (80, 107), (108, 138), (139, 171), (172, 207)),
    *((208, 244), (245, 284), (285, 326), (327, 369), (370, 414), (415, 461), (462, 509), (510, 560)),
    (561, 900),
]


@pytest.mark.parametrize(("force", "least", "most"), [(f, *row) for f, row in enumerate(BEAUFORT)])
def test_a_force_reaches_from_its_lowest_wind_to_just_below_the_next(force, least, most) -> None:
    assert beaufort(least * 100) == force
    assert beaufort(most * 100) == force
    assert beaufort(least * 100 - 1) == max(force - 1, 0)
