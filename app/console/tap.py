"""One tap: a person answers from the link in a text, without a password. Looking never answers, tapping does.

GET and HEAD change nothing: previewers and scanners open links within seconds. The POST carries a token that
only our own page for this link hands out, and what is tapped twice is recorded once.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Response
from starlette.requests import Request
from starlette.responses import JSONResponse

from app import logs
from app.access import csrf, links
from app.access.links import Bundle
from app.answer import record
from app.api.deps import Parts, PartsDep
from app.console import phone
from app.console.board import people
from app.console.board import phone as board
from app.console.board.phone import Asked
from app.errors import Forbidden
from app.ids import new_id

log = logs.get(__name__)
router = APIRouter(include_in_schema=False)

CORRECT = timedelta(seconds=30)
"""How long a slip of the thumb can be mended from the page; later the other button still stands."""


@router.api_route("/t/{token}", methods=["GET", "HEAD"], response_class=Response)
async def show(request: Request, token: str, has: PartsDep) -> Response:
    """Show what is asked. Changes nothing."""
    at = has.clock.now()
    async with has.db.reading() as session:
        bundle = await links.look(session, token, at)
    if bundle is not None:
        log.info("link.opened", link=bundle.id)  # seen by something: never an answer
    return await _page(request, has, token, bundle, at)


@router.post("/t/{token}", response_class=Response)
async def answer(request: Request, token: str, has: PartsDep) -> Response:
    """Take an answer; the same form again gives the same page."""
    at = has.clock.now()
    headers = request.headers
    if not csrf.own(
        headers.get("origin"), headers.get("sec-fetch-site"), headers.get("host", ""), has.settings.base_url
    ):
        raise Forbidden("This answer does not come from our own page.")
    form = await request.form()
    rung, given = phone.text(form, "rung", 12), phone.text(form, "form", 160)
    occurred_at = phone.instant(form) or at
    async with has.db.reading() as session:
        bundle = await links.look(session, token, at)
        asked, _ = await board.by_link(session, bundle, has.scheme) if bundle else (None, None)
    if bundle is None or bundle.expired or asked is None:
        return await _page(request, has, token, bundle, at)
    about = phone.read_form_token(bundle.id, given)
    if about is None:
        raise Forbidden("This answer does not come from our own page.")
    warning, event = about
    if asked.state != "ended":
        async with has.db.transaction() as session:
            await record.by_link(
                session,
                replace(bundle, warning_id=warning),
                rung,
                occurred_at=min(occurred_at, at),
                event_id=event,
                scheme=has.scheme,
                at=at,
            )
    if "application/json" in headers.get("accept", ""):
        return JSONResponse({"ok": True, "at": at.isoformat()}, headers=phone.HEADERS)
    return await _page(request, has, token, bundle, at)


async def _page(request: Request, has: Parts, token: str, bundle: Bundle | None, at: datetime) -> Response:
    if bundle is None or bundle.expired:
        return phone.render(request, has, "dead", {"title": "链接已失效"}, status=410 if bundle else 404)
    async with has.db.reading() as session:
        asked, under = await board.by_link(session, bundle, has.scheme)
        others = await board.others(session, bundle, asked, at) if asked else ()
        who = (await people.contacts(session, [bundle.person_id])).get(bundle.person_id)
    if asked is None:
        return phone.render(request, has, "dead", {"title": "链接已失效"}, status=404)
    context: dict[str, Any] = {
        "title": asked.name,
        "asked": asked,
        "others": others,
        "origin": asked.origin,
        "who": who.name if who else "",
        "post": who.post(has.scheme.roles, who.roles) if who else "",
        "token": token,
        "form": lambda: phone.form_token(bundle.id, under.warning_id, new_id()),
        **correcting(request, asked, at),
    }
    return phone.render(request, has, "tap", context)


def correcting(request: Request, asked: Asked, at: datetime) -> dict[str, Any]:
    """Return until when the last tap may be taken for a slip, and whether it is being mended."""
    until = asked.answered_at + CORRECT if asked.answered_at and asked.rung == 4 else None
    open_ = until is not None and until > at
    return {
        "correct_until": until if open_ else None,
        "again": open_ and request.query_params.get("again") == "1",
    }
