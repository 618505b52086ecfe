"""报表: where it is weak, and whether one can check it.

Figures and rows come from ``reports``; the address holds every choice.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Response
from starlette.requests import Request

from app.api.deps import MaybeOfficer, PartsDep
from app.clock import LOCAL, local
from app.console import pages, words
from app.console.board import heads
from app.console.board.disasters import SOURCES
from app.console.plan import filters
from app.errors import Forbidden
from app.origin import Origin
from app.reports import rates as pure
from app.reports import rows as behind
from app.reports.rates import BYS, KINDS, By, Figures, Kind, Row
from app.scheme.models import Scheme
from app.warning.level import Level

router = APIRouter(include_in_schema=False)

KIND_WORDS = {
    "reported_in_hour": "一小时报送",
    "answered": "叫应",
    "answered_in_time": "及时叫应",
    "answered_in_hour": "一小时回告",
    "first_call": "首呼应答",
}
BY_WORDS = {"town": "镇街", "hazard": "灾种", "level": "级别", "channel": "通道"}
PERIODS = {"month": "本月", "season": "汛期至今", "week": "近七天", "all": "全部"}
SEASON = (5, 1)  # the flood season begins on 1 May
FEW = 5
ROWS = 20


@dataclass(frozen=True, slots=True)
class Line:
    """One group: its name, its figures, how much of the bar is filled, and the address of its rows."""

    name: str
    figures: Figures | None
    good: int
    href: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Behind:
    """One row behind a figure."""

    since: datetime
    what: str
    source: str
    done_at: datetime | None
    took: str
    verdict: str
    bad: bool


@dataclass(frozen=True, slots=True)
class Bin:
    """One column of the histogram. ``late``: past the limit of its level."""

    name: str
    count: int
    height: float
    late: bool


def period(query: dict[str, str], at: datetime) -> tuple[datetime | None, datetime | None, str, str]:
    """Return since, until, the period's key and its words. Dates are whole local days, both included."""

    def midnight(day: date) -> datetime:
        return datetime.combine(day, time(), LOCAL)

    def said(day: date) -> str:
        return f"{day.year}年{day.month}月{day.day}日"

    today = local(at).date()
    try:
        since, until = date.fromisoformat(query.get("from", "")), date.fromisoformat(query.get("to", ""))
    except ValueError:
        key = query.get("period", "season")
        since_day = {
            "month": today.replace(day=1),
            "week": today - timedelta(days=6),
            "season": date(today.year, *SEASON)
            if (today.month, today.day) >= SEASON
            else date(today.year - 1, *SEASON),
        }.get(key)
        if since_day is None:
            return None, None, "all", "全部时间"
        return midnight(since_day), None, key, f"{said(since_day)} – {today.month}月{today.day}日"
    return midnight(since), midnight(until + timedelta(days=1)), "", f"{said(since)} – {said(until)}"


def _choices(query: dict[str, str]) -> tuple[Kind, By]:
    kind: Kind = next((one for one in KINDS if one == query.get("kind")), "answered_in_time")
    by: By = next((one for one in BYS if one == query.get("by")), "town")
    return kind, by


