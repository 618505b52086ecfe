"""The small types that config files are made of, strict: a number is no text, an unknown key is a fault."""

# ruff: noqa: TRY004  (Pydantic turns a ValueError into a fault, and lets a TypeError through)

from __future__ import annotations

import re
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from app.warning.level import Level

_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours"}
_DURATION = re.compile(r"^(\d+)(ms|s|m|h)$")


def duration(value: Any) -> timedelta:
    """Read "90s", "5m", "2h", "500ms". Raises ValueError for anything else."""
    match = _DURATION.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("要写成时长，例如 90s、5m、2h")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _level(value: Any) -> Level:
    if not isinstance(value, str):
        raise ValueError("要写级别：hint、blue、yellow、orange、red")
    try:
        return Level.of(value)
    except ValueError:
        raise ValueError(f"没有“{value}”这个级别，只有 hint、blue、yellow、orange、red") from None


def _clock(value: Any) -> time:
    if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError('要写成带引号的时刻，例如 "22:00"')
    return time.fromisoformat(value)


def _tenths(value: Any) -> int:
    """Millimetres of rain as whole tenths."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("要写毫米数，例如 50 或 85.3")
    tenths = Decimal(value) * 10
    if tenths != tenths.to_integral_value() or tenths <= 0:
        raise ValueError("毫米数要大于 0，最多一位小数")
    return int(tenths)


def _millimetres(value: Any) -> int:
    """Metres of water as whole millimetres."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("要写米数，例如 3 或 0.2")
    mm = Decimal(value) * 1000
    if mm != mm.to_integral_value():
        raise ValueError("米数最多三位小数")
    return int(mm)


def _thousandths(value: Any) -> int:
    """A measured value (cm, m, ℃) as whole thousandths."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("要写数字，例如 15 或 0.5")
    thousandths = Decimal(value) * 1000
    if thousandths != thousandths.to_integral_value():
        raise ValueError("最多三位小数")
    return int(thousandths)


def _none_as_never(value: Any) -> timedelta | None:
    return None if value is None else duration(value)


LevelWord = Annotated[Level, BeforeValidator(_level)]
Duration = Annotated[timedelta, BeforeValidator(duration)]
OptionalDuration = Annotated[timedelta | None, BeforeValidator(_none_as_never)]
ClockTime = Annotated[time, BeforeValidator(_clock)]
RainMm = Annotated[int, BeforeValidator(_tenths)]
Metres = Annotated[int, BeforeValidator(_millimetres)]
Thousandths = Annotated[int, BeforeValidator(_thousandths)]
Text = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
Role = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_-]*(\.[a-z][a-z_-]*)*$")]
TownCode = Annotated[str, StringConstraints(pattern=r"^\d{9}$")]
Hours = Annotated[int, Field(ge=1, le=240)]
Day = date
LevelMap = dict[LevelWord, OptionalDuration]


class Model(BaseModel):
    """The base of every file's shape."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True)


class Sourced(Model):
    """Something with a number in it: where the number comes from, or the word "assumed"."""

    source: Text
