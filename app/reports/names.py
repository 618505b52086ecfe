"""Names of event codes, from the list that ships (``data/event_codes.csv``)."""

import csv
from functools import cache

from app import bundled


@cache
def events() -> dict[str, str]:
    """Return the Chinese name of each event code."""
    with (bundled.path("data") / "event_codes.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["name_zh"] for row in csv.DictReader(file)}


def event(code: str) -> str:
    """Return the name of an event code; that of its class when the code itself is not listed, else ``""``."""
    return events().get(code) or events().get(code[:3].ljust(5, "0"), "")
