"""``python -m app.simulator``: the outside world beside a running ``jiaoying serve``, in real time.

Gateways listen on ``--port``; storm, bureaus, towns and officers begin where a key, token or password for
them is in the environment. Channel secrets are read as the product reads them
(``JIAOYING_CHANNEL_<NAME>_SECRET``), besides ``JIAOYING_SIM_WEATHER_KEY``, ``JIAOYING_SIM_WATER_KEY``,
``JIAOYING_SIM_DUTY`` and ``JIAOYING_SIM_CHIEF`` (``name:password``), ``JIAOYING_SIM_TOWN_TOKENS``
(``town=token,…``).
"""

import argparse
import asyncio
import csv
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import uvicorn
import yaml

from app import bundled
from app.clock import SystemClock
from app.simulator.bureau import WaterBureau, WeatherBureau
from app.simulator.gateways import Gateways, secret_variable
from app.simulator.officers import Credentials, Officer
from app.simulator.people import Outage, People, Role
from app.simulator.readings import Readings
from app.simulator.storm import Storm
from app.simulator.towns import Towns
from app.simulator.world import World

MAST, MAST_CODE, MAST_OUT = 19, "500153112", (980, 1030)


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m app.simulator", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--product", default="http://127.0.0.1:8000", help="where `jiaoying serve` listens")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9001, help="where the simulated gateways listen")
    parser.add_argument("--seed", type=int, default=500153)
    config, data = bundled.path("config"), bundled.path("data") / "rongchang"
    parser.add_argument("--config", type=Path, default=config, help="folder with channels.yaml")
    parser.add_argument("--data", type=Path, default=data, help="folder with storm.csv")
    parser.add_argument("--since", type=int, default=600, help="minute of the storm to begin at")
    parser.add_argument("--roles", type=Path, help="CSV of number,role (town, village, grid, household)")
    return parser.parse_args(given)


def names(data: Path) -> dict[str, str]:
    """Town code to name."""
    with (data / "divisions.csv").open(encoding="utf-8", newline="") as lines:
        return {
            row["code"]: row["name"] for row in csv.DictReader(lines) if row["level"] in {"street", "town"}
        }


def roles(file: Path | None) -> Mapping[str, Role]:
    """Number to role; empty without a file."""
    if file is None:
        return {}
    with file.open(encoding="utf-8", newline="") as lines:
        return {row["number"]: cast("Role", row["role"]) for row in csv.DictReader(lines)}


def people(asked: argparse.Namespace, world: World) -> People:
    """Everybody, with one mast out at the red peak."""
    start = world.now() - timedelta(minutes=asked.since)
    out = Outage(MAST, MAST_CODE, *(start + timedelta(minutes=minute) for minute in MAST_OUT))
    return People(asked.seed, roles(asked.roles).get, [out])


def credentials(value: str | None) -> Credentials | None:
    """``name:password``, None when it is not set."""
    name, colon, password = (value or "").partition(":")
    return Credentials(name, password) if colon else None


def begin(
    asked: argparse.Namespace, environment: Mapping[str, str], world: World, client: httpx.AsyncClient
) -> list[Any]:
    """Start everybody for whom there is a key, and return them."""
    start = world.now() - timedelta(minutes=asked.since)
    found: list[Any] = []
    readings = Readings.read(asked.data / "storm.csv", asked.data / "stations.csv")
    if key := environment.get("JIAOYING_SIM_WEATHER_KEY"):
        storm = Storm(world, client, key, readings, start)
        storm.begin()  # what has fallen before now comes at once, so that windows are whole
        weather = WeatherBureau(world, client, key, readings, start, names(asked.data))
        weather.begin(since=asked.since)
        found += [storm, weather]
    if key := environment.get("JIAOYING_SIM_WATER_KEY"):
        water = WaterBureau(world, client, key, readings, start, names(asked.data))
        water.begin(since=asked.since)
        found.append(water)
    if given := environment.get("JIAOYING_SIM_TOWN_TOKENS"):
        tokens = dict(pair.split("=", 1) for pair in given.split(",") if "=" in pair)
        towns = Towns(world, client, tokens, start)
        towns.begin(since=asked.since)
        found.append(towns)
    for variable, second in (("JIAOYING_SIM_DUTY", False), ("JIAOYING_SIM_CHIEF", True)):
        if who := credentials(environment.get(variable)):
            own = httpx.AsyncClient(base_url=asked.product, trust_env=False)
            officer = Officer(world, own, who, second=second)
            officer.begin(world.now())
            found.append(officer)
    return found


def secretless(entries: Sequence[Mapping[str, Any]], environment: Mapping[str, str]) -> list[str]:
    """The variables that are missing: without its secret a channel believes nothing it is told."""
    return [one for one in map(secret_variable, entries) if not environment.get(one)]


async def run(asked: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Serve the gateways and run the world until stopped."""
    world = World(SystemClock())
    entries = yaml.safe_load((asked.config / "channels.yaml").read_text(encoding="utf-8"))["channels"]
    if missing := secretless(entries, environment):
        sys.exit(f"Set the same here and for `jiaoying serve`, to anything: {', '.join(missing)}")
    async with httpx.AsyncClient(base_url=asked.product, trust_env=False, timeout=30) as client:
        gateways = Gateways.build(
            entries, environment, world=world, people=people(asked, world), product=client, seed=asked.seed
        )
        started = begin(asked, environment, world, client)
        sys.stdout.write(
            f"gateways on http://{asked.host}:{asked.port}: {', '.join(gateways.paths)}; "
            f"also {', '.join(type(one).__name__ for one in started) or 'nobody: no keys were given'}\n"
        )
        server = uvicorn.Server(uvicorn.Config(gateways, asked.host, asked.port, log_level="warning"))
        running = asyncio.create_task(world.run_forever())
        try:
            await server.serve()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(run(arguments(), os.environ))
