"""A red night for the desk's pages: warnings and calls, answers of every kind, officers, feeds; served."""

import asyncio
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
import sqlalchemy as sa
import uvicorn
from fastapi import FastAPI
from playwright.async_api import BrowserContext, Page

from app import audit, beats
from app.access import passwords, sessions, users
from app.access.rights import Role
from app.access.sessions import LoggedIn
from app.activation import release
from app.activation.tables import FindingRow, Warning
from app.answer.tables import Obligation
from app.api.deps import Parts, cookie_name
from app.channels.contract import Receipt
from app.db import Database
from app.directory.tables import Holding, Household, Place, PlaceCode, Shift
from app.disaster.tables import Disaster
from app.ids import new_id
from app.intake.tables import Raw
from app.main import build
from app.settings import Settings
from tests.support.seeded import DISTRICT
from tests.support.world import NIGHT, World, open_world

RED = tuple(f"500153{code}" for code in ("101", "102", "103", "109", "110", "111", "112", "113", "114"))
ORANGE = tuple(f"500153{code}" for code in ("001", "002", "100", "106"))
YELLOW = tuple(f"500153{code}" for code in ("004", "006", "104", "105", "108"))
BLUE = tuple(f"500153{code}" for code in ("003", "005", "107"))
GUANSHENG, YUANJUE, QINGLIU, TONGGU, PANLONG, WANLING, LONGJI = (
    f"500153{code}" for code in ("110", "113", "112", "111", "102", "105", "114")
)
PASSWORD = "a long enough password"
OFFICERS: tuple[tuple[str, Role], ...] = (
    ("lixia", "duty"),
    ("guyu", "chief"),
    ("dongzhi", "leader"),
    ("viewer", "viewer"),
)
HOSTILE = "<img src=x onerror=alert(1)>{{7*7}}\u202e"


async def _rows(world: World) -> dict[str, Obligation]:
    """The officers on duty of all towns, each under its newest warning."""
    found: dict[str, Obligation] = {}
    for row in await world.obligations(duty="town-duty", part="responsible"):
        if row.town not in found or found[row.town].released_at < row.released_at:
            found[row.town] = row
    return found


async def _let_out(world: World, warning_id: str) -> None:
    """The officer on duty lets the parts of a lower level out."""
    async with world.db.transaction() as session:
        user = await users.find(session, "lixia", district=DISTRICT)
        assert user is not None
        for name, part in (await world.parts(warning_id)).items():
            if part.state == "proposed":
                await release.release(
                    session,
                    warning_id,
                    name,
                    part.plan_hash,
                    by=users.officer_of(user),
                    scheme=world.scheme,
                    registry=world.registry,
                    at=world.clock.now(),
                )


async def _reply(world: World, town: str, said: str = "1") -> None:
    row = (await _rows(world))[town]
    number = await world.number(row.a_person)
    calls = [call for call in world.phones.to(number) if call.channel in {"voice", "sms"}]
    await world.reply(calls[-1], said)


async def _set(world: World, town: str, **values: object) -> None:
    """Put an obligation where the scene wants it, without waiting for the story to lead there."""
    row = (await _rows(world))[town]
    async with world.db.transaction() as session:
        await session.execute(sa.update(Obligation).where(Obligation.id == row.id).values(**values))


async def officers(db: Database, at: datetime) -> None:
    """Make the accounts of the desk."""
    hashed = await passwords.hashed(PASSWORD)
    async with db.transaction() as session:
        for login, role in OFFICERS:
            by, place = audit.SYSTEM, DISTRICT
            await users.add(session, login, role, district=place, password_hash=hashed, by=by, at=at)


