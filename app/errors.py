"""Every error a caller can meet, as one tree, mapped once to problem+json (RFC 9457) in ``api.problem``.

    JiaoyingError 500 internal
    ├─ Refused 400 refused
    │  ├─ MalformedBody · XmlDoctypeForbidden · TooDeep · BadEncoding      400
    │  ├─ Unauthenticated 401 ─ BadSignature · StaleSignature · Replayed · Reauthenticate
    │  ├─ Forbidden 403 ─ OutOfScope
    │  ├─ NotFound 404
    │  ├─ WrongState 409 ─ ConflictingDuplicate · PlanChanged · SamePerson · InProgress
    │  ├─ TooLarge 413 · UnsupportedMediaType 415
    │  ├─ Validation 422 ─ InvalidGeometry · IdempotencyMismatch
    │  └─ RateLimited 429
    └─ Unavailable 503 (try again later)

``detail`` and facts are shown to the caller: never a value the caller sent, a number, a name or a token.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One field at fault: a JSON pointer or an element path, a stable code, a sentence; never the value."""

    pointer: str
    code: str
    detail: str


class JiaoyingError(Exception):
    """Something broke on our side."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something broke on our side"
    retry_after: ClassVar[int | None] = None

    def __init__(self, detail: str = "", *, errors: Sequence[Fault] = (), **facts: object) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = tuple(errors)
        self.facts = facts


class Refused(JiaoyingError):
    """The request cannot be carried out as it is."""

    status, code, title = 400, "refused", "The request cannot be carried out"


class MalformedBody(Refused):
    """Not the JSON, XML or CSV it says it is."""

    code, title = "malformed-body", "The body cannot be read"


class XmlDoctypeForbidden(Refused):
    """XML with a DOCTYPE: entities are how bombs and file reads get in."""

    code, title = "xml-doctype-forbidden", "XML with a DOCTYPE is not read"


class TooDeep(Refused):
    """Nested deeper than any honest message."""

    code, title = "too-deep", "The body is nested too deeply"


class BadEncoding(Refused):
    """The bytes are not in the encoding they declare."""

    code, title = "bad-encoding", "The text encoding is wrong or not declared"


class Unauthenticated(Refused):
    """No credentials, or wrong ones."""

    status, code, title = 401, "unauthenticated", "Credentials are missing or wrong"


class BadSignature(Unauthenticated):
    """The signature does not fit the body."""

    code, title = "bad-signature", "The signature does not match"


class StaleSignature(Unauthenticated):
    """Signed too long ago or ahead of our clock."""

    code, title = "stale-signature", "The signature is outside its time window"


class Replayed(Unauthenticated):
    """A nonce seen before."""

    code, title = "replayed", "This request was seen before"


class Reauthenticate(Unauthenticated):
    """This act asks for the password once more."""

    code, title = "reauthenticate", "Confirm with your password"


class Forbidden(Refused):
    """Known, but without the right."""

    status, code, title = 403, "forbidden", "You do not have the right to do this"


class OutOfScope(Forbidden):
    """A source outside its hazards, stations or area."""

    code, title = "out-of-scope", "This is outside the scope of your key"


class NotFound(Refused):
    """Unknown, or another's: the answer is the same."""

    status, code, title = 404, "not-found", "There is no such thing"


class WrongState(Refused):
    """The thing is in a state that does not permit it."""

    status, code, title = 409, "wrong-state", "The present state does not permit it"


class ConflictingDuplicate(WrongState):
    """The same identifier with other content."""

    code, title = "conflicting-duplicate", "The same identifier came with other content"


class PlanChanged(WrongState):
    """The plan is no longer the one the officer saw."""

    code, title = "plan-changed", "The plan is no longer the one you saw"


class SamePerson(WrongState):
    """The second person must be another."""

    code, title = "same-person", "The second person must be another than the first"


class InProgress(WrongState):
    """The same key is still being worked on."""

    code, title = "in-progress", "The same request is still being worked on"


class TooLarge(Refused):
    """More bytes than we read."""

    status, code, title = 413, "too-large", "The body is too large"


class UnsupportedMediaType(Refused):
    """A content type or coding we do not read."""

    status, code, title = 415, "unsupported-media-type", "This content type or coding is not read"


class Validation(Refused):
    """Readable, but its meaning is at fault."""

    status, code, title = 422, "validation", "The content is not valid"


class InvalidGeometry(Validation):
    """A polygon or circle that encloses nothing."""

    code, title = "invalid-geometry", "The area's geometry is not valid"


class IdempotencyMismatch(Validation):
    """The same idempotency key with another body."""

    code, title = "idempotency-mismatch", "The same key came with another body"


class RateLimited(Refused):
    """Too many requests of this key."""

    status, code, title = 429, "rate-limited", "Too many requests"
    retry_after = 5


class Unavailable(JiaoyingError):
    """The database cannot be written, or the process is stopping."""

    status, code, title = 503, "unavailable", "Not able to serve just now"
    retry_after = 5
