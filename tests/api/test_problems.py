"""Every refusal is one document: the right code, pointers, never what was sent; the same headers."""

import json
from typing import Any

import pytest
from starlette.responses import PlainTextResponse

from app.api import edge
from app.errors import JiaoyingError
from tests.api.conftest import Web

pytestmark = pytest.mark.anyio

PHONE, NAME = "00090012345", "甲谷雨"
RELEASE = "/api/v1/warnings/x/release"


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (body["status"], body["code"], body["type"]) == (status, code, f"urn:jiaoying:problem:{code}")
    assert body["title"]
    assert body["detail"]
    assert body["instance"] == answer.headers["x-request-id"]
    return body


async def test_nobody_is_told_so_before_anything_else(bare: Web) -> None:
    anyone = bare.client()
    problem(await anyone.get("/api/v1/warnings"), 401, "unauthenticated")
    problem(await anyone.post(RELEASE), 401, "unauthenticated")
    problem(await anyone.post("/api/v1/warnings", content=b"<alert/>"), 401, "unauthenticated")
    wrong = bare.client(headers={"Authorization": "Bearer jyp_nonsense"})
    answer = await wrong.get("/api/v1/rates")
    problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "malformed-body"),
        (b"\xff\xfe{}", 400, "bad-encoding"),
        (b'{"part": NaN}', 400, "malformed-body"),
        (b'{"part": "public", "part": "orders"}', 400, "malformed-body"),
        (b"[" * 5000, 400, "too-deep"),
        (b'{"part": ' + b"9" * 5000 + b"}", 400, "malformed-body"),
        (b'{"part": "\\ud800", "plan_hash": "x"}', 422, "validation"),
        (b'{"part": "a\\u0000b", "plan_hash": "x"}', 422, "validation"),
        (b"x" * 70_000, 413, "too-large"),
        (b"[]", 422, "validation"),
    ],
)
async def test_a_body_that_is_none_is_refused_as_what_it_is(
    bare: Web, body: bytes, status: int, code: str
) -> None:
    answer = await bare.client("duty").post(
        RELEASE, content=body, headers={"Content-Type": "application/json"}
    )
    problem(answer, status, code)


async def test_a_wrong_field_is_named_and_never_echoed(bare: Web) -> None:
    sent = {"part": PHONE, "plan_hash": 7, "reason": NAME * 300, "extra": NAME}
    answer = await bare.client("duty").post(RELEASE, json=sent)
    body = problem(answer, 422, "validation")
    assert {one["pointer"] for one in body["errors"]} == {"/part", "/plan_hash", "/reason", "/extra"}
    assert {one["code"] for one in body["errors"]} == {"not-valid", "unknown-field"}
    assert PHONE not in answer.text
    assert NAME not in json.loads(answer.text).__str__()
    answer.text.encode("ascii")
    answer = await bare.client("duty").get(f"/api/v1/warnings?hazard={PHONE}&limit=0")
    body = problem(answer, 422, "validation")
    assert {one["pointer"] for one in body["errors"]} == {"/query/hazard", "/query/limit"}
    assert PHONE not in answer.text


async def test_numbers_are_not_taken_for_words_nor_words_for_truth(bare: Web) -> None:
    for sent in (
        {"part": "public", "plan_hash": "x", "break_glass": "yes"},
        {"part": "public", "plan_hash": True},
    ):
        problem(await bare.client("duty").post(RELEASE, json=sent), 422, "validation")


async def test_other_media_and_compressed_bodies_are_not_read(bare: Web) -> None:
    duty = bare.client("duty")
    problem(await duty.post(RELEASE, content=b"a=b"), 415, "unsupported-media-type")
    gzipped = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    problem(await duty.post(RELEASE, content=b"\x1f\x8b", headers=gzipped), 415, "unsupported-media-type")


async def test_unknown_paths_and_methods_have_the_same_form(bare: Web) -> None:
    problem(await bare.client("duty").get("/api/v1/nonsense"), 404, "not-found")
    answer = await bare.client("duty").delete("/api/v1/rates")
    problem(answer, 405, "method-not-allowed")
    assert "GET" in answer.headers["allow"]
    problem(await bare.client("duty").get("/api/v1/warnings/00000000-0000"), 404, "not-found")


async def test_what_breaks_is_told_without_a_word_of_it(bare: Web) -> None:
    async def broken() -> None:
        raise RuntimeError(f"called {PHONE} of {NAME}")

    bare.app.add_api_route("/api/v1/broken", broken)
    answer = await bare.client().get("/api/v1/broken")
    problem(answer, 500, "internal")
    assert PHONE not in answer.text
    assert "RuntimeError" not in answer.text


async def test_headers_stand_on_every_answer(bare: Web) -> None:
    async def broken() -> None:
        raise RuntimeError

    bare.app.add_api_route("/api/v1/broken", broken)
    duty = bare.client("duty")
    for path in (
        "/api/v1/warnings",
        "/api/v1/nonsense",
        "/api/v1/broken",
        "/healthz",
        "/login",
        "/static/desk.css",
        "/api/v1/%00",
    ):
        answer = await duty.get(path)
        for name in edge.HEADERS:
            assert answer.headers[name.lower()] == edge.HEADERS[name], (path, name)
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == ("no-cache" if path.startswith("/static/") else "no-store")
        assert "server" not in answer.headers


async def test_a_person_gets_a_page_and_a_program_a_document(bare: Web) -> None:
    async def page(request: Any, problem: Any) -> PlainTextResponse:
        return PlainTextResponse(f"page {problem.code}", problem.status)

    bare.app.state.page_error = page
    client = bare.client()
    assert (await client.get("/nonsense", headers={"Accept": "text/html"})).text == "page not-found"
    problem(await client.get("/nonsense"), 404, "not-found")
    problem(await client.get("/api/v1/nonsense", headers={"Accept": "text/html"}), 404, "not-found")


async def test_requests_are_counted_and_logged_by_template(
    bare: Web, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "tok-3f9a"
    with caplog.at_level("INFO"):
        await bare.client().get(f"/t/{secret}")
        await bare.client("viewer").get(f"/api/v1/warnings/{secret}")
        await bare.client("viewer").request("BREW", "/nonsense")
    assert secret not in caplog.text
    text = (await bare.client().get("/metrics")).text
    assert secret not in text
    assert 'route="/api/v1/warnings/{warning_id}"' in text
    assert 'method="other"' in text
    assert 'route="unmatched"' in text


def test_every_problem_has_a_code_and_a_title_of_its_own() -> None:
    def walk(kind: type[JiaoyingError]) -> list[type[JiaoyingError]]:
        return [kind, *(below for child in kind.__subclasses__() for below in walk(child))]

    kinds = [kind for kind in walk(JiaoyingError) if kind.__module__ == "app.errors"]
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert all(kind.title for kind in kinds)


async def test_the_description_declares_every_error_once(bare: Web) -> None:
    described = (await bare.client().get("/openapi.json")).json()
    assert "Problem" in described["components"]["schemas"]
    assert "HTTPValidationError" not in described["components"]["schemas"]
    for path, methods in described["paths"].items():
        for method, said in methods.items():
            if not path.startswith("/api/v1"):
                continue
            assert "503" in said["responses"], (path, method)
            for status, answer in said["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"], (path, method, status)
