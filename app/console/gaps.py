"""缺口: what is silent, and who cannot be reached: seen before the storm, not in it."""

from fastapi import APIRouter, Response
from starlette.requests import Request

from app.api.deps import MaybeOfficer, PartsDep
from app.console import pages
from app.console.board import gaps, heads
from app.errors import Forbidden

router = APIRouter(include_in_schema=False)


@router.get("/gaps", response_class=Response)
async def shown(request: Request, has: PartsDep, officer: MaybeOfficer) -> Response:
    """Show both tables; ``town`` narrows the second."""
    if officer is None:
        return pages.to_login(request)
    if not officer.may("read-desk"):
        raise Forbidden(right="read-desk")
    town = request.query_params.get("town")
    async with has.db.reading() as session:
        above, context = await pages.frame(session, request, has, officer, "gaps", "缺口")
        names = await heads.towns_of(session, has.scheme)
        holes, total = await gaps.holes(session, has.scheme, names, above.now, town=town)
        context.update(
            silences=await gaps.silences(session, has.scheme, names, above.now),
            holes=holes,
            total=total,
            towns=names,
            town=town,
            live="",
        )
    return pages.render(request, "desk/gaps.html", context)
