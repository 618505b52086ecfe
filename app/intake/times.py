"""Times as each form writes them, to aware UTC instants.

A time without an offset is refused: nobody can know which it is.
"""

import re
from datetime import UTC, datetime, timedelta

from app.errors import Fault, Validation

# CAP 1.2 allows neither a fraction nor ``Z``; UTC is written -00:00. (Its schema's pattern lets a comma
# pass for a sign; we don't.)
CAP = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):(\d\d)()([-+]\d\d:\d\d)")
# 12379: a space where others write T.
NATIONAL = re.compile(r"(\d{4}-\d\d-\d\d)[ T]+(\d\d:\d\d):(\d\d)()\s*(Z|[-+]\d\d:?\d\d)")
# RFC 3339 with an offset.
RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d):(\d\d)(\.\d{1,9})?([Zz]|[-+]\d\d:\d\d)")


def read(form: re.Pattern[str], text: str, pointer: str) -> datetime:
    """Return the instant in UTC. A leap second is the instant after 23:59:59 UTC. Raises Validation."""
    found = form.fullmatch(text)
    if found is None:
        raise Validation(
            errors=[Fault(pointer, "bad-time", "Not a time with a time zone as this form writes it.")]
        )
    day, minute, second, fraction, offset = found.groups()
    leap = second == "60"
    if offset in {"Z", "z"}:
        offset = "+00:00"
    elif ":" not in offset:
        offset = f"{offset[:3]}:{offset[3:]}"
    written = f"{day}T{minute}:{'59' if leap else second}{(fraction or '')[:7]}{offset}"
    try:
        at = datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Validation(errors=[Fault(pointer, "bad-time", "There is no such time.")]) from None
    if not 2000 <= at.year < 2100:
        raise Validation(errors=[Fault(pointer, "bad-time", "The year lies outside 2000 to 2099.")])
    if leap and (at.hour, at.minute) != (23, 59):
        raise Validation(errors=[Fault(pointer, "bad-time", "A leap second comes only at 23:59:60 UTC.")])
    return at + timedelta(seconds=1) if leap else at
