"""The gauges report: SL 323 rows every five minutes to ``POST /api/v1/observations``."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import httpx

from app.clock import LOCAL
from app.simulator.readings import Readings
from app.simulator.world import World

INTERVAL = "0.05"  # INTV is h.mm: five minutes
TRIES, AGAIN = 5, 20.0


class Storm:
    """Replays a storm from ``start``. Rows leave ``lag`` seconds after the interval they close."""

    def __init__(
        self,
        world: World,
        product: httpx.AsyncClient,
        key: str,
        readings: Readings,
        start: datetime,
        *,
        lag: float = 10,
    ) -> None:
        self._world, self._product, self._key = world, product, key
        self._readings, self._start, self._lag = readings, start, lag
        self.posted = 0
        self.accepted = 0
        self.lost = 0

    def begin(self, *, since: int = 0) -> None:
        """Plan every report from minute ``since`` on."""
        for minute in sorted(self._readings.raw):
            if minute >= since:
                when = self._start + timedelta(minutes=minute, seconds=self._lag)
                self._world.at(when, f"storm:{minute:05d}", partial(self._report, minute))

    def rows(self, minute: int) -> dict[str, list[dict[str, Any]]]:
        """The rows of one minute, by table."""
        time = (self._start + timedelta(minutes=minute)).astimezone(LOCAL).strftime("%Y-%m-%d %H:%M:%S")
        tables: dict[str, list[dict[str, Any]]] = {"ST_PPTN_R": [], "ST_RIVER_R": [], "ST_RSVR_R": []}
        for station, rain, level in self._readings.raw[minute]:
            if rain:
                row = {"STCD": station, "TM": time, "DRP": float(rain), "INTV": float(INTERVAL)}
                tables["ST_PPTN_R"].append(row)
            if level:
                river = self._readings.stations[station].kind == "river"
                name, column = ("ST_RIVER_R", "Z") if river else ("ST_RSVR_R", "RZ")
                tables[name].append({"STCD": station, "TM": time, column: float(level)})
        return {table: rows for table, rows in tables.items() if rows}

    async def _report(self, minute: int) -> None:
        for table, rows in self.rows(minute).items():
            await self._post(minute, table, rows, 1)

    async def _post(self, minute: int, table: str, rows: list[dict[str, Any]], attempt: int) -> None:
        """Post one table; sent again it is harmless: a row is known by station and time."""
        try:
            response = await self._product.post(
                "/api/v1/observations",
                json={"table": table, "rows": rows},
                headers={"authorization": f"Bearer {self._key}"},
            )
            good = response.status_code == 200
        except httpx.HTTPError:
            good = False
        if good:
            self.posted += len(rows)
            self.accepted += int(response.json().get("accepted", 0))
        elif attempt < TRIES:
            key = f"storm:{minute:05d}:{table}"
            again = partial(self._post, minute, table, rows, attempt + 1)
            self._world.after(AGAIN * attempt, key, again)
        else:
            self.lost += len(rows)