async def red_night(world: World) -> None:
    """Blue, yellow, orange, then red on nine towns; then some have answered and some not, each in its way."""
    at = world.clock.now()
    await officers(world.db, at)
    await world.issues("blue", *BLUE)
    await world.advance(minutes=10)
    yellow = await world.issues("yellow", *YELLOW)
    await world.advance(minutes=2)
    for town in (*BLUE[1:], *(code for code in YELLOW if code != WANLING)):
        await _reply(world, town)
    await _let_out(world, yellow.warning_id)
    orange = await world.issues("orange", *ORANGE)
    await world.advance(minutes=2)
    for town in ORANGE:
        await _reply(world, town)
    await _let_out(world, orange.warning_id)
    await world.advance(minutes=20)
    await world.issues("red", *RED)
    await world.advance(minutes=3)
    for town in RED:
        if town in {GUANSHENG, "500153101", "500153103", "500153109"}:
            await _reply(world, town)
    await _reply(world, QINGLIU, "2")
    await _heard(world, PANLONG, "heard")
    await _heard(world, LONGJI, "delivered")
    await world.advance(minutes=1, seconds=58)
    now = world.clock.now()
    await _set(world, TONGGU, who="onsite", rung=1, next_step_at=None)
    await _set(world, WANLING, due_at=now - timedelta(seconds=78), state="missed", rung=2, next_step_at=None)
    await _set(world, GUANSHENG, rung=5)
    await _set(world, "500153001", rung=6)
    await _set(world, "500153004", rung=5)
    await _set(world, "500153106", state="late", due_at=now - timedelta(minutes=24))
    await _around(world, now)


async def _heard(world: World, town: str, state: str) -> None:
    row = (await _rows(world))[town]
    call = world.phones.to(await world.number(row.a_person))[-1]
    receipt = Receipt(None, call.key, state, world.clock.now(), new_id())  # type: ignore[arg-type]  # a word of the contract
    await world.posts(call.channel, [receipt])


async def _around(world: World, now: datetime) -> None:
    """Feeds, a finding, a disaster, a refused message: what stands around the board."""
    async with world.db.transaction() as session:
        for name, age, every in (("qx", 62, 600), ("sw-rain", 140, 300), ("sw-level", 900, 300)):
            at = now - timedelta(seconds=age)
            await beats.touch(session, f"source:{name}", at, expected=timedelta(seconds=every))
        await beats.touch(session, "worker:host-1", now, expected=timedelta(seconds=30))
        base = {"district": DISTRICT, "origin": "simulated"}
        session.add(
            FindingRow(
                **base,
                kind="level",
                hazard="11B03",
                place=YUANJUE,
                level=4,
                station="SIM-P046",
                since=now - timedelta(minutes=12),
                until=None,
                rule="rain.red.3h100",
                text="狮子桥村 3 时 120.2 mm ≥ 100 mm",
                warning_id=None,
            )
        )
        session.add(
            Disaster(
                **base,
                place=QINGLIU,
                place_text="清流镇马草村",
                kind="road",
                kinds=["road"],
                hazard="11B03",
                warning_id=None,
                t0=now - timedelta(minutes=12),
                t0_source="grid",
                reportable=True,
                excluded_reason=None,
                excluded_by=None,
                found_later=False,
                first_report_at=None,
                state="known",
                reminded_at=None,
                next_remind_at=None,
                created_at=now,
            )
        )
        session.add(
            Raw(
                district=DISTRICT,
                source_id=new_id(),
                source="qx",
                received_at=now - timedelta(minutes=3),
                content_type="application/xml",
                body=b"<alert/>",
                sha256="0" * 64,
                state="refused",
                problem="malformed-body",
                pointers=[],
                identifier=None,
                warning_id=None,
                decided_at=now,
            )
        )


@dataclass
class Served:
    """The product at an address, with the world behind it."""

    world: World
    url: str
    app: FastAPI

    @property
    def db(self) -> Database:
        """Its database."""
        return self.world.db


