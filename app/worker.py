"""The working process: one table of sweeps and their periods, two lanes of senders. No logic of its own.

A sweep is idempotent and safe on every node; its due times are rows. In real time APScheduler ticks them;
where time stands still (tests, the headless demo) ``drain`` runs everything that is due now, and ``next_due``
says when to look again.
"""

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy.ext.asyncio import AsyncSession

from app import beats, events, logs, metrics
from app import db as database
from app.activation import advance, hear, observe, overdue
from app.answer import escalate, gateway
from app.channels.registry import Registry
from app.clock import Clock
from app.db import Database
from app.disaster import remind
from app.dispatch import expire, receipts, send
from app.dispatch.send import Lane, Sender
from app.due import Due, Dues
from app.intake import accept
from app.origin import Origin
from app.readiness import guard
from app.scheme.models import Scheme
from app.settings import Settings

log = logs.get(__name__)

EVENTS_KEPT = timedelta(hours=6)
LANES_EVERY = 5.0
"""Seconds between two looks at the lanes of senders."""
UNWRITTEN = 3
"""So many writes of outcomes in a row that failed are no chance."""

_LANE: ContextVar[str] = ContextVar("lane", default="")


@dataclass(frozen=True)
class Sweep:
    """A piece of work that is due from time to time, ``every`` so many seconds.

    ``run`` returns how much it did; ``next_due`` asks when more will be. ``nudged_by``: what a commit
    of this process leaves in its session's ``info`` when there is something to do at once.
    """

    name: str
    every: float
    run: Callable[[AsyncSession, datetime], Awaitable[int]]
    next_due: tuple[Due, ...] = ()
    nudged_by: str | None = None


class Watch:
    """Which lanes of senders come through; learns it from the steps of their sends (``Sender.fault``).

    A lane outlives what fails in it and tries again: without a watch one that fails each time looks well.
    """

    def __init__(self, then: Callable[[str], None]) -> None:
        self._then = then
        self._through: set[str] = set()
        self._unwritten = 0

    def reached(self, step: str) -> None:
        """Take note of a step, after ``then`` was told of it."""
        self._then(step)
        if step == "claimed":
            self._through.add(_LANE.get())
        elif step == "unrecorded":
            self._unwritten += 1
        elif step == "uncommitted":
            self._unwritten = 0

    def well(self, lane: Lane) -> bool:
        """Whether a lane has come through since this was last asked, or has no call free to begin with."""
        through = lane.name in self._through or lane.calls >= lane.limit
        self._through.discard(lane.name)
        return through and self._unwritten < UNWRITTEN


