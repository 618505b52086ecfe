"""Reports of disasters through the API: a repeat is harmless, a town reports for itself."""

from datetime import timedelta
from typing import Any

import pytest

from tests.api.conftest import LONGJI, WANLING, Web

pytestmark = pytest.mark.anyio


def report(place: str = WANLING, **more: Any) -> dict[str, Any]:
    return {"place": place, "place_text": "后山", "kinds": ["landslide"], "people": {"trapped": 2}, **more}


async def test_a_first_report_is_taken_once_and_followed_up(bare: Web) -> None:
    town = bare.client("town")
    began = bare.world.clock.now()
    bare.world.clock.advance(timedelta(minutes=20))
    sent = report(occurred_at=began.isoformat())
    first = await town.post("/api/v1/disasters", json=sent, headers={"Idempotency-Key": "k1"})
    assert first.status_code == 201, first.text
    again = await town.post("/api/v1/disasters", json=sent, headers={"Idempotency-Key": "k1"})
    assert again.json()["id"] == first.json()["id"]
    url = first.headers["location"]
    bare.world.clock.advance(timedelta(hours=2))
    for kind in ("followup", "final"):
        told = await town.post(f"{url}/followups", json=report(kind=kind))
        assert told.status_code == 201, told.text
    shown = (await town.get(url)).json()
    assert [one["kind"] for one in shown["reports"]] == ["first", "followup", "final"]
    assert shown["state"] == "final"
    (listed,) = (await bare.client("viewer").get("/api/v1/disasters")).json()["items"]
    assert listed["id"] == first.json()["id"]
    rates = (await bare.client("viewer").get("/api/v1/rates?kind=reported_in_hour")).json()
    assert [(one["key"], one["due"], one["met"], one["rate"], one["p50_s"]) for one in rates["groups"]] == [
        (WANLING, 1, 1, 1.0, 1200.0)
    ]


async def test_a_town_reports_for_itself_and_sees_its_own(bare: Web) -> None:
    town, other = bare.client("town"), bare.client("town2")
    refused = await town.post("/api/v1/disasters", json=report(LONGJI))
    assert (refused.status_code, refused.json()["code"]) == (403, "out-of-scope")
    made = await town.post("/api/v1/disasters", json=report())
    url = made.headers["location"]
    assert (await other.get(url)).status_code == 404
    assert (await other.get("/api/v1/disasters")).json()["items"] == []
    assert (await other.post(f"{url}/followups", json=report(LONGJI))).status_code == 404
    department = await bare.client("department").post("/api/v1/disasters", json=report(LONGJI))
    assert department.status_code == 201


async def test_a_report_that_says_too_little_or_too_much_is_refused_by_field(bare: Web) -> None:
    town = bare.client("town")
    for wrong, pointer in (
        (report(kinds=[]), "/kinds"),
        (report(kinds=["ufo"]), "/kinds/0"),
        (report(people={"dead": -1}), "/people/dead"),
        (report(people={"dead": "1"}), "/people/dead"),
        (report(occurred_at="2026-07-15T18:00:00"), "/occurred_at"),
        (report(weather="bad"), "/weather"),
    ):
        answer = await town.post("/api/v1/disasters", json=wrong)
        assert answer.status_code == 422, answer.text
        assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
    assert (await town.get("/api/v1/disasters")).json()["items"] == []


async def test_a_report_under_a_warning_has_its_origin_and_hazard(web: Web) -> None:
    warning = (await web.world.issues("red", WANLING)).warning_id
    made = await web.client("town").post("/api/v1/disasters", json=report(warning=warning))
    assert made.status_code == 201
    shown = (await web.client("viewer").get(made.headers["location"])).json()
    assert (shown["origin"], shown["hazard"], shown["warning_id"]) == ("simulated", "11B03", warning)
    strange = await web.client("town2").post("/api/v1/disasters", json=report(LONGJI, warning=warning))
    assert strange.status_code == 404
