"""What uplift.yaml and response.yaml may name as signs: one model a sign, which builds the rule's own.

How one is added: docs/scheme.md.
"""

# ruff: noqa: RUF012  (Pydantic copies a default; nothing is shared)

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field, model_validator

from app.scheme.fields import ClockTime, Day, LevelWord, Model, Name, Sourced, Text, TownCode
from app.warning import signs, uplift_signs
from app.warning.ruleset import Sign


class NightRow(Sourced):
    """`kind: night`."""

    kind: Literal["night"]
    since: ClockTime = Field(alias="from")
    until: ClockTime

    def build(self) -> Sign:
        """The condition itself."""
        return uplift_signs.Night(self.since, self.until)


class UpstreamRow(Sourced):
    """`kind: upstream`: town → the towns above it on the same water."""

    kind: Literal["upstream"]
    above: dict[TownCode, Annotated[list[TownCode], Field(min_length=1)]]

    def build(self) -> Sign:
        """The condition itself."""
        return uplift_signs.Upstream(
            MappingProxyType({town: frozenset(up) for town, up in self.above.items()})
        )


class OverlapRow(Sourced):
    """`kind: overlap`."""

    kind: Literal["overlap"]
    pairs: Annotated[list[Annotated[list[Name], Field(min_length=2, max_length=2)]], Field(min_length=1)]
    from_level: LevelWord

    def build(self) -> Sign:
        """The condition itself."""
        return uplift_signs.Overlap(tuple(frozenset(pair) for pair in self.pairs), self.from_level)


class HolidayRow(Sourced):
    """`kind: holiday`."""

    kind: Literal["holiday"]
    name: Text
    since: Day = Field(alias="from")
    until: Day

    def build(self) -> Sign:
        """The condition itself."""
        return uplift_signs.Holiday(self.name, self.since, self.until)


class DroughtToFloodRow(Sourced):
    """`kind: drought-to-flood`."""

    kind: Literal["drought-to-flood"]
    drought: Annotated[list[Name], Field(min_length=1)]
    flood: Annotated[list[Name], Field(min_length=1)]
    days: Annotated[int, Field(ge=1, le=60)]

    def build(self) -> Sign:
        """The condition itself."""
        return uplift_signs.DroughtToFlood(frozenset(self.drought), frozenset(self.flood), self.days)


class IsolatedRow(Sourced):
    """`kind: isolated`: 三断."""

    kind: Literal["isolated"]

    def build(self) -> Sign:
        """The condition itself."""
        return uplift_signs.Isolated()


UpliftSign = Annotated[
    NightRow | UpstreamRow | OverlapRow | HolidayRow | DroughtToFloodRow | IsolatedRow,
    Field(discriminator="kind"),
]


class WarnedTownsRow(Model):
    """`kind: towns`."""

    kind: Literal["towns"]
    hazard: Name
    level: LevelWord
    towns: Annotated[int, Field(ge=1)]

    def build(self) -> Sign:
        """The sign itself."""
        return signs.WarnedTowns(self.hazard, self.level, self.towns)


class RiverRow(Model):
    """`kind: river`."""

    kind: Literal["river"]
    mark: Literal["warning", "guarantee", "record"]
    rising: bool = False

    def build(self) -> Sign:
        """The sign itself."""
        return signs.RiverOver(self.mark, self.rising)


class ReportedRow(Model):
    """`kind: reported`: an event that a town has reported."""

    kind: Literal["reported"]
    kinds: list[Name] = []
    dead: Annotated[int, Field(ge=0)] = 0
    text: Text

    @model_validator(mode="after")
    def _something(self) -> ReportedRow:
        if not self.kinds and not self.dead:
            raise ValueError("要写 kinds 或 dead")
        return self

    def build(self) -> Sign:
        """The sign itself."""
        return signs.ReportedEvent(frozenset(self.kinds), self.dead, self.text)


class CutOffRow(Model):
    """`kind: cut-off`: a town that is 失联 with people trapped."""

    kind: Literal["cut-off"]
    trapped: Annotated[int, Field(ge=0)] = 1

    def build(self) -> Sign:
        """The sign itself."""
        return signs.CutOffTown(self.trapped)


class ManualRow(Model):
    """`kind: manual`: a sign only a person can see."""

    kind: Literal["manual"]
    text: Text

    def build(self) -> None:
        """No gauge and no report tells it: it is shown beside."""


ResponseSign = Annotated[
    WarnedTownsRow | RiverRow | ReportedRow | CutOffRow | ManualRow, Field(discriminator="kind")
]
