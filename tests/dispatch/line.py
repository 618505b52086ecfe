"""Deliveries without a district: persons, permits, messages in line, a sender before the test's gateway."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import sealed
from app.channels import registry as channels
from app.channels.contract import Outcome, Receipt
from app.channels.registry import Registry
from app.clock import ManualClock
from app.db import Database
from app.directory.tables import Person
from app.dispatch import permit, receipts
from app.dispatch.claim import Taken, take
from app.dispatch.enqueue import Order, enqueue
from app.dispatch.receipts import Recorded
from app.dispatch.record import Done, record
from app.dispatch.send import Sender
from app.dispatch.tables import Attempt, Delivery
from app.dispatch.vendor_rate import VendorRate
from app.origin import Origin
from app.warning.level import Level
from tests.support.world import Phones, entries, secrets

START = datetime(2026, 7, 15, 18, 40, tzinfo=UTC)
DISTRICT, TOWN = "500153", "500153001"
LEASE = timedelta(seconds=60)
_numbers = count(1)


class Unlimited:
    """A budget that is never used up."""

    def knows(self, channel: str) -> bool:
        return True

    def take(self, channel: str, wanted: int, *, urgent: bool, at: datetime) -> tuple[int, datetime]:
        return wanted, at


@dataclass
class Line:
    """A line of messages, the sender that works on it, and what reached the gateway (``phones``)."""

    db: Database
    registry: Registry
    clock: ManualClock
    phones: Phones
    sender: Sender
    lost: list[str] = field(default_factory=list)
    permitted: set[str] = field(default_factory=set)
    serial: int = 0

    async def person(self) -> str:
        """Return the id of a new person with a number."""
        number = f"000901{next(_numbers):05d}"
        async with self.db.transaction() as session:
            row = Person(
                district=DISTRICT,
                code=f"p-{number}",
                name="甲谷雨",
                phone=number,
                synthetic=True,
                phone_index=sealed.blind_index(number),
                retired_at=None,
            )
            session.add(row)
            await session.flush()
            return row.id

    async def number(self, person: str) -> str | None:
        async with self.db.reading() as session:
            return (await session.get_one(Person, person)).phone

    async def permit(
        self, warning: str, *, expires_at: datetime | None = None, purpose: Any = "alert"
    ) -> None:
        async with self.db.transaction() as session:
            await permit.grant(
                session,
                warning,
                district=DISTRICT,
                origin="simulated",
                hazard="11B03",
                title="暴雨预警",
                expires_at=expires_at or self.clock.now() + timedelta(hours=6),
                purpose=purpose,
            )
        self.permitted.add(warning)

    async def put(self, level: str = "red", kind: str = "sms", *, number: int = 1, **more: Any) -> list[str]:
        """Put messages in line, each for the same new person unless named. Returns delivery ids."""
        warning = more.pop("warning_id", "w-1")
        if warning not in self.permitted:
            await self.permit(warning)
        person = more.pop("person_id") if "person_id" in more else await self.person()
        orders = []
        for _ in range(number):
            self.serial += 1
            order = Order(
                key=f"k-{self.serial}",
                district=DISTRICT,
                origin=Origin.SIMULATED,
                warning_id=warning,
                part="responsible",
                town=TOWN,
                place_id=TOWN,
                person_id=person,
                layer="L2",
                kind=kind,
                level=int(Level.of(level)),
                round=1,
                text=f"第{self.serial}条",
                expires_at=None,
            )
            orders.append(replace(order, **more))
        async with self.db.transaction() as session:
            placed = await enqueue(session, orders, registry=self.registry, at=self.clock.now())
        return [placed[order.key] for order in orders]

    async def take(
        self, ticket: str, *, limit: int = 50, session: AsyncSession | None = None, **more: Any
    ) -> list[Taken]:
        """Claim, in a transaction of its own unless one is given."""
        more = {"lease": LEASE, "at": self.clock.now(), "budget": Unlimited(), **more}
        if session is not None:
            return (await take(session, ticket, limit=limit, **more)).taken
        async with self.db.transaction() as own:
            return (await take(own, ticket, limit=limit, **more)).taken

    async def told(self, taken: Taken, outcome: Outcome, *, ticket: str = "t") -> list[str]:
        """Record what a gateway said to one message. Returns what is lost by it."""
        async with self.db.transaction() as session:
            done = [Done(taken, ticket, outcome, self.clock.now())]
            return await record(session, done, registry=self.registry, at=self.clock.now())

    async def row(self, delivery: str) -> Delivery:
        async with self.db.reading() as session:
            return await session.get_one(Delivery, delivery)

    async def rows(self, **by: Any) -> list[Delivery]:
        async with self.db.reading() as session:
            return list(await session.scalars(sa.select(Delivery).filter_by(**by).order_by(Delivery.id)))

    async def attempts(self, delivery: str) -> list[Attempt]:
        async with self.db.reading() as session:
            found = sa.select(Attempt).filter_by(delivery_id=delivery).order_by(Attempt.number)
            return list(await session.scalars(found))

    async def receipts(self, channel: str, items: Sequence[Receipt]) -> Recorded:
        async with self.db.transaction() as session:
            return await receipts.record(session, channel, items, district=DISTRICT, at=self.clock.now())

    async def later(self, **by: float) -> int:
        """Move the clock and send what is due then. Returns how many calls that were."""
        self.clock.advance(timedelta(**by))
        return await self.sender.drain()


def build(db: Database, names: tuple[str, ...] = ("sms", "voice", "broadcast"), **entry: Any) -> Line:
    """Build a line over these channels; ``entry`` goes into each of their entries."""
    clock = ManualClock(START)
    phones = Phones(clock)
    registry = channels.build(
        [one | entry for one in entries(names=names)],
        secrets(names),
        {name: httpx.ASGITransport(phones) for name in names},
    )
    lost: list[str] = []

    async def note(_session: AsyncSession, ids: Sequence[str], _at: datetime) -> None:
        lost.extend(ids)

    sender = Sender(
        db,
        registry,
        clock,
        worker="w",
        senders=50,
        lease=LEASE,
        base_url="https://warn.example",
        on_lost=note,
    )
    return Line(db, registry, clock, phones, sender, lost)


def rate(line: Line) -> VendorRate:
    """Return a budget of its own over the line's channels."""
    return VendorRate(line.registry)
