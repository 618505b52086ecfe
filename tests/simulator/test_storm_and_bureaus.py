"""The storm as it was; bureaus issue, extend and lift; towns report; officers let parts out."""

import csv
import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from app import bundled
from app.clock import ManualClock
from app.intake import bureau_json, national
from app.intake.message import Message, MsgType
from app.simulator.bureau import WaterBureau, WeatherBureau
from app.simulator.officers import Credentials, Officer
from app.simulator.readings import LEVELS, Readings
from app.simulator.storm import Storm
from app.simulator.towns import STORY, Planted, Towns
from app.simulator.world import World
from app.warning.level import Level
from tests.simulator.conftest import START

pytestmark = pytest.mark.anyio
DATA: Path = bundled.path("data") / "rongchang"
Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(scope="module")
def readings() -> Readings:
    return Readings.read(DATA / "storm.csv", DATA / "stations.csv")


@pytest.fixture(scope="module")
def names() -> dict[str, str]:
    with (DATA / "divisions.csv").open(encoding="utf-8", newline="") as lines:
        return {
            row["code"]: row["name"] for row in csv.DictReader(lines) if row["level"] in {"street", "town"}
        }


def outside(answer: Answer) -> tuple[World, ManualClock, httpx.AsyncClient]:
    clock = ManualClock(START)
    return (
        World(clock),
        clock,
        httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://product"),
    )


async def play(world: World, clock: ManualClock) -> None:
    while (due := world.due()) is not None:
        clock.set(due)
        await world.run_due()
    assert world.failures == []


def test_the_storm_reaches_the_levels_when_its_source_says(readings: Readings) -> None:
    reached = readings.reached()
    first = {level: min(one[level] for one in reached.values() if level in one) for level in LEVELS}
    towns = {level: sum(level in one for one in reached.values()) for level in LEVELS}
    assert first == {"blue": 645, "yellow": 850, "orange": 935, "red": 980}
    assert towns == {"blue": 21, "yellow": 21, "orange": 20, "red": 11}
    assert readings.signal("500153112", 1010) == "red"
    assert readings.signal("500153112", 600) is None


async def test_every_row_of_the_storm_is_posted_once_in_its_table_and_in_beijing_time(
    readings: Readings,
) -> None:
    posted: list[dict[str, Any]] = []
    refused = 0

    def take(request: httpx.Request) -> httpx.Response:
        nonlocal refused
        assert request.headers["authorization"] == "Bearer key"
        if len(posted) == 30 and refused < 3:
            refused += 1
            return httpx.Response(503)
        posted.append(json.loads(request.content))
        return httpx.Response(200, json={"accepted": len(posted[-1]["rows"])})

    world, clock, product = outside(take)
    storm = Storm(world, product, "key", readings, START)
    storm.begin()
    await play(world, clock)
    rows = [(one["table"], row["STCD"], row["TM"]) for one in posted for row in one["rows"]]
    assert len(rows) == len(set(rows)) == storm.accepted == 22267
    assert (refused, storm.lost) == (3, 0)
    assert Counter(table for table, _, _ in rows) == {
        "ST_PPTN_R": 53 * 361,
        "ST_RIVER_R": 6 * 361,
        "ST_RSVR_R": 8 * 121,
    }
    assert posted[0]["rows"][0] == {"STCD": "SIM-P001", "TM": "2026-07-14 14:00:00", "DRP": 0.0, "INTV": 0.05}
    assert clock.now() - START < timedelta(minutes=1801)


async def bulletins(readings: Readings, names: dict[str, str]) -> tuple[list[Message], list[Message]]:
    """Every message of both bureaus, read by the product's own readers."""
    seen: dict[str, list[Message]] = {"xml": [], "json": []}

    def take(request: httpx.Request) -> httpx.Response:
        xml = "xml" in request.headers["content-type"]
        said = national.read(request.content) if xml else bureau_json.read(request.content)
        seen["xml" if xml else "json"].append(said)
        return httpx.Response(201, json={"id": said.identifier})

    world, clock, product = outside(take)
    for bureau in (
        WeatherBureau(world, product, "key", readings, START, names),
        WaterBureau(world, product, "key", readings, START, names),
    ):
        bureau.begin()
    await play(world, clock)
    return seen["xml"], seen["json"]


def minute(said: Message) -> int:
    return round((said.sent - START).total_seconds() / 60) - 2


async def test_rain_is_one_warning_a_level_that_grows_and_is_lifted(
    readings: Readings, names: dict[str, str]
) -> None:
    xml, _ = await bulletins(readings, names)
    assert [problem for said in xml for problem in said.problems] == []
    for level, first, towns in (
        ("blue", 645, 21),
        ("yellow", 850, 21),
        ("orange", 935, 20),
        ("red", 980, 11),
    ):
        event = [said for said in xml if said.event_code == "11B03" and said.level == Level.of(level)]
        assert (minute(event[0]), event[0].msg_type) == (first, MsgType.ALERT)
        assert {said.msg_type for said in event[1:-1]} == {MsgType.UPDATE}
        assert event[-1].msg_type is MsgType.CANCEL
        assert all(said.references[0].identifier == event[0].identifier for said in event[1:])
        codes = [{code[:9] for area in said.areas for code in area.codes} for said in event]
        assert all(before <= after for before, after in pairwise(codes))
        assert codes[-1] == {town for town, one in readings.reached().items() if level in one}
        assert len(codes[-1]) == towns
    slides = [said for said in xml if said.event_code == "11D01"]
    assert [said.msg_type for said in slides] == [MsgType.ALERT, MsgType.CANCEL]
    assert len({said.identifier for said in xml}) == len(xml)


