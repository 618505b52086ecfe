"""The gate in front of JSON: depth, NaN, duplicate keys, huge numbers, text that no database can take.

``json.loads`` alone recurses to death on ``[[[[…``, keeps the last of two equal keys, reads NaN and lets a
lone surrogate through.
"""

import json
import math
import re
from typing import Any, NoReturn

from pydantic import ValidationError

from app.errors import Fault, MalformedBody, TooDeep, Validation
from app.intake import words
from app.intake.encoding import decode_utf8

MAX_DEPTH = 16
"""The deepest honest body, a warning with a polygon, is 5 deep."""

_OUTSIDE_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"?|([\[{])|([\]}])', re.DOTALL)
_NAME = re.compile(r"[^\w.-]", re.ASCII)

_SENTENCES = {
    "extra_forbidden": ("unknown-field", "This field is not known."),
    "missing": ("missing", "This field is missing."),
    "literal_error": ("not-in-list", "Not one of the allowed words."),
    "string_too_short": ("too-short", "Too short."),
    "string_too_long": ("too-long", "Too long."),
    "too_short": ("too-short", "Too few items."),
    "too_long": ("too-long", "Too many items."),
    "finite_number": ("not-finite", "Not a finite number."),
    "string_pattern_mismatch": ("bad-form", "Not written in the form asked for."),
}


def loads(body: bytes) -> Any:
    """Return the value of a JSON body. Raises BadEncoding, TooDeep, MalformedBody, Validation."""
    return loads_text(decode_utf8(body))


def loads_text(text: str) -> Any:
    """Return the value of JSON text. Raises TooDeep, MalformedBody, Validation (unusable text)."""
    _shallow(text)
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite, parse_int=_int
        )
    except json.JSONDecodeError as error:
        raise MalformedBody(f"Not JSON: line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise TooDeep from None
    _usable(value)
    return value


def pointer(path: tuple[int | str, ...]) -> str:
    """Return a JSON pointer (RFC 6901). Names the caller invented are cut down to plain characters."""
    return "".join("/" + _NAME.sub("_", str(step))[:60] for step in path)


def faults(error: ValidationError) -> list[Fault]:
    """Turn pydantic's errors into ours: pointers and sentences, never the value."""
    found: list[Fault] = []
    for each in error.errors(include_url=False, include_context=False, include_input=False)[:20]:
        code, sentence = _SENTENCES.get(
            each["type"], ("wrong-type", "Not a value of the right type or range.")
        )
        found.append(Fault(pointer(each["loc"]), code, sentence))
    return found


def _shallow(text: str) -> None:
    depth = 0
    for found in _OUTSIDE_STRINGS.finditer(text):
        if found.group(1):
            depth += 1
            if depth > MAX_DEPTH:
                raise TooDeep(f"Nested deeper than {MAX_DEPTH} levels.")
        elif found.group(2):
            depth -= 1


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise MalformedBody("A name comes twice in one object.")
    return value


def _no_constant(_: str) -> NoReturn:
    raise MalformedBody("NaN and Infinity are not JSON.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise MalformedBody("A number is too large.")
    return number


def _int(text: str) -> int:
    if len(text) > 20:
        raise MalformedBody("A number has too many digits.")
    return int(text)


def _usable(value: Any, path: tuple[int | str, ...] = ()) -> None:
    if isinstance(value, str):
        if words.forbidden(value):
            raise Validation(
                errors=[Fault(pointer(path), "bad-text", "Control characters or broken Unicode.")]
            )
    elif isinstance(value, list):
        for index, each in enumerate(value):
            _usable(each, (*path, index))
    elif isinstance(value, dict):
        for name, each in value.items():
            if words.forbidden(name):
                raise Validation(errors=[Fault(pointer(path), "bad-text", "A name with control characters.")])
            _usable(each, (*path, name))
