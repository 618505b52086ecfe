"""More that the desk decides through the doors: raise, review, take back, respond, two names to end a red."""

from typing import Any

import pytest

from tests.api.conftest import LONGJI, PASSWORD, WANLING, Web

pytestmark = pytest.mark.anyio


async def post(web: Web, who: str, path: str, **body: Any) -> tuple[int, Any]:
    answer = await web.client(who).post(f"/api/v1{path}", json=body)
    return answer.status_code, answer.json()


async def shown(web: Web, warning: str) -> Any:
    return (await web.client("viewer").get(f"/api/v1/warnings/{warning}")).json()


async def test_a_raise_is_a_warning_of_its_own_that_says_which_signal_it_raises(web: Web) -> None:
    warning = (await web.world.issues("orange", WANLING, LONGJI)).warning_id
    ask = {"places": [WANLING], "to_level": "red", "accept": True, "reason": "夜间"}
    status, told = await post(web, "duty", f"/warnings/{warning}/raise", **ask)
    assert (status, told["id"], told["state"]) == (202, warning, "raised")
    raised = await shown(web, told["raised"])
    assert (raised["level"], raised["raised_from"], raised["places"]) == ("red", "orange", [WANLING])
    assert (raised["source"], raised["state"]) == ("uplift", "in-force")
    assert [one["identifier"] for one in raised["references"]] == [(await shown(web, warning))["identifier"]]
    desk, _ = await web.browser("duty")
    assert "暴雨橙色预警·提到红色" in (await desk.get(f"/warnings/{told['raised']}")).text
    base = await shown(web, warning)
    assert (base["level"], base["raised_from"], base["state"]) == ("orange", None, "in-force")
    status, again = await post(web, "duty", f"/warnings/{warning}/raise", **ask)
    assert (status, again["code"]) == (409, "wrong-state")


async def test_not_to_raise_to_red_takes_two_names(web: Web) -> None:
    warning = (await web.world.issues("orange", WANLING)).warning_id
    path = f"/warnings/{warning}/raise"
    ask = {"places": [WANLING], "to_level": "red", "accept": False, "reason": "雨势减弱"}
    status, told = await post(web, "duty", path, **ask)
    assert (status, told["state"], told["raised"]) == (202, "pending-approval", None)
    status, same = await post(web, "duty", path, **ask)
    assert (status, same["code"]) == (409, "same-person")
    status, done = await post(web, "chief", path, **ask)
    assert (status, done["state"]) == (202, "not-raised")
    timeline = (await web.client("viewer").get(f"/api/v1/warnings/{warning}/timeline?limit=500")).json()
    assert {"raise-first", "not-raised"} <= {one["kind"] for one in timeline["items"]}


async def test_a_raise_that_goes_too_far_is_refused_by_field(web: Web) -> None:
    warning = (await web.world.issues("yellow", WANLING)).warning_id
    for places, level, pointers in (
        ([WANLING], "red", ["/to_level"]),
        ([WANLING], "blue", ["/to_level"]),
        ([LONGJI], "orange", ["/places/0"]),
        ([], "orange", ["/places"]),
    ):
        status, told = await post(
            web,
            "duty",
            f"/warnings/{warning}/raise",
            places=places,
            to_level=level,
            accept=True,
            reason="夜间",
        )
        assert (status, [one["pointer"] for one in told["errors"]]) == (422, pointers)


async def test_a_message_that_needs_review_is_placed_or_dismissed(web: Web) -> None:
    first, second = [(await web.world.issues("red", disposition="needs-review")).warning_id for _ in range(2)]
    ask = {"places": [WANLING], "accept": True, "reason": "电话核对"}
    status, told = await post(web, "duty", f"/warnings/{first}/review", **{**ask, "places": ["500153999"]})
    assert (status, [one["pointer"] for one in told["errors"]]) == (422, ["/places/0"])
    status, told = await post(web, "duty", f"/warnings/{first}/review", **ask)
    assert (status, told) == (202, {"id": first, "state": "in-force"})
    placed = await shown(web, first)
    assert (placed["disposition"], placed["places"]) == ("applies", [WANLING])
    status, told = await post(web, "duty", f"/warnings/{first}/review", **ask)
    assert (status, told["code"]) == (409, "wrong-state")
    status, told = await post(
        web, "duty", f"/warnings/{second}/review", places=[], accept=False, reason="外区的"
    )
    assert (status, told["state"]) == (202, "closed")


