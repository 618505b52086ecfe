"""The report as it is written down: 首报, 续报, 终报 share one form; what nobody knows is null, never 0."""

import unicodedata
from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

KINDS: Final = {
    "house-flooded": "房屋进水",
    "landslide": "滑坡",
    "road-cut": "道路断",
    "reservoir": "塘堰险",
    "power-cut": "停电",
    "trapped": "有人被困",
    "casualty": "有人伤亡",
    "house-collapsed": "房屋倒损",
    "waterlogging": "内涝",
    "flood": "洪水",
    "flash-flood": "山洪",
    "geology": "地质灾害",
    "telecom": "通信断",
    "crops": "农田受灾",
    "fire": "火情",
    "wind": "大风",
    "hail": "冰雹",
    "lightning": "雷击",
    "other": "其他",
}
PEOPLE: Final = {"trapped": "被困", "hurt": "受伤", "missing": "失踪", "dead": "死亡", "moved": "已转移"}
Kind: TypeAlias = Literal[
    "house-flooded",
    "landslide",
    "road-cut",
    "reservoir",
    "power-cut",
    "trapped",
    "casualty",
    "house-collapsed",
    "waterlogging",
    "flood",
    "flash-flood",
    "geology",
    "telecom",
    "crops",
    "fire",
    "wind",
    "hail",
    "lightning",
    "other",
]


def _clean(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if any(unicodedata.category(one) in {"Cc", "Cs"} and one != "\n" for one in text):
        raise ValueError("control characters")
    return text


Words: TypeAlias = Annotated[str, Field(max_length=2000), AfterValidator(_clean)]
Short: TypeAlias = Annotated[str, Field(max_length=200), AfterValidator(_clean)]
Count: TypeAlias = Annotated[int, Field(ge=0, le=999_999, strict=True)] | None


class People(BaseModel):
    """How many; null where nobody knows yet (不知)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dead: Count = None
    missing: Count = None
    hurt: Count = None
    trapped: Count = None
    moved: Count = None


class ReportIn(BaseModel):
    """A report's content. ``occurred_at`` is when the event happened, null where nobody knows.

    ``place`` is the town's nine digits. ``kinds`` may be several; the first names the event.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    place: Annotated[str, Field(pattern=r"^\d{9}$")]
    place_text: Short = ""
    kinds: Annotated[list[Kind], Field(min_length=1, max_length=19)]
    occurred_at: AwareDatetime | None = None
    source: Short = ""
    people: People = People()
    houses: Short = ""
    roads: Short = ""
    power: Short = ""
    cause: Words = ""
    trend: Words = ""
    measures: Words = ""
    leaders: Short = ""
    requests: Words = ""
    words: Words = ""
    reporter: Short = ""
    signer: Short = ""

    def not_before(self, at: datetime) -> datetime | None:
        """Return when it happened, at most ``at``: a phone's clock may run ahead."""
        return min(self.occurred_at, at) if self.occurred_at else None
