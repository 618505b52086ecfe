"""A bureau's system before the hamlet: JSON messages through intake, as they come, in whatever order."""

import json
from datetime import datetime, timedelta
from typing import Any

from app import audit
from app.access import sources
from app.activation.receive import Outcome
from app.activation.tables import Warning
from app.clock import LOCAL
from app.intake.accept import Desk, accept
from tests.support.hamlet import TOWN
from tests.support.seeded import DISTRICT
from tests.support.world import World


async def says(
    world: World,
    identifier: str,
    *refers: str,
    msg_type: str = "Alert",
    level: str = "blue",
    towns: tuple[str, ...] = (TOWN,),
    sent: datetime | None = None,
    **more: Any,
) -> Outcome:
    """Post a message; everything that is due at once is done."""
    at = world.clock.now()
    async with world.db.reading() as session:
        known = await sources.listed(session, DISTRICT)
    if not known:
        async with world.db.transaction() as session:
            await sources.add(session, "qx", "weather", district=DISTRICT, by=audit.SYSTEM, at=at)
            known = await sources.listed(session, DISTRICT)
    sent = sent or at
    message = {
        "identifier": identifier,
        "sender": "qx",
        "sent": written(sent),
        "status": "Actual",
        "msg_type": msg_type,
        "references": list(refers),
        "event_code": "11B03",
        "level": level,
        "expires": written(at + timedelta(hours=8)),
        "headline": "区气象台发布暴雨预警",
        "description": "有暴雨。",
        "areas": [{"codes": list(towns)}],
        **more,
    }
    desk = Desk(world.db, world.clock, world.scheme, world.registry)
    accepted = await accept(desk, known[0][0], json.dumps(message).encode(), "application/json")
    await world.worker.drain()
    return accepted.outcome


def written(at: datetime) -> str:
    """Return a time as a bureau writes it."""
    return at.astimezone(LOCAL).isoformat(timespec="seconds")


async def stored(world: World, outcome: Outcome) -> Warning:
    """Return where a message stands now."""
    return await world.warning(outcome.warning_id)
