"""缺口: what is missing is seen before the storm and beside a plan, and becomes somebody's task."""

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from app.console.board import gaps
from app.readiness.tables import HoleRow
from tests.support.desk_data import Served, red_warning, sign_in

pytestmark = pytest.mark.anyio


async def test_a_hole_is_given_to_a_person_of_the_town_with_a_day(quiet: Served, desk: Page) -> None:
    await sign_in(desk, quiet, onward="/gaps?town=500153001")
    await expect(desk.locator("#holes .bar-head")).to_contain_text("仍缺")
    rows = desk.locator("#holes tbody tr")
    count = await rows.count()
    assert count > 1
    await rows.nth(1).get_by_role("link", name="派单").click()
    await expect(desk.locator("#give")).to_contain_text("派单：昌元街道")
    assert "镇街" in await desk.locator("#give select").inner_text()
    await desk.fill("#give [name=due]", "2020-01-01")
    await desk.click("#give .primary")
    await expect(desk.locator("#give .fault")).to_contain_text("期限已经过去")
    await desk.fill("#give [name=due]", "2030-01-01")
    await desk.fill("#give [name=note]", "补帮扶人")
    await desk.click("#give .primary")
    await expect(desk.locator("#give")).to_have_count(0)
    await expect(rows.last).to_contain_text("补帮扶人")
    await expect(rows.last).to_contain_text("1-1 前")
    assert await rows.count() == count
    async with quiet.db.reading() as session:
        held = (await session.scalars(sa.select(HoleRow))).all()
    assert [row.note for row in held] == ["补帮扶人"]


async def test_who_may_only_look_is_offered_no_form(quiet: Served, desk: Page) -> None:
    await sign_in(desk, quiet, "viewer", onward="/gaps")
    await expect(desk.locator("#holes tbody tr").first).to_be_visible()
    await expect(desk.get_by_role("link", name="派单")).to_have_count(0)


async def test_the_pre_flight_of_the_called_towns_stands_beside_the_plan(red: Served, desk: Page) -> None:
    await sign_in(desk, red)
    await expect(desk.locator("#plan .bar-head")).to_contain_text("预检缺")
    await desk.goto(f"{red.url}/warnings/{await red_warning(red)}#before")
    await expect(desk.locator("#before")).to_contain_text("叫前预检")
    await expect(desk.locator("#before")).to_contain_text("没有部门分管负责人")


async def test_where_households_are_very_many_they_are_shown_by_town(
    quiet: Served, desk: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gaps, "MANY", 0)
    await sign_in(desk, quiet, onward="/gaps")
    await expect(desk.locator("#holes .bar-head")).to_contain_text("选一个镇街")
    await desk.goto(f"{quiet.url}/gaps?town=500153001")
    await expect(desk.locator("#holes .bar-head")).to_contain_text("应覆盖")
    await expect(desk.locator("#holes tbody")).to_contain_text("只有 1 条路")
