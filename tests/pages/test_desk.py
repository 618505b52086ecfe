"""The desk on a red night: who has not answered and why, whom to ring, what a press does."""

import re

import pytest
import sqlalchemy as sa
from playwright.async_api import Browser, Page, expect

from app.answer.tables import Obligation
from app.audit import AuditLine
from app.channels.contract import Reply
from app.directory.tables import Person
from app.origin import Origin
from app.tasks.tables import Task
from tests.support.desk_data import (
    LONGJI,
    PANLONG,
    QINGLIU,
    TONGGU,
    WANLING,
    YUANJUE,
    Served,
    red_warning,
    sign_in,
    sign_in_by_form,
)

pytestmark = pytest.mark.anyio

FULL_NUMBER = re.compile(r"0009\d{7}")
HOSTILE = "<img src=x onerror=window.pwned=1>{{7*7}}\u202e"


async def owed(served: Served, town: str) -> Obligation:
    return await served.world.duty(town, part="responsible")


async def test_the_desk_says_which_towns_have_not_answered_and_why(red: Served, desk: Page) -> None:
    await sign_in(desk, red)
    for town, why in (
        (PANLONG, "听完未确认"),
        (TONGGU, "? 失联"),
        (QINGLIU, "✕ 有困难"),
        (YUANJUE, "三轮未接"),
        (LONGJI, "仅送达"),
        (WANLING, "! 逾期未应"),
    ):
        await expect(desk.locator(f"#row-{town} .c-state")).to_contain_text(why)
        await expect(desk.locator(f"#row-{town} .c-next")).to_contain_text("0009****")
    await expect(desk.locator("#board-counts")).to_contain_text("要处置 3")
    await expect(desk.locator(f"#row-{WANLING} .c-clock .over")).to_contain_text("超 01:18")
    await expect(desk.locator("#board tbody tr")).to_have_count(21)
    assert not FULL_NUMBER.search(await desk.content())


async def test_an_answer_appears_in_its_row_and_nothing_else_moves(red: Served, desk: Page) -> None:
    await sign_in(desk, red, onward=f"/?town={PANLONG}&form=answered")
    await expect(desk.locator("#updated")).to_contain_text("连接正常")
    await desk.fill("#card [name=words]", "我正在说")
    order = await desk.locator("#board tbody tr").evaluate_all("rows => rows.map(row => row.id)")
    row = await owed(red, YUANJUE)
    number, at = await red.world.number(row.a_person), red.world.clock.now()
    await red.world.posts("sms", [Reply(number, None, "1", None, at, "page-1")])
    await expect(desk.locator(f"#row-{YUANJUE} .c-state")).to_contain_text("已应")
    await expect(desk.locator(f"#row-{YUANJUE} .c-via")).to_contain_text("短信码")
    assert await desk.locator("#board tbody tr").evaluate_all("rows => rows.map(row => row.id)") == order
    await expect(desk.locator("#card [name=words]")).to_have_value("我正在说")


async def test_dialling_shows_one_number_and_leaves_a_record(red: Served, desk: Page) -> None:
    await sign_in(desk, red, onward=f"/?town={YUANJUE}")
    await desk.click("#call form button")
    row = await owed(red, YUANJUE)
    await expect(desk.locator("#card .full")).to_have_text(str(await red.world.number(row.b_person)))
    async with red.db.reading() as session:
        line = await session.scalar(sa.select(AuditLine).where(AuditLine.act == "number-shown"))
    assert line is not None
    assert (line.subject, line.detail["who"]) == (row.b_person, "B")
    other, at = await owed(red, LONGJI), red.world.clock.now()
    await red.world.posts(
        "sms", [Reply(await red.world.number(other.a_person), None, "1", None, at, "page-2")]
    )
    await expect(desk.locator(f"#row-{LONGJI} .c-state")).to_contain_text("已应")
    await expect(desk.locator("#card .full")).to_be_visible()  # what else happens takes no number away
    await desk.goto(f"{red.url}/?town={YUANJUE}")
    assert not FULL_NUMBER.search(await desk.content())


async def test_an_answer_by_phone_needs_the_name_the_hazard_and_the_area(red: Served, desk: Page) -> None:
    await sign_in(desk, red, onward=f"/?town={YUANJUE}&form=answered")
    await desk.check("[name=named]")
    await desk.fill("#card [name=words]", "许友村已在转移")
    await desk.click("#answered button")
    await expect(desk.locator("#card [role=alert]")).to_contain_text("还没有复述灾种、复述区域")
    assert (await owed(red, YUANJUE)).answered_at is None
    await expect(desk.locator("#card [name=words]")).to_have_value("许友村已在转移")
    for box in ("hazard", "area"):
        await desk.check(f"[name={box}]")
    await desk.check("[value=acting]")
    await desk.click("#answered button")
    await expect(desk.locator(f"#row-{YUANJUE} .c-state")).to_contain_text("行动中")
    await expect(desk.locator(f"#row-{YUANJUE} .c-via")).to_contain_text("电话")
    await expect(desk.locator("#timeline")).to_contain_text("许友村已在转移")