async def test_rivers_are_yellow_at_the_warning_level_and_orange_at_the_guarantee_level(
    readings: Readings, names: dict[str, str]
) -> None:
    _, water = await bulletins(readings, names)
    alerts = [(minute(said), said.level) for said in water if said.msg_type is MsgType.ALERT]
    assert alerts == [(985, Level.YELLOW), (1030, Level.ORANGE), (1060, Level.YELLOW), (1115, Level.ORANGE)]
    assert sum(said.msg_type is MsgType.CANCEL for said in water) == 4
    assert {said.event_code for said in water} == {"11A01"}


async def test_a_bureau_that_is_not_answered_posts_the_same_message_again(
    readings: Readings, names: dict[str, str]
) -> None:
    bodies: list[bytes] = []

    def take(request: httpx.Request) -> httpx.Response:
        bodies.append(request.content)
        if len(bodies) < 3:
            raise httpx.ReadTimeout("slow")
        return httpx.Response(201, json={"id": "w-1"})

    world, _, product = outside(take)
    bureau = WeatherBureau(world, product, "key", readings, START, names)
    await bureau.look(645)
    while world.due() is not None:
        await world.run_due(world.due())
    assert len(bodies) == 3
    assert bodies[0] == bodies[1] == bodies[2]
    assert [(one.minute, one.status, one.id) for one in bureau.issued] == [(645, 201, "w-1")]


async def test_towns_report_within_the_hour_after_it_or_never() -> None:
    got: list[tuple[int, dict[str, Any]]] = []
    told: list[Planted] = []
    world, clock, product = outside(lambda _: httpx.Response(201, json={"id": "d"}))

    async def take(request: httpx.Request) -> httpx.Response:
        got.append((round((clock.now() - START).total_seconds() / 60), json.loads(request.content)))
        return httpx.Response(201, json={"id": "d"})

    async def heard(one: Planted, _: object) -> None:
        told.append(one)

    product = httpx.AsyncClient(transport=httpx.MockTransport(take), base_url="http://product")
    towns = Towns(world, product, {one.town: "t" for one in STORY}, START, heard=heard)
    towns.begin()
    await play(world, clock)
    assert {one.town: minute for minute, body in got for one in STORY if one.town == body["place"]} == {
        one.town: one.minute + one.after for one in STORY if one.after is not None
    }
    assert sum(one.after is not None and one.after > 60 for one in STORY) == 1
    assert [one.after for one in told] == [None]
    assert set(towns.reported.values()) == {201}


class Desk:
    """The few answers of the product's desk that an officer sees."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock, self.state, self.hash, self.seen = clock, "proposed", "h1", list[tuple[str, str, int]]()
        self.cookies: set[str] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        minute = round((self.clock.now() - START).total_seconds())
        path = request.url.path
        if path == "/login":
            who = json.loads(request.content)["username"]
            return httpx.Response(
                200, json={"csrf": f"csrf-{who}"}, headers={"set-cookie": f"__Host-s={who}; Secure; Path=/"}
            )
        who = request.headers["cookie"].partition("=")[2]
        self.cookies.add(request.headers["cookie"])
        if path == "/api/v1/warnings":
            states = {"public": self.state, "responsible": "released"}
            return httpx.Response(200, json={"items": [{"id": "w1", "part_states": states}], "next": None})
        if path == "/api/v1/warnings/w1":
            parts = [
                {"part": "public", "state": self.state, "plan_hash": self.hash},
                {"part": "responsible", "state": "released", "plan_hash": self.hash},
            ]
            return httpx.Response(200, json={"id": "w1", "parts": parts})
        body = json.loads(request.content)
        assert request.headers["x-csrf-token"] == f"csrf-{who}"
        assert body["password"] == f"{who}-password"
        self.seen.append((who, body["plan_hash"], minute))
        if body["plan_hash"] != self.hash:
            return httpx.Response(409, json={"code": "plan-changed"})
        self.state = "released" if self.state == "pending-approval" else "pending-approval"
        return httpx.Response(202, json={"state": self.state})


async def test_at_red_the_duty_officer_thinks_half_a_minute_and_the_chief_is_the_second() -> None:
    world, clock, _ = outside(lambda _: httpx.Response(500))
    desk = Desk(clock)
    officers = [
        Officer(
            world,
            httpx.AsyncClient(transport=httpx.MockTransport(desk), base_url="http://product"),
            Credentials(who, f"{who}-password"),
            second=second,
        )
        for who, second in (("duty", False), ("chief", True))
    ]
    for officer in officers:
        officer.begin(START)
    for second in (1, 30, 31, 60, 61, 90, 91, 120, 300):
        clock.set(START + timedelta(seconds=second))
        if second == 1:
            await world.run_due()
            desk.hash = "h2"  # the plan changes while the officer thinks
        else:
            await world.run_due()
    assert world.failures == []
    who = [(name, plan) for name, plan, _ in desk.seen]
    assert who == [("duty", "h1"), ("duty", "h2"), ("chief", "h2")]
    assert all(later[2] - earlier[2] >= 30 for earlier, later in pairwise(desk.seen))
    assert desk.state == "released"
    assert desk.cookies == {"__Host-s=duty", "__Host-s=chief"}
