"""The outermost layer: whose fault it is that a request had no answer."""

import io
import json
from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from app import logs
from app.api.edge import Edge

pytestmark = pytest.mark.anyio


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    logs.configure(level="info", strict=True, stream=stream)
    yield stream
    logs.configure(level="info", strict=True)


async def test_a_phone_that_hangs_up_while_it_sends_is_no_error_of_ours(lines: io.StringIO) -> None:
    async def reads(scope: Scope, receive: Receive, _send: Send) -> None:
        await Request(scope, receive).body()

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/town", "headers": [], "query_string": b""}
    await Edge(reads, secure=False)(scope, gone, send)
    said = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert [(one["event"], one["level"]) for one in said] == [("request.done", "info")]
    assert said[0]["status"] == 499
    assert sent == []
