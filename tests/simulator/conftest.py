"""A world on our own clock: simulated gateways, real channels before them, doors behind them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app.channels.contract import Channel, ChannelKind, Message, Receipt, Reply
from app.channels.registry import Registry, build
from app.clock import ManualClock
from app.errors import Refused
from app.simulator.gateways import Gateways
from app.simulator.people import Outage, People, Role
from app.simulator.world import World

START = datetime(2026, 7, 14, 6, 0, tzinfo=UTC)
EBD = {
    "source": "010350015300000001",
    "dest": "010350015300000002",
    "sender_name": "荣昌区指挥部",
    "sender_code": "50015300000000",
    "signer": "hmac",
}
SMS = {
    "access_key_id": "key",
    "sign_name": "荣昌预警",
    "templates": [{"code": "SMS_1", "variables": ["a", "b"]}],
}
VOICE = {
    "access_key_id": "key",
    "show_number": "4000000000",
    "start_code": "TTS_1",
    "confirm_code": "TTS_2",
    "cannot_code": "TTS_3",
}
ENTRIES: list[dict[str, Any]] = [
    {
        "name": name,
        "kind": kind,
        "carries": carries,
        "url": f"http://127.0.0.1:9001/{name}",
        "live": False,
        "timeout": "300ms",
        "allow_loopback": True,
        "options": options,
    }
    for name, kind, carries, options in (
        ("plain", "http", ["sms", "voice", "broadcast"], {}),
        ("sms", "sms-aliyun", ["sms"], SMS),
        ("voice", "voice-aliyun", ["voice"], VOICE),
        ("speaker", "broadcast-ebd", ["broadcast"], EBD),
    )
]
SECRETS = {f"JIAOYING_CHANNEL_{e['name'].upper()}_SECRET": "a secret for tests only" for e in ENTRIES}
OUTAGE = Outage(19, "500153112", START + timedelta(minutes=10), START + timedelta(minutes=60))


def number(town: int, serial: int) -> str:
    return f"0009{town:02d}{serial:05d}"


def message(to: str = number(3, 1), kind: str = "sms", **changes: Any) -> Message:
    wanted: dict[str, Any] = {
        "key": f"k-{to}-{kind}",
        "to": to,
        "kind": ChannelKind(kind),
        "text": "暴雨红色预警,请立即转移。",
        "level": "red",
        "expires": START + timedelta(hours=3),
        "areas": ("500153103",) if kind == "broadcast" else (),
    }
    return Message(**wanted | changes)


@dataclass
class Story:
    """The world, the gateways, the product's registry, and what came in at its doors."""

    world: World
    gateways: Gateways
    registry: Registry
    clock: ManualClock
    facts: list[tuple[datetime, str, Receipt | Reply]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    pushes: int = 0
    broken: bool = False

    def channel(self, name: str) -> Channel:
        return self.registry.by_name(name)

    async def until(self, minutes: float) -> None:
        """Move the clock from one due act to the next."""
        end = START + timedelta(minutes=minutes)
        while (due := self.world.due()) is not None and due <= end:
            self.clock.set(due)
            await self.world.run_due(due)
        self.clock.set(end)
        assert self.world.failures == []

    def of(self, fact: type[Receipt] | type[Reply]) -> list[Any]:
        return [one for _, _, one in self.facts if isinstance(one, fact)]


def story_of(seed: int = 500153, role: Role = "village", outages: tuple[Outage, ...] = (OUTAGE,)) -> Story:
    clock = ManualClock(START)
    world = World(clock)
    found: dict[str, Story] = {}

    async def door(request: httpx.Request) -> httpx.Response:
        story = found["story"]
        *_, name, way = request.url.path.split("/")
        story.pushes += 1
        if story.broken:
            return httpx.Response(503)
        channel = story.registry.by_name(name)
        try:
            facts = channel.read(request.headers, request.content, clock.now(), dict(request.url.params))
        except Refused as error:
            story.refused.append(error.code)
            return httpx.Response(error.status)
        story.facts += [(clock.now(), way, fact) for fact in facts]
        answer = channel.answer(request.content, clock.now())
        return httpx.Response(answer.status, content=answer.body)

    product = httpx.AsyncClient(transport=httpx.MockTransport(door), base_url="http://product")
    gateways = Gateways.build(
        ENTRIES,
        SECRETS,
        world=world,
        people=People(seed, lambda _: role, outages),
        product=product,
        seed=seed,
    )
    found["story"] = Story(world, gateways, build(ENTRIES, SECRETS, gateways.transports()), clock)
    return found["story"]


@pytest.fixture
async def story() -> AsyncIterator[Story]:
    made = story_of()
    yield made
    await made.registry.aclose()
