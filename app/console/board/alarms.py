"""告警: what stands before the desk until a person acts, like ones of one warning told together."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.tasks import alarms
from app.warning.level import Level

KINDS: Mapping[str, str] = {
    "undecided": "到限无人决定",
    "corrected": "已发更正",
    "raise-stands": "提级仍在执行",
    "break-glass": "单人紧急放行",
    "needs-review": "须核对",
    "order-refused": "令不能办",
    "help": "上门求助",
    "unanswered": "叫不应",
    "calling-chief": "已叫区值班长",
    "warning-conflict": "重号冲突",
    "silence": "静默",
    "preflight": "叫前预检",
    "hand-over": "交接班",
}


@dataclass(frozen=True, slots=True)
class Group:
    """The alarms of one kind and one warning: the newest's words, how many, since when, the highest level."""

    key: str
    kind: str
    word: str
    text: str
    count: int
    since: datetime
    level: Level | None
    ids: tuple[str, ...]
    over: bool


async def load(session: AsyncSession, district: str, origins: Collection[str]) -> tuple[Group, ...]:
    """Return what nobody has taken yet, the highest level first, then the oldest."""
    groups: dict[tuple[str, str], list[alarms.Alarm]] = {}
    for one in await alarms.standing(session, district):
        if one.origin in origins:
            groups.setdefault((one.kind, one.warning_id or ""), []).append(one)
    found = [_group(kind, warning, members) for (kind, warning), members in groups.items()]
    return tuple(sorted(found, key=lambda one: (-int(one.level or 0), one.since)))


def _group(kind: str, warning: str, members: list[alarms.Alarm]) -> Group:
    levels = [one.level for one in members if one.level is not None]
    return Group(
        key=f"{kind}:{warning}",
        kind=kind,
        word=KINDS.get(kind, kind),
        text=members[-1].text,
        count=len(members),
        since=members[0].raised_at,
        level=Level(max(levels)) if levels else None,
        ids=tuple(one.id for one in members),
        over=all(one.over_at is not None for one in members),
    )
