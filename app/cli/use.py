"""How the command line is used: what ends a command, and lists of words.

Imports no room, so that help is quick.
"""

import re
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

_MANY = {"--districts": re.compile(r"\d{4,12}"), "--hazards": re.compile(r"\d{2}[0-9A-Z]{0,4}")}


class Failure(Exception):
    """The command ends here, with one sentence. ``code``: 1 it cannot be done, 2 wrong use."""

    def __init__(self, sentence: str, code: int = 1) -> None:
        super().__init__(sentence)
        self.code = code


def version() -> str:
    """Return the installed version."""
    try:
        return installed("jiaoying")
    except PackageNotFoundError:
        return "0"


def spread(arguments: list[str]) -> list[str]:
    """Let ``--districts 500153 500152`` be read as two options: each takes one value, people write a list."""
    out: list[str] = []
    option: str | None = None
    fresh = False
    for word in arguments:
        if word in _MANY:
            option, fresh = word, True
        elif option is not None and not fresh and _MANY[option].fullmatch(word):
            out.append(option)
        elif fresh:
            fresh = False
        else:
            option = None
        out.append(word)
    return out
