"""Every error as one document (RFC 9457): a stable code, pointers, never what was sent.

``type`` is ``urn:jiaoying:problem:<code>`` and ``instance`` the request's id, which the log has too. A
person's browser gets the page that ``app.state.page_error`` makes of the same facts, where there is one.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeAlias

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app import errors, logs
from app.errors import Fault, JiaoyingError
from app.intake.json_gate import pointer

log = logs.get(__name__)

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is told about an error. ``facts`` become members of the document; ``headers`` of the answer."""

    status: int
    code: str
    title: str
    detail: str
    faults: Sequence[Fault] = ()
    facts: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


PageError: TypeAlias = Callable[[Request, Problem], Awaitable[Response]]
"""Makes a page of a problem; set as ``app.state.page_error`` by whoever has pages."""


class FaultOut(BaseModel):
    """One field at fault."""

    pointer: str
    code: str
    detail: str


class ProblemOut(BaseModel):
    """An error as told (RFC 9457)."""

    model_config = ConfigDict(extra="allow", title="Problem")

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    errors: list[FaultOut] | None = None


def declared(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the ``responses`` of a route that may answer with these errors; 503 is always one of them."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in (*statuses, 503)
    }


def request_id(request: Request) -> str:
    """Return the id of this request, as in the log."""
    return str(request.scope.get("state", {}).get("request_id", ""))


def document(problem: Problem, instance: str) -> Response:
    """Return the problem as JSON. Escaped to ASCII, so that no character of any source can break it."""
    body: dict[str, object] = {
        **problem.facts,
        "type": f"urn:jiaoying:problem:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": instance,
        "code": problem.code,
    }
    if problem.faults:
        body["errors"] = [
            {"pointer": one.pointer, "code": one.code, "detail": one.detail} for one in problem.faults
        ]
    text = json.dumps(body, ensure_ascii=True, allow_nan=False, default=str)
    return Response(text, problem.status, dict(problem.headers), MEDIA_TYPE)


def of(error: JiaoyingError) -> Problem:
    """Return what is told about one of our own errors."""
    facts, headers = dict(error.facts), {}
    wait = facts.pop("retry_after", None) or error.retry_after
    if wait is not None:
        headers["Retry-After"] = str(wait)
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Problem(error.status, error.code, error.title, error.detail, error.errors, facts, headers)


INTERNAL = Problem(
    500, "internal", "Something broke on our side", "Nothing was half done. Tell the operator the instance."
)

_BY_STATUS: dict[int, type[JiaoyingError]] = {
    400: errors.MalformedBody,
    401: errors.Unauthenticated,
    403: errors.Forbidden,
    404: errors.NotFound,
    413: errors.TooLarge,
    415: errors.UnsupportedMediaType,
    429: errors.RateLimited,
    503: errors.Unavailable,
}
_FAULT_CODES = {
    "extra_forbidden": ("unknown-field", "This field is not known."),
    "missing": ("missing", "It is missing."),
}


def _of_http(error: HTTPException) -> Problem:
    """The framework's own errors: no such path, no such method, a body it cannot read."""
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
        return Problem(
            405, "method-not-allowed", "This method is not offered here", "See Allow.", headers=allowed
        )
    known = _BY_STATUS.get(error.status_code)
    if known is not None:
        return of(known())
    return Problem(
        error.status_code,
        "refused",
        HTTPStatus(error.status_code).phrase,
        "The request cannot be carried out.",
    )


def _of_validation(error: RequestValidationError) -> Problem:
    faults = []
    for one in error.errors()[:20]:
        where, *path = one["loc"]
        code, detail = _FAULT_CODES.get(one["type"], ("not-valid", "Not a value of the form asked for."))
        if one["type"] == "json_invalid":
            return of(errors.MalformedBody())
        faults.append(Fault(pointer(tuple(path) if where == "body" else (where, *path)), code, detail))
    return of(errors.Validation(errors=faults))


def wants_page(request: Request) -> bool:
    """Whether a person's browser asks for a page (and not a program, or a script of the page)."""
    path = request.url.path
    machine = path.startswith(("/api/", "/healthz", "/readyz", "/metrics", "/openapi.json"))
    return not machine and "text/html" in request.headers.get("accept", "")


async def answer(request: Request, problem: Problem) -> Response:
    """Return the problem in the form the caller wants."""
    make: PageError | None = getattr(request.app.state, "page_error", None)
    if make is not None and wants_page(request):
        return await make(request, problem)
    return document(problem, request_id(request))


def install(app: FastAPI) -> None:
    """Give an app these handlers. What nothing here knows is caught by ``api.edge``."""

    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, JiaoyingError)  # noqa: S101 - registered for this class alone
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.warning("request.unavailable", code=error.code, cause=type(error.__cause__).__name__)
        return await answer(request, of(error))

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - the same
        return await answer(request, _of_http(error))

    async def validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - the same
        return await answer(request, _of_validation(error))

    app.add_exception_handler(JiaoyingError, ours)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, validation)
