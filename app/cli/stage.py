"""The stage of a demo: an empty database, an invented district, accounts, channels, and the world outside."""

import contextlib
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

import httpx
import sqlalchemy as sa
from sqlalchemy import exc

from app import audit, bundled, main, sealed, worker
from app.access import passwords, sources, tokens, users
from app.access.rights import Role
from app.access.sessions import Lasts
from app.api import schema
from app.channels import registry as channels
from app.channels.registry import Registry
from app.cli.installation import Failure, address, scheme_of
from app.clock import Clock
from app.db import Database, unusable
from app.directory import importer, people, synthetic
from app.directory.profiles import DEMO
from app.disaster import signs
from app.origin import Origin
from app.scheme.models import Scheme
from app.settings import Settings
from app.simulator.bureau import WaterBureau, WeatherBureau
from app.simulator.gateways import Gateways, secret_variable
from app.simulator.officers import Credentials, Officer
from app.simulator.people import Outage, People
from app.simulator.people import Role as PhoneRole
from app.simulator.readings import Readings
from app.simulator.storm import Storm
from app.simulator.towns import Planted, Towns
from app.simulator.world import World

# In memory, httpx asks at every request whether it runs on trio, and looks through the whole path for a
# package that is not there.
sys.modules.setdefault("sniffio", cast("Any", None))

START = datetime(2026, 7, 15, 2, 10, tzinfo=UTC)
"""Minute 0 of the storm: 10:10 in the district, so that the worst of it comes at night."""
END = 1800
"""The storm's last minute."""
AFTER = timedelta(hours=14)
"""How long after the storm the last clock may still run; then the night is over."""
WHOLE_STORY = Lasts(idle=timedelta(days=7), absolute=timedelta(days=7))
"""Whoever watches is at the desk for minutes, while the story's clock runs through two days."""
BY = audit.Actor("system", "demo")
MAST_OUT = (19, "500153112", 985, 1035)
"""清流镇, number 19: its mast is without power for fifty minutes at the red peak (invented)."""
ACCOUNTS: tuple[Role, ...] = ("duty", "chief", "leader", "supervisor", "operator", "auditor")
PHONE_ROLES: dict[str, PhoneRole] = {
    "district": "district",
    "bureau": "district",
    "neighbour": "district",
    "town": "town",
    "grid": "grid",
    "group": "grid",
    "household": "household",
}
"""Whose telephone it is, by the role's first word; keepers and the like answer as a village's people do."""


class Stopwatch:
    """Tells how much of the time was the product's and how much the outside world's."""

    def __init__(self) -> None:
        self.product = self.simulator = 0.0
        self._theirs = False
        self._since = time.perf_counter()

    def switch(self, *, theirs: bool) -> bool:
        """Count from now for one side; returns which side it was."""
        now = time.perf_counter()
        if self._theirs:
            self.simulator += now - self._since
        else:
            self.product += now - self._since
        self._since, before, self._theirs = now, self._theirs, theirs
        return before

    def around(self, app: Callable[..., Awaitable[None]], *, theirs: bool) -> Callable[..., Awaitable[None]]:
        """Wrap an ASGI application so that its time is counted for its side."""

        async def timed(scope: Any, receive: Any, send: Any) -> None:
            before = self.switch(theirs=theirs)
            try:
                await app(scope, receive, send)
            finally:
                self.switch(theirs=before)

        return timed


@dataclass
class Stage:
    """Everything a demo is made of. ``passwords`` by account; all town accounts (``town001`` …) share one."""

    scheme: Scheme
    db: Database
    registry: Registry
    worker: worker.Worker
    world: World
    gateways: Gateways
    app: Any
    officers: tuple[Officer, ...]
    passwords: dict[str, str]
    watch: Stopwatch


@dataclass(frozen=True)
class Where:
    """How product and world reach each other. With ports: over sockets; without: in memory."""

    base_url: str
    port: int | None = None
    gateway_port: int = 9001

    @property
    def sockets(self) -> bool:
        """Whether they talk over real sockets."""
        return self.port is not None


