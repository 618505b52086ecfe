"""What the desk and the towns read: for a town what concerns it; in pages; never a change."""

import hashlib
import json
import re
from typing import Any

import pytest
import sqlalchemy as sa

from app.db import Base, Database
from tests.api.conftest import LONGJI, WANLING, Web, routes

pytestmark = pytest.mark.anyio


async def _everything(db: Database) -> dict[str, str]:
    """A digest of each table."""
    found = {}
    async with db.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            columns = [
                c if isinstance(c.type, sa.LargeBinary) else sa.cast(c, sa.Text) for c in table.columns
            ]
            rows = (await connection.execute(sa.select(*columns))).all()
            found[table.name] = hashlib.sha256(json.dumps(sorted(map(str, rows))).encode()).hexdigest()
    return found


async def test_no_get_changes_anything(web: Web) -> None:
    outcome = await web.world.issues("red", WANLING)
    desk, _ = await web.browser("duty")
    town, _ = await web.browser("town")
    token = web.tokens["viewer"]
    before = await _everything(web.world.db)
    paths = [path for method, path, _ in routes(web.app) if method == "GET" and not path.endswith("/events")]
    assert "/api/v1/warnings/{warning_id}/timeline" in paths, paths
    assert "/t/{token}" in paths
    for path in paths:
        real = path.replace("{warning_id}", outcome.warning_id).replace("{part}", "public")
        real = re.sub(r"{\w+}", "x", real.replace("{name}", f"{WANLING}001"))
        for client in (desk, town):
            answer = await client.get(real, headers={"Accept": "text/html"})
            assert answer.status_code < 500 or path == "/readyz", (path, answer.text)
            await client.head(real)
        await web.client().get(real, headers={"Authorization": f"Bearer {token}"})
    after = await _everything(web.world.db)
    assert [name for name in before if before[name] != after[name]] == []


async def test_the_desk_reads_a_warning_as_the_contract_shows_it(web: Web) -> None:
    outcome = await web.world.issues("red", WANLING, LONGJI)
    desk = web.client("duty")
    shown = (await desk.get(f"/api/v1/warnings/{outcome.warning_id}")).json()
    for name in (
        "id",
        "identifier",
        "sender",
        "source",
        "state",
        "disposition",
        "hazard",
        "hazard_name",
        "level",
        "origin",
        "sent",
        "onset",
        "expires",
        "version",
        "plan_hash",
        "places",
        "parts",
        "references",
        "affects",
        "problems",
    ):
        assert name in shown
    assert (shown["hazard"], shown["level"], shown["state"], shown["origin"]) == (
        "11B03",
        "red",
        "in-force",
        "simulated",
    )
    assert shown["places"] == [WANLING, LONGJI]
    assert "暴雨" in shown["hazard_name"]
    assert {one["part"] for one in shown["parts"]} >= {"responsible", "public"}
    plan = (await desk.get(f"/api/v1/warnings/{outcome.warning_id}/plan")).json()
    for name in (
        "scheme",
        "version",
        "plan_hash",
        "segment",
        "level",
        "response_level",
        "lines",
        "not_chosen",
        "measures",
        "suggestions",
    ):
        assert name in plan
    assert plan["plan_hash"] == shown["plan_hash"]
    assert all(
        line["because"] and {"place", "layer", "duty", "channels", "answer_by"} <= set(line)
        for line in plan["lines"]
    )
    owed = (await desk.get(f"/api/v1/warnings/{outcome.warning_id}/obligations")).json()["items"]
    assert all(
        {"place", "layer", "duty", "due_at", "state", "answered_at", "via"} <= set(one) for one in owed
    )
    sent = (await desk.get(f"/api/v1/warnings/{outcome.warning_id}/deliveries")).json()["items"]
    assert sent
    for one in sent:
        assert {
            "id",
            "key",
            "channel",
            "place",
            "person",
            "layer",
            "level",
            "origin",
            "state",
            "vendor_id",
            "reason",
            "attempts",
            "possibly_twice",
        } <= set(one)
    assert not re.search(r"(?<![0-9a-f])0009\d{7}(?![0-9a-f])", json.dumps(sent))
    course = (await desk.get(f"/api/v1/warnings/{outcome.warning_id}/timeline?limit=500")).json()["items"]
    assert {"received", "planned", "step"} <= {one["kind"] for one in course}
    assert [one["at"] for one in course] == sorted(one["at"] for one in course)


