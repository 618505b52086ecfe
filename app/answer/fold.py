"""PURE: an obligation's state as a fold of its answers: their order, repetition and delay cannot matter.

An answer is judged by when it *reached us*: that is what nobody can argue with. When it was given stands
beside it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

RUNGS = ("called", "accepted", "delivered", "heard", "confirmed", "acting", "done")
"""The ladder 受 达 听 ┃ 应 动 成: only from ``confirmed`` on it counts as answered."""
CONFIRMED = RUNGS.index("confirmed")

State = Literal["open", "met", "late", "missed"]


@dataclass(frozen=True, slots=True)
class AnswerFact:
    """One answer.

    ``rung``: confirmed, acting, done or cannot. ``counts``: whether this person may meet the obligation.
    """

    rung: str
    counts: bool
    received_at: datetime
    via: str
    round: int
    event: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an obligation stands.

    ``cannot``: the last word so far is that they cannot; it stays open until somebody confirms.
    """

    state: State
    answered_at: datetime | None
    via: str | None
    round: int | None
    rung: int
    cannot: bool


def standing(answers: Iterable[AnswerFact], *, due_at: datetime, at: datetime, heard: int = 0) -> Standing:
    """Fold answers into a standing as of ``at``.

    Exactly at ``due_at`` is in time; one microsecond later is late.

    ``heard``: the highest rung that receipts alone have shown (below confirmed).
    """
    counting = sorted(
        (a for a in answers if a.counts and a.received_at <= at), key=lambda a: (a.received_at, a.event)
    )
    confirmed = [a for a in counting if a.rung != "cannot"]
    refused = [a for a in counting if a.rung == "cannot"]
    cannot = bool(refused) and (not confirmed or refused[-1].received_at > confirmed[-1].received_at)
    if not confirmed:
        state: State = "open" if at <= due_at else "missed"
        return Standing(state, None, None, None, min(heard, CONFIRMED - 1), cannot)
    first = confirmed[0]
    rung = max(RUNGS.index(a.rung) for a in confirmed)
    return Standing(
        "met" if first.received_at <= due_at else "late",
        first.received_at,
        first.via,
        first.round,
        rung,
        cannot,
    )
