"""Run the named benches (all without a name); prints one Markdown table: median of some runs, and range."""

import os
import platform
import sqlite3
import statistics
import sys

from app import logs, sealed
from app.clock import SystemClock
from bench import plan, read, send
from bench.measured import Measured

BENCHES = {"read": read.run, "plan": plan.run, "send": send.run}


def main() -> int:
    """Return 2 for a name that does not exist."""
    names = sys.argv[1:] or list(BENCHES)
    if unknown := set(names) - set(BENCHES):
        print(f"no bench is called {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
        return 2
    sealed.use(sealed.Keys.new())
    logs.configure(level="error")
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


def _row(name: str, one: Measured) -> str:
    rates = sorted(one.rates)
    middle = statistics.median(rates)
    return f"| {name} | {one.case} | {middle:,.0f} | {rates[0]:,.0f} to {rates[-1]:,.0f} | {len(rates)} |"


if __name__ == "__main__":
    sys.exit(main())
