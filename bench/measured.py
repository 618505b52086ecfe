"""How a thing is measured: so many things a run, so many runs."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Measured:
    """Things a second, one figure a run."""

    case: str
    rates: tuple[float, ...]


def repeat(case: str, once: Callable[[], object], *, times: int, runs: int = 5) -> Measured:
    """Call ``once`` ``times`` times a run, after one run that is not counted."""
    rates = []
    for _ in range(runs + 1):
        start = perf_counter()
        for _ in range(times):
            once()
        rates.append(times / (perf_counter() - start))
    return Measured(case, tuple(rates[1:]))