@router.get("/rates", response_class=Response)
async def shown(request: Request, has: PartsDep, officer: MaybeOfficer) -> Response:
    """Show one kind of rate, the worst on top, with the rows behind the chosen group."""
    if officer is None:
        return pages.to_login(request)
    if not officer.may("read-rates"):
        raise Forbidden(right="read-rates")
    allowed = {"kind", "by", "period", "origin", "key", "from", "to"}
    query = {key: value for key, value in request.query_params.items() if key in allowed and value}
    kind, by = _choices(query)
    at = has.clock.now()
    usual = "real" if has.registry.any_live else "simulated"
    origin = query.get("origin", usual) if query.get("origin", usual) in words.ORIGINS else usual
    since, until, chosen, period_words = period(query, at)
    asked = behind.Asked(officer.district, Origin(origin), since, until)
    async with has.db.reading() as session:
        _, context = await pages.frame(session, request, has, officer, "rates", "报表")
        names = await heads.towns_of(session, has.scheme)
        rows = await behind.due(session, asked, kind, at=at)
        lines = _lines(rows, kind, by, names, has.scheme.ruleset, query, at)
        key = query.get("key") or next(
            (line.figures.key for line in lines if line.figures and line.figures.due), ""
        )
        shown_rows = (
            (await behind.behind(session, asked, kind, by, key, at=at, limit=ROWS, cursor=None)).items
            if key
            else []
        )
    context.update(
        kind=kind,
        by=by,
        by_word=BY_WORDS[by],
        kind_word=KIND_WORDS[kind],
        period_words=period_words,
        origin=origin,
        whole=pure.figures("all", rows, kind),
        lines=[
            Line(
                one.name, one.figures, one.good, one.href, one.figures is not None and one.figures.key == key
            )
            for one in lines
        ],
        chosen_line=next((one for one in lines if one.figures and one.figures.key == key), None),
        behind=_behind(has.scheme, shown_rows, kind),
        bins=_bins(rows),
        by_period=filters(
            "/rates", {k: v for k, v in query.items() if k not in {"from", "to"}}, "period", PERIODS, "season"
        )
        if chosen
        else filters(
            "/rates",
            {k: v for k, v in query.items() if k not in {"from", "to", "period"}} | {"period": "-"},
            "period",
            PERIODS,
            "",
        ),
        by_by=filters("/rates", query, "by", BY_WORDS, "town"),
        by_kind=filters("/rates", query, "kind", KIND_WORDS, "answered_in_time"),
        by_origin=filters(
            "/rates", query, "origin", {usual: words.ORIGINS[usual], "exercise": "演练"}, usual
        ),
        query=query,
        few=FEW,
        live="",
    )
    return pages.render(request, "desk/rates.html", context)


def _lines(
    rows: list[Row], kind: Kind, by: By, names: Any, ruleset: Any, query: dict[str, str], at: datetime
) -> list[Line]:
    groups = {one.key: one for one in pure.grouped(rows, kind, by)}

    def name(key: str) -> str:
        if by == "town":
            return str(names.get(key, "区本级" if len(key) == 6 else key))
        if by == "level":
            return Level.of(key).zh if key != "none" else "无级别"
        if by == "channel":
            return words.CHANNELS.get(key, "未呼叫" if key == "none" else key)
        hazard = ruleset.hazard(key, at) if key != "none" else None
        return hazard.name if hazard else ("未归灾种" if key == "none" else key)

    found = []
    for key in dict.fromkeys([*groups, *(names if by == "town" else ())]):
        figures = groups.get(key)
        good = round(1000 * figures.rate) if figures and figures.rate is not None else 0
        found.append(
            Line(name(key), figures, good, "/rates?" + urlencode({**query, "key": key}), chosen=False)
        )
    found.sort(key=lambda one: (one.figures is None or one.figures.rate is None, one.good))
    return found


def _behind(scheme: Scheme, items: list[dict[str, Any]], kind: Kind) -> list[Behind]:
    """The rows in the words of the page."""
    found = []
    for one in items:
        if kind == "reported_in_hour":
            since, done, source = (
                one["t0"],
                one["first_report_at"],
                SOURCES.get(one["t0_source"], one["t0_source"]),
            )
            what, good = "灾情", "按时"
        else:
            since, done = one["released_at"], one["answered_at"]
            what, source, good = (
                heads.duty_name(scheme, one["layer"], one["duty"]),
                words.VIA.get(one.get("via") or "", "—"),
                "按时",
            )
        took = done - since if done is not None else None
        state = one["state"]
        verdict = {"met": f"✓ {good}", "late": "✕ 迟", "missed": "✕ 漏", "open": "… 未到时限"}[state]
        if one.get("excluded"):
            verdict = "不计"
        found.append(
            Behind(
                since,
                what,
                source,
                done,
                words.spoken(took) if took is not None else "—",
                verdict,
                state in {"late", "missed"},
            )
        )
    return found


def _bins(rows: list[Row]) -> list[Bin]:
    """Answer times of those that answered, in columns of minutes."""
    edges = (0, 2, 4, 6, 8, 10, 15, 20, 30, 60, 10**9)
    took = [
        (row.took.total_seconds() / 60, row.state)
        for row in rows
        if row.took is not None and not row.excluded
    ]
    counted = [
        (
            f"{low}–{high}" if high < 10**9 else f"{low}+",
            [state for minutes, state in took if low <= minutes < high],
        )
        for low, high in pairwise(edges)
    ]
    top = max((len(states) for _, states in counted), default=0)
    return [
        Bin(
            name,
            len(states),
            round(120 * len(states) / top, 1) if top else 0,
            states.count("late") * 2 > len(states),
        )
        for name, states in counted
        if top
    ]
