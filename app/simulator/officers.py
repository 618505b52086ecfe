"""The duty officer and the chief of the night: they log in, look, think, and let parts out.

They use the public API alone. At red the chief is the second person; a plan that changed meanwhile is looked
at anew.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import httpx

from app.simulator.world import World

PAUSE = 30.0
LOOK_EVERY = 30.0
RELOGIN = timedelta(hours=10)
WAITING = frozenset({"proposed", "pending-approval"})


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who logs in."""

    username: str
    password: str


@dataclass(frozen=True, slots=True)
class Done:
    """A decision and what the product answered."""

    at: datetime
    by: str
    warning: str
    part: str
    status: int
    state: str


class Officer:
    """One person with a session, and a client, of their own.

    ``second``: decides only what waits for a second person.
    """

    def __init__(
        self,
        world: World,
        product: httpx.AsyncClient,
        who: Credentials,
        *,
        second: bool = False,
        pause: float = PAUSE,
        look_every: float = LOOK_EVERY,
    ) -> None:
        self._world, self._who, self._second = world, who, second
        self._http, self._cookies, self._csrf = product, httpx.Cookies(), ""
        self._pause, self._look_every = pause, look_every
        self._logged_in: datetime | None = None
        self._thinking: set[tuple[str, str, str]] = set()
        self.done: list[Done] = []
        self.paused = False

    def begin(self, when: datetime) -> None:
        """Look for the first time then, and from then on every half minute."""
        self._world.at(when, f"officer:{self._who.username}", self._round)

    async def _round(self) -> None:
        self._world.after(self._look_every, f"officer:{self._who.username}", self._round)
        if not self.paused:
            await self.look()

    async def look(self) -> int:
        """See what waits and plan to decide it after a pause; returns how many parts were found."""
        found = 0
        for part in await self.waiting():
            thought = (part["warning"], part["part"], f"{part.get('plan_hash')}/{part['state']}")
            if thought in self._thinking:
                continue
            self._thinking.add(thought)
            found += 1
            key = f"officer:{self._who.username}:{part['identifier']}:{part['part']}"
            self._world.after(self._pause, key, partial(self._decide, thought, part))
        return found

    async def look_once(self) -> None:
        """Look, when somebody else rings the bell."""
        await self.look()

    async def waiting(self) -> list[dict[str, Any]]:
        """The parts that wait for this officer, each with its warning."""
        if not await self._log_in():
            return []
        found = []
        rows = await self._get("/api/v1/warnings", {"state": "in-force", "limit": "100"})
        wanted = "pending-approval" if self._second else "proposed"
        for row in rows.get("items", []):
            states = [state for name, state in row["part_states"].items() if name != "responsible"]
            if wanted not in states:
                continue
            warning = await self._get(f"/api/v1/warnings/{row['id']}")
            found += [
                {**part, "warning": row["id"], "identifier": row.get("identifier", "")}
                for part in warning.get("parts", [])
                if part["state"] == wanted and part["part"] != "responsible"
            ]
        return found

    async def _decide(self, thought: tuple[str, str, str], part: dict[str, Any]) -> None:
        """Release; on ``plan-changed`` or any other no, the next look starts over."""
        self._thinking.discard(thought)
        warning = thought[0]
        if self.paused or not await self._log_in():
            return
        body = {"part": part["part"], "plan_hash": part["plan_hash"], "password": self._who.password}
        response = await self._http.post(
            f"/api/v1/warnings/{warning}/release",
            json=body,
            headers=self._headers({"x-csrf-token": self._csrf}),
        )
        answer = response.json() if response.content else {}
        state = str(answer.get("state") or answer.get("code") or "")
        self.done.append(
            Done(self._world.now(), self._who.username, warning, part["part"], response.status_code, state)
        )

    async def _log_in(self) -> bool:
        now = self._world.now()
        if self._logged_in and now - self._logged_in < RELOGIN:
            return True
        response = await self._http.post(
            "/login", json={"username": self._who.username, "password": self._who.password}
        )
        if response.status_code != 200:
            return False
        self._csrf = response.json()["csrf"]
        self._cookies = httpx.Cookies(response.cookies)
        self._http.cookies.clear()
        self._logged_in = now
        return True

    async def _get(self, path: str, query: dict[str, str] | None = None) -> dict[str, Any]:
        response = await self._http.get(path, params=query or {}, headers=self._headers())
        if response.status_code == 401:
            self._logged_in = None
        if response.status_code != 200:
            return {}
        found: dict[str, Any] = response.json()
        return found

    def _headers(self, more: dict[str, str] | None = None) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        return {"cookie": cookies, **(more or {})}
