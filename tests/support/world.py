"""Fixture ``world``: the seeded district, a gateway over real HTTP semantics, a clock that a test moves.

Stories are told in it.
"""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from app.activation.receive import Outcome, Received, Referred, receive
from app.activation.tables import Part, PlanRow, Warning
from app.answer import gateway
from app.answer.tables import Obligation
from app.bundled import path
from app.channels import registry as channels
from app.channels.contract import Receipt, Reply
from app.channels.registry import Registry
from app.clock import ManualClock
from app.db import Database
from app.directory import people
from app.dispatch.tables import Delivery
from app.origin import Origin
from app.scheme.models import Scheme
from app.scheme.read import read
from app.settings import Settings
from app.warning.level import Level
from app.worker import Worker, build
from tests.support.seeded import DISTRICT, START

NIGHT = START + timedelta(minutes=990)  # 02:40 in the district
SECRET = "a secret that is long enough for this"


@dataclass(frozen=True)
class Rang:
    """One message as it reached the gateway."""

    at: datetime
    channel: str
    key: str
    to: str
    text: str
    reply_to: str | None


@dataclass
class Phones:
    """The test's gateway: takes what the plain channel sends. ``says`` decides its answer; default yes."""

    clock: ManualClock
    rang: list[Rang] = field(default_factory=list)
    says: Callable[[Rang], dict[str, Any] | int] = lambda _call: {"ok": True, "id": "g"}

    async def __call__(self, scope: Scope, receive_: Receive, send: Send) -> None:
        request = Request(scope, receive_)
        body = json.loads(await request.body())
        call = Rang(
            self.clock.now(),
            request.url.path.strip("/"),
            body["key"],
            body["to"],
            body["text"],
            body.get("reply_to"),
        )
        self.rang.append(call)
        said = self.says(call)
        answer = (
            JSONResponse({"ok": False}, said)
            if isinstance(said, int)
            else JSONResponse({**said, "id": f"g-{len(self.rang)}"} if said.get("ok") else said)
        )
        await answer(scope, receive_, send)

    def to(self, number: str | None) -> list[Rang]:
        """Return what reached a number, oldest first."""
        return [call for call in self.rang if call.to == number]


def entries(
    *, live: bool = False, names: tuple[str, ...] = ("sms", "voice", "broadcast")
) -> list[dict[str, Any]]:
    """Return channel entries that lead to the test's gateway."""
    return [
        {
            "name": name,
            "kind": "http",
            "carries": [name.split("-")[0]],
            "url": f"http://127.0.0.1:9001/{name}",
            "live": live,
            "numbers": "synthetic",
            "timeout": "5s",
            "allow_loopback": True,
        }
        for name in names
    ]


def secrets(names: tuple[str, ...]) -> dict[str, str]:
    """Return the environment that holds the secrets of these channels."""
    return {f"JIAOYING_CHANNEL_{name.upper().replace('-', '_')}_SECRET": SECRET for name in names}


