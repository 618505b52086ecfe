"""Every message is born with what takes it back: its correction, its downgrade and its all-clear."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.scheme.models import Templates
from app.warning.level import Level
from app.wording.compose import text
from app.wording.facts import Facts

FALSE = "原通知有误，现已撤回，不必照做，不用再回"
"""What the prepared correction of a false warning says."""


@dataclass(frozen=True, slots=True)
class Paired:
    """The four texts of one message. ``lowered`` is empty for a hint: nothing lies below it."""

    alert: str
    correction: str
    lowered: str
    clear: str


def paired(templates: Templates, facts: Facts, *, below: Level | None = None) -> Paired:
    """Return an alert and what may have to follow it. ``below``: the level it may fall to; default the next.

    Raises LookupError if the scheme lacks one of them.
    """
    lower = Level(max(0, facts.level - 1)) if below is None else below
    later = replace(facts, link="", do="", raised_from=None)
    lowered = ""
    if facts.level > Level.HINT:
        lowered = text(templates, replace(later, kind="lowered", level=lower, was=facts.level, what=""))
    return Paired(
        alert=text(templates, replace(facts, kind="alert")),
        correction=text(templates, replace(later, kind="correction", what=FALSE)),
        lowered=lowered,
        clear=text(templates, replace(later, kind="clear")),
    )
