"""PURE: a task's state and a door's mark, from the facts alone; order and repetition change nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

# Which act leads where. What is not in the table changes nothing: the act is kept, the state stays.
MOVES: Final[dict[str, dict[str, str]]] = {
    "open": {"taken": "taken", "done": "done", "refused": "refused", "withdrawn": "withdrawn"},
    "taken": {
        "taken": "taken",
        "done": "done",
        "refused": "refused",
        "reopened": "open",
        "withdrawn": "withdrawn",
    },
    "refused": {"taken": "taken", "done": "done", "reopened": "open", "withdrawn": "withdrawn"},
    "done": {"reopened": "open"},
    "withdrawn": {},
}
# weakest first: decides between acts of one instant
ACTS: Final = ("reopened", "taken", "refused", "done", "withdrawn")
# likewise for marks: what needs a hand is never hidden
STRENGTH: Final = ("none", "told", "nobody", "refused", "help")


@dataclass(frozen=True, slots=True)
class Act:
    """One act on a task, as far as its state goes."""

    act: str
    occurred_at: datetime
    event_id: str
    by: str


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark at a door, as far as the door's state goes."""

    mark: str
    occurred_at: datetime
    event_id: str
    by: str


@dataclass(frozen=True, slots=True)
class TaskState:
    """A task's state, and the acts that brought it there: who took it, what ended it."""

    state: str = "open"
    taken: Act | None = None
    ended: Act | None = None


def state_of(acts: Iterable[Act]) -> TaskState:
    """Replay the acts in the order they happened through ``MOVES``."""
    now = TaskState()
    for act in sorted(acts, key=lambda a: (a.occurred_at, ACTS.index(a.act), a.event_id)):
        to = MOVES[now.state].get(act.act)
        if to is None:
            continue
        if to == "open":
            now = TaskState()
        elif to == "taken":
            now = TaskState("taken", taken=act)
        else:
            now = TaskState(to, taken=now.taken, ended=act)
    return now


def mark_of(marks: Iterable[Mark]) -> Mark | None:
    """Return the mark that holds: the last that happened; of one instant, the one that needs more."""
    return max(marks, key=lambda m: (m.occurred_at, STRENGTH.index(m.mark), m.event_id), default=None)