@contextlib.asynccontextmanager
async def stage(
    *,
    clock: Clock,
    seed: int,
    database: str | None,
    where: Where,
    first: int = 0,
    profile: str = DEMO.name,
) -> AsyncIterator[Stage]:
    """Set everything up on an empty database.

    ``first``: the minute to begin at; ``profile``: how large the invented district is, with all its towns.
    Raises Failure with one sentence.
    """
    with tempfile.TemporaryDirectory(prefix="jiaoying-demo-") as folder:
        settings = Settings(base_url=where.base_url, database_url=database or f"sqlite:///{folder}/demo.db")
        scheme = scheme_of(settings)
        if database is not None:
            address(database, "--database")
        _keys(settings, database)
        db = Database(settings.database_url, durable=database is not None)
        try:
            await _migrate(db)
            phones = await _people(db, scheme, profile, seed, Path(folder) / "directory")
            async with contextlib.AsyncExitStack() as open_:
                yield await _set(
                    open_, settings, scheme, db, phones, clock=clock, seed=seed, where=where, first=first
                )
        finally:
            await db.close()


def _keys(settings: Settings, database: str | None) -> None:
    """Use fresh keys; for a database that is kept, put them where the other commands look for them."""
    keys = sealed.Keys.new()
    if database is not None:
        if settings.keys_file.exists():
            keys = sealed.Keys.read(settings.keys_file)
        else:
            keys.write(settings.keys_file)
    sealed.use(keys)


async def _migrate(db: Database) -> None:
    from alembic import command

    def upgrade(connection: sa.Connection) -> None:
        config = schema.config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    try:
        async with db.raw() as connection:
            if await connection.run_sync(lambda sync: bool(sa.inspect(sync).get_table_names())):
                raise Failure("--database 要一个空的数据库。")
            await connection.run_sync(upgrade)
    except (exc.DatabaseError, exc.InterfaceError) as error:
        if not unusable(error):
            raise
        raise Failure("打不开 --database 写的数据库：检查地址、目录和数据库是否在运行。") from None


async def _people(
    db: Database, scheme: Scheme, profile: str, seed: int, folder: Path
) -> dict[str, PhoneRole]:
    """Import the invented directory. Returns who answers which number."""
    made = synthetic.generate(
        bundled.path("data") / "rongchang", profile=profile, seed=500153 + seed - 1, start=START, days=4
    )
    made.write(folder)
    async with db.transaction() as session:
        report = await importer.import_folder(session, folder, district=scheme.district.code, by=BY, at=START)
    if not report.clean:
        raise Failure("演示用的名录没有导干净。")
    return {
        number: PHONE_ROLES.get(entry.role.split(".")[0], "village")
        for number, entry in made.phone_book.items()
    }


