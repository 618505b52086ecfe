"""灾情: the list of events, each with the clock of its hour."""

from fastapi import APIRouter, Response
from starlette.requests import Request

from app.api.deps import MaybeOfficer, PartsDep
from app.console import pages
from app.console.board import disasters, heads, strip
from app.errors import Forbidden

router = APIRouter(include_in_schema=False)


@router.get("/disasters", response_class=Response)
async def listed(request: Request, has: PartsDep, officer: MaybeOfficer) -> Response:
    """List what was reported and what is still to be, the newest first."""
    if officer is None:
        return pages.to_login(request)
    if not officer.may("read-desk"):
        raise Forbidden(right="read-desk")
    async with has.db.reading() as session:
        above, context = await pages.frame(session, request, has, officer, "disasters", "灾情")
        names = await heads.towns_of(session, has.scheme)
        origins = strip.shown(above)
        context.update(
            rows=await disasters.listed(session, officer.district, origins, names, above.now),
            today=await disasters.today(session, officer.district, origins, above.now),
            live="disasters",
        )
    return pages.render(request, "desk/disasters.html", context)
