"""serve as a process of its own: one on a database file, refused otherwise, gone soon after SIGTERM."""

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from app.cli.serve import listen
from tests.cli.conftest import Cli

RUN = [sys.executable, "-c", "from app.cli import main; main()"]
PASSWORD = "雨大时先叫醒河边的人"


@contextmanager
def serving(cli: Cli, *words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A served installation and its address."""
    process = subprocess.Popen(
        [*RUN, "serve", "--port", "0", *words], cwd=cli.folder, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if (found := re.search(r"http://[\d.:]+", line)) is not None:
                break
        else:
            raise AssertionError("it ended without serving")
        with httpx.Client(transport=httpx.HTTPTransport(retries=5)) as client:
            assert client.get(f"{found.group()}/healthz", timeout=30).status_code == 200
        yield process, found.group()
    finally:
        process.kill()
        process.communicate()


def refused(cli: Cli, *words: str) -> str:
    ran = subprocess.run(
        [*RUN, *words], cwd=cli.folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    return ran.stderr


def test_it_serves_once_and_ends_in_time_with_streams_open(cli: Cli) -> None:
    assert cli("user", "add", "guyu", "--role", "duty", "--password-stdin", stdin=PASSWORD + "\n").code == 0
    with serving(cli) as (process, address), httpx.Client(base_url=address, timeout=30) as client:
        ready = client.get("/readyz")
        assert ready.status_code == 200, ready.text
        assert client.post("/login", json={"username": "guyu", "password": PASSWORD}).status_code == 200
        assert client.get("/api/v1/warnings").json() == {"items": [], "next": None}
        assert client.get("/api/v1/warnings").headers.get("server") is None
        if (cli.folder / "jiaoying.db").exists():
            assert "SQLite" in refused(cli, "serve", "--port", "0")
        assert cli("source", "list").code == 0
        port = address.rpartition(":")[2]
        if not (cli.folder / "jiaoying.db").exists():
            assert port in refused(cli, "serve", "--port", port)
        with (
            client.stream("GET", "/api/v1/events") as stream,
            socket.create_connection(("127.0.0.1", int(port))) as half,
        ):
            told = stream.iter_text()
            assert next(told).startswith("retry:")
            half.sendall(b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
            asked = time.monotonic()
            process.send_signal(signal.SIGTERM)
            list(told)
        assert process.wait(timeout=15) == 0
        assert time.monotonic() - asked < 15


def test_a_port_that_is_taken_is_said_before_anything_starts(bare_cli: Cli) -> None:
    bare_cli("migrate")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = refused(bare_cli, "serve", "--port", str(taken.getsockname()[1]))
    assert said.count("\n") == 1
    assert "已被占用" in said


def test_a_worker_alone_works_on_postgresql_and_ends_on_sigterm(pg_cli: Cli) -> None:
    pg_cli("migrate")
    process = subprocess.Popen([*RUN, "work"], cwd=pg_cli.folder, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        assert any("worker.started" in line for line in process.stderr)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) == 0
    finally:
        process.kill()
        process.communicate()


def test_an_answer_in_two_pieces_does_not_wait_for_the_clients_acknowledgement() -> None:
    with listen("127.0.0.1", 0) as port:
        assert port.proto == socket.IPPROTO_TCP  # what asyncio sets TCP_NODELAY by
