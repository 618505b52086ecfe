"""Bodies are read by us: counted as they come, JSON through the gate of ``intake`` (depth, NaN, equal names).

The framework would take any length, keep the last of two equal names and read NaN.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import override

from app.errors import TooLarge, Unauthenticated, UnsupportedMediaType
from app.intake import json_gate

SMALL = 64 * 1024
"""Bytes of a body that a person or a page makes."""
GATEWAY = 1024 * 1024


class In(BaseModel):
    """What comes in: an unknown field is refused by name, nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


async def read(request: Request, limit: int) -> bytes:
    """Return the body.

    Raises TooLarge above ``limit`` bytes, UnsupportedMediaType for a coded (compressed) one.
    """
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise UnsupportedMediaType("Send the body as it is, not compressed.")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise TooLarge(limit=limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLarge(limit=limit)
    # Kept where the framework looks for it, so that whoever reads the request after us finds it whole.
    request._body = bytes(body)  # noqa: SLF001
    return request._body  # noqa: SLF001


def media(request: Request) -> str:
    """Return the media type of the body, without parameters, in lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


class StrictRoute(APIRoute):
    """A route whose JSON body has passed the gate before anything else looks at it."""

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the framework's handler behind the gate."""
        handle = super().get_route_handler()
        takes_body = self.body_field is not None

        async def gated(request: Request) -> Response:
            if takes_body:
                if not {"authorization", "cookie"} & set(request.headers.keys()):
                    raise Unauthenticated  # whoever shows nothing is told that first, whatever they sent
                if media(request) != "application/json":
                    raise UnsupportedMediaType("Send application/json.")
                json_gate.loads(await read(request, SMALL))
            return await handle(request)

        return gated
