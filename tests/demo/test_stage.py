"""What a demo is made of holds for its whole story."""

from datetime import timedelta

import httpx
import pytest

from app.cli.stage import AFTER, END, START, Where, stage
from app.clock import ManualClock
from app.directory.profiles import SPARSE

pytestmark = pytest.mark.anyio


async def test_whoever_watches_is_signed_in_to_the_end_of_the_story() -> None:
    clock = ManualClock(START)
    where = Where("http://127.0.0.1:8000")
    async with stage(clock=clock, seed=1, database=None, where=where, profile=SPARSE.name) as set_:
        transport = httpx.ASGITransport(set_.app)
        async with httpx.AsyncClient(transport=transport, base_url=where.base_url) as desk:
            asked = {"username": "duty", "password": set_.passwords["duty"]}
            told = await desk.post("/login", json=asked, headers={"Origin": where.base_url})
            assert told.status_code == 200, told.text
            clock.set(START + timedelta(minutes=END) + AFTER)
            shown = await desk.get("/rates")
    assert shown.status_code == 200
    assert "叫应率" in shown.text