@asynccontextmanager
async def serve(world: World) -> AsyncIterator[Served]:
    """Serve the pages over real HTTP from the test's own loop."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    app = build(Settings(base_url=url), world.db, world.scheme, world.registry, world.clock)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        await asyncio.wait([task], timeout=0.02)
    try:
        yield Served(world, url, app)
    finally:
        server.should_exit = True
        app.state.parts.hub.close()
        await task
        listener.close()


async def _trim(db: Database) -> None:
    """Keep one village a town with its grids and homes, one point of a kind: it looks the same, sooner."""
    village = sa.select(sa.func.min(Place.id)).where(Place.level == "village").group_by(Place.parent_id)
    points = ("risk_point", "facility")
    point = (
        sa.select(sa.func.min(Place.id)).where(Place.level.in_(points)).group_by(Place.town_code, Place.level)
    )
    inner = Place.level.in_(("grid", "group", "household")) & sa.func.substr(Place.id, 1, 12).not_in(village)
    gone = (
        sa.select(Place.id)
        .where(inner | (Place.level.in_(points) & Place.id.not_in(point)))
        .scalar_subquery()
    )
    async with db.transaction() as session:
        await session.execute(sa.update(Household).values(risk_point_id=None))
        for table, column in (
            (Household, Household.place_id),
            (Holding, Holding.place_id),
            (Shift, Shift.place_id),
            (PlaceCode, PlaceCode.place_id),
            (Place, Place.id),
        ):
            gone_rows = sa.delete(table).where(column.in_(gone))
            await session.execute(gone_rows.execution_options(synchronize_session=False))


async def _make(file: Path) -> datetime:
    world = await open_world(f"sqlite:///{file}", at=NIGHT - timedelta(minutes=35))
    await _trim(world.db)
    await red_night(world)
    await world.registry.aclose()
    await world.db.close()
    return world.clock.now()


@pytest.fixture(scope="session")
def red_night_template(seeded_sqlite_template: Path) -> Iterator[tuple[Path, datetime]]:
    """A SQLite file with the night in it, made once a session, and the moment it stands at."""
    with tempfile.TemporaryDirectory(prefix="jiaoying-desk-") as folder:
        file = Path(folder) / "night.db"
        shutil.copy(seeded_sqlite_template, file)
        at = asyncio.run(_make(file))
        yield file, at


@pytest.fixture
async def red(red_night_template: tuple[Path, datetime], tmp_path: Path) -> AsyncIterator[Served]:
    """The red night, served."""
    file, at = red_night_template
    shutil.copy(file, tmp_path / "night.db")
    world = await open_world(f"sqlite:///{tmp_path / 'night.db'}", at=at)
    async with serve(world) as served:
        yield served
    await world.registry.aclose()
    await world.db.close()


@pytest.fixture
async def quiet(seeded_sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Served]:
    """A night on which nothing is in force, served."""
    shutil.copy(seeded_sqlite_template, tmp_path / "quiet.db")
    world = await open_world(f"sqlite:///{tmp_path / 'quiet.db'}", at=NIGHT)
    await officers(world.db, NIGHT)
    async with serve(world) as served:
        yield served
    await world.registry.aclose()
    await world.db.close()


async def opened(served: Served, login: str) -> LoggedIn:
    """Open a session as the log-in's door does once the password fits; that it must fit is test_login's."""
    has: Parts = served.app.state.parts
    async with served.db.transaction() as session:
        user = await users.find(session, login, district=DISTRICT)
        assert user is not None
        proof, at = sessions.Proof(user.id, None), has.clock.now()
        found = await sessions.log_in(
            session, proof, login, "127.0.0.1", district=DISTRICT, at=at, lasts=has.lasts
        )
    assert found is not None
    return found


async def enter(context: BrowserContext, served: Served, login: str = "lixia") -> None:
    """Put an officer's session into a browser, which is then signed in on every page."""
    has: Parts = served.app.state.parts
    await context.add_cookies(
        [
            {
                "name": cookie_name(has.settings),
                "value": (await opened(served, login)).token,
                "url": served.url,
                "httpOnly": True,
                "sameSite": "Lax",
            }
        ]
    )


async def sign_in(page: Page, served: Served, login: str = "lixia", onward: str = "/") -> None:
    """Show a page to an officer who is signed in."""
    await enter(page.context, served, login)
    await page.goto(served.url + onward)


async def sign_in_by_form(page: Page, served: Served, login: str = "lixia", onward: str = "/") -> None:
    """Sign in through the form, as an officer does."""
    await page.goto(f"{served.url}/login?next={quote(onward, safe='')}")
    await page.fill("[name=username]", login)
    await page.fill("[name=password]", PASSWORD)
    await page.click("button")
    await page.wait_for_url(served.url + onward)


async def red_warning(served: Served) -> str:
    """The id of the red warning in force."""
    async with served.db.reading() as session:
        found = await session.scalar(
            sa.select(Warning.id).where(Warning.level == 4, Warning.state == "in-force")
        )
    assert found is not None
    return str(found)
