"""A plan: who is called, how, until when, and why; who is not; what is measured, proposed and ordered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from app.warning.level import Level

Part = Literal["responsible", "public", "orders"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: the rule's id, what the duty officer reads, and the values the rule saw."""

    rule: str
    text: str
    values: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One duty of one town (at L1: of the district) that is called. A line without a reason cannot exist."""

    part: Part
    place: str  # nine-digit town code, six-digit district code at L1
    layer: str  # "L1" … "L6", "key"
    duty: str
    channels: tuple[str, ...]  # kinds, in order of trial
    answer_within: timedelta | None  # from release; None: coverage only, no answer is owed
    units: int
    people: int
    no_contact: int
    because: tuple[Reason, ...]

    def __post_init__(self) -> None:
        """Raise ValueError for a line that names no rule."""
        if not self.because:
            raise ValueError(f"plan line {self.place}/{self.layer}/{self.duty} names no rule")


@dataclass(frozen=True, slots=True)
class NotChosen:
    """A town that is not called, and why."""

    place: str
    because: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class NotAsked:
    """A duty room up or down the river that is not called, and why."""

    layer: str
    duty: str
    because: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Action:
    """What the command centre does in this segment at this level."""

    text: str
    because: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """一行业一措施: what one industry does, and which department sees to it."""

    industry: str
    department: str
    text: str
    because: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Control:
    """断禁停撤疏: one order, who gives it, who confirms it, and what trips it without an order (熔断)."""

    id: str
    kind: str  # "断" "禁" "停" "撤" "疏"
    text: str
    ordered_by: str
    confirmed_by: str
    fuse: str
    because: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the rules propose and only a person may do.

    "uplift" (提级), "response" (响应), "outlook" (a forecast asks for a consultation) or "outlived" (the
    issuer is asked whether it should be lifted).
    """

    kind: str
    text: str
    level: Level | None  # for a response, the level whose numeral it has: Ⅳ is BLUE
    because: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer of the planner. `next_cut` is when it must be made again because time alone changes it."""

    segment: str
    segment_from: (
        str  # "observed" | "reported" | "onset" | "effective" | "window" | "default": which input was used
    )
    level: Level
    response_level: str | None  # "IV" … "I", proposed, not started
    lines: tuple[PlanLine, ...]
    not_chosen: tuple[NotChosen, ...]
    measures: tuple[Measure, ...]
    suggestions: tuple[Suggestion, ...]
    controls: tuple[Control, ...]
    next_cut: datetime | None
    actions: tuple[Action, ...] = ()
    because: tuple[Reason, ...] = ()  # why this segment
    not_asked: tuple[NotAsked, ...] = ()  # 流域联防: neighbours that this does not concern

    def digest(self, scheme_digest: str) -> str:
        """SHA-256 (hex) over what the plan does, under one scheme.

        Neither the moment nor the reasons count: the rain in a reason grows every five minutes, and an
        officer about to release must not hear "plan changed" while nobody else would be called.
        """
        content = {
            "scheme": scheme_digest,
            "segment": self.segment,
            "level": self.level.word,
            "response": self.response_level,
            "lines": sorted(_line(line) for line in self.lines),
            "not_chosen": sorted(n.place for n in self.not_chosen),
            "actions": [a.text for a in self.actions],
            "measures": [[m.industry, m.department, m.text] for m in self.measures],
            "suggestions": [[s.kind, None if s.level is None else s.level.word] for s in self.suggestions],
            "controls": [[c.id, c.kind, c.text, c.ordered_by, c.confirmed_by] for c in self.controls],
        }
        canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def _line(line: PlanLine) -> list[str]:
    seconds = "" if line.answer_within is None else str(int(line.answer_within.total_seconds()))
    counts = f"{line.units}/{line.people}/{line.no_contact}"
    return [line.part, line.place, line.layer, line.duty, ",".join(line.channels), seconds, counts]
