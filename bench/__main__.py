"""Run the named benches (all without a name); prints one Markdown table: median of some runs, and range."""

import gc
import os
import platform
import sqlite3
import statistics
import sys

from app import logs, sealed
from app.clock import SystemClock
from bench import observe, plan, read, receive, send
from bench.measured import Measured

BENCHES = {
    "read": read.run,
    "plan": plan.run,
    "observe": observe.run,
    "receive": receive.run,
    "send": send.run,
}


def main() -> int:
    """Return 2 for a name that does not exist."""
    names = sys.argv[1:] or list(BENCHES)
    if unknown := set(names) - set(BENCHES):
        print(f"no bench is called {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
        return 2
    sealed.use(sealed.Keys.new())
    logs.configure(level="error")
    gc.set_threshold(50_000, 20, 20)  # as every command of the product does
    print(
        f"{SystemClock().now():%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"{platform.system()} {platform.release()}\n"
    )
    print("| bench | case | a second (median) | range | runs |\n| --- | --- | --- | --- | --- |")
    for name in names:
        for one in BENCHES[name]():
            print(_row(name, one), flush=True)
    return 0


def _figure(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.2g}"


def _row(name: str, one: Measured) -> str:
    rates = sorted(one.rates)
    middle = statistics.median(rates)
    span = f"{_figure(rates[0])} to {_figure(rates[-1])}"
    return f"| {name} | {one.case} | {_figure(middle)} | {span} | {len(rates)} |"


if __name__ == "__main__":
    sys.exit(main())
