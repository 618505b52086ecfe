"""The planner on the seed's district: all towns, every duty held, with and without measurements."""

from collections.abc import Iterator
from functools import partial

from app.warning.level import Level
from app.warning.planner import plan
from bench.measured import Measured, repeat
from tests.warning.situations import rain, rules, situation, towns, warning


def run() -> Iterator[Measured]:
    """Make the same plan again and again."""
    ruleset = rules()
    everywhere = tuple(town.code for town in towns())
    blue = situation(warning(Level.BLUE, places=everywhere[:1]))
    red = situation(warning(Level.RED, places=everywhere))
    measured = situation(
        warning(Level.RED, places=everywhere),
        windows=tuple(
            rain(300, hours, place=town, station=f"SIM-P{index:03}")
            for index, town in enumerate(everywhere)
            for hours in (1, 3, 6, 12, 24)
        ),
    )
    yield repeat("blue, one town", partial(plan, blue, ruleset), times=50)
    yield repeat("red, all towns", partial(plan, red, ruleset), times=20)
    yield repeat("red, all towns, five windows each", partial(plan, measured, ruleset), times=20)