@dataclass
class Worker:
    """Sweeps and senders over one database, scheme, registry and clock."""

    db: Database
    scheme: Scheme
    registry: Registry
    clock: Clock
    sender: Sender
    sweeps: Sequence[Sweep]
    watch: Watch
    name: str
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _nudged: set[asyncio.Future[None]] = field(default_factory=set)
    _scheduler: AsyncIOScheduler | None = None

    def __post_init__(self) -> None:
        self._asking = [sweep.name for sweep in self.sweeps for _ in sweep.next_due]
        self._dues = Dues([*(due for sweep in self.sweeps for due in sweep.next_due), send.NEXT_SEND])

    async def tick(self, sweep: Sweep) -> int:
        """Run a sweep once, in its own transaction; what fails is counted and runs again at its next tick."""
        at = self.clock.now()
        with metrics.SWEEP_SECONDS.labels(sweep.name).time():
            async with self.db.transaction() as session:
                did = await sweep.run(session, at)
                if self._scheduler is not None:  # only then it promises to come round again
                    await self._beat(session, f"sweep:{sweep.name}", at, sweep.every)
        return did

    async def _guarded(self, sweep: Sweep) -> None:
        try:
            async with asyncio.timeout(max(20.0, 3 * sweep.every)):
                while await self.tick(sweep):
                    if self._stopping.is_set():
                        return
        except Exception as error:  # a sweep's fault is seen and counted; the next tick tries again
            metrics.SWEEP_FAILURES.labels(sweep.name).inc()
            log.exception("sweep.failed", sweep=sweep.name, error=type(error).__name__)

    async def drain(self) -> int:
        """Do everything that is due at this instant, until nothing more is. Returns how much that was."""
        did, _ = await self.settle()
        return did

    async def settle(self) -> tuple[int, datetime | None]:
        """Drain, and say when anything will be due next; None when nothing will be."""
        total = 0
        while True:
            did, now = 0, self.clock.now()
            # Looked at before a writing transaction is opened for each.
            async with self.db.reading() as session:
                *dues, sends = await self._dues.ask(session)
            ripe = {
                name for name, due in zip(self._asking, dues, strict=True) if due is not None and due <= now
            }
            for sweep in self.sweeps:
                if sweep.name in ripe:
                    did += await self.tick(sweep)
            if did or self.sender.unrecorded or (sends is not None and sends <= now):
                did += await self.sender.round()
            total += did
            if not did:
                return total, min((due for due in (*dues, sends) if due is not None), default=None)

    def start(self) -> None:
        """Begin to work in real time."""
        scheduler = AsyncIOScheduler(
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        for sweep in self.sweeps:
            scheduler.add_job(self._guarded, "interval", args=[sweep], seconds=sweep.every, id=sweep.name)
        scheduler.add_job(self._look, "interval", seconds=LANES_EVERY, id="lanes")
        scheduler.start()
        self._scheduler = scheduler
        self._tasks = [
            asyncio.create_task(self._promise()),
            *(asyncio.create_task(self.send(lane)) for lane in self.sender.lanes),
        ]
        database.AFTER_COMMIT.append(self._told)

    async def send(self, lane: Lane) -> None:
        """Let a lane send until this worker is told to stop."""
        _LANE.set(lane.name)
        await self.sender.run(lane, self._stopping)

    async def look_at_lanes(self, session: AsyncSession, at: datetime) -> None:
        """Leave a beat for each lane that comes through; one that fails again and again falls silent."""
        for lane in self.sender.lanes:
            if self.watch.well(lane):
                await self._beat(session, lane_beat(lane), at, LANES_EVERY)

    async def _beat(self, session: AsyncSession, name: str, at: datetime, every: float) -> None:
        await beats.touch(session, name, at, expected=timedelta(seconds=3 * every))

    async def _look(self) -> None:
        try:
            async with self.db.transaction() as session:
                await self.look_at_lanes(session, self.clock.now())
        except Exception as error:
            log.exception("lanes.not_looked_at", error=type(error).__name__)

    async def _promise(self) -> None:
        """Beat once for everything: what never once comes through from here on is missed too."""
        try:
            async with self.db.transaction() as session:
                at = self.clock.now()
                for sweep in self.sweeps:
                    await self._beat(session, f"sweep:{sweep.name}", at, sweep.every)
                for lane in self.sender.lanes:
                    await self._beat(session, lane_beat(lane), at, LANES_EVERY)
        except Exception as error:
            log.exception("worker.not_promised", error=type(error).__name__)

    def _told(self, info: dict[object, object]) -> None:
        if info.get("enqueued"):
            self.sender.wake()
        if self._stopping.is_set():
            return
        for sweep in self.sweeps:
            if sweep.nudged_by in info:  # what is due now does not wait for the next tick
                self._nudged.add(nudge := asyncio.ensure_future(self._guarded(sweep)))
                nudge.add_done_callback(self._nudged.discard)

    async def stop(self) -> None:
        """Claim nothing more, let calls in flight end and be recorded."""
        self._stopping.set()
        if self._told in database.AFTER_COMMIT:
            database.AFTER_COMMIT.remove(self._told)
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
        self.sender.wake()
        for task in (*self._tasks, *self._nudged):
            await task


def lane_beat(lane: Lane) -> str:
    """Name the beat of a lane: ``worker:send``, ``worker:send-red``."""
    return "worker:send-red" if lane.red_only else "worker:send"


@dataclass(frozen=True)
class Chores:
    """What each sweep does, for one district. Each method is one room's verb with its arguments filled in."""

    scheme: Scheme
    registry: Registry
    clock: Clock

    @property
    def district(self) -> str:
        """The district's code."""
        return self.scheme.district.code

    def sweeps(self) -> tuple[Sweep, ...]:
        """Return the table of sweeps: name, period in seconds, what it does, when it is due next."""
        unseen, unheard = observe.unseen(self.district), hear.unheard(self.district)
        unfinished, unmatched = accept.unfinished(self.district), receipts.unmatched(self.clock.now)
        pursuit = (escalate.NEXT_STEP, escalate.NEXT_LIMIT)
        return (
            Sweep("finish-intake", 5, self.finish_intake, (unfinished,)),
            Sweep("observe", 2, self.look_at_gauges, (unseen,)),
            Sweep("hear", 2, self.hear, unheard),
            Sweep("advance", 2, self.move_on, (advance.NEXT_WARNING,)),
            Sweep("undecided", 1, self.undecided, (overdue.NEXT_LIMIT,)),
            Sweep("escalate", 1, self.pursue, pursuit, nudged_by="opened"),
            Sweep("expire", 5, self.run_out, (expire.NEXT_END,)),
            Sweep("rematch", 5, self.rematch, (unmatched,)),
            Sweep("remind", 5, self.remind, (remind.NEXT_REMINDER,)),
            Sweep("preflight", 5, self.look_ahead, (guard.NEXT_LOOK,)),
            Sweep("hand-over", 300, self.before_hand_over),
            Sweep("tidy", 600, self.tidy),
        )

    async def finish_intake(self, session: AsyncSession, at: datetime) -> int:
        """Take in what was kept when the process died."""
        return await accept.resume(session, self.district, scheme=self.scheme, registry=self.registry, at=at)

    async def look_at_gauges(self, session: AsyncSession, at: datetime) -> int:
        """Judge the gauges if rows have come since the last look."""
        batch = await observe.news(session, self.district)
        if batch is None:
            return 0
        await beats.catch_up(session, f"observe:{self.district}", batch, at)
        origin = Origin.REAL if self.registry.any_live else Origin.SIMULATED
        await observe.look(
            session, self.district, origin=origin, scheme=self.scheme, registry=self.registry, at=at
        )
        return 1

    async def hear(self, session: AsyncSession, at: datetime) -> int:
        """Plan again for disasters, towns that are cut off and forecasts."""
        return await hear.sweep(session, self.district, scheme=self.scheme, registry=self.registry, at=at)

    async def move_on(self, session: AsyncSession, at: datetime) -> int:
        """Plan again at segment cuts, end what is over."""
        return await advance.sweep(session, scheme=self.scheme, registry=self.registry, at=at)

    async def undecided(self, session: AsyncSession, at: datetime) -> int:
        """Raise parts that nobody decides."""
        return await overdue.sweep(session, scheme=self.scheme, registry=self.registry, at=at)

    async def pursue(self, session: AsyncSession, at: datetime) -> int:
        """Call whoever is next, mark what ran out of time."""
        return await escalate.sweep(session, scheme=self.scheme, registry=self.registry, at=at)

    async def lost(self, session: AsyncSession, ids: Sequence[str], at: datetime) -> None:
        """Go on to the next person where a message is lost for good."""
        await escalate.hurry(session, ids, scheme=self.scheme, at=at)

    async def run_out(self, session: AsyncSession, at: datetime) -> int:
        """End messages whose time has passed."""
        ids = await expire.sweep(session, at=at)
        await self.lost(session, ids, at)
        return len(ids)

    async def rematch(self, session: AsyncSession, at: datetime) -> int:
        """Try receipts again that came before their message was known."""
        told = await receipts.match_again(session, at=at)
        await gateway.heard(session, told.seen, at=at)
        await self.lost(session, told.failed, at)
        return len(told.seen) + len(told.failed)

    async def remind(self, session: AsyncSession, at: datetime) -> int:
        """Remind towns of the reports they owe."""
        return await remind.sweep(session, at=at)

    async def look_ahead(self, session: AsyncSession, at: datetime) -> int:
        """Pre-flight of each new warning's towns, behind its calls."""
        return await guard.sweep(session, self.district, scheme=self.scheme, registry=self.registry, at=at)

    async def before_hand_over(self, session: AsyncSession, at: datetime) -> int:
        """Tell of gaps in the rota before they begin."""
        await guard.hand_over(session, scheme=self.scheme, registry=self.registry, at=at)
        return 0

    async def tidy(self, session: AsyncSession, at: datetime) -> int:
        """Drop events that no page asks for any more."""
        await events.prune(session, at - EVENTS_KEPT)
        return 0


def build(
    settings: Settings,
    db: Database,
    scheme: Scheme,
    registry: Registry,
    clock: Clock,
    *,
    fault: Callable[[str], None] | None = None,
) -> Worker:
    """Build the worker of a process. ``fault`` is told each step of a send; default: ``settings.die_at``."""
    name = f"{socket.gethostname()[:24]}-{os.getpid()}"
    chores = Chores(scheme, registry, clock)
    watch = Watch(fault or _dying(settings.die_at))
    sender = Sender(
        db,
        registry,
        clock,
        worker=name,
        senders=settings.senders,
        lease=settings.lease,
        base_url=settings.base_url.rstrip("/"),
        on_lost=chores.lost,
        fault=watch.reached,
    )
    return Worker(db, scheme, registry, clock, sender, chores.sweeps(), watch, name)


def _dying(at: str | None) -> Callable[[str], None]:
    """Return what ends this process as a power cut would, at the step that a test names."""

    def reached(step: str) -> None:
        if step == at:
            os.kill(os.getpid(), signal.SIGKILL)

    return reached
