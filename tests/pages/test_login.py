"""Signing in: back to where one was going, never to a foreign address, and what is wrong is said."""

import pytest
from playwright.async_api import Page, expect

from tests.support.desk_data import PASSWORD, Served, sign_in, sign_in_by_form

pytestmark = pytest.mark.anyio


async def test_whoever_is_not_signed_in_comes_back_to_the_page_asked_for(quiet: Served, desk: Page) -> None:
    await desk.goto(f"{quiet.url}/rates?by=level&kind=answered")
    assert "/login?next=" in desk.url
    await desk.fill("[name=username]", "lixia")
    await desk.fill("[name=password]", PASSWORD)
    await desk.click("button")
    await desk.wait_for_url(f"{quiet.url}/rates?by=level&kind=answered")
    await desk.goto(f"{quiet.url}/login")
    assert desk.url == f"{quiet.url}/"


async def test_a_foreign_address_is_not_followed(quiet: Served, desk: Page) -> None:
    for foreign in ("https://evil.example/", "//evil.example/", "/\\evil.example"):
        await desk.goto(f"{quiet.url}/login?next={foreign}")
        assert await desk.locator("[name=next]").input_value() == "/"


async def test_a_wrong_password_is_said_and_the_name_kept(quiet: Served, desk: Page) -> None:
    await desk.goto(f"{quiet.url}/login?next=/gaps")
    await desk.fill("[name=username]", "lixia")
    await desk.fill("[name=password]", "not the password at all")
    await desk.click("button")
    await expect(desk.locator("[role=alert]")).to_contain_text("不对")
    assert await desk.locator("[name=username]").input_value() == "lixia"
    assert await desk.locator("[name=next]").input_value() == "/gaps"
    await desk.fill("[name=password]", PASSWORD)
    await desk.click("button")
    await desk.wait_for_url(f"{quiet.url}/gaps")


async def test_signing_out_ends_it(quiet: Served, desk: Page) -> None:
    await sign_in_by_form(desk, quiet)
    await desk.click("text=退出")
    await desk.wait_for_url(f"{quiet.url}/login")
    await desk.goto(f"{quiet.url}/")
    assert "/login?next=" in desk.url


async def test_the_bell_is_tried_and_the_strip_says_so(quiet: Served, desk: Page) -> None:
    await sign_in(desk, quiet)
    await expect(desk.locator("[data-bell]")).to_have_text("铃关")
    await desk.click("text=试铃")
    await desk.click("#ring")
    await desk.click("#yes")
    await desk.wait_for_url(f"{quiet.url}/")
    await expect(desk.locator("[data-bell]")).to_contain_text("响铃开")


async def test_an_unknown_page_is_a_page_with_a_way_on(quiet: Served, desk: Page) -> None:
    await sign_in(desk, quiet)
    answer = await desk.goto(f"{quiet.url}/warnings/none-such")
    assert answer is not None
    assert answer.status == 404
    await expect(desk.locator("h1")).to_have_text("没有这一页")
    await expect(desk.locator("text=回到值守")).to_be_visible()
