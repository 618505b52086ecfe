"""Chance by name, and a schedule that a clock walks through."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clock import ManualClock, SystemClock
from app.simulator.chance import Chance
from app.simulator.people import MEDIAN_SECONDS, People
from app.simulator.world import World
from tests.simulator.conftest import START, number

pytestmark = pytest.mark.anyio


@given(st.integers(), st.text(max_size=20), st.integers())
def test_a_draw_depends_on_its_key_alone(seed: int, word: str, n: int) -> None:
    drawn = Chance(seed).uniform(word, n)
    Chance(seed).uniform("another", n)
    assert drawn == Chance(seed).uniform(word, n)
    assert 0 < drawn < 1


def test_draws_are_spread_evenly_and_the_median_is_the_median() -> None:
    chance = Chance(1)
    shares = [sum(chance.happens(0.3, "x", n) for n in range(4000)) / 4000]
    assert 0.27 < shares[0] < 0.33
    delays = sorted(chance.lognormal(240, 0.6, n) for n in range(4001))
    assert 225 < delays[2000] < 255


def test_a_seed_is_the_same_on_every_machine() -> None:
    assert [round(Chance(500153).uniform("line", number(1, n)), 6) for n in (1, 2)] == [0.274479, 0.513477]


def test_people_are_as_many_and_as_slow_as_the_seed_data_say() -> None:
    people = People(500153, lambda _: "town")
    numbers = [number(t, n) for t in range(1, 22) for n in range(200)]
    lines = [people.line(one) for one in numbers]
    assert 0.012 < lines.count("off") / len(lines) < 0.028
    assert 0.012 < lines.count("none") / len(lines) < 0.028
    assert 0.005 < sum(map(people.refuses, numbers)) / len(numbers) < 0.016
    noon, night = (datetime(2026, 7, 14, hour, tzinfo=UTC) for hour in (4, 18))
    delays = {}
    for at in (noon, night):
        found = [fate.answer for one in numbers if (fate := people.fate(one, "voice", 0, at)).answer]
        delays[at] = sorted(answer.after.total_seconds() for answer in found)[len(found) // 2]
        assert 0.75 < len(found) / len(numbers) < 0.83
    assert delays[noon] == pytest.approx(MEDIAN_SECONDS["town"], rel=0.1)
    assert delays[night] == pytest.approx(1.8 * delays[noon], rel=0.01)


async def test_acts_run_by_time_then_by_name_however_they_were_planned() -> None:
    for order in ([0, 1, 2, 3], [3, 1, 0, 2]):
        clock = ManualClock(START)
        world = World(clock)
        seen: list[str] = []

        async def note(word: str, seen: list[str] = seen) -> None:
            seen.append(word)

        plans = [(5, "b"), (5, "a"), (1, "z"), (9, "y")]
        for n in order:
            seconds, word = plans[n]
            world.after(seconds, word, lambda word=word: note(word))  # type: ignore[misc]
        while (due := world.due()) is not None:
            clock.set(due)
            await world.run_due()
        assert seen == ["z", "a", "b", "y"]
        assert clock.now() == START + timedelta(seconds=9)


async def test_one_who_fails_does_not_stop_the_world_and_is_noted_without_a_number() -> None:
    world = World(ManualClock(START))

    async def fails() -> None:
        raise RuntimeError(number(1, 1))

    world.at(START, f"person:{number(1, 1)}", fails)
    assert await world.run_due() == 1
    assert world.failures == ["person: RuntimeError"]


async def test_on_a_running_clock_acts_come_by_themselves_even_those_planned_later_for_earlier() -> None:
    world = World(SystemClock(), quantum=timedelta(milliseconds=10))
    seen: list[str] = []
    done = asyncio.Event()

    async def note(word: str) -> None:
        seen.append(word)
        if word == "last":
            done.set()

    async def plan() -> None:  # runs while the world already waits for the last one
        world.after(0.02, "first", lambda: note("first"))

    world.after(0.2, "last", lambda: note("last"))
    world.after(0, "plan", plan)
    running = asyncio.create_task(world.run_forever())
    await asyncio.wait_for(done.wait(), 5)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert seen == ["first", "last"]
    assert world.failures == []


async def test_a_wider_step_gathers_what_comes_after_it_into_one_instant() -> None:
    world = World(ManualClock(START))
    planned = START + timedelta(seconds=7)
    assert world.at(planned, "before", _nothing) == planned
    world.step(timedelta(seconds=30))
    assert {world.at(START + timedelta(seconds=n), f"k{n}", _nothing) for n in (1, 7, 30)} == {
        START + timedelta(seconds=30)
    }
    assert world.due() == planned  # what was planned before keeps its instant


async def _nothing() -> None:
    """An act of which only the instant matters."""
