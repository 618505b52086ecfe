"""What is known beside signals and gauges: what towns report, which are cut off, what is forecast."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FieldReport:
    """An event (灾情) that is known and that no final report has closed."""

    place: str  # nine-digit town code
    kinds: tuple[str, ...]  # words of the report's form, e.g. "landslide"
    began: datetime
    dead: int = 0
    trapped: int = 0
    text: str = ""  # as the duty officer reads it, e.g. 盘龙镇滑坡


@dataclass(frozen=True, slots=True)
class CutOff:
    """A town that is 失联: it reported 三断, or nobody there answered till the end of the chain."""

    place: str
    since: datetime
    reported: bool  # True: road, power and network are reported cut; False: silence


@dataclass(frozen=True, slots=True)
class Outlook:
    """A forecast for a town: what is expected of an element in (begins, ends]. It is never an observation."""

    place: str
    element: str  # "rain": thousandths of a millimetre
    begins: datetime
    ends: datetime
    milli: int
    issued: datetime
    source: str = ""
