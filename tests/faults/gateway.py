"""A vendor's gateway on a real socket: it keeps every request, and may be told to hold its answers."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from typing_extensions import override


@dataclass
class Recorder:
    """What reached the gateway, in order: (key, body). ``holding``: answers wait for ``release``."""

    port: int = 0
    came: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)
    open: threading.Event = field(default_factory=threading.Event)

    @property
    def keys(self) -> Counter[str]:
        """How often each message came."""
        return Counter(key for key, _ in self.came)

    def hold(self) -> None:
        """Take requests, and answer none until ``release``."""
        self.open.clear()

    def release(self) -> None:
        """Answer what was held, and whatever comes."""
        self.open.set()

    def until(self, many: int, seconds: float = 60) -> None:
        """Wait until so many requests have come."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.came) >= many, seconds), (
                f"only {len(self.came)} came"
            )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    recorder: ClassVar[Recorder]

    def do_POST(self) -> None:
        recorder = self.recorder
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with recorder.changed:
            recorder.came.append((self.headers["idempotency-key"], body))
            answer = json.dumps({"ok": True, "id": f"g-{len(recorder.came)}"}).encode()
            recorder.changed.notify_all()
        recorder.open.wait(30)
        try:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
        except OSError:  # whoever asked is dead by now
            self.close_connection = True

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def listening() -> Iterator[Recorder]:
    """A gateway that listens until the test ends."""
    recorder = Recorder()
    recorder.open.set()
    handler = type("Handler", (_Handler,), {"recorder": recorder})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    recorder.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        recorder.release()
        server.shutdown()
        server.server_close()
        thread.join(10)
