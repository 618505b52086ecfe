"""The least of ASGI that a simulated gateway needs: answers whole, cut, dripped or never."""

import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Literal

from app.clock import Clock

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


_RUN = re.compile("(?:%[0-9A-Fa-f]{2})+")


@dataclass(frozen=True, slots=True)
class Request:
    """Method, path, headers in lower case, the query decoded and as it came, the body."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    raw_query: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """What is sent back, and how: ``whole``, ``drip`` (a byte every half second), ``cut``, ``never``."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    manner: Literal["whole", "drip", "cut", "never"] = "whole"


def decoded(text: str) -> str:
    """Undo percent-encoding; a Chinese text is one long run of it, which is decoded at once."""
    if "+" in text:
        text = text.replace("+", " ")
    if "%" not in text:
        return text
    return _RUN.sub(lambda run: bytes.fromhex(run[0].replace("%", "")).decode("utf-8", "replace"), text)


async def read(scope: Scope, receive: Receive) -> Request:
    """Read a request whole."""
    body = b""
    while True:
        event = await receive()
        body += event.get("body", b"")
        if not event.get("more_body"):
            break
    query = scope["query_string"].decode()
    pairs = [pair.partition("=") for pair in query.split("&")] if query else []
    return Request(
        method=scope["method"],
        path=scope["path"],
        body=body,
        headers={name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]},
        query={decoded(name): decoded(value) for name, _, value in pairs},
        raw_query=query,
    )


async def answer(response: Response, receive: Receive, send: Send, clock: Clock) -> None:
    """Send a response in its manner."""
    if response.manner == "never":
        while (await receive())["type"] != "http.disconnect":
            pass
        return
    headers = {
        "content-type": response.content_type,
        "content-length": str(len(response.body)),
        **response.headers,
    }
    await send(
        {
            "type": "http.response.start",
            "status": response.status,
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
    )
    if response.manner == "cut":
        await send(
            {
                "type": "http.response.body",
                "body": response.body[: len(response.body) // 2],
                "more_body": True,
            }
        )
        raise ConnectionResetError("the gateway cut its answer")
    if response.manner == "drip":
        for byte in response.body:
            await send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})
            await clock.sleep(0.5)
        await send({"type": "http.response.body", "body": b""})
        return
    await send({"type": "http.response.body", "body": response.body})


async def lifespan(receive: Receive, send: Send) -> None:
    """Say yes to a server that starts and stops."""
    while True:
        event = await receive()
        await send({"type": f"{event['type']}.complete"})
        if event["type"] == "lifespan.shutdown":
            return
