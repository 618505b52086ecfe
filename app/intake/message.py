"""What a bureau said, in our words, whatever the form it came in.

A ``Message`` is what the three readers (``national``, ``cap``, ``bureau_json``) agree on. It holds what was
*said*; whether it concerns us, and what is done about it, is decided elsewhere.

Sources: GB/T 34283-2017 as two writers produce it (12379), OASIS CAP 1.2, and the JSON form of the contract.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from app.warning.level import Level

Form = Literal["12379", "cap", "json"]

LONGEST_IDENTIFIER = 150
LONGEST_SENDER = 120
"""Characters; longer ones are refused, since they are keys."""

Ring = tuple[tuple[float, float], ...]
"""A closed ring of (lon, lat) in WGS84 degrees: at least four points, the last equal to the first."""


class Status(StrEnum):
    """What the message is for. Only Actual and Exercise are ever planned."""

    ACTUAL = "Actual"
    EXERCISE = "Exercise"
    SYSTEM = "System"
    TEST = "Test"
    DRAFT = "Draft"


class MsgType(StrEnum):
    """What the message does to earlier ones."""

    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"
    ACK = "Ack"
    ERROR = "Error"


class Scope(StrEnum):
    """For whom it is meant. 12379 calls ``secClassification`` Inner what CAP calls Restricted."""

    PUBLIC = "Public"
    RESTRICTED = "Restricted"
    PRIVATE = "Private"


@dataclass(frozen=True, slots=True)
class Reference:
    """An earlier message this one speaks of.

    A CAP reference is the triple; 12379 and JSON name only the identifier (of the first message of the
    event).
    """

    identifier: str
    sender: str | None = None
    sent: datetime | None = None


@dataclass(frozen=True, slots=True)
class MeansText:
    """A text the bureau wrote for one means of telling (12379 ``code/method``: SMS, SPEAKER, LED …)."""

    means: str
    text: str


@dataclass(frozen=True, slots=True)
class Circle:
    """A centre in WGS84 degrees and a radius in metres; radius 0 is a point."""

    lon: float
    lat: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class Area:
    """A place as the bureau wrote it.

    ``codes`` are division codes as written (6, 9, 12 or 14 digits, the sender's code system). ``names`` run
    parallel to ``codes`` when the sender wrote as many names as codes; otherwise they are what the
    description says.
    """

    description: str
    names: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    polygons: tuple[Ring, ...] = ()
    circles: tuple[Circle, ...] = ()

    @property
    def named_codes(self) -> tuple[tuple[str, str | None], ...]:
        """Each code with the name written beside it, or None where names and codes do not run parallel."""
        if len(self.names) == len(self.codes):
            return tuple(zip(self.codes, self.names, strict=True))
        return tuple((code, None) for code in self.codes)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about the message that a person should know.

    ``code`` is stable, ``detail`` is Chinese for the desk.
    ``blocking`` means the message cannot be acted on as it stands: it needs a person's review.
    """

    code: str
    detail: str
    blocking: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One warning message, read. Times are aware; texts not said are ``""``, other things None or empty.

    ``event_code`` is ``""`` and ``level`` None where the message does not tell (a CAP Cancel without info,
    severity Unknown). ``content_digest`` is :func:`digest` of the whole document, so it also covers what no
    field here holds.
    """

    form: Form
    identifier: str
    sender: str
    sent: datetime
    status: Status
    msg_type: MsgType
    scope: Scope
    event_code: str
    level: Level | None
    content_digest: str
    restriction: str | None = None
    references: tuple[Reference, ...] = ()
    effective: datetime | None = None
    onset: datetime | None = None
    expires: datetime | None = None
    event: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    issuer: str = ""
    note: str = ""
    texts: tuple[MeansText, ...] = ()
    areas: tuple[Area, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it one message: sender, identifier, event type.

        The event type belongs to it because real 12379 identifiers collide within a minute.
        """
        return (self.sender, self.identifier, self.event_code)


def digest(document: Iterable[str]) -> str:
    """Return the SHA-256 (hex) over the parts of a document, each with its length.

    A bureau that repeats a message may serialise it anew. So the readers hand over the document's
    *content*: for XML each element's path (without namespace) and its text with outer white space stripped,
    for JSON the values with sorted keys. White space between elements, prefixes, attribute quotes, number
    spelling and character encoding do not count; every word, code, time and number does, understood or not.
    """
    seen = hashlib.sha256()
    for part in document:
        data = part.encode("utf-8", "surrogatepass")
        seen.update(len(data).to_bytes(8, "big"))
        seen.update(data)
    return seen.hexdigest()