async def test_a_false_warning_is_taken_back_by_one(web: Web) -> None:
    warning = (await web.world.issues("red", WANLING)).warning_id
    path = f"/warnings/{warning}/correct"
    rang = len(web.world.phones.rang)
    status, told = await post(web, "duty", path, text="刚才的红色预警系误发", reason="误操作")
    assert (status, told) == (202, {"id": warning, "state": "closed"})
    await web.world.worker.drain()
    texts = {call.text for call in web.world.phones.rang[rang:] if call.channel == "sms"}
    assert texts == {"【荣昌防汛】更正：刚才的红色预警系误发。"}
    status, again = await post(web, "duty", path, reason="误操作")
    assert (status, again["code"]) == (409, "wrong-state")
    status, long = await post(web, "duty", path, text="误" * 301, reason="误操作")
    assert (status, long["errors"][0]["pointer"]) == (422, "/text")


async def test_a_red_is_ended_by_two_who_prove_themselves(web: Web) -> None:
    warning = (await web.world.issues("red", WANLING)).warning_id
    path = f"/warnings/{warning}/close"
    status, told = await post(web, "duty", path, reason="已过")
    assert (status, told["code"]) == (401, "reauthenticate")
    status, told = await post(web, "duty", path, reason="已过", password=PASSWORD)
    assert (status, told) == (202, {"id": warning, "state": "pending-approval"})
    status, told = await post(web, "duty", path, reason="已过", password=PASSWORD)
    assert (status, told["code"]) == (409, "same-person")
    assert (await shown(web, warning))["state"] == "in-force"
    status, told = await post(web, "chief", path, reason="已过", password=PASSWORD)
    assert (status, told) == (202, {"id": warning, "state": "closed"})


async def test_a_response_level_is_proposed_signed_and_read(web: Web) -> None:
    ask = {"family": "flood", "level": "IV", "decision": "start", "reason": "濑溪河超警戒"}
    status, proposed = await post(web, "duty", "/responses", **ask)
    assert (status, proposed["state"], proposed["signed_by"]) == (202, "pending-approval", "区防指办公室主任")
    assert (await post(web, "chief", "/responses", **ask))[1]["state"] == "pending-approval"
    status, same = await post(web, "chief", "/responses", **ask)
    assert (status, same["code"]) == (409, "same-person")
    status, done = await post(web, "leader", "/responses", **ask)
    assert (status, done["id"], done["state"], done["level"]) == (202, proposed["id"], "in-force", "IV")
    (item,) = (await web.client("viewer").get("/api/v1/responses")).json()["items"]
    assert (item["id"], item["state"], item["level"], item["origin"]) == (
        done["id"],
        "in-force",
        "IV",
        "simulated",
    )
    status, told = await post(web, "leader", "/responses", **ask)
    assert (status, told["code"]) == (409, "wrong-state")
    status, told = await post(web, "leader", "/responses", **{**ask, "decision": "raise", "level": "none"})
    assert (status, told["errors"][0]["pointer"]) == (422, "/level")
    status, told = await post(web, "town", "/responses", **ask)
    assert (status, told["code"]) == (403, "forbidden")


async def test_an_exercise_has_a_response_level_of_its_own(web: Web) -> None:
    ask = {"family": "flood", "level": "I", "decision": "start", "reason": "演练", "exercise": True}
    for who in ("leader", "chief"):
        status, told = await post(web, who, "/responses", **ask)
    assert (status, told["state"], told["origin"]) == (202, "in-force", "exercise")


async def test_the_description_of_the_interface_names_every_refusal(web: Web) -> None:
    paths = (await web.client().get("/openapi.json")).json()["paths"]
    for path in (
        "/warnings/{warning_id}/raise",
        "/warnings/{warning_id}/review",
        "/warnings/{warning_id}/correct",
        "/warnings/{warning_id}/close",
        "/responses",
    ):
        declared = paths[f"/api/v1{path}"]["post"]["responses"]
        assert {"202", "401", "403", "404", "409", "422"} <= set(declared)