@dataclass
class World:
    """A district at night."""

    db: Database
    scheme: Scheme
    registry: Registry
    clock: ManualClock
    phones: Phones
    worker: Worker
    serial: int = 0

    async def issues(
        self,
        level: str,
        *towns: str,
        hazard: str = "11B03",
        msg_type: str = "Alert",
        refers: tuple[str, ...] = (),
        identifier: str | None = None,
        onset: datetime | None = None,
        expires: datetime | None = None,
        instruction: str = "",
        origin: Origin | None = None,
        observed: bool = False,
        disposition: str = "applies",
    ) -> Outcome:
        """The bureau issues a warning for some towns; everything that is due at once is done."""
        self.serial += 1
        at = self.clock.now()
        received = Received(
            form="json",
            source="qx",
            raw_id=None,
            origin=origin or (Origin.REAL if self.registry.any_live else Origin.SIMULATED),
            sender="qx",
            identifier=identifier or f"W-{self.serial}",
            event_code=hazard,
            msg_type=msg_type,
            status="Actual",
            level=Level.of(level),
            sent=at,
            effective=None,
            onset=onset,
            expires=expires or at + timedelta(hours=6),
            headline="区气象台发布预警",
            description="",
            instruction=instruction,
            issuer="区气象台",
            content_digest=f"{self.serial:064d}",
            disposition=disposition,
            references=tuple(Referred(one) for one in refers),
            places=frozenset(towns),
            observed=observed,
        )
        async with self.db.transaction() as session:
            outcome = await receive(
                session, received, district=DISTRICT, scheme=self.scheme, registry=self.registry, at=at
            )
        await self.worker.drain()
        return outcome

    async def advance(self, **by: float) -> None:
        """Let time pass; whatever falls due on the way is done at its own moment."""
        until = self.clock.now() + timedelta(**by)
        _, due = await self.worker.settle()
        while due is not None and due <= until:
            self.clock.set(max(due, self.clock.now()))
            _, due = await self.worker.settle()
        self.clock.set(until)
        await self.worker.drain()

    async def obligations(self, **by: Any) -> list[Obligation]:
        """Return obligations with these column values."""
        async with self.db.reading() as session:
            query = (
                sa.select(Obligation)
                .filter_by(**by)
                .order_by(Obligation.town, Obligation.layer, Obligation.place_id, Obligation.duty)
            )
            return list(await session.scalars(query))

    async def duty(self, town: str, duty: str = "town-duty", **by: Any) -> Obligation:
        """Return the newest obligation of a town's duty."""
        return max(
            await self.obligations(town=town, duty=duty, **by), key=lambda row: (row.released_at, row.version)
        )

    async def deliveries(self, **by: Any) -> list[Delivery]:
        """Return deliveries with these column values."""
        async with self.db.reading() as session:
            return list(
                await session.scalars(
                    sa.select(Delivery).filter_by(**by).order_by(Delivery.created_at, Delivery.id)
                )
            )

    async def warning(self, warning_id: str) -> Warning:
        """Return a warning."""
        async with self.db.reading() as session:
            return await session.get_one(Warning, warning_id)

    async def plans(self, warning_id: str) -> list[PlanRow]:
        """Return the versions of a warning's plan."""
        async with self.db.reading() as session:
            return list(
                await session.scalars(
                    sa.select(PlanRow).filter_by(warning_id=warning_id).order_by(PlanRow.version)
                )
            )

    async def parts(self, warning_id: str) -> dict[str, Part]:
        """Return the newest part of each name."""
        async with self.db.reading() as session:
            rows = await session.scalars(
                sa.select(Part).filter_by(warning_id=warning_id).order_by(Part.serial)
            )
            return {row.name: row for row in rows}

    async def number(self, person: str | None) -> str | None:
        """Return a person's number."""
        async with self.db.reading() as session:
            found = await people.addresses(session, [person] if person else [])
        return found[person].phone if person in found else None

    async def reply(self, call: Rang, words: str = "1") -> dict[str, int]:
        """The person at the other end of a call presses a key or answers the SMS, by its number alone."""
        self.serial += 1
        digit = words if call.channel.startswith("voice") else None
        item = Reply(
            from_number=call.to,
            key=None if digit is None else call.key,
            text=None if digit else words,
            digit=digit,
            at=self.clock.now(),
            event_id=f"r-{self.serial}",
        )
        return await self.posts(call.channel, [item])

    async def posts(self, channel: str, items: list[Receipt | Reply]) -> dict[str, int]:
        """A gateway posts receipts and replies."""
        async with self.db.transaction() as session:
            told = await gateway.take(
                session, channel, items, district=DISTRICT, scheme=self.scheme, at=self.clock.now()
            )
        await self.worker.drain()
        return told


@cache
def shipped() -> Scheme:
    """The district's scheme as it ships; frozen, and read once for all tests."""
    return read(path("config"))


async def open_world(
    url: str,
    *,
    at: datetime = NIGHT,
    live: bool = False,
    names: tuple[str, ...] = ("sms", "voice", "broadcast"),
) -> World:
    """Build a world on a seeded database."""
    clock = ManualClock(at)
    phones = Phones(clock)
    db = Database(url)
    scheme = shipped()
    transports = {name: httpx.ASGITransport(phones) for name in names}
    registry = channels.build(entries(live=live, names=names), secrets(names), transports)
    worker = build(Settings(base_url="https://warn.example"), db, scheme, registry, clock)
    return World(db, scheme, registry, clock, phones, worker)


@pytest.fixture
async def world(seeded_url: str) -> AsyncIterator[World]:
    """The district at 02:40, channels that are not live."""
    opened = await open_world(seeded_url)
    yield opened
    await opened.registry.aclose()
    await opened.db.close()
