"""What every simulated vendor does: take a message once, let a person's telephone decide, tell of it later.

A vendor's own file says how it is asked, how it answers, and in which words it reports; everything else is
here.
"""

import hashlib
import hmac
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import httpx

from app.phones import is_synthetic
from app.simulator import asgi
from app.simulator.asgi import Receive, Request, Response, Scope, Send
from app.simulator.chance import Chance
from app.simulator.faults import Fault, Faults
from app.simulator.people import Fate, People
from app.simulator.world import World

What = Literal["delivered", "failed", "picked-up", "key", "ended", "reply", "playing", "played"]
RETRIES = (60.0, 300.0, 600.0)  # a vendor pushes again after 1, 5 and 10 minutes, then never
PUSH = 500  # what a vendor tells in one request at most; more would be refused as too large
PLAY_AFTER, PLAY_LASTS = 20.0, 160.0
RINGS, SPEAKS = 60.0, 15.0
MANNERS: dict[str, Literal["drip", "cut", "never"]] = {
    "accept-then-timeout": "never",
    "cut": "cut",
    "drip": "drip",
}


_LINK = re.compile(r"/t/[A-Za-z0-9_-]{22}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A message as a vendor understood it.

    ``key`` is what the vendor tells repeats by, None where it cannot.
    """

    to: str
    kind: str
    text: str
    key: str | None = None
    out_id: str | None = None
    areas: tuple[str, ...] = ()
    level: str = ""
    exercise: bool = False
    cancels: str | None = None


@dataclass(frozen=True, slots=True)
class Got:
    """A message a vendor took: what the outside world saw of the product.

    ``repeats`` of a key are not in here.
    """

    id: str
    channel: str
    asked: Asked
    at: datetime
    attempt: int
    fate: Fate | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One thing a vendor tells, ``at`` some time after it ``happened``.

    ``code`` is why a message failed: none, off, out, no-answer.
    """

    what: What
    got: Got
    at: datetime
    happened: datetime
    code: str = ""
    digit: str = ""
    number: int = 0

    @property
    def event_id(self) -> str:
        """Unique in the gateway; a receipt that comes twice has the same."""
        return f"{self.got.id}-{self.what}"


@dataclass
class Counts:
    """What happened at a gateway, for tests and for the demo's last page."""

    calls: int = 0
    repeats: int = 0
    refused_numbers: int = 0
    unauthorised: int = 0
    pushed: int = 0
    push_failures: int = 0
    lost: int = 0


class Gateway(ABC):
    """One vendor account with one channel of the product. An ASGI application."""

    idempotent = False
    arrays = True

    def __init__(
        self,
        name: str,
        secret: str,
        options: Mapping[str, Any],
        *,
        world: World,
        people: People,
        product: httpx.AsyncClient,
        seed: int,
    ) -> None:
        self.name, self.secret, self.options = name, secret, options
        self.world, self.people, self.product = world, people, product
        self.chance = Chance(seed)
        self.faults = Faults(self.chance)
        self.counts = Counts()
        self.messages: list[Got] = []
        self.cancelled: set[str] = set()
        self._by_key: dict[str, Got] = {}
        self._attempts: dict[tuple[str, str], int] = {}
        self._heard: dict[tuple[str, str, str], int] = {}
        self._tries: dict[str, int] = {}
        self._waiting: dict[tuple[str, datetime], list[Told]] = {}

    # What a vendor's file says.

    @abstractmethod
    def asked(self, request: Request) -> Asked | Response:
        """Read and authenticate a call, or say what the vendor answers instead."""

    @abstractmethod
    def accepted(self, got: Got) -> Response:
        """The vendor's "taken"."""

    @abstractmethod
    def refused(self, code: str) -> Response:
        """The vendor's "no": ``bad-number`` or ``busy``."""

    @abstractmethod
    def report(self, told: Told) -> tuple[str, Any] | None:
        """The door (``receipts`` or ``replies``) and the vendor's words for it; None when it keeps silent."""

    def headers(self, body: bytes) -> dict[str, str]:
        """How the vendor shows that a push is its own."""
        del body
        return {"x-jiaoying-token": callback_token(self.secret), "content-type": "application/json"}

    def body(self, words: list[Any]) -> bytes:
        """The bytes of a push."""
        return json.dumps(words if self.arrays else words[0], ensure_ascii=False).encode()

    # What all of them do.

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await asgi.lifespan(receive, send)
            return
        request = await asgi.read(scope, receive)
        await asgi.answer(await self.handle(request), receive, send, self.world.clock)

    async def handle(self, request: Request) -> Response:
        """Answer one call."""
        self.counts.calls += 1
        asked = self.asked(request)
        if isinstance(asked, Response):
            self.counts.unauthorised += 1
            return asked
        if asked.kind in {"sms", "voice"} and not is_synthetic(asked.to):
            self.counts.refused_numbers += 1
            return self.refused("bad-number")
        attempt = self._attempts.get((asked.to, asked.kind), 0)
        tries = self._tries[f"{asked.to}/{attempt}"] = self._tries.get(f"{asked.to}/{attempt}", 0) + 1
        fault = self.faults.next(f"{asked.to}/{asked.kind}/{attempt}/{tries}", self.world.now())
        if fault is not None and (early := await self._before(fault)) is not None:
            return early
        response = self.accepted(self._take(asked))
        return replace(response, manner=MANNERS.get(fault.mode, "whole")) if fault else response

    async def _before(self, fault: Fault) -> Response | None:
        """What a fault answers without taking the message."""
        match fault.mode:
            case "429":
                return Response(429, headers={"retry-after": fault.retry_after})
            case "5xx":
                return Response(502, b"bad gateway", "text/plain")
            case "html":
                return Response(200, b"<html><title>Login</title></html>", "text/html")
            case "refuse" | "half":
                return self.refused("busy")
            case "slow":
                await self.world.clock.sleep(fault.seconds)
                return None
            case _:
                return None

    def _take(self, asked: Asked) -> Got:
        if self.idempotent and asked.key is not None and asked.key in self._by_key:
            self.counts.repeats += 1
            return self._by_key[asked.key]
        now = self.world.now()
        attempt = self._attempts.get((asked.to, asked.kind), 0)
        self._attempts[asked.to, asked.kind] = attempt + 1
        # A person may be called for two things in one instant: what they do hangs on the words they hear (the
        # link in them is drawn anew in each run) and on how often they heard them, not on which came first.
        words = hashlib.sha256(_LINK.sub("", asked.text).encode()).hexdigest()[:16]
        heard = self._heard.get((asked.to, asked.kind, words), 0)
        self._heard[asked.to, asked.kind, words] = heard + 1
        turn = f"{words}/{heard}"
        digest = hashlib.sha256(f"{self.name}/{asked.to}/{asked.kind}/{turn}".encode()).hexdigest()
        fate = self.people.fate(asked.to, asked.kind, turn, now) if asked.kind in {"sms", "voice"} else None
        got = Got(self.identity(asked, digest), self.name, asked, now, attempt, fate)
        self.messages.append(got)
        if asked.key is not None:
            self._by_key[asked.key] = got
        if asked.cancels:
            self.cancelled.add(asked.cancels)
        else:
            self._plan(got)
        return got

    def identity(self, asked: Asked, digest: str) -> str:
        """The vendor's id of a message; made from names, so that it is the same in the next run."""
        del asked
        return f"{self.name}-{digest[:16]}"

    def _plan(self, got: Got) -> None:
        if got.fate is None:
            self._tell(got, "playing", PLAY_AFTER)
            self._tell(got, "played", PLAY_AFTER + PLAY_LASTS)
        elif got.asked.kind == "sms":
            self._plan_sms(got, got.fate)
        else:
            self._plan_call(got, got.fate)

    def _plan_sms(self, got: Got, fate: Fate) -> None:
        held = (fate.held_until - got.at).total_seconds() if fate.held_until else 0.0
        for n, delay in enumerate(fate.receipts):
            what: What = "delivered" if fate.line == "good" else "failed"
            code = "" if fate.line == "good" else fate.line
            happened = held + fate.delivered.total_seconds()
            self._tell(got, what, held + delay.total_seconds(), happened=happened, code=code, n=n)
        if fate.answer:
            self._tell(got, "reply", held + fate.answer.after.total_seconds(), digit=fate.answer.digit)

    def _plan_call(self, got: Got, fate: Fate) -> None:
        last = fate.receipts[-1].total_seconds() if fate.receipts else None
        if not fate.reached:
            if last is not None:
                self._tell(got, "failed", last, code=fate.line if fate.line != "good" else "out")
        elif fate.answer is None:
            if last is not None:
                self._tell(got, "failed", RINGS + last, code="no-answer")
        else:
            pressed = fate.answer.after.total_seconds()
            self._tell(got, "picked-up", max(1.0, pressed - SPEAKS))
            self._tell(got, "key", max(1.0, pressed), digit=fate.answer.digit)
            if last is not None:
                self._tell(got, "ended", pressed + last, digit=fate.answer.digit)

    def _tell(
        self,
        got: Got,
        what: What,
        seconds: float,
        *,
        happened: float | None = None,
        code: str = "",
        digit: str = "",
        n: int = 0,
    ) -> None:
        """Plan one thing to be told; what falls to one instant at one door goes as one push."""
        when = self.world.rounded(got.at + timedelta(seconds=seconds))
        since = got.at + timedelta(seconds=seconds if happened is None else happened)
        told = Told(what, got, when, since, code, digit, n)
        found = self.report(told)
        if found is None:
            return
        door = found[0]
        waiting = self._waiting.setdefault((door, when), [])
        waiting.append(told)
        if len(waiting) == 1:
            self.world.at(when, f"push:{self.name}:{door}", lambda: self._flush(door, when))

    async def _flush(self, door: str, when: datetime) -> None:
        tellings = sorted(self._waiting.pop((door, when)), key=lambda told: (told.event_id, told.number))
        words = [found[1] for told in tellings if (found := self.report(told))]
        most = PUSH if self.arrays else 1
        for start in range(0, len(words), most):
            await self._push(door, words[start : start + most], 0)

    async def _push(self, door: str, words: list[Any], failures: int) -> None:
        """Post to the product's door; after 1, 5 and 10 minutes again, then it is gone."""
        body = self.body(words)
        try:
            response = await self.product.post(
                f"/api/v1/gateways/{self.name}/{door}", content=body, headers=self.headers(body)
            )
            good = response.status_code == 200
        except httpx.HTTPError:
            good = False
        if good:
            self.counts.pushed += len(words)
            return
        self.counts.push_failures += 1
        if failures == len(RETRIES):
            self.counts.lost += len(words)
            return
        again = failures + 1
        self.world.after(
            RETRIES[failures], f"push:{self.name}:{door}", lambda: self._push(door, words, again)
        )


def callback_token(secret: str) -> str:
    """The token that the product wants in the callback URL of vendors that sign nothing."""
    return hmac.digest(secret.encode(), b"jiaoying callback token", "sha256").hex()[:32]
