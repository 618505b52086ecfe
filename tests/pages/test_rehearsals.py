"""改规则: the page shows exactly what would differ, and who may signs exactly that."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from app import audit
from app.rehearsal import keep
from app.rehearsal.diff import digest
from tests.support.desk_data import Served, sign_in
from tests.warning.situations import scheme

pytestmark = pytest.mark.anyio

CALL = {
    "at": "2026-07-16T02:20:00+08:00",
    "within_s": 600,
    "channels": ["voice", "sms"],
    "part": "responsible",
}


def body() -> dict[str, Any]:
    made: dict[str, Any] = {
        "old": {"version": "2026.1", "digest": "a" * 64},
        "new": {"version": "2026.2", "digest": "b" * 64},
        "since": "2026-07-15T10:10:00+08:00",
        "until": "2026-07-16T16:10:00+08:00",
        "moments": 361,
        "warnings": 41,
        "towns": ["500153112"],
        "levels": [
            {
                "hazard": "rain",
                "hazard_name": "暴雨",
                "level": "red",
                "place": "500153112",
                "name": "清流镇",
                "change": "added",
                "old": None,
                "new": {"since": "2026-07-16T02:40:00+08:00", "until": None, "station": "SIM-P019"},
            }
        ],
        "calls": [
            {
                "key": "observed:rain:red",
                "warning": "实测暴雨红色",
                "place": "500153112",
                "name": "清流镇",
                "layer": "L2",
                "duty": "town-duty",
                "duty_name": "镇街值班员",
                "change": "added",
                "old": None,
                "new": {**CALL, "people": 2, "rule": "observed.reminder", "because": "实测提醒"},
            }
        ],
        "plans": [],
        "unplanned": [],
        "files": [{"file": "hazards/rain.yaml", "lines": ["-  mm: 100", "+  mm: 90"]}],
    }
    return made | {"digest": digest(made)}


async def kept(served: Served) -> str:
    async with served.db.transaction() as session:
        return await keep.keep(
            session, scheme(), scheme(), body(), by=audit.SYSTEM, at=served.world.clock.now()
        )


async def test_who_may_reads_the_difference_and_signs_it(quiet: Served, desk: Page) -> None:
    name = await kept(quiet)
    await sign_in(desk, quiet, login="guyu", onward="/rehearsals")
    await expect(desk.locator("table.rows")).to_contain_text("未签")
    await desk.click("table.rows a")
    assert desk.url.endswith(f"/rehearsals/{name}")
    await expect(desk.locator("main")).to_contain_text("1 个镇街会不同：清流镇")
    await expect(desk.locator("main")).to_contain_text("+  mm: 90")
    await expect(desk.locator("main")).to_contain_text("07-16 02:40–末（SIM-P019）")
    await desk.fill("textarea[name=reason]", "去年清流漏了一次")
    await desk.click("text=签这份差别")
    await expect(desk.locator("main")).to_contain_text("签：去年清流漏了一次")
    await expect(desk.locator("button >> text=签这份差别")).to_have_count(0)


async def test_who_may_not_sign_is_told_who_may(quiet: Served, desk: Page) -> None:
    name = await kept(quiet)
    await sign_in(desk, quiet, onward=f"/rehearsals/{name}")
    await expect(desk.locator("main")).to_contain_text("未签。请值班长、指挥长来签。")
    await expect(desk.locator("textarea[name=reason]")).to_have_count(0)
