"""The lock between synthetic and real numbers, in front of every send: what it stops never leaves.

A channel that takes real numbers is given no invented one, and the reverse; an exercise never goes out on a
live channel. The functions that know the forms of numbers stand in ``app.phones``.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

from app import metrics
from app.channels.adapter import Entry
from app.channels.contract import (
    Answer,
    BadNumber,
    Capabilities,
    ChannelKind,
    Message,
    Outcome,
    Receipt,
    Rejected,
    Reply,
)
from app.phones import is_dialable, is_synthetic

DIALLED = frozenset({ChannelKind.SMS, ChannelKind.VOICE})


class Adapter(Protocol):
    """What a vendor's file holds: the acts of ``contract.Channel``, and the entry it was built from."""

    @property
    def entry(self) -> Entry:
        """What ``channels.yaml`` says of it."""

    @property
    def capabilities(self) -> Capabilities:
        """See ``contract.Channel``."""

    async def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        """See ``contract.Channel.send``; every message has passed the lock."""

    def read(
        self, headers: Mapping[str, str], body: bytes, at: datetime, query: Mapping[str, str] | None = None
    ) -> list[Receipt | Reply]:
        """See ``contract.Channel.read``."""

    def answer(self, body: bytes, at: datetime) -> Answer:
        """See ``contract.Channel.answer``."""

    async def cancel(self, gateway_id: str, at: datetime) -> Outcome:
        """See ``contract.Channel.cancel``."""

    async def aclose(self) -> None:
        """Close connections."""


class Locked:
    """A channel behind the number lock; the only form in which one leaves this room."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter

    @property
    def name(self) -> str:
        """See ``contract.Channel``."""
        return self._adapter.entry.name

    @property
    def carries(self) -> frozenset[ChannelKind]:
        """See ``contract.Channel``."""
        return self._adapter.entry.carries

    @property
    def live(self) -> bool:
        """See ``contract.Channel``."""
        return self._adapter.entry.live

    @property
    def numbers(self) -> Literal["real", "synthetic"]:
        """See ``contract.Channel``."""
        return self._adapter.entry.numbers

    @property
    def timeout(self) -> float:
        """See ``contract.Channel``."""
        return self._adapter.entry.timeout

    @property
    def capabilities(self) -> Capabilities:
        """See ``contract.Channel``."""
        return self._adapter.capabilities

    async def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        """Send what the lock lets through; the rest never leaves the process."""
        outcomes: list[Outcome | None] = [self._stopped(message) for message in messages]
        passed = [message for message, stopped in zip(messages, outcomes, strict=True) if stopped is None]
        sent = iter(await self._adapter.send(passed, at) if passed else ())
        return [next(sent) if outcome is None else outcome for outcome in outcomes]

    def _stopped(self, message: Message) -> Outcome | None:
        if message.kind not in self.carries:
            return Rejected("not-carried")
        if message.exercise and self.live:
            return Rejected("exercise-on-live")
        if message.kind not in DIALLED:
            return None
        allowed = (
            is_synthetic(message.to)
            if self.numbers == "synthetic"
            else (is_dialable(message.to) and not is_synthetic(message.to))
        )
        if allowed:
            return None
        metrics.NUMBER_LOCK.labels(self.name).inc()
        return BadNumber("number-lock")

    def read(
        self, headers: Mapping[str, str], body: bytes, at: datetime, query: Mapping[str, str] | None = None
    ) -> list[Receipt | Reply]:
        """See ``contract.Channel.read``."""
        return self._adapter.read(headers, body, at, query)

    def answer(self, body: bytes, at: datetime) -> Answer:
        """See ``contract.Channel.answer``."""
        return self._adapter.answer(body, at)

    async def cancel(self, gateway_id: str, at: datetime) -> Outcome:
        """See ``contract.Channel.cancel``."""
        return await self._adapter.cancel(gateway_id, at)

    async def aclose(self) -> None:
        """See ``contract.Channel.aclose``."""
        await self._adapter.aclose()
