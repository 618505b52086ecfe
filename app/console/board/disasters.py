"""灾情: what towns report, each with the clock of its hour."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import local
from app.console import words
from app.console.words import Clock
from app.disaster.tables import Disaster, ReportRow

HOUR = timedelta(hours=1)
KINDS: Mapping[str, str] = {
    "flood": "洪涝",
    "flash-flood": "山洪",
    "waterlogging": "内涝",
    "house-flooded": "房屋进水",
    "house-collapsed": "房屋倒塌",
    "collapse": "倒塌",
    "landslide": "山体滑坡",
    "geology": "地质灾害",
    "road": "道路中断",
    "road-cut": "道路中断",
    "power": "停电",
    "power-cut": "停电",
    "telecom": "通信中断",
    "trapped": "人员被困",
    "casualty": "人员伤亡",
    "crops": "农田受淹",
    "reservoir": "水库塘堰险情",
    "fire": "火情",
    "wind": "大风",
    "hail": "冰雹",
    "lightning": "雷击",
    "other": "其他",
}
SOURCES: Mapping[str, str] = {
    "occurrence": "发生时间",
    "alarm": "报警",
    "grid": "网格",
    "media": "舆情",
    "119": "119",
    "110": "110",
    "check": "督查",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """An event and its clock: counting down to the hour, or what it took."""

    id: str
    town: str
    what: str
    where: str
    t0: datetime
    source: str
    first_at: datetime | None
    reports: int
    clock: Clock
    verdict: str
    origin: str
    open: bool


def _clock(row: Disaster, at: datetime) -> Clock:
    if row.first_report_at is None:
        return words.left(row.t0 + HOUR, at)
    took = row.first_report_at - row.t0
    if took <= HOUR:
        return Clock("took", f"用时 {words.spoken(took)}")
    return Clock("late", f"迟 {words.spoken(took - HOUR)}")


def _verdict(row: Disaster, at: datetime) -> str:
    if not row.reportable or row.excluded_reason:
        return "不计"
    if row.first_report_at is None:
        return "等首报" if at < row.t0 + HOUR else "未按时报"
    return "按时" if row.first_report_at - row.t0 <= HOUR else "迟报"


async def listed(
    session: AsyncSession,
    district: str,
    origins: Collection[str],
    names: Mapping[str, str],
    at: datetime,
    *,
    waiting: bool = False,
    limit: int = 100,
) -> tuple[Seen, ...]:
    """Return the newest events; ``waiting``: those without a first report, the least time left first."""
    ask = sa.select(Disaster).where(Disaster.district == district, Disaster.origin.in_(origins))
    if waiting:
        ask = ask.where(
            Disaster.first_report_at.is_(None), Disaster.reportable, Disaster.excluded_reason.is_(None)
        ).order_by(Disaster.t0)
    else:
        ask = ask.order_by(Disaster.t0.desc(), Disaster.id)
    rows = list(await session.scalars(ask.limit(limit)))
    counted = await session.execute(
        sa.select(ReportRow.disaster_id, sa.func.count())
        .where(ReportRow.disaster_id.in_([row.id for row in rows]))
        .group_by(ReportRow.disaster_id)
    )
    reports = dict(counted.all())
    return tuple(
        Seen(
            row.id,
            names.get(row.place, row.place),
            "、".join(KINDS.get(kind, kind) for kind in row.kinds) or KINDS.get(row.kind, row.kind),
            row.place_text,
            row.t0,
            SOURCES.get(row.t0_source, row.t0_source),
            row.first_report_at,
            reports.get(row.id, 0),
            _clock(row, at),
            _verdict(row, at),
            row.origin,
            row.first_report_at is None,
        )
        for row in rows
    )


async def today(session: AsyncSession, district: str, origins: Collection[str], at: datetime) -> str:
    """Say in one line what was reported since midnight, local time."""
    midnight = local(at).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = list(
        await session.scalars(
            sa.select(Disaster).where(
                Disaster.district == district, Disaster.origin.in_(origins), Disaster.t0 >= midnight
            )
        )
    )
    if not rows:
        return "今天没有应报的灾情"
    timely = sum(row.first_report_at is not None and row.first_report_at - row.t0 <= HOUR for row in rows)
    return f"今天 {len(rows)} 起 · 按时首报 {timely}"