async def test_escalating_calls_the_next_person_without_waiting(red: Served, desk: Page) -> None:
    await sign_in(desk, red, onward=f"/?town={LONGJI}")
    before = await owed(red, LONGJI)
    await desk.click("[data-key=e]")
    await desk.click("#card form.form-grid button")
    await expect(desk.locator("#card [role=status]")).to_contain_text("已叫B 角")
    after = await owed(red, LONGJI)
    assert (before.who, after.who) == ("A", "B")


async def test_keys_move_and_open_but_none_of_them_acts(red: Served, desk: Page) -> None:
    await sign_in(desk, red, onward=f"/?town={PANLONG}")
    chosen = desk.locator("#board tr[aria-current=true] .c-town")
    await desk.keyboard.press("j")
    await expect(chosen).to_have_text("吴家镇")
    await desk.keyboard.press("k")
    await expect(chosen).to_have_text("盘龙镇")
    await desk.keyboard.press("n")
    await expect(chosen).to_have_text("铜鼓镇")
    await expect(desk.locator("#card h2")).to_contain_text("铜鼓镇")
    await desk.keyboard.press("r")
    await expect(desk.locator("#dialog [name=password]")).to_be_focused()
    await desk.keyboard.type("jkn")  # typing is typing
    await desk.keyboard.press("Enter")  # never releases
    await expect(desk.locator("#dialog [name=password]")).to_have_value("jkn")
    assert (await red.world.parts(await red_warning(red)))["orders"].state == "proposed"
    await desk.keyboard.press("Escape")
    # Back on the desk, and its script with it: the dialog is gone as soon as the new page has begun to come.
    await desk.wait_for_url(lambda url: url.startswith(f"{red.url}/?warning="))
    await expect(desk.locator("#dialog .dialog")).to_have_count(0)
    await desk.keyboard.press("w")
    await desk.wait_for_url(f"{red.url}/warnings/{await red_warning(red)}")


async def test_what_comes_from_outside_stays_text(red: Served, desk: Page) -> None:
    alerts: list[str] = []
    desk.on("dialog", lambda dialog: alerts.append(dialog.message))
    row = await owed(red, YUANJUE)
    async with red.db.transaction() as session:
        person = await session.get_one(Person, row.b_person)
        person.name = HOSTILE
    made = await red.world.issues("orange", "500153003", instruction=HOSTILE, identifier=HOSTILE)
    await sign_in(desk, red, onward=f"/?town={YUANJUE}")
    await expect(desk.locator("#card")).to_contain_text("onerror=window.pwned=1>{{7*7}}")
    await desk.goto(f"{red.url}/warnings/{made.warning_id}")
    await expect(desk.locator("aside")).to_contain_text("onerror=window.pwned=1>{{7*7}}")
    for path in ("/", f"/warnings/{made.warning_id}", "/warnings", "/rates?by=<script>&kind=<b>&key=<img>"):
        await desk.goto(red.url + path)
        assert await desk.locator("img, main script").count() == 0
        assert await desk.evaluate("window.pwned") is None
    assert not alerts


async def test_a_lost_stream_is_said_and_the_page_stays_readable(red: Served, browser: Browser) -> None:
    page = await (await browser.new_context(locale="zh-CN")).new_page()
    await page.clock.install()
    await page.route("**/api/v1/events?*", lambda route: route.abort())
    async with page.expect_event("requestfailed"):
        await sign_in(page, red)
    await page.clock.run_for(8000)
    await expect(page.locator("#stale")).to_contain_text("断线")
    await expect(page.locator("#stale")).to_contain_text("的样子")
    await expect(page.locator("#board tbody tr")).to_have_count(21)


async def test_the_desk_without_scripts_shows_the_same(red: Served, browser: Browser) -> None:
    page = await (await browser.new_context(java_script_enabled=False)).new_page()
    await sign_in_by_form(page, red)
    await page.click(f"#row-{QINGLIU} th a")
    await expect(page.locator("#card h2")).to_contain_text("清流镇")
    await page.click("#call form button")
    await expect(page.locator("#card .full")).to_have_text(FULL_NUMBER)


