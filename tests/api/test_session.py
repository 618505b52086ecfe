"""Log-in and what a cookie may do: only from our own page, only with the session's token."""

import json
from datetime import timedelta

import httpx
import pytest

from app import main
from app.settings import Settings
from tests.api.conftest import BASE, PASSWORD, Web

pytestmark = pytest.mark.anyio

ANSWERS = "/api/v1/warnings/x/answers"
ANSWER = {"place": "500153105", "duty": "town-duty", "rung": "confirmed"}


async def test_a_log_in_by_json_gives_a_cookie_and_a_csrf_token(bare: Web) -> None:
    client = bare.client()
    answer = await client.post("/login", json={"username": "Duty", "password": PASSWORD})
    assert answer.status_code == 200
    assert list(answer.json()) == ["csrf"]
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("jiaoying=")
    for word in ("HttpOnly", "SameSite=lax", "Path=/"):
        assert word in cookie
    assert "Secure" not in cookie
    assert (await client.get("/api/v1/warnings")).status_code == 200
    assert "csrf" not in (await client.get("/api/v1/warnings")).text


async def test_over_https_the_cookie_is_bound_to_the_host(bare: Web) -> None:
    w = bare.world
    app = main.build(Settings(base_url="https://desk.example"), w.db, w.scheme, w.registry, w.clock)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="https://desk.example"
    ) as client:
        answer = await client.post("/login", json={"username": "duty", "password": PASSWORD})
        assert answer.headers["set-cookie"].startswith("__Host-jiaoying=")
        assert "Secure" in answer.headers["set-cookie"]
        assert "max-age=31536000" in answer.headers["strict-transport-security"]
        assert (await client.get("/api/v1/warnings")).status_code == 200


async def test_a_log_in_by_form_leads_to_a_page_of_our_own(bare: Web) -> None:
    for goal, where in (
        ("/warnings?state=x", "/warnings?state=x"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil", "/"),
    ):
        answer = await bare.client().post(
            "/login", data={"username": "duty", "password": PASSWORD, "next": goal}
        )
        assert (answer.status_code, answer.headers["location"]) == (303, where)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"username": "duty", "password": "wrong wrong"}, 401),
        ({"username": "nobody", "password": PASSWORD}, 401),
        ({"username": "duty"}, 422),
        ({"username": "duty", "password": PASSWORD, "role": "chief"}, 422),
        ({"username": ["duty"], "password": PASSWORD}, 422),
    ],
)
async def test_a_wrong_log_in_tells_nothing_of_why(bare: Web, sent: dict[str, str], status: int) -> None:
    answer = await bare.client().post("/login", json=sent)
    assert answer.status_code == status
    assert "set-cookie" not in answer.headers
    assert PASSWORD not in answer.text
    if status == 401:
        assert answer.json()["detail"] == "The name, the password or the code is wrong."


async def test_a_key_at_the_wrong_door_is_told_which_it_wants_and_not_whether_the_key_is_one(
    bare: Web,
) -> None:
    async def told(method: str, door: str, key: str) -> str:
        answer = await bare.client().request(
            method, f"/api/v1/{door}", json={}, headers={"Authorization": f"Bearer {key}"}
        )
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        return str(answer.json()["detail"])

    for key in (bare.key, "jys_" + "x" * 43):
        assert "key of a bureau's system" in await told("GET", "warnings", key)
    for token in (bare.tokens["duty"], "jyp_" + "x" * 43):
        for door in ("warnings", "observations"):
            assert "personal token" in await told("POST", door, token)
    assert "jy" not in await told("GET", "warnings", "something-else")


async def test_after_some_wrong_tries_there_is_a_wait_that_ends_by_itself(bare: Web) -> None:
    client = bare.client()
    for _ in range(5):
        assert (
            await client.post("/login", json={"username": "duty", "password": "wrong"})
        ).status_code == 401
    slowed = await client.post("/login", json={"username": "duty", "password": PASSWORD})
    assert slowed.status_code == 429
    assert int(slowed.headers["retry-after"]) >= 1
    assert slowed.json()["code"] == "rate-limited"
    assert (await client.post("/login", json={"username": "chief", "password": PASSWORD})).status_code == 200
    bare.world.clock.advance(timedelta(seconds=int(slowed.headers["retry-after"])))
    assert (await client.post("/login", json={"username": "duty", "password": PASSWORD})).status_code == 200


async def test_an_act_by_cookie_needs_the_token_of_that_session(bare: Web) -> None:
    client, csrf = await bare.browser("duty")
    _, other = await bare.browser("chief")
    for headers in ({}, {"X-CSRF-Token": other}, {"X-CSRF-Token": csrf[::-1]}):
        answer = await client.post(ANSWERS, json=ANSWER, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert (await client.post(ANSWERS, json=ANSWER, headers={"X-CSRF-Token": csrf})).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_sites_request_does_nothing_even_with_the_token(
    bare: Web, headers: dict[str, str]
) -> None:
    client, csrf = await bare.browser("duty")
    answer = await client.post(ANSWERS, json=ANSWER, headers={"X-CSRF-Token": csrf, **headers})
    assert answer.status_code == 403
    assert (await client.post("/logout", headers={"X-CSRF-Token": csrf, **headers})).status_code == 403
    own = {"X-CSRF-Token": csrf, "Origin": BASE, "Sec-Fetch-Site": "same-origin"}
    assert (await client.post(ANSWERS, json=ANSWER, headers=own)).status_code == 404
    log_in = await bare.client().post(
        "/login", json={"username": "duty", "password": PASSWORD}, headers=headers
    )
    assert log_in.status_code == 403


async def test_log_out_ends_the_session_at_the_server(bare: Web) -> None:
    client, csrf = await bare.browser("duty")
    kept = dict(client.cookies)
    assert (await client.post("/logout", headers={"X-CSRF-Token": csrf})).status_code == 204
    again = bare.client(cookies=kept)
    assert (await again.get("/api/v1/warnings")).status_code == 401


async def test_a_session_of_a_night_stays_and_one_of_a_day_ends(bare: Web) -> None:
    client, _ = await bare.browser("duty")
    for _ in range(23):
        bare.world.clock.advance(timedelta(hours=1))
        assert (await client.get("/api/v1/warnings")).status_code == 200
    bare.world.clock.advance(timedelta(hours=1))
    assert (await client.get("/api/v1/warnings")).status_code == 401


async def test_a_bureaus_key_opens_no_desk_and_a_persons_token_no_intake(bare: Web) -> None:
    assert (await bare.client("source").get("/api/v1/warnings")).status_code == 401
    answer = await bare.client("duty").post("/api/v1/warnings", json={})
    assert answer.status_code == 401
    assert json.loads(answer.text)["code"] == "unauthenticated"
