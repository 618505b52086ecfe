"""The way of a delivery: put in line, claimed, permitted, sent over HTTP, recorded; on both databases.

The gateway is a bare asyncio server in a process of its own that says yes at once: what is measured is ours.
The figure is deliveries a second from the first claim to the last record.
"""

import asyncio
import multiprocessing
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.channels import registry
from app.clock import SystemClock
from app.db import chunks
from app.dispatch import permit
from app.dispatch.enqueue import Order, enqueue
from app.dispatch.send import Sender
from app.dispatch.tables import Delivery
from app.ids import new_id
from app.origin import Origin
from bench.databases import databases, fresh
from bench.measured import Measured

DELIVERIES, RUNS, AT_ONCE = 5_000, 3, 50


async def _yes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = next(
                int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
            )
            await reader.readexactly(length)
            body = b'{"ok":true,"id":"1"}'
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
                % (len(body), body)
            )
    except asyncio.IncompleteReadError:
        writer.close()


def _gateway(tell: Connection) -> None:
    async def serve() -> None:
        server = await asyncio.start_server(_yes, "127.0.0.1", 0)
        tell.send(server.sockets[0].getsockname()[1])
        async with server:
            await server.serve_forever()

    asyncio.run(serve())


@contextmanager
def _listening() -> Iterator[int]:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_gateway, args=(there,), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        process.terminate()
        process.join()


def _orders(warning: str) -> list[Order]:
    return [
        Order(
            key=f"{warning}:{number}",
            district="500153",
            origin=Origin.REAL,
            warning_id=warning,
            part="responsible",
            town="500153004",
            place_id="500153004",
            person_id=None,
            layer="L2",
            kind="broadcast",
            level=1 + number % 4,
            round=1,
            text="暴雨红色预警，请立即到岗。",
            expires_at=None,
        )
        for number in range(DELIVERIES)
    ]


async def _lost(_session: AsyncSession, ids: Sequence[str], _at: object) -> None:
    raise RuntimeError(f"the gateway said yes, and {len(ids)} deliveries failed")


async def _once(url: str, port: int) -> float:
    clock = SystemClock()
    async with fresh(url) as database:
        channels = registry.build(
            [
                {
                    "name": "bench",
                    "kind": "http",
                    "carries": ["broadcast"],
                    "url": f"http://127.0.0.1:{port}/",
                    "live": True,
                    "numbers": "synthetic",
                    "allow_loopback": True,
                }
            ],
            {"JIAOYING_CHANNEL_BENCH_SECRET": "0" * 32},
        )
        warning = new_id()
        async with database.transaction() as session:
            await permit.grant(
                session,
                warning,
                district="500153",
                origin=Origin.REAL.value,
                hazard="11B03",
                title="",
                expires_at=None,
            )
        for part in chunks(_orders(warning), 1_000):
            async with database.transaction() as session:
                await enqueue(session, part, registry=channels, at=clock.now())
        sender = Sender(
            database,
            channels,
            clock,
            worker="bench",
            senders=AT_ONCE,
            lease=timedelta(seconds=60),
            base_url="http://127.0.0.1",
            on_lost=_lost,
        )
        start = perf_counter()
        sent = await sender.drain()
        took = perf_counter() - start
        async with database.reading() as session:
            accepted = await session.scalar(sa.select(sa.func.count()).where(Delivery.state == "accepted"))
        await channels.aclose()
    if not sent == accepted == DELIVERIES:
        raise RuntimeError(f"of {DELIVERIES} deliveries {sent} were sent and {accepted} accepted")
    return DELIVERIES / took


def run() -> Iterator[Measured]:
    """Send everything, ``RUNS`` times on each database."""
    folder = Path(tempfile.mkdtemp(prefix="jiaoying-bench-"))
    try:
        with databases(folder) as urls, _listening() as port:
            for name, url in urls.items():
                rates = tuple(asyncio.run(_once(url, port)) for _ in range(RUNS))
                yield Measured(f"{name}, one call a delivery, {AT_ONCE} at once", rates)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
