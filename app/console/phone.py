"""What the phone pages share: how they are made, the form token of a link, and the fields a form brings."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from unicodedata import category

from fastapi import Response
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse

from app import sealed
from app.access import csrf
from app.access.officer import Officer
from app.access.rights import require, show
from app.api.deps import Parts
from app.console import pages
from app.errors import Fault, NotFound, Validation
from app.ids import new_id

HEADERS = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
_EVENT = re.compile(r"[A-Za-z0-9-]{8,64}")


def render(
    request: Request,
    has: Parts,
    name: str,
    context: Mapping[str, Any],
    *,
    officer: Officer | None = None,
    status: int = 200,
) -> Response:
    """Make a phone page. ``officer``: whoever is signed in; a link's page has none."""
    at = has.clock.now()
    response = pages.render(
        request,
        f"phone/{name}.html",
        {
            "now": at,
            "theme": pages.theme(request, at),
            "desk": has.scheme.district.desk,
            "simulated": not has.registry.any_live,
            "csrf": csrf.token(officer.session_id) if officer and officer.session_id else "",
            "event": new_id,
            "origin": "real" if has.registry.any_live else "simulated",
            "signed_in": officer.id if officer else "",
            **context,
        },
        status,
    )
    response.headers.update(HEADERS)
    return response


def place_of(request: Request, officer: Officer) -> str:
    """Return the town whose page this is: the officer's own; the desk names one.

    Raises Forbidden, NotFound.
    """
    require(officer, "read-town")
    code = officer.place or request.query_params.get("place")
    if not code:
        raise NotFound("Name the town: ?place= and its nine digits.")
    show(officer, code)
    return code


def form_token(link: str, warning: str, event: str) -> str:
    """Return what a link's page puts into its form: warning and event, signed for this link alone."""
    mac = hmac.new(sealed.keys().session, f"form:{link}:{warning}:{event}".encode(), hashlib.sha256)
    return f"{warning}.{event}.{mac.hexdigest()[:32]}"


def read_form_token(link: str, given: str) -> tuple[str, str] | None:
    """Return the (warning, event) of a form token, None unless our own page made it for this link."""
    warning, _, rest = given.partition(".")
    event, _, _mac = rest.partition(".")
    if not hmac.compare_digest(form_token(link, warning, event).encode(), given.encode()):
        return None
    return warning, event


def text(form: FormData, name: str, limit: int = 200) -> str:
    """Return a text field, empty when it is not there. Raises Validation."""
    value = form.get(name) or ""
    if not isinstance(value, str) or len(value) > limit:
        raise Validation(
            "A field is too long.", errors=[Fault(f"/{name}", "too-long", f"At most {limit} characters.")]
        )
    if any(category(one) in {"Cc", "Cs"} and one not in "\r\n\t" for one in value):
        raise Validation(
            "A field holds control characters.", errors=[Fault(f"/{name}", "not-valid", "Plain text only.")]
        )
    return value.strip()


def event_of(form: FormData) -> str:
    """Return the id that makes a repeat of this form harmless. Raises Validation."""
    value = text(form, "event", 64)
    if not _EVENT.fullmatch(value):
        raise Validation(
            "The form carries no event id.",
            errors=[Fault("/event", "not-valid", "An id of 8 to 64 characters.")],
        )
    return value


def instant(form: FormData, name: str = "occurred_at") -> datetime | None:
    """Return a time the phone wrote down, None when the form has none. Raises Validation."""
    value = text(form, name, 40)
    if not value:
        return None
    try:
        when = datetime.fromisoformat(value)
    except ValueError:
        when = None
    if when is None or when.tzinfo is None:
        raise Validation(
            "A time is not RFC 3339.", errors=[Fault(f"/{name}", "not-valid", "RFC 3339 with an offset.")]
        )
    return when


def done(request: Request, back: str, **facts: Any) -> Response:
    """Answer a form: back to the page, or a few facts as JSON where a script sent it."""
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"ok": True, **facts}, headers=HEADERS)
    return RedirectResponse(back, 303, headers=HEADERS)
