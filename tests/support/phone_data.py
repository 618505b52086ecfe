"""A red night as a town sees it: an officer who can sign in, a door list, orders, and links."""

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from app import audit
from app.access import links, passwords, users
from app.answer.tables import Obligation
from app.api.deps import cookie_name
from app.audit import Actor
from app.directory import homes
from app.tasks import doors, orders
from app.tasks.doors import Stop
from tests.support.desk_data import GUANSHENG, PASSWORD, YUANJUE, Served, opened, serve
from tests.support.seeded import DISTRICT
from tests.support.world import open_world

SAME_PAGE = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Night(Served):
    """The product at an address, and what a town's people hold in their hands."""

    town: str = YUANJUE
    stranger: str = GUANSHENG
    village: str = ""
    warning: str = ""

    def token(self, row: Obligation) -> str:
        """The token of the link that A of an obligation got by SMS."""
        return links.derive(str(row.a_person), row.warning_id)

    @asynccontextmanager
    async def signed_in(self, login: str = "yuanjue") -> AsyncIterator[httpx.AsyncClient]:
        """A browser without scripts, signed in; it sends the session's token with everything."""
        async with httpx.AsyncClient(base_url=self.url, headers=SAME_PAGE, timeout=20) as client:
            session = await opened(self, login)
            client.cookies.set(cookie_name(self.app.state.parts.settings), session.token)
            client.headers["X-CSRF-Token"] = session.csrf
            yield client


@pytest.fixture
async def night(red_night_template: tuple[Path, datetime], tmp_path: Path) -> AsyncIterator[Night]:
    """The red night at 02:47, served, as 远觉镇 sees it: called and not yet answered."""
    file, at = red_night_template
    shutil.copy(file, tmp_path / "night.db")
    world = await open_world(f"sqlite:///{tmp_path / 'night.db'}", at=at)
    world.serial = 100  # after the night's own messages
    row = await world.duty(YUANJUE)
    hashed = await passwords.hashed(PASSWORD)
    async with world.db.transaction() as session:
        for login, place, person in (("yuanjue", YUANJUE, row.a_person), ("guansheng", GUANSHENG, None)):
            await users.add(
                session,
                login,
                "town",
                district=DISTRICT,
                place=place,
                person_id=person,
                password_hash=hashed,
                by=audit.SYSTEM,
                at=at,
            )
        found = await homes.households_of(session, YUANJUE, danger_only=True)
        village = max(
            {home.village for home in found}, key=lambda v: sum(home.village == v for home in found)
        )
        stops = [Stop(home.place_id, YUANJUE, home.village) for home in found if home.village == village]
        await doors.open_list(session, DISTRICT, row.origin, row.warning_id, stops, at=at)
        for what, text in (("cut", "狮子桥下穿道"), ("stop", "夜间工地 1 处")):
            await orders.open_(
                session,
                district=DISTRICT,
                origin=row.origin,
                warning_id=row.warning_id,
                kind="order",
                what=what,
                town=YUANJUE,
                place_id=YUANJUE,
                text=text,
                ordered_by=Actor("user", "u"),
                confirmed_by="town.duty",
                due_at=at + timedelta(minutes=20),
                at=at,
            )
    async with serve(world) as served:
        yield Night(served.world, served.url, served.app, village=village, warning=row.warning_id)
    await world.registry.aclose()
    await world.db.close()


def form_of(page: str) -> str:
    """The form token of a link's page."""
    found = re.search(r'name="form" value="([^"]+)"', page)
    assert found, page
    return found[1]
