"""Fixture ``web``: the real application over the seeded district, an account of every role, clients."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app import main
from app.access import passwords, sources, tokens, users
from app.access.rights import ROLES, Role
from app.audit import SYSTEM
from app.channels import registry as channels
from app.clock import ManualClock
from app.db import Database
from app.settings import Settings
from app.worker import build as build_worker
from tests.support.seeded import DISTRICT
from tests.support.world import NIGHT, Phones, World, entries, secrets, shipped, world

__all__ = ["world"]

PASSWORD = "雨大时先叫醒河边的人"
WANLING, LONGJI = "500153105", "500153114"
BASE = "http://desk.example"


def routes(app: FastAPI) -> list[tuple[str, str, Any]]:
    """Method, full path and route of everything the application answers, routers within routers included."""

    def walk(held: Any, prefix: str) -> list[tuple[str, str, Any]]:
        found = []
        for route in held:
            below = getattr(route, "original_router", None)
            if below is not None:
                found += walk(below.routes, prefix + (getattr(route.include_context, "prefix", "") or ""))
            else:
                found += [
                    (method, prefix + route.path, route) for method in getattr(route, "methods", None) or ()
                ]
        return found

    return walk(app.routes, "")


@dataclass
class Web:
    """The application, and who may call it."""

    world: World
    app: FastAPI
    tokens: dict[str, str] = field(default_factory=dict)
    key: str = ""
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    def client(self, role: str | None = None, **more: Any) -> httpx.AsyncClient:
        """Return a client: of a role's program, of the bureau ("source"), or of nobody."""
        headers = dict(more.pop("headers", {}))
        token = self.key if role == "source" else self.tokens.get(role or "")
        if token:
            headers["Authorization"] = f"Bearer {token}"
        made = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False),
            base_url=BASE,
            headers=headers,
            **more,
        )
        self.clients.append(made)
        return made

    async def browser(self, role: str) -> tuple[httpx.AsyncClient, str]:
        """Return a client that has logged in, and its CSRF token."""
        client = self.client()
        answer = await client.post("/login", json={"username": role, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return client, str(answer.json()["csrf"])


@pytest.fixture(scope="session")
def password_hash() -> str:
    """One hash for all accounts: making one takes its time."""
    hashed: str = passwords._hasher.hash(PASSWORD)
    return hashed


async def fill(web: Web, password_hash: str) -> None:
    """Make the accounts: one of each role, named for it, a second chief, and a second town."""
    at = web.world.clock.now()
    accounts: list[tuple[str, Role, str | None]] = [
        (role, role, WANLING if role == "town" else None) for role in ROLES
    ]
    accounts += [("town2", "town", LONGJI), ("chief2", "chief", None)]
    async with web.world.db.transaction() as session:
        for name, role, place in accounts:
            await users.add(
                session,
                name,
                role,
                district=DISTRICT,
                password_hash=password_hash,
                by=SYSTEM,
                at=at,
                place=place,
            )
            web.tokens[name] = await tokens.issue(
                session, name, "test", district=DISTRICT, lives=timedelta(days=1), by=SYSTEM, at=at
            )
        web.key = await sources.add(session, "qxj", "weather", district=DISTRICT, by=SYSTEM, at=at)


@pytest.fixture
async def bare(db: Database, password_hash: str) -> AsyncIterator[Web]:
    """The application over an empty database: for doors, not for what lies behind them."""
    at = NIGHT
    clock, scheme = ManualClock(at), shipped()
    registry = channels.build(entries(), secrets(("sms", "voice", "broadcast")))
    worker = build_worker(Settings(), db, scheme, registry, clock)
    app = main.build(Settings(base_url=BASE), db, scheme, registry, clock)
    opened = Web(World(db, scheme, registry, clock, Phones(clock), worker), app)
    await fill(opened, password_hash)
    yield opened
    for client in opened.clients:
        await client.aclose()
    await registry.aclose()


@pytest.fixture
async def web(world: World, password_hash: str) -> AsyncIterator[Web]:
    """The application at 02:40."""
    app = main.build(Settings(base_url=BASE), world.db, world.scheme, world.registry, world.clock)
    opened = Web(world, app)
    await fill(opened, password_hash)
    yield opened
    for client in opened.clients:
        await client.aclose()
