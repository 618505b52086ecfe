"""缺口: what is silent, who cannot be reached and who is not there; each hole may be given to somebody."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Response
from starlette.requests import Request
from starlette.responses import RedirectResponse

from app.access.officer import Officer
from app.access.rights import require
from app.api.deps import MaybeOfficer, OfficerDep, Parts, PartsDep
from app.console import pages
from app.console.board import gaps, heads
from app.errors import Forbidden, NotFound, Validation
from app.readiness import owners

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=200)]


@router.get("/gaps", response_class=Response)
async def shown(request: Request, has: PartsDep, officer: MaybeOfficer) -> Response:
    """Show both tables; ``town`` narrows the second, ``give`` opens the form for one hole."""
    if officer is None:
        return pages.to_login(request)
    if not officer.may("read-desk"):
        raise Forbidden(right="read-desk")
    return await _page(request, has, officer, give=request.query_params.get("give", ""))


async def _page(
    request: Request, has: Parts, officer: Officer, *, give: str, fault: str = "", status: int = 200
) -> Response:
    async with has.db.reading() as session:
        above, context = await pages.frame(session, request, has, officer, "gaps", "缺口")
        names = await heads.towns_of(session, has.scheme)
        town = _town(request, names)
        both = await gaps.found(session, has.scheme, has.registry, above.now, town)
        held = await gaps.holes(session, has.scheme, *both, names, above.now, town=town)
        chosen = next((hole for hole in gaps.all_of(*both) if hole.key == give), None)
        may_give = officer.may("claim")
        who = (
            await gaps.candidates(session, has.scheme, chosen.town, above.now) if chosen and may_give else ()
        )
        context.update(
            silences=await gaps.silences(session, has.scheme, names, above.now),
            gaps=held,
            towns=names,
            town=town,
            chosen=chosen if may_give else None,
            chosen_town=names.get(chosen.town, has.scheme.district.name) if chosen else "",
            candidates=who,
            may_give=may_give,
            fault=fault,
            live="",
        )
    return pages.render(request, "desk/gaps.html", context, status)


def _town(request: Request, names: Mapping[str, str]) -> str | None:
    """The town that the address narrows the page to; None for all, and for one that is none of ours."""
    town = request.query_params.get("town")
    return town if town in names else None


@router.post("/gaps/give", response_class=Response)
async def give(
    request: Request,
    has: PartsDep,
    officer: OfficerDep,
    key: Annotated[str, Form(max_length=140)],
    owner: Annotated[str, Form(max_length=36)] = "",
    due: Annotated[str, Form(max_length=10)] = "",
    note: Text = "",
    back: Annotated[str, Form(max_length=400)] = "/gaps",
) -> Response:
    """Give a hole to a person, with the last day on which it may be open."""
    require(officer, "claim")
    at = has.clock.now()
    try:
        day = date.fromisoformat(due)
    except ValueError:
        return await _page(request, has, officer, give=key, fault="没有派：写明到哪一天。", status=422)
    async with has.db.reading() as session:
        town = _town(request, await heads.towns_of(session, has.scheme))
        both = await gaps.found(session, has.scheme, has.registry, at, town)
    hole = next((one for one in gaps.all_of(*both) if one.key == key), None)
    if hole is None:
        raise NotFound
    try:
        async with has.db.transaction() as session:
            await owners.give(session, hole, owner, day, note, by=officer, at=at)
    except Validation as wrong:
        fault = "没有派：" + "；".join(one.detail for one in wrong.errors) + "。"
        return await _page(request, has, officer, give=key, fault=fault, status=422)
    return RedirectResponse(pages.safe_next(back), status_code=303)
