"""The planner: the seed's district and one ten times as large; red for all towns, with all measurements.

The slowest hundredth of the plans is part of each case's name: at most 20 ms for the district and 200 ms for
the larger one are asked for, and no faster growth than that of the places a warning names.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from time import perf_counter

from app.warning.level import Level
from app.warning.planner import plan
from app.warning.ruleset import Ruleset
from app.warning.situation import Holding, Place, RainWindow, Situation
from bench.measured import Measured
from tests.warning.situations import rain, river, rules, scheme, situation, towns, warning

HOURS = (1, 2, 3, 6, 12, 24)
GAUGES = 3  # a town: 53 in 21 towns, rounded up


def run() -> Iterator[Measured]:
    """Make the same plans again and again."""
    ruleset = rules()
    small = [town.code for town in towns()]
    large = [f"500153{number:03}" for number in range(1, 10 * len(small) + 1)]
    for name, codes, named in (
        ("district, red, one town", small, 1),
        ("district, red, all 21 towns", small, 21),
        ("ten times the district, red, one town", large, 1),
        ("ten times the district, red, 21 towns", large, 21),
        ("ten times the district, red, all 210 towns", large, 210),
    ):
        yield _timed(name, _district(codes, named), ruleset, times=300 if len(codes) < 100 else 100)


def _district(codes: list[str], named: int) -> Situation:
    """A district with these towns, every duty held, three gauges a town, every window."""
    held = [
        Holding(code, duty.layer, duty.id, 2, 2, 0)
        for duty in scheme().layers.values()
        if duty.id != "orders"
        for code in (("500153",) if duty.layer == "L1" else codes[:named])
    ]
    windows: list[RainWindow] = [
        rain(300, hours, place=code, station=f"SIM-P{code}{n}")
        for code in codes
        for n in range(GAUGES)
        for hours in HOURS
    ]
    levels = tuple(river(301_400, place=code, station=f"SIM-Z{code}") for code in codes[::4])
    base = situation(
        warning(Level.RED, places=tuple(codes[:named])),
        windows=tuple(windows),
        levels=levels,
        held=tuple(held),
    )
    return replace(base, towns=tuple(Place(code, f"第{code[-3:]}镇", "500153", "town") for code in codes))


def _timed(name: str, now: Situation, ruleset: Ruleset, *, times: int) -> Measured:
    make = partial(plan, now, ruleset)
    make()
    took = []
    for _ in range(times):
        began = perf_counter()
        make()
        took.append(perf_counter() - began)
    took.sort()
    slowest = took[math.ceil(0.99 * times) - 1] * 1000
    middle = took[times // 2] * 1000
    return Measured(f"{name}: median {middle:.1f} ms, p99 {slowest:.1f} ms", tuple(1 / one for one in took))
