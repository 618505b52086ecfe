"""The report: its choices stand in the address, its figures are the API's, and nothing due is never 100 %."""

import pytest
from playwright.async_api import Page, expect

from tests.support.desk_data import Served, sign_in

pytestmark = pytest.mark.anyio


async def test_the_figures_are_those_of_the_api(red: Served, desk: Page) -> None:
    await sign_in(desk, red, onward="/rates?kind=answered&period=all")
    url = f"{red.url}/api/v1/rates?kind=answered&by=town&origin=simulated"
    groups = (await (await desk.request.get(url)).json())["groups"]
    due, met = sum(one["due"] for one in groups), sum(one["met"] + one["late"] for one in groups)
    await expect(desk.locator(".figures")).to_contain_text(f"{met} / {due} 处应答")
    await expect(desk.locator(".figures")).to_contain_text(f"{100 * met / due:.1f}%")
    worst = await desk.locator("table.rates tbody tr").first.inner_text()
    assert "0.0%" in worst
    await expect(desk.locator("table.rates tfoot").first).to_contain_text(str(due))


async def test_every_choice_stands_in_the_address(red: Served, desk: Page) -> None:
    await sign_in(desk, red, onward="/rates")
    await desk.click(".filters >> text=级别")
    assert "by=level" in desk.url
    await desk.click(".filters >> text=首呼应答")
    assert "by=level" in desk.url
    assert "kind=first_call" in desk.url
    await expect(desk.locator("h1")).to_have_text("首呼应答率 · 按级别")
    await desk.click("table.rates >> text=橙色")
    assert "key=orange" in desk.url
    await expect(desk.locator("section[aria-label=数字背后的行] h2").first).to_contain_text("橙色")


async def test_nothing_due_is_not_a_hundred_per_cent(quiet: Served, desk: Page) -> None:
    await sign_in(desk, quiet, onward="/rates?kind=reported_in_hour")
    await expect(desk.locator(".figures")).to_contain_text("无应报")
    await expect(desk.locator("table.rates tbody tr")).to_have_count(21)
    assert "100" not in await desk.locator("table.rates").first.inner_text()


async def test_few_are_marked_as_few(red: Served, desk: Page) -> None:
    await sign_in(desk, red, onward="/rates?kind=reported_in_hour&period=all")
    await expect(desk.locator("table.rates").first).to_contain_text("样本少")


async def test_a_period_of_ones_own(red: Served, desk: Page) -> None:
    await sign_in(desk, red, onward="/rates?from=2026-01-01&to=2026-01-31")
    await expect(desk.locator("main header")).to_contain_text("2026年1月1日 – 2026年1月31日")
    await expect(desk.locator(".figures")).to_contain_text("无应报")
