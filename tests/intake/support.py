"""The messages of this folder, as bytes, with parts replaced."""

from pathlib import Path

MESSAGES = Path(__file__).parent / "messages"


def message(name: str, *replaced: tuple[str, str]) -> bytes:
    """Return a message, each pair (old, new) replaced; old must be there."""
    text = (MESSAGES / name).read_text("utf-8")
    for old, new in replaced:
        assert old in text, f"{name} does not hold {old}"
        text = text.replace(old, new)
    return text.encode("utf-8")
