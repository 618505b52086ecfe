"""POST /login and /logout, at the root: as a form (pages, works without scripts) or as JSON (programs).

Log-in: the throttle is asked first, the password checked outside any transaction, the outcome written in one.
"""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from app.access import csrf, sessions, throttle, users
from app.api import body, deps
from app.api.deps import OfficerDep, Parts, PartsDep
from app.api.problem import declared
from app.errors import Forbidden, Unauthenticated, UnsupportedMediaType, Validation
from app.intake import json_gate

router = APIRouter(tags=["session"])

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


class LogInIn(body.In):
    """Who logs in. `code` where the account has a second factor; `next` is the page to go to (forms)."""

    username: str = Field(min_length=1, max_length=60)
    password: str = Field(min_length=1, max_length=200)
    code: str | None = Field(None, max_length=12)
    next: str | None = Field(None, max_length=300)


class LogInOut(BaseModel):
    """The token that unsafe requests carry as `X-CSRF-Token` beside the cookie."""

    csrf: str


async def _asked(request: Request) -> LogInIn:
    raw = await body.read(request, body.SMALL)
    if body.media(request) == JSON:
        given: Any = json_gate.loads(raw)
    elif body.media(request) == FORM:
        form = await request.form()
        given = {
            name: value
            for name, value in form.items()
            if isinstance(value, str) and (value or name != "code")
        }
        given.pop("csrf", None)
    else:
        raise UnsupportedMediaType("Send a form or JSON.")
    try:
        return LogInIn.model_validate(given)
    except ValidationError as error:
        raise Validation(errors=json_gate.faults(error)) from None


def inside(path: str | None) -> str:
    """Return a path of our own to go to; whatever else it was, the first page."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")) or "\\" in path or "\n" in path:
        return "/"
    return path


async def open_session(has: Parts, asked: LogInIn, address: str) -> sessions.LoggedIn:
    """Log somebody in. Raises RateLimited while it is too soon after wrong tries, Unauthenticated."""
    at, district = has.clock.now(), has.scheme.district.code
    async with has.db.reading() as session:
        await throttle.check(session, asked.username, address, at)
        user = await users.find(session, asked.username, district=district)
    proof = await sessions.prove(user, asked.password, asked.code, at)
    async with has.db.transaction() as session:
        opened = await sessions.log_in(
            session, proof, asked.username, address, district=district, at=at, lasts=has.lasts
        )
    if opened is None:
        raise Unauthenticated("The name, the password or the code is wrong.")
    return opened


@router.post(
    "/login",
    response_model=LogInOut,
    responses={**declared(400, 401, 403, 413, 415, 422, 429), 303: {"description": "Logged in (form)."}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": LogInIn.model_json_schema()} for kind in (JSON, FORM)},
        }
    },
)
async def log_in(request: Request, has: PartsDep) -> Response:
    """Log in; a new token at each log-in. The cookie is HttpOnly; the answer carries the CSRF token."""
    headers = request.headers
    if not csrf.own(
        headers.get("origin"), headers.get("sec-fetch-site"), headers.get("host", ""), has.settings.base_url
    ):
        raise Forbidden("Log in from our own page.")
    asked = await _asked(request)
    opened = await open_session(has, asked, deps.address(request))
    as_page = body.media(request) == FORM and JSON not in headers.get("accept", "")
    answer: Response = (
        RedirectResponse(inside(asked.next), 303) if as_page else JSONResponse({"csrf": opened.csrf})
    )
    answer.set_cookie(
        deps.cookie_name(has.settings),
        opened.token,
        max_age=int(has.lasts.absolute.total_seconds()),
        path="/",
        secure=has.settings.secure,
        httponly=True,
        samesite="lax",
    )
    return answer


@router.post(
    "/logout",
    status_code=204,
    responses={**declared(401, 403), 303: {"description": "Logged out (form)."}},
)
async def log_out(request: Request, who: OfficerDep, has: PartsDep) -> Response:
    """End this session; the cookie is taken back."""
    async with has.db.transaction() as session:
        await sessions.log_out(session, who, has.clock.now())
    answer = RedirectResponse("/login", 303) if body.media(request) == FORM else Response(status_code=204)
    answer.delete_cookie(deps.cookie_name(has.settings), path="/", secure=has.settings.secure, httponly=True)
    return answer
