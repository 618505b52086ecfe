"""What the doors refuse before anything is read."""

import gzip
from collections.abc import AsyncIterator

import pytest

from tests.intake.support import message

pytestmark = pytest.mark.anyio


async def endless(chunk: bytes, times: int) -> AsyncIterator[bytes]:
    for _ in range(times):
        yield chunk


@pytest.mark.parametrize(("path", "mib"), [("/warnings", 1), ("/observations", 16)])
async def test_a_body_is_measured_as_it_comes_not_by_its_header(door, path: str, mib: int) -> None:
    answer = await door.post(endless(b" " * 65536, mib * 16 + 1), "application/json", path=path)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    answer = await door.post(
        b"{}", "application/json", path=path, headers={"Content-Length": str(mib * 2**20 + 1)}
    )
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/warnings", "/observations"])
async def test_a_compressed_or_unknown_body_is_refused(door, path: str) -> None:
    bomb = gzip.compress(b" " * 10_000_000)
    answer = await door.post(bomb, "application/json", path=path, headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")
    answer = await door.post(message("cap.xml"), "text/plain", path=path)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")


@pytest.mark.parametrize(
    ("body", "media", "status", "code"),
    [
        (b"<a", "text/xml", 400, "malformed-body"),
        (b"<!DOCTYPE a><a/>", "text/xml", 400, "xml-doctype-forbidden"),
        (b"<a>" * 50_000, "text/xml", 400, "too-deep"),
        (b"[" * 50_000, "application/json", 400, "too-deep"),
        (b'{"a": NaN}', "application/json", 400, "malformed-body"),
        (b"\xff\xfe\x00", "application/json", 400, "bad-encoding"),
        (b'<?xml version="1.0" encoding="GBK"?><a>\xe6\x9a\xb4</a>', "text/xml", 400, "bad-encoding"),
    ],
)
async def test_what_cannot_be_read_is_a_400_of_its_own_kind(
    door, body: bytes, media: str, status: int, code: str
) -> None:
    answer = await door.post(body, media)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"].startswith("application/problem+json")


async def test_an_unknown_query_name_is_refused(door) -> None:
    assert (await door.post(message("cap.xml"), path="/warnings?dry=1")).status_code == 422


async def test_a_headline_that_wants_to_inject_comes_back_as_plain_text(door) -> None:
    text = ("<headline>", "<headline>\u202e{{ 7*7 }}&lt;script>&#13;&#10;Set-Cookie: a=b ")
    answer = await door.post(message("national_a.xml", text))
    assert answer.status_code == 201
    assert "set-cookie" not in answer.headers
    row = await door.world.warning(answer.json()["id"])
    assert row.headline.startswith("{{ 7*7 }}<script> Set-Cookie: a=b 荣昌区")


async def test_a_headline_of_ten_thousand_characters_is_taken(bureau) -> None:
    answer = await bureau.post(message("national_a.xml", ("<headline>", "<headline>" + "暴" * 10_000)))
    assert answer.status_code == 201
