"""Colour words to levels.

The colour is what the bureau decided; CAP severity is only its shadow (Minor = blue … Extreme = red).
"""

import re

from app.warning.level import Level

COLOURS = {
    "red": Level.RED,
    "orange": Level.ORANGE,
    "yellow": Level.YELLOW,
    "blue": Level.BLUE,
    "红": Level.RED,
    "橙": Level.ORANGE,
    "黄": Level.YELLOW,
    "蓝": Level.BLUE,
    "红色": Level.RED,
    "橙色": Level.ORANGE,
    "黄色": Level.YELLOW,
    "蓝色": Level.BLUE,
}

# CMA's English CAP says "blue warning … Minor"; the other rungs follow the same ladder.
SEVERITIES = {"Extreme": Level.RED, "Severe": Level.ORANGE, "Moderate": Level.YELLOW, "Minor": Level.BLUE}

_HEADLINE = re.compile(r"([红橙黄蓝])色")


def colour(text: str) -> Level | None:
    """Return the level a single colour word names, ``Red`` or ``红色``; None for anything else."""
    return COLOURS.get(text.strip().lower())


def headline_colour(headline: str) -> Level | None:
    """Return the colour a Chinese headline ends on: one that raises orange to red names both."""
    found = _HEADLINE.findall(headline)
    return COLOURS[found[-1]] if found else None
