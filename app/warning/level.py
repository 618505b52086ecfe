"""The levels of a warning, and the word, colour and numeral each goes by."""

from __future__ import annotations

from enum import IntEnum


class Level(IntEnum):
    """A warning's level; a greater value is more severe. HINT (提示) lies below the four colours."""

    HINT = 0
    BLUE = 1
    YELLOW = 2
    ORANGE = 3
    RED = 4

    @property
    def word(self) -> str:
        """The word used in the API and in config, e.g. "blue"."""
        return self.name.lower()

    @property
    def zh(self) -> str:
        """The word people read, e.g. "蓝色"."""
        return _ZH[self]

    @property
    def roman(self) -> str:
        """The numeral printed beside the colour, e.g. "Ⅳ"; empty for a hint, which has none."""
        return _ROMAN[self]

    @property
    def response(self) -> str:
        """The same numeral in plain letters, as the API writes response levels ("IV"); empty for a hint."""
        return _RESPONSE[self]

    @classmethod
    def of(cls, word: str) -> Level:
        """The level named by its word. Raises ValueError for any other word."""
        try:
            return _BY_WORD[word]
        except KeyError:
            raise ValueError(f"not a level: {word!r}") from None


_ZH = {
    Level.HINT: "提示",
    Level.BLUE: "蓝色",
    Level.YELLOW: "黄色",
    Level.ORANGE: "橙色",
    Level.RED: "红色",
}
_ROMAN = {Level.HINT: "", Level.BLUE: "Ⅳ", Level.YELLOW: "Ⅲ", Level.ORANGE: "Ⅱ", Level.RED: "Ⅰ"}
_RESPONSE = {Level.HINT: "", Level.BLUE: "IV", Level.YELLOW: "III", Level.ORANGE: "II", Level.RED: "I"}
_BY_WORD = {level.name.lower(): level for level in Level}
