"""The event codes that are known (``data/event_codes.csv``); an unknown one is shown, never guessed."""

import csv
from functools import cache

from app import bundled


@cache
def names() -> dict[str, str]:
    """Return code → Chinese name, read once a process."""
    with (bundled.path("data") / "event_codes.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["name_zh"] for row in csv.DictReader(file)}


def known(code: str) -> bool:
    """Tell whether the code names an event. The first two, the test code and the root, name none."""
    return code in names() and code not in {"00000", "10000"}