async def test_who_only_looks_is_offered_no_act_and_is_refused_one(red: Served, desk: Page) -> None:
    await sign_in(desk, red, "viewer", onward=f"/?town={YUANJUE}")
    await expect(desk.locator("#call")).to_have_count(0)
    row = await owed(red, YUANJUE)
    csrf = await desk.locator("header [name=csrf]").get_attribute("value")
    answer = await desk.request.post(
        f"{red.url}/obligations/{row.id}/dial",
        form={"csrf": csrf or "", "who": "A"},
        headers={"Accept": "text/html"},
    )
    assert answer.status == 403
    assert "本岗没有这项权限" in await answer.text()


async def test_a_form_without_our_token_changes_nothing(red: Served, desk: Page) -> None:
    await sign_in(desk, red)
    row = await owed(red, YUANJUE)
    form: dict[str, str | float | bool] = {"named": "1", "hazard": "1", "area": "1", "rung": "confirmed"}
    answer = await desk.request.post(f"{red.url}/obligations/{row.id}/answered", form=form)
    assert answer.status == 403
    assert (await owed(red, YUANJUE)).answered_at is None


async def test_a_quiet_desk_proves_that_it_is_listening(quiet: Served, desk: Page) -> None:
    await sign_in(desk, quiet)
    await expect(desk.locator("#queue")).to_contain_text("无待处理")
    await expect(desk.locator("#roster tbody tr")).to_have_count(21)
    await expect(desk.locator("#head")).to_contain_text("/21")
    assert not FULL_NUMBER.search(await desk.content())


async def test_an_exercise_is_never_mistaken_for_real(quiet: Served, desk: Page) -> None:
    made = await quiet.world.issues("red", WANLING, origin=Origin.EXERCISE)
    await sign_in(desk, quiet)
    assert (await desk.title()).startswith("演练")
    await expect(desk.locator("#band")).to_contain_text("不会呼叫任何真实号码")
    await expect(desk.locator("#head")).to_contain_text("演练放行")
    await desk.goto(f"{quiet.url}/warnings/{made.warning_id}/release/orders")
    await expect(desk.locator("#dialog .sentence")).to_contain_text("演练：只叫")
    await quiet.world.issues("blue", "500153003")
    await desk.goto(f"{quiet.url}/")  # a real one interrupts
    await expect(desk.locator("#band")).to_contain_text("另有演练 1")


async def test_no_live_channel_is_said_on_every_page(red: Served, desk: Page) -> None:
    await sign_in(desk, red)
    for path in ("/", "/warnings", "/rates", "/disasters", "/gaps", f"/warnings/{await red_warning(red)}"):
        answer = await desk.goto(red.url + path)
        assert answer is not None
        assert answer.status == 200
        await expect(desk.locator(".band.simulated")).to_contain_text("没有接通任何真实通道")


async def test_the_phone_shows_the_desk_without_sideways_scrolling(red: Served, phone: Page) -> None:
    await sign_in(phone, red)
    for path in ("/", "/rates", f"/warnings/{await red_warning(red)}", "/gaps", "/disasters"):
        await phone.goto(red.url + path)
        assert await phone.evaluate("document.documentElement.scrollWidth") <= 390


async def test_sentences_beside_a_plan_break_on_a_narrow_phone(red: Served, phone: Page) -> None:
    await phone.set_viewport_size({"width": 220, "height": 800})  # or the same words in larger letters
    await sign_in(phone, red, onward=f"/warnings/{await red_warning(red)}")
    rows = phone.locator("aside .list-row")
    assert await rows.count() > 10
    assert not await rows.evaluate_all(
        "found => found.filter(one => one.scrollWidth > one.clientWidth).length"
    )


async def test_an_alarm_stands_until_somebody_takes_it(red: Served, desk: Page) -> None:
    await sign_in(desk, red)
    undecided = desk.locator("#alarms .alarm", has_text="叫不应").first
    await expect(undecided).to_be_visible()
    before = await desk.locator("#alarms .alarm").count()
    await undecided.locator("button").click()
    await expect(desk.locator("#alarms .alarm")).to_have_count(before - 1)
    async with red.db.reading() as session:
        taken = await session.scalars(
            sa.select(Task.taken_by).where(Task.kind == "alarm", Task.state == "taken")
        )
        assert {str(one).startswith("user:") for one in taken} == {True}


async def test_a_refused_message_can_be_read_as_it_came(red: Served, desk: Page) -> None:
    await sign_in(desk, red)
    await desk.click("#reviews .review")
    await expect(desk.locator("h1")).to_contain_text("拒收")
    await expect(desk.locator(".original")).to_have_text("<alert/>")
    await expect(desk.locator("form.form-grid")).to_have_count(0)  # only a conflict can be taken as its own
