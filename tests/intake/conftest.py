"""A bureau at its door: the seeded district behind real HTTP, and keys of bureaus."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app import audit, main
from app.access import sources, tokens, users
from app.access.rights import Role
from app.settings import Settings
from tests.support.seeded import DISTRICT
from tests.support.world import World, open_world, world

__all__ = ["world"]


@dataclass
class Bureau:
    """Posts as a bureau's system would."""

    world: World
    http: httpx.AsyncClient
    keys: dict[str, str] = field(default_factory=dict)

    async def key(self, name: str, bureau: sources.Bureau = "weather", **options: Any) -> str:
        """Return the key of a source, made the first time."""
        if name not in self.keys:
            async with self.world.db.transaction() as session:
                self.keys[name] = await sources.add(
                    session,
                    name,
                    bureau,
                    district=DISTRICT,
                    by=audit.SYSTEM,
                    at=self.world.clock.now(),
                    **options,
                )
        return self.keys[name]

    async def token(self, role: Role) -> str:
        """Return a personal token of a new officer with this role."""
        at = self.world.clock.now()
        async with self.world.db.transaction() as session:
            await users.add(
                session, f"{role}-one", role, district=DISTRICT, password_hash="-", by=audit.SYSTEM, at=at
            )
            return await tokens.issue(
                session,
                f"{role}-one",
                "test",
                district=DISTRICT,
                lives=timedelta(days=1),
                by=audit.SYSTEM,
                at=at,
            )

    async def post(
        self,
        content: Any,
        media: str = "application/xml",
        *,
        path: str = "/warnings",
        name: str = "qx",
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> httpx.Response:
        """Post a body with the key of a source."""
        key = await self.key(name, **options)
        return await self.http.post(
            f"/api/v1{path}",
            content=content,
            headers={"Authorization": f"Bearer {key}", "Content-Type": media, **(headers or {})},
        )


async def _bureau(world: World) -> AsyncIterator[Bureau]:
    app = main.build(Settings(base_url="http://desk"), world.db, world.scheme, world.registry, world.clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk") as http:
        yield Bureau(world, http)


@pytest.fixture
async def bureau(world: World) -> AsyncIterator[Bureau]:
    """A bureau at a fresh district, once on each engine."""
    async for opened in _bureau(world):
        yield opened


@pytest.fixture
def door_url(seeded_sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a fresh district on SQLite."""
    file = tmp_path / "door.db"
    shutil.copy(seeded_sqlite_template, file)
    return f"sqlite:///{file}"


@pytest.fixture
async def door(door_url: str) -> AsyncIterator[Bureau]:
    """The same on SQLite alone, for what no database decides."""
    opened = await open_world(door_url)
    async for at_door in _bureau(opened):
        yield at_door
    await opened.registry.aclose()
    await opened.db.close()
