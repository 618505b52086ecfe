"""How many parts an SMS takes, which is what it costs and how surely it arrives in one piece."""

from __future__ import annotations

SINGLE = 70  # UCS-2 units in a message of one part (3GPP TS 23.038, 23.040)
JOINED = 67  # in each part of a longer one: three units go to the header that joins them


def sms_units(text: str) -> int:
    """Length in UCS-2 units: a character outside the basic plane (𠮷, an emoji) counts two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def sms_parts(text: str) -> int:
    """Parts as the networks cut them: 70 units in one, else 67 each, never through the middle of a character.

    Every text of ours is Chinese, so the 7-bit alphabet is not considered. An empty text takes no part.
    """
    units = sms_units(text)
    if units <= SINGLE:
        return 1 if units else 0
    parts, used = 1, 0
    for character in text:
        width = 2 if ord(character) > 0xFFFF else 1
        if used + width > JOINED:
            parts, used = parts + 1, 0
        used += width
    return parts