async def _accounts(db: Database, scheme: Scheme, towns: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Make the accounts of the night. Returns their passwords, and a token for each town's program."""
    words: dict[str, str] = {name: secrets.token_urlsafe(9) for name in (*ACCOUNTS, "town")}
    hashes = {name: await passwords.hashed(word) for name, word in words.items()}
    district, town_tokens = scheme.district.code, {}
    async with db.transaction() as session:
        for role in ACCOUNTS:
            await users.add(
                session, role, role, district=district, password_hash=hashes[role], by=BY, at=START
            )
        for town in towns:
            login = f"town{town[-3:]}"
            await users.add(
                session,
                login,
                "town",
                district=district,
                password_hash=hashes["town"],
                by=BY,
                at=START,
                place=town,
            )
            town_tokens[town] = await tokens.issue(
                session, login, "demo", district=district, lives=timedelta(days=7), by=BY, at=START
            )
    return words, town_tokens


def _entries(scheme: Scheme, port: int) -> list[dict[str, Any]]:
    """Return the district's channels, led to the simulated gateways.

    Raises Failure when one of them is live.
    """
    found = []
    for entry in scheme.channels:
        if entry.get("live"):
            raise Failure("演示不能用接通真实号码的通道配置。")
        url = urlsplit(str(entry["url"]))
        found.append(
            {
                **entry,
                "url": urlunsplit((url.scheme, f"127.0.0.1:{port}", url.path, "", "")),
                "allow_loopback": True,
            }
        )
    return found


async def _set(
    open_: contextlib.AsyncExitStack,
    settings: Settings,
    scheme: Scheme,
    db: Database,
    phones: dict[str, PhoneRole],
    *,
    clock: Clock,
    seed: int,
    where: Where,
    first: int,
) -> Stage:
    async with db.reading() as session:
        towns = await people.towns(session, scheme.district.code)
    words, town_tokens = await _accounts(db, scheme, [town.code for town in towns])
    async with db.transaction() as session:
        weather = await sources.add(session, "qxj", "weather", district=scheme.district.code, by=BY, at=START)
        water = await sources.add(session, "slj", "water", district=scheme.district.code, by=BY, at=START)
    entries = _entries(scheme, where.gateway_port)
    hidden = {secret_variable(entry): secrets.token_urlsafe(24) for entry in entries}
    watch = Stopwatch()
    world = World(clock, quantum=timedelta(seconds=1 if where.sockets else 30))
    product_app: list[Any] = []

    async def to_product(scope: Any, receive: Any, send: Any) -> None:
        await product_app[0](scope, receive, send)

    def client() -> httpx.AsyncClient:
        base = f"http://127.0.0.1:{where.port}" if where.sockets else where.base_url
        transport = None if where.sockets else httpx.ASGITransport(to_product)
        return httpx.AsyncClient(base_url=base, transport=transport, trust_env=False, timeout=60)

    product = await open_.enter_async_context(client())
    number, code, since, until = MAST_OUT
    outage = Outage(number, code, START + timedelta(minutes=since), START + timedelta(minutes=until))
    gateways = Gateways.build(
        entries, hidden, world=world, people=People(seed, phones.get, [outage]), product=product, seed=seed
    )
    in_memory = {str(e["name"]): httpx.ASGITransport(watch.around(gateways, theirs=True)) for e in entries}
    registry = channels.build(entries, hidden, None if where.sockets else in_memory)
    open_.push_async_callback(registry.aclose)
    working = worker.build(settings, db, scheme, registry, clock)
    app = main.build(settings, db, scheme, registry, clock, lasts=WHOLE_STORY)
    product_app.append(watch.around(app, theirs=False))
    duty = Officer(world, await open_.enter_async_context(client()), Credentials("duty", words["duty"]))
    chief = Officer(
        world, await open_.enter_async_context(client()), Credentials("chief", words["chief"]), second=True
    )
    names = {town.code: town.name for town in towns}
    _begin(
        world, product, (weather, water), names, town_tokens, _desk_hears(db, scheme, registry, clock), first
    )
    return Stage(scheme, db, registry, working, world, gateways, app, (duty, chief), words, watch)


def _begin(
    world: World,
    product: httpx.AsyncClient,
    keys: tuple[str, str],
    names: dict[str, str],
    town_tokens: dict[str, str],
    heard: Callable[[Planted, datetime], Awaitable[None]],
    first: int,
) -> None:
    """Plan what the outside world does: gauges, two bureaus, towns that report, 119 where no town did."""
    data = bundled.path("data") / "rongchang"
    readings = Readings.read(data / "storm.csv", data / "stations.csv")
    Storm(world, product, keys[0], readings, START).begin()
    WeatherBureau(world, product, keys[0], readings, START, names).begin(since=first)
    WaterBureau(world, product, keys[1], readings, START, names).begin(since=first)
    Towns(world, product, town_tokens, START, heard=heard).begin(since=first)


def _desk_hears(
    db: Database, scheme: Scheme, registry: Registry, clock: Clock
) -> Callable[[Planted, datetime], Awaitable[None]]:
    """119 rings the desk about an event; the desk enters it, and the town still owes its first report."""

    async def heard(one: Planted, happened: datetime) -> None:
        origin = Origin.REAL if registry.any_live else Origin.SIMULATED
        async with db.transaction() as session:
            await signs.heard(
                session,
                district=scheme.district.code,
                origin=origin.value,
                place=one.town,
                place_text=one.words,
                kinds=cast("Any", [one.kind]),
                source="119",
                occurred_at=happened,
                by=BY,
                at=clock.now(),
                event_id=f"119:{one.town}:{one.minute}",
            )

    return heard
