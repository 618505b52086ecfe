"""Sign-in (the form; ``POST /login`` is the API's) and 试铃: one click, and the officer hears the bell."""

from fastapi import APIRouter, Response
from starlette.requests import Request
from starlette.responses import RedirectResponse

from app.api.deps import MaybeOfficer, PartsDep
from app.console import pages

router = APIRouter(include_in_schema=False)


@router.get("/login", response_class=Response)
async def login(request: Request, has: PartsDep, officer: MaybeOfficer) -> Response:
    """Show the form; whoever is signed in already goes on."""
    onward = pages.safe_next(request.query_params.get("next"))
    if officer is not None:
        return RedirectResponse(onward, status_code=303)
    return pages.plain(
        request,
        has,
        "desk/login.html",
        "登录",
        next=onward,
        username="",
        fault="",
        district=has.scheme.district.name,
    )


@router.get("/bell", response_class=Response)
async def bell(request: Request, has: PartsDep, officer: MaybeOfficer) -> Response:
    """Show the bell's trial."""
    if officer is None:
        return pages.to_login(request)
    onward = pages.safe_next(request.query_params.get("next"))
    return pages.plain(request, has, "desk/bell.html", "试铃", next=onward)
