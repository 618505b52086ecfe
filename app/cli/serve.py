"""serve: the web process, with a worker inside unless told not to. work: a worker alone."""

import asyncio
import contextlib
import errno
import fcntl
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from app.cli import gateways
from app.cli.installation import Failure, Installation, clock_fault, installation, run, sqlite_file

GRACE = 5
"""Seconds an open request gets after SIGTERM."""


@contextlib.contextmanager
def only_one(file: Path | None) -> Iterator[None]:
    """Hold the lock beside a SQLite file: it is one process. Raises Failure when another serves it."""
    if file is None:
        yield
        return
    try:
        with file.with_name(file.name + ".serving").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise Failure(
                    f"已有一个 jiaoying serve 在用 {file}；SQLite 只能一个进程，多进程请用 PostgreSQL。"
                ) from None
            yield
    except PermissionError:
        raise Failure(f"目录 {file.parent} 不能写。") from None


def listen(host: str, port: int) -> socket.socket:
    """Take the port. Raises Failure when it is in use or not ours to take."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named: asyncio sets TCP_NODELAY only where it is, and without it an answer in two pieces
    # waits 40 ms for the client's delayed acknowledgement.
    taken = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except OSError as error:
        taken.close()
        if error.errno == errno.EADDRINUSE:
            raise Failure(f"端口 {port} 已被占用：换一个 --port，或停掉占用它的程序。") from None
        raise Failure(f"不能在 {host}:{port} 上监听：{error.strerror}。") from None
    taken.set_inheritable(True)
    return taken


def check_clock(held: Installation) -> None:
    """Refuse a shifted clock where real telephones would ring, and one whose file holds no seconds."""
    file = held.settings.test_clock
    if file is not None and held.registry.takes_real_numbers:
        raise Failure("设了 JIAOYING_TEST_CLOCK，而有通道拨真实号码：不启动。")
    fault = clock_fault(held.settings)
    if file is not None and fault is not None and file.exists():
        raise Failure(fault, 2)


def warn(held: Installation) -> None:
    """Say what is amiss and no bar to a start."""
    missing = [told for _, told in gateways.amiss(held.scheme.channels, os.environ)]
    for sentence in filter(None, (clock_fault(held.settings), *missing)):
        typer.echo(f"留意：{sentence}", err=True)


async def _serve(host: str, port: int, with_worker: bool) -> None:
    import uvicorn

    from app import main, worker
    from app.cli.server import Server

    async with installation() as held:
        check_clock(held)
        file = sqlite_file(held.settings)
        if file is not None and not with_worker:
            raise Failure("SQLite 只能一个进程：--no-worker 需要 PostgreSQL。")
        with only_one(file), contextlib.closing(listen(host, port)) as taken:
            inside = (
                worker.build(held.settings, held.db, held.scheme, held.registry, held.clock)
                if with_worker
                else None
            )
            app = main.build(held.settings, held.db, held.scheme, held.registry, held.clock, worker=inside)
            config = uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="on",
                timeout_graceful_shutdown=GRACE,
                proxy_headers=True,
                forwarded_allow_ips=held.settings.trusted_proxies,
            )
            server = Server(config, app.state.parts.hub)
            warn(held)
            typer.echo(f"叫应在 http://{host}:{taken.getsockname()[1]}/ 上服务。", err=True)
            if not held.registry.any_live:
                typer.echo("没有实战通道：这是模拟，谁也叫不到。", err=True)
            await server.serve(sockets=[taken])


async def _work() -> None:
    from app import logs, main, worker

    async with installation() as held:
        check_clock(held)
        if held.db.sqlite:
            raise Failure("SQLite 只能一个进程：work 需要 PostgreSQL。")
        warn(held)
        alone = worker.build(held.settings, held.db, held.scheme, held.registry, held.clock)
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for one in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(one, stop.set)
        alone.start()
        logs.get(__name__).info("worker.started", worker=alone.name)
        await stop.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(main.STOP):
                await alone.stop()


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command(help="网页和接口；默认内带一个工作进程")
    def serve(
        host: Annotated[str, typer.Option(help="监听地址")] = "127.0.0.1",
        port: Annotated[int, typer.Option(help="监听端口", min=0, max=65535)] = 8000,
        no_worker: Annotated[
            bool, typer.Option("--no-worker", help="不带工作进程（需要 PostgreSQL）")
        ] = False,
    ) -> None:
        run(_serve(host, port, not no_worker))

    @app.command(help="单独一个工作进程（需要 PostgreSQL）")
    def work() -> None:
        run(_work())