async def test_lists_come_in_pages_that_hold_every_row_once(web: Web) -> None:
    outcome = await web.world.issues("red", WANLING)
    desk = web.client("viewer")
    for what in ("obligations", "deliveries", "timeline"):
        whole = (await desk.get(f"/api/v1/warnings/{outcome.warning_id}/{what}?limit=500")).json()
        assert whole["next"] is None
        seen: list[Any] = []
        cursor = ""
        while True:
            page = (await desk.get(f"/api/v1/warnings/{outcome.warning_id}/{what}?limit=7{cursor}")).json()
            seen += page["items"]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert seen == whole["items"]
    answer = await desk.get("/api/v1/warnings?cursor=nonsense-~")
    assert answer.status_code == 422
    assert (await desk.get("/api/v1/warnings?cursor=____")).status_code == 422


async def test_warnings_are_found_by_state_hazard_and_time(web: Web) -> None:
    first = await web.world.issues("blue", WANLING)
    await web.world.advance(minutes=10)
    second = await web.world.issues("red", LONGJI, hazard="11B04")
    desk = web.client("viewer")

    async def found(query: str) -> list[str]:
        answer = await desk.get(f"/api/v1/warnings?{query}")
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["items"]]

    assert await found("") == [second.warning_id, first.warning_id]
    assert await found("hazard=11B04") == [second.warning_id]
    assert await found("hazard=11B") == [second.warning_id, first.warning_id]
    assert await found("state=closed") == []
    since = web.world.clock.now().isoformat().replace("+", "%2B")
    assert await found(f"since={since}&state=in-force") == [second.warning_id]
    assert (await desk.get("/api/v1/warnings?nonsense=1")).status_code == 422


async def test_a_town_sees_what_concerns_it_and_nothing_else(web: Web) -> None:
    ours = await web.world.issues("red", WANLING, LONGJI)
    theirs = await web.world.issues("orange", LONGJI, hazard="11B04")
    town = web.client("town")
    listed = (await town.get("/api/v1/warnings")).json()["items"]
    assert [one["id"] for one in listed] == [ours.warning_id]
    parts = (await town.get(f"/api/v1/warnings/{ours.warning_id}")).json()["parts"]
    assert listed[0]["part_states"] == {part["part"]: part["state"] for part in parts}
    for what in ("", "/plan", "/obligations", "/deliveries", "/timeline"):
        assert (await town.get(f"/api/v1/warnings/{theirs.warning_id}{what}")).status_code == 404
        assert (await town.get(f"/api/v1/warnings/{ours.warning_id}{what}")).status_code == 200
    plan = (await town.get(f"/api/v1/warnings/{ours.warning_id}/plan")).json()
    assert {line["place"] for line in plan["lines"]} == {WANLING}
    assert plan["not_asked"] == []  # who is up and down the river is the district's business
    whole = (await web.client("viewer").get(f"/api/v1/warnings/{ours.warning_id}/plan")).json()
    assert {one["duty"] for one in whole["not_asked"]} == {"upstream-dazu", "downstream-neijiang"}
    assert "downstream-luxian" in {line["duty"] for line in whole["lines"]}
    for what in ("obligations", "deliveries"):
        rows = (await town.get(f"/api/v1/warnings/{ours.warning_id}/{what}?place={LONGJI}&limit=500")).json()[
            "items"
        ]
        assert {row["place"] for row in rows} == {WANLING}
    course = (await town.get(f"/api/v1/warnings/{ours.warning_id}/timeline?limit=500")).json()["items"]
    assert {one["place"] for one in course} <= {None, WANLING}


async def test_stations_tell_who_is_silent(web: Web) -> None:
    desk = web.client("viewer")
    every = (await desk.get("/api/v1/stations")).json()["items"]
    silent = (await desk.get("/api/v1/stations?silent=true")).json()["items"]
    assert every == silent
    assert {"code", "kind", "place", "last_at", "silent", "completeness"} <= set(every[0])
    assert (await desk.get("/api/v1/stations?silent=false")).json()["items"] == []
