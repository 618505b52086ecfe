"""Nights made by chance: gateways that fail in every way, people who answer or do not, workers that die.

No rule is broken. The seed steers what is done and when; ids are drawn anew, and with them who comes first.
"""

import contextlib
import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.activation.receive import Outcome
from app.activation.release import hold, release
from app.activation.tables import Warning
from app.answer.tables import Obligation
from app.channels.contract import Receipt, Reply
from app.dispatch.tables import Delivery
from app.errors import JiaoyingError
from app.reports import invariants
from app.settings import Settings
from app.worker import build
from tests.support.hamlet import SECOND, THIRD, TOWN, Opens
from tests.support.officers import officer
from tests.support.seeded import DISTRICT
from tests.support.world import Rang, World

pytestmark = pytest.mark.anyio

CHANNELS = ("sms", "sms-b", "voice", "broadcast")
LEVELS = ("blue", "yellow", "orange", "red")
PEOPLE = [officer(role, sure=True) for role in ("duty", "chief", "leader")]


FAILURES: list[dict[str, Any] | int] = [
    503,
    {"ok": False, "code": "busy"},
    429,
    500,
    {"ok": False, "code": "bad-number"},
    403,
    {"ok": "yes"},
]


MAYBE: list[dict[str, Any] | int] = [{"ok": True}, {"ok": "yes"}, 500, 503]
"""After these a message may have arrived; only then does a receipt come."""


class Died(BaseException):
    """A worker's process is gone, and with it what it had in memory."""


