"""The sender: takes what is due, calls the gateways, writes down what they said.

It is the only caller of a channel. Two lanes: one for everything, one that takes only red and has calls of
its own, so that hanging blues cannot hold a red. A claim never exceeds the free calls of its lane. The sender
is told of time, addresses and what to do when a message is lost for good; it decides nothing.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import logs, metrics
from app.access import links
from app.channels.contract import (
    Accepted,
    BadNumber,
    Channel,
    ChannelKind,
    Message,
    Outcome,
    SendError,
    Unreachable,
)
from app.channels.registry import Registry
from app.clock import Clock
from app.db import Database, chunks
from app.directory.people import numbers
from app.dispatch import failover
from app.dispatch.claim import Taken, take
from app.dispatch.record import Done, record
from app.dispatch.tables import Delivery
from app.dispatch.vendor_rate import VendorRate
from app.due import Due
from app.ids import new_id
from app.origin import Origin
from app.warning.level import Level

log = logs.get(__name__)

OnLost = Callable[[AsyncSession, Sequence[str], datetime], Awaitable[None]]


@dataclass
class Lane:
    """Calls in flight of one lane."""

    name: str
    red_only: bool
    limit: int
    in_flight: set[asyncio.Task[None]] = field(default_factory=set)
    calls: int = 0


class Sender:
    """Sends what is due. ``fault`` is called by name at each step; tests make it end the process there."""

    def __init__(
        self,
        db: Database,
        registry: Registry,
        clock: Clock,
        *,
        worker: str,
        senders: int,
        lease: timedelta,
        base_url: str,
        on_lost: OnLost,
        fault: Callable[[str], None] = lambda _step: None,
    ) -> None:
        self._db, self._registry, self._clock = db, registry, clock
        self._worker, self._lease, self._base_url = worker, lease, base_url
        self._on_lost, self._fault = on_lost, fault
        self._rate = VendorRate(registry)
        self._done: list[Done] = []
        self._wake = asyncio.Event()
        self._recording = asyncio.Lock()
        self.lanes = (
            Lane("any", red_only=False, limit=senders),
            Lane("red", red_only=True, limit=max(10, senders // 5)),
        )

    def wake(self) -> None:
        """Look at the line now: something was put into it."""
        self._wake.set()

    @property
    def unrecorded(self) -> bool:
        """Whether outcomes are at hand that no write has taken yet."""
        return bool(self._done)

    async def drain(self) -> int:
        """Send everything that is due now and wait for it; for time that stands still.

        Returns how many messages were moved.
        """
        total = 0
        while moved := await self.round():
            total += moved
        return total

    async def round(self) -> int:
        """Send as many as a lane may have in flight and wait for them. Returns how many were moved."""
        lane = self.lanes[0]
        moved = await self._start(lane)
        if lane.in_flight:
            await asyncio.wait(lane.in_flight, return_when=asyncio.ALL_COMPLETED)
        await self._record()
        return moved

    async def run(self, lane: Lane, stopping: asyncio.Event) -> None:
        """Send until told to stop; then let calls in flight end and be recorded."""
        while not stopping.is_set():
            self._wake.clear()
            try:
                started = await self._start(lane)
                await self._record()
            except Exception as error:  # noqa: BLE001 - a lane outlives any one batch; the lease brings it back
                log.error("lane.failed", lane=lane.name, error=type(error).__name__)  # noqa: TRY400 - a message of the driver may hold what was written
                started = 0
                await self._clock_pause(1.0, stopping)
            if not started:
                await self._pause(lane, stopping)
        if lane.in_flight:
            await asyncio.wait(lane.in_flight, timeout=10)
        await self._record()

    async def _pause(self, lane: Lane, stopping: asyncio.Event) -> None:
        """Wait for a wake-up, for a call to end, or a quarter of a second: whichever comes first."""
        waits = [
            asyncio.ensure_future(self._wake.wait()),
            asyncio.ensure_future(stopping.wait()),
            *lane.in_flight,
        ]
        await asyncio.wait(waits, timeout=0.25, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits[:2]:
            wait.cancel()

    async def _clock_pause(self, seconds: float, stopping: asyncio.Event) -> None:
        try:
            await asyncio.wait_for(stopping.wait(), seconds)
        except TimeoutError:
            return

    async def _start(self, lane: Lane) -> int:
        """Claim as many messages as the lane has free calls, and start their calls.

        Returns how many messages were moved.
        """
        free = lane.limit - lane.calls
        if free <= 0:
            return 0
        ticket = f"{self._worker}:{new_id()[-12:]}"
        at = self._clock.now()
        async with self._db.transaction() as session:
            claimed = await take(
                session,
                ticket,
                limit=free,
                lease=self._lease,
                at=at,
                red_only=lane.red_only,
                budget=self._rate,
            )
            await self._park(session, claimed.parked, at)
            phones = await numbers(session, [t.person_id for t in claimed.taken if t.person_id])
        self._fault("claimed")
        batches: dict[str, list[Taken]] = {}
        for message in claimed.taken:
            batches.setdefault(message.channel, []).append(message)
        for name, held in batches.items():
            channel = self._registry.by_name(name)
            for batch in chunks(held, max(1, channel.capabilities.batch)):
                dialled = [phones.get(t.person_id or "") for t in batch]
                call = asyncio.create_task(self._call(channel, list(batch), dialled, ticket))
                lane.calls += len(batch)
                lane.in_flight.add(call)
                call.add_done_callback(partial(self._ended, lane, len(batch)))
        return len(claimed.taken) + claimed.ended

    async def _park(self, session: AsyncSession, parked: Sequence[str], at: datetime) -> None:
        """Send another way what can never go out as it stands; where there is none, the next is told."""
        if not parked:
            return
        log.error("delivery.parked", count=len(parked))
        await failover.go_on(session, parked, registry=self._registry, at=at)
        if gone := await failover.lost(session, parked):
            await self._on_lost(session, gone, at)

    def _ended(self, lane: Lane, size: int, call: asyncio.Task[None]) -> None:
        lane.in_flight.discard(call)
        lane.calls -= size

    async def _call(
        self, channel: Channel, batch: list[Taken], dialled: list[str | None], ticket: str
    ) -> None:
        """Call one gateway for a batch and keep what it said.

        Whatever an adapter does, only this batch is touched.
        """
        at = self._clock.now()
        outcomes: list[Outcome]
        ready = [(t, n) for t, n in zip(batch, dialled, strict=True) if n or t.kind == ChannelKind.BROADCAST]
        for taken, number in zip(batch, dialled, strict=True):
            if not number and taken.kind != ChannelKind.BROADCAST:
                self._done.append(Done(taken, ticket, BadNumber("no-number"), at))
        if not ready:
            return
        messages = [self._message(taken, number) for taken, number in ready]
        try:
            # The adapter's own deadline comes first; this is the last word.
            async with asyncio.timeout(channel.timeout + 1):
                outcomes = await channel.send(messages, at)
            if len(outcomes) != len(messages):
                raise ValueError("one outcome for each message")
        except BaseException as error:  # an adapter's fault is one failed try, never the worker's end
            call = asyncio.current_task()
            if isinstance(error, asyncio.CancelledError) and call is not None and call.cancelling():
                raise  # somebody ends this call; one that an adapter made up ends nothing
            log.error("adapter.failed", channel=channel.name, error=type(error).__name__)  # noqa: TRY400 - a vendor's message may hold the number
            outcomes = [Unreachable("adapter", maybe_sent=True)] * len(messages)
        self._fault("sent")
        ended = self._clock.now()
        for (taken, _), outcome in zip(ready, outcomes, strict=True):
            self._done.append(Done(taken, ticket, outcome, ended))
            metrics.SENT.labels(
                channel.name, "accepted" if isinstance(outcome, Accepted) else outcome.reason
            ).inc()
        # A number that is none is that number's fault; the rest is the gateway's, and somebody must see it.
        refused = Counter(
            (one.reason, one.code[:40])
            for one in outcomes
            if isinstance(one, SendError) and not isinstance(one, BadNumber)
        )
        for (reason, code), count in refused.items():
            log.warning("gateway.refused", channel=channel.name, reason=reason, code=code, count=count)

    def _message(self, taken: Taken, number: str | None) -> Message:
        text, reply_to = taken.text, None
        if taken.person_id:
            link = f"{self._base_url}/t/{links.derive(taken.person_id, taken.link_of)}"
            text, reply_to = text.replace("{link}", link), link
        kind = ChannelKind(taken.kind)
        return Message(
            key=taken.key,
            to=taken.place_id if kind is ChannelKind.BROADCAST else number or "",
            kind=kind,
            text=text,
            expires=taken.expires_at,
            level=Level(taken.level).word,
            reply_to=reply_to,
            exercise=taken.origin == Origin.EXERCISE,
            areas=(taken.place_id,) if kind is ChannelKind.BROADCAST else (),
            event=taken.hazard,
            title=taken.title,
        )

    async def _record(self) -> None:
        """Write down every outcome at hand, in one transaction; those of a failed write are tried again."""
        async with self._recording:
            if not self._done:
                return
            done, self._done = self._done, []
            self._fault("unrecorded")
            at = self._clock.now()
            try:
                async with self._db.transaction() as session:
                    lost = await record(session, done, registry=self._registry, at=at)
                    if lost:
                        await self._on_lost(session, lost, at)
                    self._fault("uncommitted")
            except Exception:
                self._done = done + self._done
                raise


# A lease that lapses makes its message due again.
NEXT_SEND = Due(
    sa.select(
        sa.func.min(
            sa.case(
                (Delivery.lease_until > Delivery.not_before, Delivery.lease_until), else_=Delivery.not_before
            )
        )
    ).where(Delivery.not_before.is_not(None))
)
