"""A level that has been measured: one a hazard and town."""

from __future__ import annotations

from dataclasses import dataclass

from app.warning.level import Level
from app.warning.plan import Reason


@dataclass(frozen=True, slots=True)
class Finding:
    """The highest level a town has reached for one hazard."""

    hazard: str  # event code it is reported under
    place: str
    level: Level
    station: str
    reason: Reason
    kind: str  # id of the hazard's rules, e.g. "rise"
    name: str  # e.g. 暴雨
