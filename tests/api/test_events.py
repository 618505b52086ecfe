"""The stream of events: as it happens, resumed where it broke off, started anew, closed on time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from app import events
from app.api.hub import Hub
from app.db import Database
from tests.api.conftest import LONGJI, WANLING, Web
from tests.support.seeded import DISTRICT
from tests.support.world import NIGHT

pytestmark = pytest.mark.anyio


async def happens(db: Database, *subjects: str, place: str | None = None) -> None:
    for subject in subjects:
        async with db.transaction() as session:
            events.publish(session, "obligation", subject, district=DISTRICT, place=place, at=NIGHT)


class Stream:
    """Reads a stream event by event."""

    def __init__(self, hub: Hub, after: int | None, place: str | None = None) -> None:
        self._lines = hub.stream(after, place)
        self.retry = 0

    async def next(self) -> dict[str, str]:
        """Return the next event's fields; a heartbeat is passed over."""
        async with asyncio.timeout(10):
            async for text in self._lines:
                fields = dict(
                    line.split(": ", 1) for line in text.strip().split("\n") if not line.startswith(":")
                )
                if "retry" in fields:
                    self.retry = int(fields["retry"])
                elif fields:
                    return fields
        return {}


@asynccontextmanager
async def hub(db: Database) -> AsyncIterator[Hub]:
    opened = Hub(db, DISTRICT)
    await opened.start()
    try:
        yield opened
    finally:
        await opened.stop()


async def test_what_happens_is_told_to_every_stream_with_its_id(db: Database) -> None:
    async with hub(db) as opened:
        one, two = Stream(opened, None), Stream(opened, None)
        first = asyncio.ensure_future(one.next())
        second = asyncio.ensure_future(two.next())
        await asyncio.wait([first, second], timeout=0)
        await happens(db, "w1:500153105")
        for told in (await first, await second):
            assert told["event"] == "obligation"
            assert '"id": "w1:500153105"' in told["data"]
            assert int(told["id"]) >= 1
        assert 2000 <= one.retry <= 6000


async def test_a_stream_goes_on_where_it_broke_off(db: Database) -> None:
    async with hub(db) as opened:
        stream = Stream(opened, 0)
        await happens(db, "a", "b", "c")
        seen = [await stream.next() for _ in range(3)]
        again = Stream(opened, int(seen[0]["id"]))
        assert [(await again.next())["id"] for _ in range(2)] == [one["id"] for one in seen[1:]]


async def test_what_happened_before_this_process_began_is_resumed_too(db: Database) -> None:
    await happens(db, "a", "b")
    async with hub(db) as opened:
        stream = Stream(opened, 1)
        assert '"b"' in (await stream.next())["data"]
        await happens(db, "c")
        assert '"c"' in (await stream.next())["data"]


async def test_who_was_away_too_long_is_told_to_start_anew(db: Database) -> None:
    await happens(db, "a", "b", "c")
    async with db.transaction() as session:
        await events.prune(session, NIGHT + timedelta(seconds=1))
        events.publish(session, "obligation", "d", district=DISTRICT, at=NIGHT + timedelta(seconds=2))
    async with hub(db) as opened:
        for lost in (1, 99):
            assert (await Stream(opened, lost).next())["event"] == "reset"


async def test_a_town_hears_of_itself_and_of_what_is_nobodys(db: Database) -> None:
    async with hub(db) as opened:
        stream = Stream(opened, 0, WANLING)
        await happens(db, "theirs", place=LONGJI)
        await happens(db, "ours", place=WANLING)
        await happens(db, "everybodys")
        assert '"ours"' in (await stream.next())["data"]
        assert '"everybodys"' in (await stream.next())["data"]


async def test_streams_end_when_the_process_stops(db: Database) -> None:
    async with hub(db) as opened:
        stream = Stream(opened, None)
        waiting = asyncio.ensure_future(stream.next())
        await asyncio.wait([waiting], timeout=0.05)
        opened.close()
        assert await waiting == {}


async def test_the_door_streams_to_who_may_read_and_refuses_a_foreign_id(bare: Web) -> None:
    await happens(bare.world.db, "a", "b")
    own: Hub = bare.app.state.parts.hub
    await own.start()
    opened = asyncio.ensure_future(
        bare.client("viewer").get("/api/v1/events", headers={"Last-Event-ID": "1"})
    )
    await asyncio.wait([opened], timeout=1)
    own.close()
    answer = await opened
    await own.stop()
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "event: obligation" in answer.text
    assert '"id": "b"' in answer.text
    assert '"id": "a"' not in answer.text
    assert (
        await bare.client("viewer").get("/api/v1/events", headers={"Last-Event-ID": "x"})
    ).status_code == 422
    assert (
        await bare.client("operator").get("/api/v1/events", headers={"Last-Event-ID": "x"})
    ).status_code == 422
    assert (await bare.client("viewer").get("/api/v1/events?after=-1")).status_code == 422
    assert (await bare.client().get("/api/v1/events")).status_code == 401


async def test_a_stream_may_begin_where_a_page_ends_and_the_header_has_the_last_word(bare: Web) -> None:
    await happens(bare.world.db, "a", "b", "c")
    own: Hub = bare.app.state.parts.hub
    await own.start()
    viewer = bare.client("viewer")
    opened = [
        asyncio.ensure_future(viewer.get("/api/v1/events?after=1")),
        asyncio.ensure_future(viewer.get("/api/v1/events?after=1", headers={"Last-Event-ID": "2"})),
    ]
    await asyncio.wait(opened, timeout=1)
    own.close()
    begun, resumed = [(await one).text for one in opened]
    await own.stop()
    assert ['"id": "a"' in begun, '"id": "b"' in begun, '"id": "c"' in begun] == [False, True, True]
    assert ['"id": "b"' in resumed, '"id": "c"' in resumed] == [False, True]
