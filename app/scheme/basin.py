"""basin.yaml, 流域联防: what it may say, and the duties and rules it becomes."""

# ruff: noqa: RUF012  (Pydantic copies a default; nothing is shared)

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from app.scheme.fields import LevelMap, LevelWord, Model, Name, Role, Sourced, Text, TownCode
from app.scheme.files import ChannelKind
from app.scheme.models import Duty
from app.warning.basin import SIDES
from app.warning.level import Level
from app.warning.ruleset import BasinRule, BasinRules, DutyRules, Reach

LAYER = "L1"
WORDED = {"up": "upstream", "down": "downstream"}
"""The duty that templates name for a room of either side."""

RoomId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,18}$")]
"""With its side before it still a duty's id (30 characters)."""
RoomCode = Annotated[str, StringConstraints(pattern=r"^\d{6}-N\d{2}$")]


class BasinHop(Sourced):
    """The rooms' clock, and the name by which escalation.yaml gives them a chain."""

    id: Annotated[str, StringConstraints(pattern=r"^H\d[a-z]?$")]
    name: Text
    clock: LevelMap


class RoomRow(Model):
    """A neighbour's duty room, as the directory has it."""

    id: RoomId
    code: RoomCode
    name: Text


class RiverRow(Sourced):
    """A river: the district's towns on it, and the rooms above and below them."""

    name: Text
    towns: Annotated[list[TownCode], Field(min_length=1)]
    up: list[Name] = []
    down: list[Name] = []


class BasinRuleRow(Sourced):
    """When the rooms of these sides are called."""

    id: Name
    hazards: Annotated[list[Name], Field(min_length=1)]
    level: LevelWord
    sides: Annotated[list[Literal["up", "down"]], Field(min_length=1)]
    mark: Literal["warning", "guarantee", "record"] | None = None
    measured: bool = False
    why: Text


class BasinFile(Model):
    """basin.yaml. A district without rivers has none."""

    hop: BasinHop
    a: Annotated[list[Role], Field(min_length=1)]
    b: list[Role] = []
    channels: dict[LevelWord, Annotated[list[ChannelKind], Field(min_length=1)]]
    rooms: Annotated[list[RoomRow], Field(min_length=1)]
    rivers: Annotated[list[RiverRow], Field(min_length=1)]
    rules: Annotated[list[BasinRuleRow], Field(min_length=1)]

    @property
    def clock(self) -> Mapping[Level, timedelta]:
        """The clock without the levels at which no answer is owed."""
        return MappingProxyType({level: time for level, time in self.hop.clock.items() if time is not None})


@dataclass(frozen=True, slots=True)
class Post:
    """A room on one side of some rivers: one duty."""

    room: RoomRow
    side: Literal["up", "down"]
    rivers: tuple[RiverRow, ...]

    @property
    def id(self) -> str:
        """The duty's id, e.g. "downstream-luxian"."""
        return f"{WORDED[self.side]}-{self.room.id}"

    @property
    def name(self) -> str:
        """E.g. 泸县防汛值班室（濑溪河下游）."""
        return f"{self.room.name}（{'、'.join(river.name for river in self.rivers)}{SIDES[self.side]}）"


def posts(file: BasinFile) -> Iterator[Post]:
    """Every room on every side where a river has it."""
    for room in file.rooms:
        for side in ("up", "down"):
            rivers = tuple(river for river in file.rivers if room.id in getattr(river, side))
            if rivers:
                yield Post(room, side, rivers)


def least(file: BasinFile, side: str) -> Level:
    """The lowest level at which any rule calls a side; red where none does."""
    return min((rule.level for rule in file.rules if side in rule.sides), default=Level.RED)


def duties(file: BasinFile | None) -> dict[tuple[str, str], Duty]:
    """The rooms as duties of the first layer."""
    if file is None:
        return {}
    return {
        (LAYER, post.id): Duty(
            id=post.id,
            layer=LAYER,
            name=post.name,
            part="responsible",
            a=tuple(file.a),
            b=tuple(file.b),
            superior=(),
            target="neighbour",
            holders=post.id,
            hop=file.hop.id,
            from_level=least(file, post.side),
            coverage=False,
            on_duty=False,
            unit=post.room.code,
            worded_as=WORDED[post.side],
        )
        for post in posts(file)
    }


def duty_rules(file: BasinFile | None, families: Mapping[str, str]) -> dict[tuple[str, str], DutyRules]:
    """The same duties as the planner knows them. ``families``: hazard id → family."""
    if file is None:
        return {}
    return {
        (LAYER, post.id): DutyRules(
            id=post.id,
            layer=LAYER,
            name=post.name,
            part="responsible",
            from_level=least(file, post.side),
            families=frozenset(
                families[hazard]
                for rule in file.rules
                if post.side in rule.sides
                for hazard in rule.hazards
                if hazard in families
            ),
            holders=post.id,
            clocks=file.clock,
            clock_rule=file.hop.id,
            channels=MappingProxyType({level: tuple(kinds) for level, kinds in file.channels.items()}),
            coverage=False,
        )
        for post in posts(file)
    }


def rules(file: BasinFile | None) -> BasinRules:
    """When the rooms are called."""
    if file is None:
        return BasinRules()
    return BasinRules(
        reaches=tuple(
            Reach(river.name, post.side, frozenset(river.towns), (LAYER, post.id))
            for post in posts(file)
            for river in post.rivers
        ),
        rules=tuple(
            BasinRule(
                id=row.id,
                hazards=frozenset(row.hazards),
                level=row.level,
                sides=frozenset(row.sides),
                mark=row.mark or "",
                measured=row.measured,
                why=row.why,
            )
            for row in file.rules
        ),
    )
