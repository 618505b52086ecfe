"""Disasters that happen, and towns that report them within the hour, after it, or never."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import httpx

from app.clock import LOCAL
from app.simulator.world import World

TRIES, AGAIN = 20, 30.0


@dataclass(frozen=True, slots=True)
class Planted:
    """A disaster at ``minute``; the town's first report ``after`` so many minutes, None: never.

    ``heard_after``: when somebody else (119, the media) tells the district of it, None: nobody does.
    """

    town: str
    minute: int
    kind: str
    words: str
    after: int | None
    heard_after: int | None = None
    people: tuple[tuple[str, int], ...] = ()


# Towns where the storm turns red first; kinds as the product's form has them.
STORY: tuple[Planted, ...] = (
    Planted("500153112", 1002, "house-flooded", "低洼处房屋进水", 24, people=(("moved", 12),)),
    Planted("500153103", 1011, "road-cut", "乡道边坡塌方，道路中断", 17),
    Planted("500153102", 1028, "landslide", "屋后小型滑坡", 38, people=(("moved", 7), ("trapped", 0))),
    Planted("500153109", 1046, "dam", "山坪塘坝体渗水", 51),
    Planted("500153101", 1065, "house-flooded", "沿河院落进水", 83, people=(("moved", 21),)),
    Planted("500153001", 1092, "waterlogging", "下穿道积水，车辆熄火", 12),
    Planted("500153113", 1104, "power-cut", "线路倒杆停电", None, heard_after=95),
    Planted("500153004", 1131, "house-flooded", "临河商铺进水", 29, people=(("moved", 4),)),
)


class Towns:
    """Posts first reports through a token of each town. ``heard`` is called for what others tell of."""

    def __init__(
        self,
        world: World,
        product: httpx.AsyncClient,
        tokens: Mapping[str, str],
        start: datetime,
        *,
        story: Sequence[Planted] = STORY,
        heard: Callable[[Planted, datetime], Awaitable[None]] | None = None,
    ) -> None:
        self._world, self._product, self._tokens, self._start = world, product, tokens, start
        self._story, self._heard = tuple(story), heard
        self.reported: dict[Planted, int] = {}

    def begin(self, *, since: int = 0) -> None:
        """Plan the reports of what happens from minute ``since`` on."""
        for one in self._story:
            if one.minute < since:
                continue
            happened = self._start + timedelta(minutes=one.minute)
            key = f"town:{one.town}:{one.minute}"
            if one.after is not None and one.town in self._tokens:
                when = happened + timedelta(minutes=one.after)
                self._world.at(when, key, partial(self._report, one, 1))
            if one.heard_after is not None and self._heard is not None:
                when = happened + timedelta(minutes=one.heard_after)
                self._world.at(when, f"{key}:heard", partial(self._tell, one, happened))

    async def _tell(self, one: Planted, happened: datetime) -> None:
        if self._heard is not None:
            await self._heard(one, happened)

    async def _report(self, one: Planted, attempt: int) -> None:
        happened = self._start + timedelta(minutes=one.minute)
        body: dict[str, Any] = {
            "place": one.town,
            "kinds": [one.kind],
            "occurred_at": happened.astimezone(LOCAL).isoformat(),
            "source": "村干部",
            "words": one.words,
            "people": dict(one.people),
        }
        try:
            response = await self._product.post(
                "/api/v1/disasters",
                json=body,
                headers={
                    "authorization": f"Bearer {self._tokens[one.town]}",
                    "idempotency-key": f"planted-{one.town}-{one.minute}",
                },
            )
            status = response.status_code
        except httpx.HTTPError:
            status = 0
        if (status in {0, 429} or status >= 500) and attempt < TRIES:
            key = f"town:{one.town}:{one.minute}"
            self._world.after(AGAIN, key, partial(self._report, one, attempt + 1))
            return
        self.reported[one] = status
