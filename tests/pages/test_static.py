"""The files that ship are asked for once, under an address that changes with them."""

import re
from pathlib import Path

import httpx
import pytest

from app.console import pages
from app.console.routes import KEPT
from tests.support.desk_data import Served

pytestmark = pytest.mark.anyio


async def test_what_a_page_refers_to_is_kept_and_never_asked_for_again(quiet: Served) -> None:
    async with httpx.AsyncClient(base_url=quiet.url) as client:
        found = re.findall(r'(?:href|src)="(/static/[^"]+)"', (await client.get("/login")).text)
        assert len(found) == 4
        for address in found:
            answer = await client.get(address)
            assert (answer.status_code, answer.headers["cache-control"]) == (200, KEPT), address
            again = await client.get(address, headers={"If-None-Match": answer.headers["etag"]})
            assert (again.status_code, again.headers["cache-control"]) == (304, KEPT), address


async def test_without_the_right_version_the_browser_asks_each_time(quiet: Served) -> None:
    right = pages.static("desk.css").partition("?")[2]
    async with httpx.AsyncClient(base_url=f"{quiet.url}/static") as client:
        for address in ("/desk.css", "/desk.css?v=0000000000", f"/desk.css?{right}&v=1", f"/desk.js?{right}"):
            answer = await client.get(address)
            assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache"), address
        gone = await client.get(f"/gone.css?{right}")
        assert gone.status_code == 404
        assert gone.headers["cache-control"] != KEPT


def test_the_address_changes_with_the_content(tmp_path: Path) -> None:
    for name, content in (("old.css", "a{}"), ("new.css", "b{}"), ("same.css", "a{}")):
        (tmp_path / name).write_text(content)
    old, new, same = (pages.version(tmp_path / f"{name}.css") for name in ("old", "new", "same"))
    assert old == same
    assert old != new
    assert re.fullmatch("[0-9a-f]{10}", old)
