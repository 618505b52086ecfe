"""What `when:` of an observed rule may say: one model a condition, which builds the rule's own condition.

How one is added: docs/scheme.md. A model says by `asks` what is measured and how much of it, so that a
higher level that asks for less is found.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from app.scheme.fields import Metres, Model, RainMm, Thousandths
from app.warning import condition
from app.warning.window import FORCES

Mark = Literal["warning", "guarantee", "record", "flood-limit", "design", "check", "crest"]
Asked = tuple[tuple[str, ...], int]
"""What is measured, and how much of it is asked for."""
MARK_ORDER: dict[str, int] = {
    "warning": 0,
    "guarantee": 1,
    "record": 2,
    "flood-limit": 0,
    "design": 1,
    "check": 2,
    "crest": 3,
}
_ABOVE_ANY_OFFSET = 10_000_000  # mm: marks first, their offsets second


class RainCondition(Model):
    """`kind: rain`."""

    kind: Literal["rain"]
    hours: Literal[1, 2, 3, 6, 12, 24]  # the windows that are read
    mm: RainMm

    def build(self) -> condition.Condition:
        """The condition itself."""
        return condition.RainOver(self.hours, self.mm)

    def asks(self) -> Asked | None:
        """By window."""
        return ("rain", str(self.hours)), self.mm


class StageCondition(Model):
    """`kind: stage`: a water level against a mark."""

    kind: Literal["stage"]
    mark: Mark
    offset_m: Metres = 0

    def build(self) -> condition.Condition:
        """The condition itself."""
        return condition.StageOver(self.mark, self.offset_m)

    def asks(self) -> Asked | None:
        """By the order of a river's marks, and of a reservoir's."""
        whose = "river" if self.mark in {"warning", "guarantee", "record"} else "reservoir"
        return ("stage", whose), MARK_ORDER[self.mark] * _ABOVE_ANY_OFFSET + self.offset_m


class RiseCondition(Model):
    """`kind: rise`."""

    kind: Literal["rise"]
    minutes: Literal[10, 60, 180]  # the rises that are read
    metres: Metres

    def build(self) -> condition.Condition:
        """The condition itself."""
        return condition.RiseOver(self.minutes, self.metres)

    def asks(self) -> Asked | None:
        """By the stretch looked back."""
        return ("rise", str(self.minutes)), self.metres


class DepthCondition(Model):
    """`kind: depth`: standing water; `station: underpass` asks for it there alone."""

    kind: Literal["depth"]
    cm: Thousandths
    station: Literal["underpass", "waterlogging"] | None = None

    def build(self) -> condition.Condition:
        """The condition itself."""
        return condition.DepthOver(self.cm, self.station or "")

    def asks(self) -> Asked | None:
        """By the kind of station."""
        return ("depth", self.station or ""), self.cm


class WindCondition(Model):
    """`kind: wind` (mean) or `kind: gust`: a Beaufort force within the last hours."""

    kind: Literal["wind", "gust"]
    force: Annotated[int, Field(ge=1, le=17)]
    hours: Literal[1, 6, 12, 24] = 1  # the stretches that are read

    def build(self) -> condition.Condition:
        """The condition itself."""
        return condition.WindOver(self.kind, self.force, FORCES[self.force - 1], self.hours)

    def asks(self) -> Asked | None:
        """By element and stretch."""
        return (self.kind, str(self.hours)), self.force


class VisibilityCondition(Model):
    """`kind: visibility`."""

    kind: Literal["visibility"]
    below_m: Thousandths

    def build(self) -> condition.Condition:
        """The condition itself."""
        return condition.VisibilityUnder(self.below_m)

    def asks(self) -> Asked | None:
        """The less is seen, the worse."""
        return ("visibility",), -self.below_m


class SnowCondition(Model):
    """`kind: snow`, melted, over hours that stations sum themselves."""

    kind: Literal["snow"]
    hours: Literal[6, 12]
    mm: Thousandths

    def build(self) -> condition.Condition:
        """The condition itself."""
        return condition.SnowOver(self.hours, self.mm)

    def asks(self) -> Asked | None:
        """By the hours summed."""
        return ("snow", str(self.hours)), self.mm


class TemperatureCondition(Model):
    """`kind: temperature`: exactly one of `over`, `at_least`, `below`, `at_most`, in degrees."""

    kind: Literal["temperature"]
    of: Literal["air", "ground"] = "air"
    over: Thousandths | None = None
    at_least: Thousandths | None = None
    below: Thousandths | None = None
    at_most: Thousandths | None = None
    hours: Literal[1, 6, 12, 24] = 24  # the stretches that are read
    days: Annotated[int, Field(ge=1, le=3)] = 1

    @model_validator(mode="after")
    def _one_limit(self) -> TemperatureCondition:
        if len(self._limits()) != 1:
            raise ValueError("over、at_least、below、at_most 要写一个，且只写一个")
        if self.days > 1 and self.hours != 24:
            raise ValueError("days 大于 1 时 hours 只能是 24")
        return self

    def _limits(self) -> list[condition.Limit]:
        given = (("＞", self.over), ("≥", self.at_least), ("＜", self.below), ("≤", self.at_most))
        return [condition.Limit(sign, value) for sign, value in given if value is not None]

    def build(self) -> condition.Condition:
        """The condition itself."""
        element = "ground_temp" if self.of == "ground" else "temp"
        return condition.Temperature(element, self._limits()[0], self.hours, self.days)

    def asks(self) -> Asked | None:
        """By element, stretch and side; "over" asks for a hair more than "at least"."""
        (limit,) = self._limits()
        amount = 2 * (limit.value if limit.upward else -limit.value) + (limit.sign in {"＞", "＜"})
        side = "high" if limit.upward else "low"
        return ("temperature", self.of, side, str(self.hours), str(self.days)), amount


class FallCondition(Model):
    """`kind: fall`: colder than at the same time one or two days before."""

    kind: Literal["fall"]
    hours: Literal[24, 48]  # the falls that are read
    degrees: Thousandths

    def build(self) -> condition.Condition:
        """The condition itself."""
        return condition.TemperatureFall(self.hours, self.degrees)

    def asks(self) -> Asked | None:
        """By the stretch looked back."""
        return ("fall", str(self.hours)), self.degrees


class AllCondition(Model):
    """`kind: all`: every one of them at one station."""

    kind: Literal["all"]
    of: Annotated[list[ConditionRow], Field(min_length=2)]

    def build(self) -> condition.Condition:
        """The condition itself."""
        return condition.AllOf(tuple(part.build() for part in self.of))

    def asks(self) -> Asked | None:
        """A combination has no order."""
        return None


ConditionRow = Annotated[
    RainCondition
    | StageCondition
    | RiseCondition
    | DepthCondition
    | WindCondition
    | VisibilityCondition
    | SnowCondition
    | TemperatureCondition
    | FallCondition
    | AllCondition,
    Field(discriminator="kind"),
]
AllCondition.model_rebuild()
