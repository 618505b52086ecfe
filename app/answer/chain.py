"""PURE: who is next.

The chain of a level is data (escalation.yaml); this says which of its steps are due and when the next one is.
"""

from collections.abc import Container, Sequence
from datetime import datetime, time

from app.scheme.models import Step

SENDABLE = ("voice", "sms")
"""Kinds that ask a person and take an answer; doors and visits are tasks, a loudspeaker is no answer."""


def is_night(local: time, night: tuple[time, time]) -> bool:
    """Whether people are asleep: between the hours of ``escalation.yaml``, also over midnight."""
    since, until = night
    return since <= local < until if since <= until else local >= since or local < until


def kinds(
    step: Step, own: Sequence[str], local: time, night: tuple[time, time], able: Container[str] = SENDABLE
) -> tuple[str, ...]:
    """Return the kinds of channel for a step: the step's own, else the first ``spread`` of the line's.

    A step without voice at night uses the line's next kind instead: a quiet step never becomes a silent one.
    ``able``: the kinds this installation has a channel for. Where it lacks what the rules ask for, what it
    has is used: a call by SMS alone is better than none.
    """
    carried = [kind for kind in SENDABLE if kind in able]
    own = [kind for kind in own if kind in carried] or carried
    wanted = tuple(kind for kind in step.channels if kind in carried) or tuple(own[: max(1, step.spread)])
    if not step.voice_at_night and is_night(local, night):
        quiet = tuple(kind for kind in wanted if kind != "voice")
        wanted = quiet or tuple(kind for kind in own if kind != "voice")[:1]
    return wanted


def due_at(released_at: datetime, steps: Sequence[Step], index: int) -> datetime | None:
    """Return when a step is due, None behind the chain's end."""
    return released_at + steps[index].after if index < len(steps) else None


def next_other(steps: Sequence[Step], index: int) -> int:
    """Return the first step from ``index`` on that calls somebody other than A.

    A "cannot" or a missing number skips to it.
    """
    for ahead in range(index, len(steps)):
        if steps[ahead].who != "A":
            return ahead
    return len(steps)
