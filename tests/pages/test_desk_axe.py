"""No serious or critical fault of WCAG 2 A and AA on any state of the desk, by axe."""

import pytest
from playwright.async_api import Page

from app.origin import Origin
from tests.pages.axe import violations
from tests.support.desk_data import WANLING, YUANJUE, Served, enter, red_warning, sign_in

pytestmark = pytest.mark.anyio


TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]


async def faults(page: Page, *, colours: bool = False) -> list[str]:
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for one in await violations(page, TAGS, colours=colours)
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"][:3]
    ]


@pytest.mark.parametrize("theme", ["night", "day"])
async def test_a_red_night(red: Served, desk: Page, theme: str) -> None:
    await desk.goto(f"{red.url}/login?theme={theme}")
    assert await faults(desk) == []
    await enter(desk.context, red)
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
        colours = theme == "day" and path != "/"  # of the rest, only the link to the other theme differs
        assert (path, await faults(desk, colours=colours)) == (path, [])


async def test_quiet_and_exercise(quiet: Served, desk: Page) -> None:
    await sign_in(desk, quiet)
    assert await faults(desk) == []
    await quiet.world.issues("red", WANLING, origin=Origin.EXERCISE)
    await desk.goto(f"{quiet.url}/")
    assert await faults(desk) == []
