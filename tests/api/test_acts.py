"""What people decide through the doors: who may, two at red, the password again; answers taken by phone."""

import re
from typing import Any

import pytest

from app.access.rights import HELD_BY, ROLES, Right
from app.api.deps import Needs
from tests.api.conftest import LONGJI, PASSWORD, WANLING, Web, routes

pytestmark = pytest.mark.anyio

# Routes whose right is asked by their verb alone, and by which right.
BY_VERB: dict[tuple[str, str], Right] = {
    ("POST", "/api/v1/warnings/{warning_id}/answers"): "answer-by-phone",
    ("POST", "/api/v1/kept/{body_id}/accept"): "review",
    ("POST", "/api/v1/disasters"): "report-disaster",
    ("POST", "/api/v1/disasters/{disaster_id}/followups"): "report-disaster",
}
# Routes of those who are no officers: bureaus, gateways, the log-in itself.
OTHERS = {"/api/v1/gateways/{channel}/receipts", "/api/v1/gateways/{channel}/replies", "/api/v1/observations"}
REPORT = {"place": WANLING, "kinds": ["landslide"]}
BODIES: dict[str, dict[str, Any]] = {
    "/release": {"part": "public", "plan_hash": "x"},
    "/hold": {"part": "public", "plan_hash": "x", "reason": "wait"},
    "/close": {"reason": "over"},
    "/answers": {"place": WANLING, "duty": "town-duty", "rung": "confirmed"},
    "/raise": {"places": [WANLING], "to_level": "red", "accept": True, "reason": "night"},
    "/correct": {"reason": "false alarm"},
    "/review": {"places": [WANLING], "level": "red", "accept": True, "reason": "checked"},
    "/responses": {"family": "flood", "level": "IV", "decision": "start", "reason": "river"},
    "/disasters": REPORT,
    "/followups": REPORT,
    "/accept": {"reason": "checked"},
}


def rights_of(method: str, path: str, route: Any) -> frozenset[Right]:
    """The rights a route asks for, read from the route itself."""

    def needs(dependant: Any) -> set[Right]:
        own = set(dependant.call.any_of) if isinstance(dependant.call, Needs) else set()
        return own.union(*(needs(below) for below in dependant.dependencies))

    by_verb = BY_VERB.get((method, path))
    return frozenset(needs(route.dependant) | ({by_verb} if by_verb else set()))


async def test_each_route_lets_in_the_roles_of_its_right_and_no_other(bare: Web) -> None:
    checked = 0
    for method, path, route in routes(bare.app):
        if not path.startswith("/api/v1"):
            continue
        rights = rights_of(method, path, route)
        if path in OTHERS or (method, path) == ("POST", "/api/v1/warnings") or path.endswith("/events"):
            assert not rights or path.endswith("/events")
            continue
        assert rights, f"{method} {path} asks for no right"
        allowed = set().union(*(HELD_BY[right] for right in rights))
        real = re.sub(r"{\w+}", "none", path)
        body = (
            next((body for end, body in BODIES.items() if real.endswith(end)), None)
            if method == "POST"
            else None
        )
        assert method == "GET" or body is not None, f"no body for {path}"
        query = "?key=x" if path.endswith("/rows") else ""
        for role in ROLES:
            client = bare.client(role)
            answer = await (client.get(real + query) if method == "GET" else client.post(real, json=body))
            if role in allowed:
                assert answer.status_code in (200, 201, 202, 404, 422), (role, method, path, answer.text)
            else:
                assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), (role, method, path)
            checked += 1
        anyone = bare.client()
        answer = await (anyone.get(real + query) if method == "GET" else anyone.post(real, json=body))
        assert answer.status_code == 401
    assert checked > 100


async def _release(web: Web, who: str, warning: str, part: str = "public", **more: Any) -> Any:
    shown = (await web.client("viewer").get(f"/api/v1/warnings/{warning}")).json()
    sent = {"part": part, "plan_hash": shown["plan_hash"], **more}
    return await web.client(who).post(f"/api/v1/warnings/{warning}/release", json=sent)


