"""The example of the docs, run as it stands, takes what the plain adapter sends and is believed."""

import asyncio
import importlib.util
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from typing_extensions import override

from app.channels.contract import Accepted, NotAccepted, Receipt, Rejected, Reply
from app.channels.registry import build
from app.clock import SystemClock

from .conftest import NUMBER, SECRET, entry, message

pytestmark = pytest.mark.anyio
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "plain_gateway.py"


def example() -> Any:
    spec = importlib.util.spec_from_file_location("plain_gateway", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def serve(handler: type[BaseHTTPRequestHandler]) -> tuple[ThreadingHTTPServer, int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, server.server_address[1]


async def test_the_example_gateway_speaks_the_plain_contract() -> None:
    came: Queue[tuple[str, dict[str, str], bytes]] = Queue()

    class Doors(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            came.put((self.path, dict(self.headers), body))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        @override
        def log_message(self, *_: object) -> None:
            """Quiet."""

    module = example()
    doors, doors_port = serve(Doors)
    module.SECRET, module.DOORS = SECRET.encode(), f"http://127.0.0.1:{doors_port}/gateways/main"
    gateway, port = serve(module.Gateway)
    raw = entry("http", url=f"http://127.0.0.1:{port}/", allow_loopback=True)
    registries = [
        build([raw], {"JIAOYING_CHANNEL_MAIN_SECRET": secret}) for secret in (SECRET, "another secret")
    ]
    clock = SystemClock()
    try:
        good, stranger = (registry.by_name("main") for registry in registries)
        first = await good.send([message()], clock.now())
        assert await good.send([message()], clock.now()) == first == [Accepted("g-1")]
        [refused] = await stranger.send([message(key="other")], clock.now())
        assert isinstance(refused, (Rejected, NotAccepted))
        pushed = [await asyncio.to_thread(came.get, timeout=5) for _ in range(2)]
        facts = {path: good.read(headers, body, clock.now()) for path, headers, body in pushed}
        [receipt], [reply] = facts["/gateways/main/receipts"], facts["/gateways/main/replies"]
        assert isinstance(receipt, Receipt)
        assert (receipt.state, receipt.key) == ("delivered", message().key)
        assert isinstance(reply, Reply)
        assert (reply.from_number, reply.digit) == (NUMBER, "1")
        assert came.empty()
    finally:
        for registry in registries:
            await registry.aclose()
        for server in (gateway, doors):
            server.shutdown()
            server.server_close()


def test_the_example_is_no_longer_than_a_page() -> None:
    lines = [line for line in EXAMPLE.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(lines) <= 75
