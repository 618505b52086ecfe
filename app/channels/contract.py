"""What the sender and a vendor's adapter owe each other.

An adapter turns a :class:`Message` into one vendor's request and the vendor's words back into our few
outcomes. One call, one outcome for each message: an error is a *value* in the list, so that half a batch can
fail::

    SendError
    ├── Unreachable   no answer in time, connection cut, 5xx: try again, same key
    ├── Throttled     too fast for the vendor (``retry_after`` seconds, capped): try again later, same key
    ├── Rejected      the vendor said no for good (template, credentials, too long): another channel may do
    │   └── NotAccepted   no acceptance, and no lasting reason (HTML, unknown body): a failed try
    └── BadNumber     final for that number: next contact or channel

    app.errors.Refused    an incoming receipt or reply that is not to be believed (``read`` raises it):
                          Unauthenticated, BadSignature, StaleSignature (401), MalformedBody (400)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Literal, NamedTuple, Protocol, TypeAlias


class ChannelKind(StrEnum):
    """What reaches a person. ``door`` is carried by people (tasks), never by a channel of this room."""

    SMS = "sms"
    VOICE = "voice"
    BROADCAST = "broadcast"
    DOOR = "door"


@dataclass(frozen=True, slots=True)
class Message:
    """One message for one recipient, or one loudspeaker call for an area.

    ``key`` is the idempotency key: the same for every try of one delivery. ``to`` is a number as stored, or
    for ``broadcast`` the place code, with ``areas`` as the 9- or 12-digit codes to be covered. ``reply_to``
    is what a person can answer to: the one-tap link, or the digits to press. ``expires`` is aware; after it
    the vendor must not deliver. ``level`` is ``blue``…``red`` or ``hint``. ``event`` is the 12379 event code
    (``11B03``).
    """

    key: str
    to: str = field(repr=False)
    kind: ChannelKind
    text: str = field(repr=False)
    expires: datetime
    level: str
    reply_to: str | None = field(default=None, repr=False)
    exercise: bool = False
    audio_text: str | None = field(default=None, repr=False)
    areas: tuple[str, ...] = ()
    event: str = ""
    title: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The vendor took it: neither delivered nor heard.

    ``gateway_id`` is the vendor's own id (a batch may share one).
    """

    gateway_id: str


class SendError(Exception):
    """A message that was not accepted. ``code`` is the vendor's word or ours; no number, name or text.

    ``reason`` is one short word for the desk and the metric label. ``maybe_sent`` says that the vendor may
    have taken it all the same (timeout or cut after the request left): the desk then shows "possibly twice"
    on the next try.
    """

    retry: ClassVar[bool] = False
    reason: ClassVar[str] = "error"

    def __init__(self, code: str = "", *, maybe_sent: bool = False, retry_after: float | None = None) -> None:
        super().__init__(f"{self.reason}: {code}" if code else self.reason)
        self.code = code
        self.maybe_sent = maybe_sent
        self.retry_after = retry_after


class Unreachable(SendError):
    """No usable answer: timeout, connection, certificate, 5xx."""

    retry, reason = True, "unreachable"


class Throttled(SendError):
    """The vendor's limit. ``retry_after`` in seconds, between 1 and 300, or None when it did not say."""

    retry, reason = True, "throttled"


class Rejected(SendError):
    """The vendor refused for good. Another channel may do."""

    reason = "rejected"


class NotAccepted(Rejected):
    """An answer we cannot read as acceptance: unknown is never accepted, a bad minute is not final."""

    retry, reason = True, "not-accepted"


class BadNumber(SendError):
    """Final for that number on every channel like this: not dialable, unknown, or stopped by the lock."""

    reason = "bad-number"


Outcome: TypeAlias = Accepted | SendError

ReceiptState: TypeAlias = Literal["delivered", "failed", "heard", "connected", "unknown"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a vendor says became of a message; a fact, not a state.

    Found by ``key`` or, failing that, ``gateway_id``. ``connected``: a call was picked up (does not count as
    heard). ``heard``: it was played to its end. ``event_id`` is unique in the channel and the same when the
    vendor repeats itself. ``at`` is when it happened (vendor's clock, aware UTC). ``detail_code`` is the
    vendor's own word. ``final_for_number`` is set when the vendor says that the number does not exist.
    """

    gateway_id: str | None
    key: str | None
    state: ReceiptState
    at: datetime
    event_id: str
    detail_code: str = ""
    final_for_number: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """What a person sent back: a text or a pressed digit.

    Found by ``key`` or, failing that, ``from_number``.
    """

    from_number: str | None = field(repr=False)
    key: str | None
    text: str | None = field(repr=False)
    digit: str | None
    at: datetime
    event_id: str
    gateway_id: str | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``count`` in any ``per``."""

    count: int
    per: timedelta


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel can do.

    ``batch``: most messages the vendor takes in one call of its own; 1 where it has no batch.
    ``rate``: most messages a second, None = no limit.
    ``idempotent``: the vendor honours ``key``, so a repeat cannot be a second message.
    ``concurrency`` is how many vendor calls one ``send`` makes at a time when the vendor has no batch of its
    own.
    """

    batch: int = 1
    receipts: bool = True
    replies: bool = False
    cancel: bool = False
    idempotent: bool = False
    per_number: tuple[Limit, ...] = ()
    rate: float | None = None
    concurrency: int = 1


class Answer(NamedTuple):
    """The vendor's own form of "received", as the gateway door sends it back."""

    status: int
    content_type: str
    body: bytes


class Channel(Protocol):
    """One vendor account.

    ``numbers``: which numbers it may be given. ``timeout``: total seconds for one ``send``.
    """

    @property
    def name(self) -> str:
        """Its name in ``channels.yaml``; the path segment of its gateway doors."""

    @property
    def carries(self) -> frozenset[ChannelKind]:
        """The kinds it can be given."""

    @property
    def live(self) -> bool:
        """False: cannot reach a real person; only exercises and simulated warnings use it."""

    @property
    def numbers(self) -> Literal["real", "synthetic"]:
        """Which numbers it may be given; the other kind never leaves the process."""

    @property
    def timeout(self) -> float:
        """Seconds after which ``send`` has ended, whatever the vendor does; shorter than a lease."""

    @property
    def capabilities(self) -> Capabilities:
        """What the vendor can do and how fast."""

    async def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        """Hand over messages; one outcome for each, in order. ``at`` is now, for signatures and expiry.

        Never raises for a message's or the vendor's fault; a cancelled task raises ``CancelledError`` and
        the fate of its messages is unknown (they may have been sent).
        """

    def read(
        self, headers: Mapping[str, str], body: bytes, at: datetime, query: Mapping[str, str] | None = None
    ) -> list[Receipt | Reply]:
        """Read what the vendor posted to either gateway door. Pure. Header names in any case.

        ``query`` holds the URL's query parameters, for vendors that know only a URL. Raises
        app.errors.Refused.
        """

    def answer(self, body: bytes, at: datetime) -> Answer:
        """The vendor's form of "received" for this body. ``body`` has passed ``read``."""

    async def cancel(self, gateway_id: str, at: datetime) -> Outcome:
        """Ask the vendor to stop what it accepted.

        Rejected("not-supported") where ``capabilities.cancel`` is false.
        """

    async def aclose(self) -> None:
        """Close connections."""