async def test_a_red_public_message_takes_two_people_who_prove_themselves(web: Web) -> None:
    warning = (await web.world.issues("red", WANLING)).warning_id
    bare_try = await _release(web, "duty", warning)
    assert (bare_try.status_code, bare_try.json()["code"]) == (401, "reauthenticate")
    wrong = await _release(web, "duty", warning, password="not the password")
    assert (wrong.status_code, wrong.json()["code"]) == (401, "reauthenticate")
    first = await _release(web, "chief", warning, password=PASSWORD)
    assert (first.status_code, first.json()["state"]) == (202, "pending-approval")
    same = await _release(web, "chief", warning, password=PASSWORD)
    assert (same.status_code, same.json()["code"]) == (409, "same-person")
    third = await _release(web, "duty", warning, password=PASSWORD)
    assert third.status_code == 403
    second = await _release(web, "chief2", warning, password=PASSWORD)
    assert (second.status_code, second.json()["state"]) == (202, "released")
    late = await _release(web, "leader", warning, password=PASSWORD)
    assert (late.status_code, late.json()["code"]) == (409, "wrong-state")
    shown = (await web.client("viewer").get(f"/api/v1/warnings/{warning}")).json()
    assert {one["part"]: one["state"] for one in shown["parts"]}["public"] == "released"


async def test_an_orange_takes_one_and_another_plan_is_refused_with_the_difference(web: Web) -> None:
    warning = (await web.world.issues("orange", WANLING)).warning_id
    changed = await web.client("duty").post(
        f"/api/v1/warnings/{warning}/release", json={"part": "public", "plan_hash": "0" * 64}
    )
    assert (changed.status_code, changed.json()["code"]) == (409, "plan-changed")
    assert "added" in changed.json()
    assert (await _release(web, "duty", warning)).json()["state"] == "released"


async def test_holding_back_and_closing_take_a_reason(web: Web) -> None:
    warning = (await web.world.issues("orange", WANLING)).warning_id
    duty = web.client("duty")
    shown = (await duty.get(f"/api/v1/warnings/{warning}")).json()
    url = f"/api/v1/warnings/{warning}"
    sent = {"part": "public", "plan_hash": shown["plan_hash"]}
    assert (await duty.post(f"{url}/hold", json=sent)).status_code == 422
    held = await duty.post(f"{url}/hold", json={**sent, "reason": "雨势减弱"})
    assert (held.status_code, held.json()["state"]) == (202, "held")
    closed = await duty.post(f"{url}/close", json={"reason": "气象台已解除"})
    assert (closed.status_code, closed.json()) == (202, {"id": warning, "state": "closed"})
    assert (await duty.post(f"{url}/close", json={"reason": "再一次"})).json()["code"] == "wrong-state"


async def test_too_many_wrong_passwords_at_an_act_are_slowed_like_a_log_in(web: Web) -> None:
    warning = (await web.world.issues("red", WANLING)).warning_id
    for _ in range(5):
        assert (await _release(web, "duty", warning, password="wrong")).status_code == 401
    slowed = await _release(web, "duty", warning, password=PASSWORD)
    assert slowed.status_code == 429
    assert "retry-after" in slowed.headers


async def test_the_desk_enters_an_answer_by_phone_and_a_town_only_for_those_below(web: Web) -> None:
    warning = (await web.world.issues("red", WANLING, LONGJI)).warning_id
    url = f"/api/v1/warnings/{warning}/answers"
    await web.world.advance(minutes=2)
    entered = await web.client("duty").post(
        url, json={"place": WANLING, "duty": "town-duty", "rung": "confirmed"}
    )
    assert entered.status_code == 201, entered.text
    assert [(one["counts"], one["state"]) for one in entered.json()["items"]] == [(True, "met")]
    town, other = web.client("town2"), web.client("town")
    own = await town.post(url, json={"place": LONGJI, "duty": "town-duty", "rung": "confirmed"})
    assert (own.status_code, own.json()["code"]) == (403, "forbidden")
    below = next(row for row in await web.world.obligations(town=LONGJI, duty="village-head"))
    strange = await other.post(
        url, json={"place": below.place_id, "duty": "village-head", "rung": "confirmed"}
    )
    assert (strange.status_code, strange.json()["code"]) == (403, "out-of-scope")
    told = await town.post(
        url, json={"place": below.place_id, "duty": "village-head", "rung": "acting", "words": "正在敲门"}
    )
    assert told.status_code == 201
    rows = (await web.client("viewer").get(f"{url[:-8]}/obligations?place={LONGJI}&limit=500")).json()[
        "items"
    ]
    answered = next(row for row in rows if row["target"] == below.place_id and row["duty"] == "village-head")
    assert (answered["state"], answered["via"], answered["rung"]) == ("met", "phone", "acting")
    gone = await web.client("duty").post(
        url, json={"place": "500153999", "duty": "town-duty", "rung": "done"}
    )
    assert gone.status_code == 404
