"""What the files of a config name, for checks across them; None where the naming file cannot be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TypeVar

from app.scheme.files import MANUAL, DutyRow
from app.scheme.folder import Folder
from app.warning.level import Level

Value = TypeVar("Value")


def segment_ids(folder: Folder) -> set[str] | None:
    """The segments, None where their file cannot be read."""
    shape = folder.segments.shape
    return None if shape is None else {row.id for row in shape.segments}


def hazard_ids(folder: Folder) -> set[str] | None:
    """The hazards, None where a file of theirs cannot be read."""
    if not folder.hazards or any(held.shape is None for held in folder.hazards):
        return None
    return {held.shape.id for held in folder.hazards if held.shape}


def hazard_levels(folder: Folder) -> dict[str, set[Level]] | None:
    """The levels each hazard has, None where a file of theirs cannot be read."""
    if hazard_ids(folder) is None:
        return None
    levels: dict[str, set[Level]] = {}
    for held in folder.hazards:
        if held.shape:
            levels.setdefault(held.shape.id, set()).update(held.shape.signal)
    return levels


def family_tops(folder: Folder) -> dict[str, Level] | None:
    """The highest level any hazard of a family has, None where a file of theirs cannot be read."""
    if hazard_ids(folder) is None:
        return None
    tops: dict[str, Level] = {}
    for held in folder.hazards:
        if held.shape and held.shape.signal:
            top = max(held.shape.signal)
            tops[held.shape.family] = max(top, tops.get(held.shape.family, top))
    return tops


def unreached(level: Level, families: Sequence[str], tops: Mapping[str, Level] | None) -> str | None:
    """Why a rule from a level on, for these families (none named: all), never holds; None where it may."""
    if tops is None:
        return None
    idle = [family for family in families if family not in tops or tops[family] < level]
    return f"{'、'.join(idle)} 没有哪个灾种有{level.zh}，这条永远用不到" if idle else None


def duties(folder: Folder) -> dict[str, DutyRow] | None:
    """The duties by "layer/id"."""
    shape = folder.layers.shape
    return None if shape is None else {f"{row.layer}/{row.id}": row for row in shape.duties}


CARRIABLE = ("sms", "voice", "broadcast")
"""Kinds the rules may name whether or not this installation has a channel for them: it uses what it has."""


def carried(folder: Folder) -> set[str] | None:
    """Kinds that some channel carries or people do by hand."""
    shape = folder.channels.shape
    if shape is None:
        return None
    kinds = {*MANUAL, *CARRIABLE}
    for entry in shape.channels:
        held = entry.get("carries")
        kinds |= {str(kind) for kind in held} if isinstance(held, list) else set()
    return kinds


def longer(clock: Mapping[Level, timedelta | None]) -> Level | None:
    """The first level whose clock is longer than that of a level below it; None counts as for ever."""
    least: timedelta | None = None
    for level in sorted(clock):
        value = clock[level]
        if least is not None and (value is None or value > least):
            return level
        least = value if least is None or (value is not None and value < least) else least
    return None


def fewer(channels: Mapping[Level, Sequence[Value]]) -> Level | None:
    """The first level that drops a channel of the level below it."""
    before: set[Value] = set()
    for level in sorted(channels):
        if not before <= set(channels[level]):
            return level
        before = set(channels[level])
    return None
