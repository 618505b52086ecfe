"""Run as a process of its own, it makes processes: each does one piece of work, or dies at it.

Reads one JSON object a line: ``{"do": "drain", "url", "port", "at", "die_at"}`` works on everything that is
due, ``{"do": "take", "url", "at", "seconds"}`` takes the same warning in, and is ended by the kernel after so
many seconds (0: never). Each is a forked process, so that modules are read once. Answers with its id and,
when it has ended, its exit code and the seconds that it took.
"""

import asyncio
import json
import os
import signal
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from app import logs, sealed
from app.activation.receive import Received, receive
from app.bundled import path
from app.channels import registry as channels
from app.channels.registry import Registry
from app.clock import ManualClock
from app.db import Database
from app.origin import Origin
from app.scheme.models import Scheme
from app.scheme.read import read
from app.settings import Settings
from app.warning.level import Level
from app.worker import build

NAMES = ("sms", "voice", "broadcast")
SECRET = "a secret that is long enough for this"
DISTRICT, TOWN = "500153", "500153001"


def registry(port: int) -> Registry:
    """Return channels that lead to a gateway on this machine."""
    return channels.build(
        [
            {
                "name": name,
                "kind": "http",
                "carries": [name],
                "url": f"http://127.0.0.1:{port}/{name}",
                "live": False,
                "numbers": "synthetic",
                "timeout": "5s",
                "allow_loopback": True,
            }
            for name in NAMES
        ],
        {f"JIAOYING_CHANNEL_{name.upper()}_SECRET": SECRET for name in NAMES},
    )


def warning(at: datetime, identifier: str = "K-1") -> Received:
    """Return a red warning for one town."""
    return Received(
        form="json",
        source="qx",
        raw_id=None,
        origin=Origin.SIMULATED,
        sender="qx",
        identifier=identifier,
        event_code="11B03",
        msg_type="Alert",
        status="Actual",
        level=Level.RED,
        sent=at,
        effective=None,
        onset=None,
        expires=at + timedelta(hours=6),
        headline="区气象台发布预警",
        description="",
        instruction="",
        issuer="区气象台",
        content_digest="0" * 64,
        disposition="applies",
        places=frozenset({TOWN}),
    )


async def take_in(url: str, scheme: Scheme, able: Registry, at: datetime) -> None:
    """Take the warning in, in one transaction."""
    db = Database(url)
    async with db.transaction() as session:
        await receive(session, warning(at), district=DISTRICT, scheme=scheme, registry=able, at=at)
    await db.close()


async def drain(url: str, port: int, at: datetime, settings: Settings, scheme: Scheme) -> None:
    """Do everything that is due."""
    db, able = Database(url), registry(port)
    worker = build(settings, db, scheme, able, ManualClock(at))
    await worker.drain()
    await able.aclose()
    await db.close()


def work(ask: dict[str, Any], scheme: Scheme) -> None:
    """Do one piece of work."""
    at = datetime.fromisoformat(ask["at"])
    if ask["do"] == "drain":
        asyncio.run(drain(ask["url"], ask["port"], at, Settings(die_at=ask["die_at"]), scheme))
        return
    if ask["seconds"]:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, ask["seconds"])
    asyncio.run(take_in(ask["url"], scheme, registry(9), at))


def main(keys: str) -> None:
    """Fork for each line that comes."""
    logs.configure(level="error")
    sealed.use(sealed.Keys.read(Path(keys)))
    scheme = read(path("config"))
    for line in sys.stdin:
        began = time.perf_counter()
        child = os.fork()
        if child == 0:
            work(json.loads(line), scheme)
            os._exit(0)
        print(child, flush=True)  # noqa: T201 - the answer
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(code, time.perf_counter() - began, flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main(sys.argv[1])
