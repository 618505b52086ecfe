"""The demo's story stands still for whoever sits at the desk, and goes on as soon as they decided."""

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from typing_extensions import override

from app.activation.release import hold
from app.cli.browser import Desk
from app.cli.pace import Pace, StoryClock
from app.cli.shown import Shown
from app.simulator.officers import Credentials, Officer
from app.simulator.world import World
from tests.support.desk_data import PASSWORD, Served, red, red_night_template, red_warning
from tests.support.officers import officer

__all__ = ["red", "red_night_template"]
pytestmark = pytest.mark.anyio
FOREVER = 3600.0


@dataclass
class Band(Shown):
    """The band, which says when it asks."""

    asked: list[str] = field(default_factory=list)
    asking: asyncio.Event = field(default_factory=asyncio.Event)

    @override
    def ask(self, words: str) -> None:
        super().ask(words)
        self.asked.append(words)
        self.asking.set()


@dataclass
class Told:
    """A desk whose story stands where the red night does."""

    desk: Desk
    band: Band
    world: World
    duty: Officer


def told(served: Served, client: httpx.AsyncClient, waits: float) -> Told:
    clock = StoryClock(served.world.clock.now(), 0)
    world, band = World(clock), Band(clock)
    duty = Officer(world, client, Credentials("lixia", PASSWORD))
    chief = Officer(world, client, Credentials("guyu", PASSWORD), second=True)
    stage = SimpleNamespace(db=served.db, scheme=served.world.scheme, officers=(duty, chief), world=world)
    return Told(Desk(cast("Any", stage), clock, Pace(clock, 60), band, waits=waits), band, world, duty)


async def hold_back(served: Served, part: str) -> None:
    warning = await red_warning(served)
    plan = (await served.world.parts(warning))[part].plan_hash
    async with served.db.transaction() as session:
        at = served.world.clock.now()
        await hold(session, warning, part, plan, "先核对名单", by=officer("duty", "lixia"), at=at)


async def test_a_decision_ends_the_stand_still_at_once_and_is_not_made_twice(red: Served) -> None:
    async with httpx.AsyncClient(base_url=red.url) as client:
        here = told(red, client, FOREVER)
        bell = asyncio.create_task(here.desk.bell())
        for part, word in (("orders", "转移令与管控"), ("public", "公众发布")):
            await asyncio.wait_for(here.band.asking.wait(), 5)
            here.band.asking.clear()
            assert here.band.asks
            assert word in here.band.notice
            assert here.band.told()["rate"] == 0
            await hold_back(red, part)
        await asyncio.wait_for(bell, 5)
        assert not here.band.asks
        assert here.band.told()["rate"] == 60
        assert await here.duty.look() == 0


async def test_it_asks_once_for_each_kind_and_then_officers_decide(red: Served) -> None:
    async with httpx.AsyncClient(base_url=red.url) as client:
        here = told(red, client, 0)
        await here.desk.bell()
        await here.desk.bell()
        assert len(here.band.asked) == 2
        assert not here.band.asks
        assert here.world.due() is not None
        assert await here.duty.look() == 2


async def test_what_was_decided_meanwhile_is_not_asked_for(red: Served) -> None:
    async with httpx.AsyncClient(base_url=red.url) as client:
        here = told(red, client, 0)
        await hold_back(red, "public")
        await here.desk.bell()
        assert [words.partition("等人")[0] for words in here.band.asked] == ["演示停在这里：转移令与管控"]
