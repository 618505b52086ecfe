"""The outermost layer: a request's id, the headers of every answer, one log line, and the last catch.

It stands outside routing and error handling, so that a 404, a 405 and a 500 carry the same headers as a page.
"""

import time
import traceback
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import logs, metrics
from app.api import problem
from app.ids import new_id

log = logs.get(__name__)

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "object-src 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer a browser sends "Origin: null" with our own forms
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
}
CLIENT_LEFT = 499
"""As nginx counts it: the client hung up while it was sending."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Edge:
    """Wraps the whole app. ``secure``: it is reached over https alone, and says so (HSTS)."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        self._headers = dict(HEADERS)
        if secure:
            self._headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = new_id()
        scope.setdefault("state", {})["request_id"] = request_id
        started, status, since = False, 500, time.monotonic()

        async def sending(message: Message) -> None:
            nonlocal started, status
            if message["type"] == "http.response.start":
                started, status = True, message["status"]
                self._dress(MutableHeaders(scope=message), scope["path"], request_id)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except ClientDisconnect:
            status = CLIENT_LEFT  # there is nobody to answer
        except Exception as error:
            log.error("request.broke", request=request_id, error=type(error).__name__, where=_where(error))  # noqa: TRY400 - a traceback's message may hold what was sent
            if started:
                raise
            await problem.document(problem.INTERNAL, request_id)(scope, receive, sending)
        finally:
            self._note(scope, request_id, status, time.monotonic() - since)

    def _dress(self, headers: MutableHeaders, path: str, request_id: str) -> None:
        for name, value in self._headers.items():
            headers.setdefault(name, value)
        # Everything but the files that ship is about people or changes by the second.
        headers.setdefault("Cache-Control", "no-cache" if path.startswith("/static/") else "no-store")
        headers["X-Request-ID"] = request_id

    def _note(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        """One line and one count, by the route's template: paths hold tokens."""
        template = _template(scope)
        method = scope["method"] if scope["method"] in _METHODS else "other"
        metrics.HTTP.labels(template, method, str(status)).inc()
        log.info(
            "request.done",
            request=request_id,
            route=template,
            method=method,
            status=status,
            seconds=round(seconds, 3),
        )


def _template(scope: Scope) -> str:
    """Return the template of the route that answered.

    A route knows its own part; what lies before it is fixed words.
    """
    if "endpoint" not in scope:
        return "unmatched"
    own: str | None = getattr(scope.get("route"), "path", None)
    if own is None:
        return str(scope.get("root_path", ""))  # the files that ship, as one
    before = scope["path"].split("/")[: scope["path"].count("/") - own.count("/") + 1]
    return "/".join(before) + own if len(before) > 1 else own


def _where(error: BaseException) -> str:
    """Return the innermost places in our own code an error passed through: files and lines, no values."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/app/" in frame.filename]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-4:]))
