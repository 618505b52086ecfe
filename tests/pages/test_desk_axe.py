"""No serious or critical fault of WCAG 2 A and AA on any state of the desk, by axe."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from app.origin import Origin
from tests.support.desk_data import WANLING, YUANJUE, Served, red_warning, sign_in

pytestmark = pytest.mark.anyio


async def faults(page: Page) -> list[str]:
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
    found = await Axe().run(page, options={"runOnly": {"type": "tag", "values": tags}})
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for one in found.response["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"][:3]
    ]


@pytest.mark.parametrize("theme", ["night", "day"])
async def test_a_red_night(red: Served, desk: Page, theme: str) -> None:
    await desk.goto(f"{red.url}/login?theme={theme}")
    assert await faults(desk) == []
    await sign_in(desk, red)
    warning = await red_warning(red)
    for path in (
        "/",
        f"/?town={YUANJUE}&form=answered",
        f"/warnings/{warning}",
        f"/warnings/{warning}/release/orders",
        "/warnings",
        "/rates",
        "/disasters",
        "/gaps",
        "/bell",
        "/none-such",
    ):
        await desk.goto(red.url + path)
        assert (path, await faults(desk)) == (path, [])


async def test_quiet_and_exercise(quiet: Served, desk: Page) -> None:
    await sign_in(desk, quiet)
    assert await faults(desk) == []
    await quiet.world.issues("red", WANLING, origin=Origin.EXERCISE)
    await desk.goto(f"{quiet.url}/")
    assert await faults(desk) == []
