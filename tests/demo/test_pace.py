"""The clock of the demo in a browser: it flows to what falls due, stands there, and makes up for the work."""

from dataclasses import dataclass
from datetime import timedelta

from app.cli.pace import FAST, LAST, SLOW, SLOW_FOR, Pace, StoryClock
from app.cli.stage import START


@dataclass
class Watch:
    """A clock on the wall that a test moves."""

    seconds: float = 100.0

    def __call__(self) -> float:
        return self.seconds


def after(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def test_it_flows_at_its_rate_and_not_past_what_falls_due() -> None:
    wall = Watch()
    clock = StoryClock(START, 10, monotonic=wall)
    clock.flow(START + after(60))
    wall.seconds += 2
    assert clock.now() == START + after(20)
    assert clock.seconds_to(START + after(60)) == 4
    wall.seconds += 100
    assert clock.now() == clock.until == START + after(60)


def test_what_the_work_took_is_made_up_for() -> None:
    wall = Watch()
    clock = StoryClock(START, 10, monotonic=wall)
    clock.flow(START + after(60))
    wall.seconds += 6
    clock.stand(START + after(60))
    wall.seconds += 3
    assert clock.now() == START + after(60)
    clock.flow(START + after(600))
    assert clock.now() == START + after(90)


def test_work_that_takes_longer_than_the_story_is_made_up_for_over_several_steps() -> None:
    wall = Watch()
    clock = StoryClock(START, 10, monotonic=wall)
    wall.seconds += 1
    for due in (10, 20):
        clock.flow(START + after(due))
        clock.stand(START + after(due))
        wall.seconds += 4
    clock.flow(START + after(600))
    assert clock.now() == START + after(90)


def test_a_stand_still_is_not_made_up_for() -> None:
    wall = Watch()
    clock = StoryClock(START, 10, monotonic=wall)
    clock.run(0)
    wall.seconds += 30
    clock.run(10)
    clock.flow(START + after(600))
    assert clock.now() == START


def test_what_falls_due_close_together_is_done_together_as_the_rate_allows() -> None:
    clock = StoryClock(START, 0)
    due = START + after(61)
    assert Pace(clock, 1).done(due) == due
    assert Pace(clock, SLOW).done(due) == START + after(65)
    assert Pace(clock, FAST).done(due) == START + after(90)
    assert Pace(clock, FAST).done(START + after(90)) == START + after(90)


def test_it_goes_slowly_for_a_while_after_the_first_red() -> None:
    clock = StoryClock(START, 0)
    pace = Pace(clock, None)
    assert pace.rate() == FAST
    pace.red()
    assert pace.rate() == SLOW
    clock.stand(START + SLOW_FOR)
    pace.red()
    assert pace.rate() == FAST


def test_after_the_storm_it_hurries_through_the_last_clocks() -> None:
    clock = StoryClock(START, 0)
    pace = Pace(clock, None, START + after(60))
    assert pace.rate() == FAST
    clock.stand(START + after(60))
    assert pace.rate() == LAST
    assert Pace(clock, 60, START).rate() == 60


def test_the_grain_is_what_half_a_second_of_the_wall_shows_and_never_more_than_half_a_minute() -> None:
    clock = StoryClock(START, 0)
    assert Pace(clock, 10).grain == after(5)
    assert Pace(clock, None).grain == after(30)
