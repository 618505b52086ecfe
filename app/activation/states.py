"""PURE: the legal moves of a warning and of a part, as one table each.

An illegal move is an error, whoever asks.

``docs/states.md`` shows both tables; a test compares.
"""

from app.errors import WrongState

WARNING_MOVES: dict[str, frozenset[str]] = {
    "needs-review": frozenset({"in-force", "closed", "expired"}),
    "waiting": frozenset({"in-force", "closed", "cancelled", "expired", "superseded"}),
    "in-force": frozenset({"superseded", "cancelled", "expired", "closed"}),
    "superseded": frozenset(),
    "cancelled": frozenset(),
    "expired": frozenset(),
    "closed": frozenset(),
}

PART_MOVES: dict[str, frozenset[str]] = {
    "proposed": frozenset({"pending-approval", "released", "held", "refused", "withdrawn"}),
    "pending-approval": frozenset({"proposed", "released", "held", "refused", "withdrawn"}),
    "held": frozenset({"proposed", "withdrawn"}),
    "released": frozenset(),
    "refused": frozenset(),
    "withdrawn": frozenset(),
}

UNDECIDED = ("proposed", "pending-approval")


def check_warning(state: str, to: str) -> None:
    """Raise WrongState unless a warning in ``state`` may move to ``to``."""
    if to not in WARNING_MOVES[state]:
        raise WrongState(f"A warning that is {state} cannot become {to}.", state=state)


def check_part(state: str, to: str) -> None:
    """Raise WrongState unless a part in ``state`` may move to ``to``."""
    if to not in PART_MOVES[state]:
        raise WrongState(f"A part that is {state} cannot become {to}.", state=state)