class Night:
    """One night of a seed, and what has happened in it."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.chance = world, random.Random(seed)
        self.happened: Counter[str] = Counter()
        self.issued: list[Outcome] = []
        self.taken: list[Rang] = []
        self.calm, self.steps, self.calls = False, 0, 0
        world.phones.says = self.gateway
        self.begin()

    def begin(self) -> None:
        """A worker starts, knowing nothing."""
        world = self.world
        world.worker = build(
            Settings(base_url="https://warn.example"),
            world.db,
            world.scheme,
            world.registry,
            world.clock,
            fault=self.dies,
        )

    def dies(self, step: str) -> None:
        """Between two steps of a send a worker may die; every now and then one does."""
        self.steps += 1
        if not self.calm and step != "sent" and self.steps % 11 == 0:
            self.happened[f"died {step}"] += 1
            raise Died

    def gateway(self, call: Rang) -> dict[str, Any] | int:
        """What a gateway answers; after some of its words it may have taken the message or not."""
        self.calls += 1
        said: dict[str, Any] | int = {"ok": True}
        if not self.calm and self.calls % 5 == 0:
            said = FAILURES[self.calls // 5 % len(FAILURES)]
            self.happened[f"gateway {said}"] += 1
        if said in MAYBE:
            self.taken.append(call)
        return said

    async def carefully(self, doing: Any) -> Any:
        """Do something during which the worker may die; another takes over."""
        try:
            return await doing
        except Died:
            self.begin()
        except JiaoyingError as refused:
            self.happened[f"refused {refused.code}"] += 1
        return None

    async def warning(self, level: str = "") -> None:
        level, towns = (
            level or self.chance.choice(LEVELS),
            self.chance.sample([TOWN, SECOND, THIRD], self.chance.randint(1, 2)),
        )
        kind = self.chance.choice(["Alert", "Alert", "Update", "Cancel"]) if self.issued else "Alert"
        about = self.chance.choice(self.issued).identifier if kind != "Alert" else ""
        identifier = f"N-{len(self.issued)}-{self.chance.randrange(10**6)}"
        lives = timedelta(minutes=self.chance.choice([20, 90, 400]))
        self.happened[kind] += 1
        made = await self.carefully(
            self.world.issues(
                level, *towns, msg_type=kind, refers=(about,) if about else (), identifier=identifier,
                hazard="11B03", expires=self.world.clock.now() + lives,
            )
        )  # fmt: skip
        if made is not None and kind != "Cancel":
            self.issued.append(made)

    async def answer(self) -> None:
        if not self.world.phones.rang:
            return
        call = self.chance.choice(self.world.phones.rang[-60:])
        words = self.chance.choice(["1", "1", "1", "2", "收到", "不明白"])
        times = self.chance.choice([1, 1, 3])
        at, serial = self.world.clock.now(), self.chance.randrange(10**9)
        digit = words if call.channel == "voice" and words in "12" else None
        reply = Reply(
            call.to, call.key if digit else None, None if digit else words, digit, at, f"r-{serial}"
        )
        self.happened["answer"] += 1
        await self.carefully(self.world.posts(call.channel, [reply] * times))

    async def receipt(self) -> None:
        if not self.taken:
            return
        some = self.chance.sample(self.taken, min(8, len(self.taken)))
        at = self.world.clock.now()
        events: dict[str, list[Receipt | Reply]] = {}
        for call in some:
            state = self.chance.choice(["delivered", "failed", "heard", "connected", "unknown"])
            final = state == "failed" and self.chance.random() < 0.2
            event = Receipt(None, call.key, state, at, f"{call.key}-{state}", "x", final)  # type: ignore[arg-type]
            events.setdefault(call.channel, []).extend([event] * self.chance.choice([1, 1, 4]))
        self.happened["receipt"] += 1
        for channel, held in events.items():
            await self.carefully(self.world.posts(channel, held))

    async def decision(self) -> None:
        if not self.issued:
            return
        outcome, by = self.chance.choice(self.issued), self.chance.choice(PEOPLE)
        part, act = self.chance.choice(["public", "orders"]), self.chance.choice([release, release, hold])
        seen = (await self.world.warning(outcome.warning_id)).plan_hash or ""
        more: dict[str, Any] = (
            {"reason": "再核"}
            if act is hold
            else {"scheme": self.world.scheme, "registry": self.world.registry}
        )
        with contextlib.suppress(JiaoyingError):
            async with self.world.db.transaction() as session:
                await act(session, outcome.warning_id, part, seen, by=by, at=self.world.clock.now(), **more)  # type: ignore[operator]
            self.happened[act.__name__] += 1
        await self.carefully(self.world.worker.drain())

    async def time(self) -> None:
        await self.carefully(self.world.advance(seconds=self.chance.choice([1, 5, 30, 61, 125, 600])))

    async def passes(self, steps: int) -> None:
        """Let it happen, then let it end."""
        await self.warning("red")
        for _ in range(steps):
            do = self.chance.choices(
                [self.warning, self.answer, self.receipt, self.decision, self.time], [2, 4, 3, 2, 6]
            )[0]
            await do()
        self.calm = True
        await self.world.advance(hours=30)


async def unbroken(night: Night) -> None:
    """Check what must hold after any night."""
    world = night.world
    async with world.db.reading() as session:
        found = await invariants.check(session, DISTRICT, at=world.clock.now(), ended=True, live=frozenset())
        rows = list(await session.scalars(sa.select(Delivery)))
        roots = (await session.execute(sa.select(Warning.id, Warning.root_id))).all()
        ended = (
            await session.execute(
                sa.select(Warning.root_id, Warning.state).where(
                    Warning.plan_id.is_not(None), Warning.state != "superseded"
                )
            )
        ).all()
        pursued = await session.scalar(
            sa.select(sa.func.count()).select_from(Obligation).where(Obligation.next_step_at.is_not(None))
        )
    assert [(one.name, one.detail) for one in found if not one.ok] == []
    assert pursued == 0
    # Whoever a cancelled event may have reached, under whatever version, has been told (V3).
    over = {root for root, state in ended if state in {"cancelled", "closed"}}
    of = {warning: root for warning, root in roots if root in over}
    reached = {
        (of[row.warning_id], row.person_id)
        for row in rows
        if row.warning_id in of
        and row.purpose == "alert"
        and row.person_id
        and (row.state in {"accepted", "delivered"} or row.possibly_twice)
    }
    told = {
        (of[row.warning_id], row.person_id) for row in rows if row.warning_id in of and row.purpose == "clear"
    }
    assert reached <= told
    # One key, one recipient, one text, whoever sends it and however often (V2).
    said = {(call.key, call.to, call.text, call.reply_to) for call in world.phones.rang}
    assert len(said) == len({key for key, *_ in said})
    assert {call.key for call in world.phones.rang} <= {row.key for row in rows}
    # A message that went out more than once says so (never hidden).
    twice = {key for key, count in Counter(call.key for call in world.phones.rang).items() if count > 1}
    assert not [row.key for row in rows if row.key in twice and not row.possibly_twice and row.attempts < 2]
    # This night has shown something.
    assert sum(count for name, count in night.happened.items() if name.startswith("gateway")) > 3
    assert [name for name in night.happened if name.startswith("died")]


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_night_of_any_kind_breaks_no_rule(hamlets: Opens, seed: int) -> None:
    night = Night(await hamlets(*CHANNELS), seed)
    await night.passes(40)
    await unbroken(night)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100))
async def test_a_hundred_nights_of_any_kind_break_no_rule(hamlets: Opens, seed: int) -> None:
    night = Night(await hamlets(*CHANNELS), random.SystemRandom().randrange(10**9) if seed else 0)
    await night.passes(80)
    await unbroken(night)
