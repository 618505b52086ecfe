"""Server-sent events: one reader of the database for all the streams of this process.

A stream resumes with ``Last-Event-ID`` out of the reader's memory; only one that was away longer asks the
database, once. Who was away too long is told ``reset``: fetch the lists anew.
"""

import asyncio
import contextlib
import json
import random
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import sqlalchemy as sa

from app import db as ground
from app import events, logs
from app.db import Database
from app.errors import Unavailable

log = logs.get(__name__)

EVERY = 0.5
"""Seconds between two looks at the table, where no commit of this process wakes the reader earlier."""
REST = 0.1
"""Seconds the reader rests after a look: what a burst of commits tells is told together."""
KEPT = 2000
HEARTBEAT = 15.0
RESET = 'event: reset\ndata: {"id": "all"}\n\n'


@dataclass(frozen=True, slots=True)
class Told:
    """An event as streamed."""

    id: int
    kind: str
    place: str | None
    text: str


def _told(event: events.Event) -> Told:
    body = {"id": event.subject, "warning": event.warning, "place": event.place, "at": event.at.isoformat()}
    text = f"id: {event.id}\nevent: {event.kind}\ndata: {json.dumps(body, ensure_ascii=False)}\n\n"
    return Told(event.id, event.kind, event.place, text)


class Hub:
    """Reads new events and hands them to every open stream."""

    def __init__(self, db: Database, district: str) -> None:
        self._db, self._district = db, district
        self._recent: deque[Told] = deque(maxlen=KEPT)
        self._last = 0
        self._news = asyncio.Event()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.closed = asyncio.Event()

    async def start(self) -> None:
        """Begin at the newest event; wake with every commit of this process that tells something."""
        async with self._db.reading() as session:
            self._last = await events.last(session, self._district)
        ground.AFTER_COMMIT.append(self._committed)
        self._task = asyncio.create_task(self._read(), name="events")

    def close(self) -> None:
        """End every stream, now."""
        self.closed.set()
        self._news.set()
        self._wake.set()

    async def stop(self) -> None:
        """End the streams and the reader."""
        self.close()
        if self._committed in ground.AFTER_COMMIT:
            ground.AFTER_COMMIT.remove(self._committed)
        if self._task is not None:
            await self._task

    def _committed(self, info: dict[Any, Any]) -> None:
        if info.get("told"):
            self._wake.set()

    async def _read(self) -> None:
        while not self.closed.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EVERY):
                    await self._wake.wait()
            self._wake.clear()
            try:
                await self._fetch()
            except Unavailable:
                log.warning("events.unreadable")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REST):
                    await self.closed.wait()

    async def _fetch(self) -> None:
        async with self._db.reading() as session:
            new = await events.since(session, self._district, self._last)
        if new:
            self._recent.extend(_told(event) for event in new)
            self._last = new[-1].id
            old, self._news = self._news, asyncio.Event()
            old.set()
            if len(new) >= 500:
                self._wake.set()

    async def stream(self, after: int | None, place: str | None) -> AsyncIterator[str]:
        """Yield the events after an id (None: from now on), for one place or the district, until closing."""
        yield f"retry: {random.randint(2000, 6000)}\n\n"  # noqa: S311 - so that not all come back at once
        seen = self._last if after is None else after
        if after is not None and not self._remembers(after):
            missed = await self._missed(after)
            if missed is None:
                yield RESET
                seen = self._last
            for told in missed or ():
                seen = told.id
                if _concerns(told, place):
                    yield told.text
        while not self.closed.is_set():
            news = self._news
            for told in self._newer(seen):
                seen = told.id
                if _concerns(told, place):
                    yield told.text
            try:
                async with asyncio.timeout(HEARTBEAT):
                    await news.wait()
            except TimeoutError:
                yield ": still here\n\n"

    def _newer(self, seen: int) -> list[Told]:
        """Return what came after an id, oldest first; looked for from the newest back."""
        newer = list(takewhile(lambda one: one.id > seen, reversed(self._recent)))
        return newer[::-1]

    def _remembers(self, after: int) -> bool:
        return after == self._last or (bool(self._recent) and self._recent[0].id <= after + 1 <= self._last)

    async def _missed(self, after: int) -> list[Told] | None:
        """What a stream did not hear of; None when it was pruned, is too much to replay, or lies ahead."""
        async with self._db.reading() as session:
            oldest = await session.scalar(sa.select(sa.func.min(events.Event.id)))
            found = await events.since(session, self._district, after)
        if after > self._last or len(found) >= 500 or (oldest is not None and oldest > after + 1):
            return None
        return [_told(event) for event in found]


def _concerns(told: Told, place: str | None) -> bool:
    return place is None or told.place is None or told.place.startswith(place)
