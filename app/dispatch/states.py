"""PURE: the state of a delivery is the strongest of its facts, so order and repetition cannot matter."""

from collections.abc import Iterable
from enum import StrEnum


class State(StrEnum):
    """What happened to a delivery, weakest first."""

    QUEUED = "queued"
    SENDING = "sending"
    CANCELLED = "cancelled"
    ACCEPTED = "accepted"
    EXPIRED = "expired"
    FAILED = "failed"
    DELIVERED = "delivered"

    @property
    def strength(self) -> int:
        """Place in the order; a fact never makes a state weaker."""
        return _ORDER.index(self)

    @property
    def final(self) -> bool:
        """Whether nothing is sent any more. ``accepted`` is not final: a receipt may still come."""
        return self in (State.CANCELLED, State.EXPIRED, State.FAILED, State.DELIVERED)


_ORDER = list(State)


def state_of(facts: Iterable[State]) -> State:
    """Return the strongest fact: a receipt that comes twice, late or too early changes nothing wrongly."""
    return max(facts, default=State.QUEUED, key=lambda state: state.strength)


def weaker_than(state: State) -> list[str]:
    """Return the states that ``state`` overrides, as stored."""
    return [other.value for other in _ORDER[: state.strength]]
