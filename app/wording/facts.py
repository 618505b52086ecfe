"""What a text is made of: plain values, cleaned before they are put in."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from app.warning.level import Level

Kind = Literal["alert", "correction", "lowered", "clear"]
BEIJING = ZoneInfo("Asia/Shanghai")
ChannelName = Literal["sms", "voice", "broadcast", "page"]


@dataclass(frozen=True, slots=True)
class Facts:
    """One text to be made. Nothing here names a person or a number of one."""

    kind: Kind
    channel: ChannelName
    district: str  # 荣昌区
    signature: str  # 荣昌防汛
    desk: str  # number of the duty room
    hazard: str  # name, e.g. 暴雨
    level: Level
    places: str  # see `places_text`
    issued: datetime  # aware; said in local time
    what: str = ""  # what happens: the signal's words, or what was measured
    do: str = ""  # what to do; empty: the words of the templates
    hazard_id: str = ""  # id of the rules, e.g. "rain"
    family: str = ""
    layer: str = ""
    duty: str = ""
    duties: tuple[str, ...] = ()  # names of all duties of a person who is called once for several
    also: tuple[str, ...] = ()  # names of what else is open, and is answered with this: 暴雨红色
    observed: bool = False
    exercise: bool = False
    version: int = 1
    link: str = ""  # one-tap link
    headline: str = ""
    issuer: str = ""
    raised_from: Level | None = None  # 提级: called at `level`, while the bureau's signal has this one
    was: Level | None = None  # lowered: the level that held until now; `level` is the new one
    zone: ZoneInfo = BEIJING


def places_text(names: Sequence[str], total: int, district: str = "全区") -> str:
    """The places in a few characters: 盘龙镇, 盘龙镇、吴家镇, 盘龙镇、吴家镇等9个镇街, or the whole."""
    if not names:
        return ""
    if total and len(names) >= total > 1:
        return district
    if len(names) <= 2:
        return "、".join(names)
    return f"{'、'.join(names[:2])}等{len(names)}个镇街"


@lru_cache(maxsize=4096)  # the same few facts are put into thousands of texts
def clean(value: str, limit: int) -> str:
    """One line of plain text of at most `limit` characters.

    Control characters, bidirectional marks and what else is invisible are dropped, white space of any kind
    becomes one space, and a stop at the end goes, since the template sets its own.
    """
    visible = "".join(
        " " if character.isspace() else character
        for character in value
        if character.isspace() or unicodedata.category(character)[0] != "C"
    )
    line = " ".join(visible.split()).rstrip("。；，、.;, ")
    return line if len(line) <= limit else line[: limit - 1] + "…"
