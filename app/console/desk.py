"""The duty desk: one page, read anew whole or by its live parts; the address says what is selected."""

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from app.access.officer import Officer
from app.api.deps import MaybeOfficer, Parts, PartsDep
from app.console import map as drawn
from app.console import pages
from app.console.board import (
    alarms,
    card,
    disasters,
    gaps,
    heads,
    plans,
    roster,
    strip,
    timeline,
    towns,
    waiting,
)
from app.errors import Forbidden

router = APIRouter(include_in_schema=False)


@router.get("/", response_class=Response)
async def desk(request: Request, has: PartsDep, officer: MaybeOfficer) -> Response:
    """Show the desk; whoever belongs to a town goes to the town's page."""
    if officer is None:
        return pages.to_login(request)
    if officer.role == "town":
        return Response(status_code=303, headers={"Location": "/town"})
    if not officer.may("read-desk"):
        raise Forbidden(right="read-desk")
    async with has.db.reading() as session:
        context = await build(session, request, has, officer)
    return pages.render(request, "desk/desk.html", context)


async def build(
    session: AsyncSession,
    request: Request,
    has: Parts,
    officer: Officer,
    *,
    warning_id: str | None = None,
    town: str | None = None,
) -> dict[str, Any]:
    """Read all that the desk shows. ``warning_id``: the warning a dialog is open for."""
    above, context = await pages.frame(session, request, has, officer, "desk", "值守")
    at, scheme, query = above.now, has.scheme, request.query_params
    origins = strip.shown(above)
    names = await heads.towns_of(session, scheme)
    live = await towns.in_force(session, officer.district, origins)
    queue = await waiting.load(session, scheme, live, names, at)
    by_urgency = query.get("sort") == "urgency"
    board = await towns.load(session, scheme, live, at, by_urgency=by_urgency)
    chosen = next((one for one in live if one.id == (warning_id or query.get("warning"))), heads.first(live))
    town = town or query.get("town") or _most_pressing(board)
    row = board.row(town)
    important = query.get("important") == "1"
    told = await timeline.load(session, scheme, names, origins, important=important)
    kept = {key: query[key] for key in ("warning", "mode", "sort", "important") if key in query}
    context.update(
        queue=queue,
        reviews=(
            *await waiting.reviews(session, scheme, origins),
            *await waiting.refused(session, officer.district, at),
        ),
        alarms=await alarms.load(session, officer.district, origins),
        may_take=officer.may("claim"),
        in_force=await heads.in_force(session, live, scheme, names),
        last_ended=None if live else await heads.last_ended(session, scheme, names, origins),
        board=board,
        by_urgency=by_urgency,
        town=town,
        card=await card.load(session, scheme, row, at)
        if row and (row.level is not None or "town" in query)
        else None,
        form=query.get("form", ""),
        given={},
        fault="",
        done="",
        full=None,
        may_call=officer.may("answer-by-phone") and officer.may("read-number"),
        can_escalate=officer.may("answer-by-phone"),
        cells=drawn.shown(board.rows),
        drawing=drawn.drawing(),
        timeline=told,
        important=important,
        important_href=_href({**kept, "important": "" if important else "1"}),
        sort_href=_href({**kept, "sort": "urgency"}),
        query_without_sort=_href({**kept, "sort": ""}).removeprefix("/"),
        keep="".join(f"&{key}={value}" for key, value in kept.items() if value),
        keep_query=f"?mode={query['mode']}" if "mode" in query else "",
        disasters=await disasters.listed(session, officer.district, origins, names, at, waiting=True),
        disasters_today=await disasters.today(session, officer.district, origins, at),
        live="desk",
        dialog=None,
        quiet=chosen is None,
        pending_responses="、".join(
            item.title.removeprefix("启动").removesuffix("级响应？")
            for item in queue
            if item.kind == "response"
        ),
    )
    if chosen is None:
        context.update(head=None, roster=await roster.load(session, scheme, names, at))
        return context
    parts = await heads.parts(session, chosen, scheme, at)
    states = {part.name: part.state for part in parts}
    plan = await plans.plan(session, chosen)
    body = plan.body if plan else {}
    done = await plans.progress(session, chosen.id)
    context.update(
        head=heads.head_of(chosen, scheme, names),
        pressing=next((part for part in parts if part.open), None),
        persons={part.name: part.persons for part in parts},
        lines=plans.lines(body, scheme, done, states),
        not_chosen=len(body.get("not_chosen", ())),
        before=await gaps.before(session, scheme, has.registry, names, chosen, at),
        plan_name=f"{plan.scheme_version} {plan.plan_hash[:4]}·{plan.plan_hash[-2:]}" if plan else "未生成",
    )
    return context


def _most_pressing(board: towns.Board) -> str | None:
    order = ("cannot", "lost", "overdue", "waiting")
    rows = [row for row in board.rows if row.state in order]
    rows.sort(key=lambda row: (order.index(row.state), -int(row.level or 0)))
    return rows[0].code if rows else None


def _href(query: dict[str, str]) -> str:
    kept = {key: value for key, value in query.items() if value}
    return f"/?{urlencode(kept)}" if kept else "/"
