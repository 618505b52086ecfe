"""Two people let an order out, having seen what it does; one press is one press; a refusal is said."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.async_api import Browser, Page, expect

from app.activation.tables import Decision
from app.answer.tables import Obligation
from tests.support.desk_data import PASSWORD, Served, red_warning, sign_in

pytestmark = pytest.mark.anyio


async def state(served: Served, part: str = "orders") -> str:
    return (await served.world.parts(await red_warning(served)))[part].state


async def decided(served: Served, act: str) -> list[Decision]:
    part = (await served.world.parts(await red_warning(served)))["orders"]
    async with served.db.reading() as session:
        return list(await session.scalars(sa.select(Decision).filter_by(subject=part.id, act=act)))


async def opened(page: Page, served: Served, login: str, part: str = "orders") -> None:
    await sign_in(page, served, login, onward=f"/warnings/{await red_warning(served)}/release/{part}")


async def second(browser: Browser) -> Page:
    return await (await browser.new_context(locale="zh-CN")).new_page()


async def test_the_dialog_says_whom_it_calls_and_in_which_words(red: Served, desk: Page) -> None:
    await opened(desk, red, "lixia")
    sentence = await desk.locator("#dialog .sentence").inner_text()
    part = (await red.world.parts(await red_warning(red)))["orders"]
    plan = (await red.world.plans(await red_warning(red)))[-1]
    people = sum(
        line["people"]
        for line in plan.body["lines"]
        if f"{line['place']}/{line['layer']}/{line['duty']}" in part.lines
    )
    assert f"9 个镇街的 {people} 人" in sentence
    await expect(desk.locator("#dialog .text").first).to_contain_text("【荣昌防汛】")
    await expect(desk.locator("#dialog")).to_contain_text("短信 1 条")
    await expect(desk.locator("#dialog")).to_contain_text("分钟内应")


async def test_two_people_at_two_desks_let_it_out(red: Served, desk: Page, browser: Browser) -> None:
    await opened(desk, red, "lixia")
    await desk.fill("#dialog [name=password]", PASSWORD)
    await desk.click("#dialog [data-release]")
    await expect(desk.locator("#dialog")).to_contain_text("已提出")
    assert await state(red) == "pending-approval"
    chief = await second(browser)
    await opened(chief, red, "guyu")
    await expect(chief.locator("#dialog")).to_contain_text("第一人 lixia 值班员")
    await chief.fill("#dialog [name=password]", PASSWORD)
    await chief.click("#dialog [data-release]")
    await chief.wait_for_url(f"{red.url}/?warning={await red_warning(red)}")
    assert await state(red) == "released"
    await expect(desk.locator("#plan")).to_contain_text("已放行")  # the first desk hears of it by itself


async def test_both_may_sign_in_one_dialog_but_not_the_same_person(red: Served, desk: Page) -> None:
    await opened(desk, red, "lixia")
    await desk.fill("#dialog [name=password]", PASSWORD)
    await desk.fill("#dialog [name=second]", "lixia")
    await desk.fill("#dialog [name=second_password]", PASSWORD)
    await desk.click("#dialog [data-release]")
    await expect(desk.locator("#dialog [role=alert]")).to_contain_text("另一个人")
    assert await state(red) == "proposed"  # both or neither
    await desk.fill("#dialog [name=password]", PASSWORD)
    await desk.fill("#dialog [name=second]", "guyu")
    await desk.fill("#dialog [name=second_password]", PASSWORD)
    await desk.click("#dialog [data-release]")
    await desk.wait_for_url(f"{red.url}/?warning={await red_warning(red)}")
    assert await state(red) == "released"


async def test_a_wrong_password_lets_nothing_out_and_keeps_the_dialog(red: Served, desk: Page) -> None:
    await opened(desk, red, "lixia")
    await desk.fill("#dialog [name=password]", "not the password at all")
    await desk.click("#dialog [data-release]")
    await expect(desk.locator("#dialog [role=alert]")).to_contain_text("密码或动态码不对")
    assert await state(red) == "proposed"


async def test_a_double_click_releases_once(red: Served, desk: Page, browser: Browser) -> None:
    await opened(desk, red, "lixia")
    await desk.fill("#dialog [name=password]", PASSWORD)
    await desk.dblclick("#dialog [data-release]")
    await expect(desk.locator("#dialog")).to_contain_text("已提出")
    chief = await second(browser)
    await opened(chief, red, "guyu")
    names = ("csrf", "plan_hash")
    form: dict[str, str | float | bool]
    form = {name: await chief.locator(f"#dialog [name={name}]").first.input_value() for name in names}
    form |= {"act": "release", "password": PASSWORD}
    url = f"{red.url}/warnings/{await red_warning(red)}/release/orders"
    answers = await asyncio.gather(*(chief.request.post(url, form=form, max_redirects=0) for _ in range(2)))
    assert [answer.status for answer in answers] == [303, 303]
    assert len(await decided(red, "released")) == 1
    assert len(await decided(red, "approved-first")) == 1
    async with red.db.reading() as session:
        rows = list(await session.scalars(sa.select(Obligation).filter_by(part="orders", level=4)))
    assert rows
    assert len({(row.place_id, row.layer, row.duty) for row in rows}) == len(rows)


async def test_a_changed_plan_is_shown_and_asked_again(red: Served, desk: Page) -> None:
    await opened(desk, red, "lixia")
    await desk.evaluate("document.querySelector('#dialog [name=plan_hash]').value = 'f'.repeat(64)")
    await desk.fill("#dialog [name=password]", PASSWORD)
    await desk.click("#dialog [data-release]")
    await expect(desk.locator("#dialog [role=alert]")).to_contain_text("预案变了")
    await expect(desk.locator("#change")).to_contain_text("差别")
    assert await state(red) == "proposed"


async def test_holding_wants_a_reason_and_keeps_it(red: Served, desk: Page) -> None:
    await opened(desk, red, "lixia")
    await desk.click("text=暂缓，写理由…")
    await desk.fill("#hold [name=reason]", "等水利局核实水位")
    await desk.click("#hold button")
    await desk.wait_for_url(f"{red.url}/?warning={await red_warning(red)}")
    assert await state(red) == "held"
    await expect(desk.locator("#timeline")).to_contain_text("等水利局核实水位")


async def test_one_may_go_alone_only_after_waiting_and_with_a_reason(red: Served, desk: Page) -> None:
    await opened(desk, red, "lixia")
    await desk.fill("#dialog [name=password]", PASSWORD)
    await desk.click("#dialog [data-release]")
    await expect(desk.locator("#dialog")).to_contain_text("起可单人紧急放行")
    red.world.clock.advance(timedelta(seconds=61))
    await desk.reload()
    await desk.click("text=单人紧急放行…")
    await desk.fill("#break-glass [name=reason]", "值班长电话不通，水已进屋")
    await desk.fill("#break-glass [name=password]", PASSWORD)
    await desk.click("#break-glass button")
    await desk.wait_for_url(f"{red.url}/?warning={await red_warning(red)}")
    assert await state(red) == "released"
    assert [row.reason for row in await decided(red, "break-glass")] == ["值班长电话不通，水已进屋"]


async def test_the_dialog_works_without_scripts(red: Served, browser: Browser) -> None:
    page = await (await browser.new_context(java_script_enabled=False)).new_page()
    await opened(page, red, "lixia")
    await page.fill("#dialog [name=password]", PASSWORD)
    await page.fill("#dialog [name=second]", "guyu")
    await page.fill("#dialog [name=second_password]", PASSWORD)
    await page.click("#dialog [data-release]")
    assert await state(red) == "released"


async def test_who_may_not_release_is_told_who_may(red: Served, desk: Page) -> None:
    await opened(desk, red, "viewer")
    await expect(desk.locator("#dialog")).to_contain_text("本岗不能放行")
    await expect(desk.locator("#dialog [data-release]")).to_have_count(0)
