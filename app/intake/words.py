"""Texts as they may go on: without what turns a line around, hides in it, or breaks it."""

import re
import unicodedata

# Direction marks and overrides, invisible joiners and the byte order mark: they change how a text looks,
# not what it says.
_HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u061c]")
_SPACE = re.compile(r"\s+")


def one_line(text: str) -> str:
    """Return the text on one line, stripped, hidden marks removed: headlines, names, identifiers."""
    return _SPACE.sub(" ", _HIDDEN.sub("", text)).strip()


def block(text: str) -> str:
    """Return a text of several lines, each stripped and without hidden marks."""
    return "\n".join(line.strip() for line in _HIDDEN.sub("", text).splitlines()).strip()


def has_hidden(text: str) -> bool:
    """Tell whether the text carries marks that :func:`one_line` and :func:`block` remove."""
    return _HIDDEN.search(text) is not None


def forbidden(text: str) -> bool:
    """Tell whether the text holds what no text may: control characters, surrogates, noncharacters.

    PostgreSQL refuses NUL, SQLite keeps it, and a lone surrogate can be sent to nobody.
    """
    if text.isascii() and text.isprintable():  # nearly every cell of a gauge's row
        return False
    return any(
        (unicodedata.category(sign) in {"Cc", "Cs"} and sign not in "\t\n\r\x85")
        or (ord(sign) & 0xFFFE) == 0xFFFE
        for sign in text
    )
