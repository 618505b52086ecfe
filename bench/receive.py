"""From the post of a red warning to its 201: read, planned, committed with its first deliveries.

The district is the demo's: 21 towns, 156 villages, some 5,000 people. Every warning is another one, for all
towns, so that each run plans and calls the whole district. The figure is warnings a second; one second a
warning is the limit.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import httpx
import sqlalchemy as sa

from app import bundled, main
from app.access import sources
from app.audit import SYSTEM
from app.channels import registry
from app.clock import ManualClock
from app.directory import importer, people, synthetic
from app.dispatch.tables import Delivery
from app.scheme.read import read
from app.settings import Settings
from app.simulator.gateways import secret_variable
from bench.databases import databases, fresh
from bench.measured import Measured

# A red of each calls every layer of every town; a second one of the same event would call nobody anew.
EVENTS = ("11B03", "11B06", "11B20")
NIGHT = datetime(2026, 7, 15, 18, 0, tzinfo=UTC)


def _red(number: int, towns: list[str]) -> dict[str, object]:
    return {
        "identifier": f"bench-{number}",
        "sender": "bench",
        "sent": NIGHT.isoformat(),
        "status": "Actual",
        "msg_type": "Alert",
        "references": [],
        "event_code": EVENTS[number],
        "level": "red",
        "expires": (NIGHT + timedelta(hours=6)).isoformat(),
        "headline": "红色预警",
        "description": "预计未来三小时降雨量将达100毫米以上。",
        "instruction": "立即停止户外作业。",
        "areas": [{"codes": towns}],
    }


async def _runs(url: str, folder: Path) -> tuple[tuple[float, ...], int]:
    """Post a warning of each event; the first is not counted. Returns rates and deliveries a warning."""
    clock = ManualClock(NIGHT)
    settings = Settings(base_url="http://bench.invalid", database_url=url)
    scheme = read(settings.config)
    entries = [{**entry, "allow_loopback": True} for entry in scheme.channels]
    hidden = {secret_variable(entry): "0" * 32 for entry in entries}
    made = synthetic.generate(
        bundled.path("data") / "rongchang", profile="demo", seed=500153, start=NIGHT, days=2
    )
    made.write(folder)
    async with fresh(url) as db:
        async with db.transaction() as session:
            await importer.import_folder(session, folder, district=scheme.district.code, by=SYSTEM, at=NIGHT)
            key = await sources.add(
                session, "qxj", "weather", district=scheme.district.code, by=SYSTEM, at=NIGHT
            )
            towns = [town.code for town in await people.towns(session, scheme.district.code)]
        channels = registry.build(entries, hidden)
        app = main.build(settings, db, scheme, channels, clock)
        rates = []
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://bench.invalid"
        ) as client:
            for number in range(len(EVENTS)):
                start = perf_counter()
                answer = await client.post(
                    "/api/v1/warnings",
                    json=_red(number, towns),
                    headers={"authorization": f"Bearer {key}"},
                )
                rates.append(1 / (perf_counter() - start))
                if answer.status_code != 201:
                    raise RuntimeError(f"a warning was answered {answer.status_code}: {answer.text[:200]}")
        async with db.reading() as session:
            queued = await session.scalar(sa.select(sa.func.count()).select_from(Delivery)) or 0
        await channels.aclose()
    return tuple(rates[1:]), queued // len(EVENTS)


def run() -> Iterator[Measured]:
    """Receive on each database."""
    folder = Path(tempfile.mkdtemp(prefix="jiaoying-bench-"))
    try:
        with databases(folder) as urls:
            for name, url in urls.items():
                rates, queued = asyncio.run(_runs(url, folder / f"directory-{name}"))
                yield Measured(f"{name}, red, all towns, {queued} deliveries", rates)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
