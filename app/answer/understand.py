"""PURE: what a person's reply means.

``1`` confirms, ``2`` cannot; full-width digits and words around it are taken, guesses are not.
"""

import re
import unicodedata
from typing import Literal

Meaning = Literal["confirmed", "cannot"]

_WORDS: tuple[tuple[str, Meaning], ...] = (
    ("不能", "cannot"),
    ("无法", "cannot"),
    ("有困难", "cannot"),
    ("办不了", "cannot"),
    ("不行", "cannot"),
    ("收到", "confirmed"),
    ("确认", "confirmed"),
    ("明白", "confirmed"),
    ("已知", "confirmed"),
)
_KEYS: dict[str, Meaning] = {"1": "confirmed", "2": "cannot"}
_NEGATED = re.compile("(不|没|没有|未|未能)(收到|确认|明白|知)")


def understand(text: str) -> Meaning | None:
    """Return what a reply means, None where it does not say so clearly.

    That is: other digits, other words, or both that disagree.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    found: set[Meaning | None] = {meaning for word, meaning in _WORDS if word in plain}
    if _NEGATED.search(plain):
        found.add(None)
    found |= {pressed(digits) for digits in re.findall(r"\d+", plain)}
    return found.pop() if len(found) == 1 else None


def pressed(digit: str) -> Meaning | None:
    """Return what a pressed key means; ``*`` only repeats the text."""
    return _KEYS.get(unicodedata.normalize("NFKC", digit).strip())
