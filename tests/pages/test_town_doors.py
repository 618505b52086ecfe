"""Door lists: four buttons a household, help that reaches the desk, and a phone without signal."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.async_api import Browser, Page

from app.answer import obligations
from app.answer.obligations import About, Asked
from app.answer.tables import Obligation
from app.audit import SYSTEM
from app.ids import new_id
from app.origin import Origin
from app.tasks import alarms, doors
from app.tasks.tables import Door, DoorFact
from tests.pages.axe import violations
from tests.support.desk_data import YUANJUE, enter, sign_in_by_form
from tests.support.phone_data import Night

pytestmark = pytest.mark.anyio


TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


async def _doors(night: Night) -> list[Door]:
    async with night.db.reading() as session:
        return list(
            await session.scalars(
                sa.select(Door)
                .where(Door.list == night.village, Door.town == YUANJUE)
                .order_by(Door.position)
            )
        )


def _mark(door: Door, mark: str, **more: Any) -> dict[str, Any]:
    return {"door": door.id, "mark": mark, "event": new_id(), **more}


async def test_marks_are_counted_and_a_second_tap_changes_and_never_deletes(night: Night) -> None:
    path = f"/town/doors/{night.village}"
    async with night.signed_in() as client:
        first, second, *_ = found = await _doors(night)
        assert f"<b>{len(found)}</b>没到" in (await client.get(path)).text
        answer = await client.post(path, data=_mark(first, "nobody"))
        assert answer.headers["location"] == f"{path}#d-{first.id}"
        night.world.clock.advance(timedelta(seconds=4))
        await client.post(path, data=_mark(first, "told"))
        await client.post(path, data=_mark(second, "refused"))
        page = (await client.get(path)).text
        assert "<b>1</b>已告知" in page
        assert "<b>1</b>不走" in page
        only = (await client.get(f"{path}?show=refused")).text
        assert only.count("hidden") >= len(found) - 1
    async with night.db.reading() as session:
        marks = list(
            await session.scalars(
                sa.select(DoorFact.mark).where(DoorFact.door_id == first.id).order_by(DoorFact.id)
            )
        )
    assert marks == ["nobody", "told"]


async def test_help_reaches_the_desk_with_the_tap_and_then_says_what_help(night: Night) -> None:
    path = f"/town/doors/{night.village}"
    async with night.signed_in() as client:
        door, *_ = await _doors(night)
        answer = await client.post(path, data=_mark(door, "help"))
        assert answer.headers["location"] == f"{path}/help?door={door.id}"
        async with night.db.reading() as session:
            assert "help" in [one.kind for one in await alarms.standing(session, "500153")]
        form = (await client.get(answer.headers["location"])).text
        assert "要什么帮" in form
        assert "几个人走不了" in form
        night.world.clock.advance(timedelta(seconds=4))
        detail = {"needs": ["抬人", "车"], "carry": "1", "beside": "我留下等", "needs_form": "1"}
        await client.post(path, data=_mark(door, "help", **detail))
        assert "要什么帮：抬人、车" in (await client.get(path)).text
        assert (await client.post(path, data=_mark(door, "help", needs="一个人的名字"))).status_code == 422
    async with night.db.reading() as session:
        (row, *_) = await doors.rows(session, night.village)
    assert row.detail == {"needs": ["抬人", "车"], "carry": 1, "beside": "我留下等"}


async def test_a_household_that_was_told_has_answered(night: Night) -> None:
    at = night.world.clock.now()
    door, *_ = await _doors(night)
    async with night.db.transaction() as session:
        about = About(night.warning, "500153", Origin.SIMULATED, 1, "11B03", 4, new_id())
        asked = Asked(
            YUANJUE,
            door.household,
            "L6",
            "household",
            ("sms",),
            timedelta(minutes=40),
            None,
            None,
            None,
            no_contact=True,
        )
        await obligations.open_(
            session,
            about,
            "public",
            [asked],
            scheme=night.world.scheme,
            registry=night.world.registry,
            at=at,
            by=SYSTEM,
        )
    async with night.signed_in() as client:
        await client.post(f"/town/doors/{night.village}", data=_mark(door, "told"))
    async with night.db.reading() as session:
        row = await session.scalar(sa.select(Obligation).where(Obligation.place_id == door.household))
    assert row is not None
    assert (row.state, row.via) == ("met", "onsite")


async def _phone(night: Night, browser: Browser, path: str, *, by_form: bool = False) -> Page:
    context = await browser.new_context(
        viewport={"width": 390, "height": 844},
        is_mobile=True,
        has_touch=True,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
    page = await context.new_page()
    if by_form:
        await sign_in_by_form(page, night, "yuanjue", path)
    else:
        await enter(context, night, "yuanjue")
        await page.goto(f"{night.url}{path}")
    await page.wait_for_selector("body[data-ready]")
    return page


async def test_taps_without_signal_wait_with_their_own_time_and_leave_by_themselves(
    night: Night, browser: Browser
) -> None:
    page = await _phone(night, browser, f"/town/doors/{night.village}")
    first, second, *_ = await _doors(night)
    await page.context.set_offline(True)
    await page.tap(f"#d-{first.id} button[value=told]")
    await page.tap(f"#d-{second.id} button[value=nobody]")
    await page.wait_for_selector(f"#d-{second.id} .waiting")
    assert "没信号 · 待发送 2 条" in await page.inner_text("#link")
    assert await page.inner_text(f"#d-{first.id} [data-state]") == "⇡ 待发送"
    assert {door.mark for door in await _doors(night)} == {"none"}

    night.world.clock.advance(timedelta(minutes=7))
    await page.context.set_offline(False)
    await page.locator("#link", has_text="待发送 0").wait_for()
    assert (await page.inner_text(f"#d-{first.id} [data-state]")).startswith("已记")
    async with night.db.reading() as session:
        facts = list(await session.scalars(sa.select(DoorFact).order_by(DoorFact.occurred_at)))
    assert [fact.mark for fact in facts] == ["told", "nobody"]
    for fact in facts:
        assert fact.received_at - fact.occurred_at > timedelta(minutes=6)


async def test_the_list_can_be_read_and_worked_after_a_reload_without_signal(
    night: Night, browser: Browser
) -> None:
    page = await _phone(night, browser, f"/town/doors/{night.village}")
    await page.evaluate("navigator.serviceWorker.ready")
    await page.reload()  # now the worker keeps a copy
    await page.wait_for_selector("body[data-ready]")
    await page.context.set_offline(True)
    await page.reload()
    first, *_ = await _doors(night)
    await page.tap(f"#d-{first.id} button[value=told]")
    await page.wait_for_selector(f"#d-{first.id} .waiting")
    await page.reload()
    await page.wait_for_selector(f"#d-{first.id} .waiting")  # what waits survives a page that is closed
    await page.context.set_offline(False)
    await page.locator(f"#d-{first.id} [data-state]", has_text="已记").wait_for()
    assert (await _doors(night))[0].mark == "told"


async def test_what_one_officer_tapped_is_never_sent_in_another_s_name(
    night: Night, browser: Browser
) -> None:
    page = await _phone(night, browser, f"/town/doors/{night.village}")
    first, *_ = await _doors(night)
    await page.context.set_offline(True)
    await page.tap(f"#d-{first.id} button[value=told]")
    await page.wait_for_selector(f"#d-{first.id} .waiting")
    await page.evaluate("document.body.dataset.who = 'another'")
    await page.context.set_offline(False)
    await page.locator("#link", has_text="已连上").wait_for()
    assert "待发送 0" in await page.inner_text("#link")
    assert (await _doors(night))[0].mark == "none"


async def test_signing_out_takes_the_households_off_the_phone(night: Night, browser: Browser) -> None:
    page = await _phone(night, browser, "/town", by_form=True)
    await page.evaluate("navigator.serviceWorker.ready")
    await page.reload()
    await page.wait_for_selector("body[data-ready]")
    assert await page.evaluate("caches.keys()") == ["jiaoying-town-1"]
    await page.tap(".out button")
    await page.wait_for_url("**/login**")
    assert await page.evaluate("caches.keys()") == []


async def test_an_answer_without_signal_is_never_shown_as_answered(night: Night, browser: Browser) -> None:
    page = await _phone(night, browser, "/town")
    await page.context.set_offline(True)
    await page.tap("button.primary")
    await page.wait_for_selector("button.wait")
    assert await page.inner_text("button.primary") == "还没发出，正在再试"
    assert "已收到" not in await page.inner_text("main")
    await page.context.set_offline(False)
    await page.wait_for_selector(".ladder")
    assert (await night.world.duty(YUANJUE)).via == "page"


async def test_what_the_district_refuses_comes_back_with_the_reason(night: Night, browser: Browser) -> None:
    page = await _phone(night, browser, f"/town/doors/{night.village}")
    first, *_ = await _doors(night)
    await page.evaluate(f"document.querySelector('#d-{first.id} button').value = 'sold'")
    await page.tap(f"#d-{first.id} button[value=sold]")
    await page.locator(f"#d-{first.id} [data-state]", has_text="没被接受：填的不对").wait_for()
    await page.locator("#link", has_text="待发送 0").wait_for()
    await page.tap(f"#d-{first.id} button[value=nobody]")
    await page.locator(f"#d-{first.id} [data-state]", has_text="已记").wait_for()
    assert (await _doors(night))[0].mark == "nobody"


@pytest.mark.parametrize("theme", ["day", "night"])
@pytest.mark.parametrize("answered", [False, True])
async def test_the_pages_are_accessible(night: Night, browser: Browser, theme: str, answered: bool) -> None:
    page = await _phone(night, browser, f"/town?theme={theme}")
    paths = [
        "/town",
        "/town/report",
        f"/town/doors/{night.village}",
        f"/town/below/villages?warning={night.warning}",
    ]
    if answered:
        await page.tap("button.primary")
        await page.wait_for_selector(".ladder")
        paths = ["/town", f"/t/{night.token(await night.world.duty(YUANJUE))}"]
    for path in paths:
        await page.goto(f"{night.url}{path}")
        colours = theme == "day" and path != "/town"  # of the rest, only the link to the other theme differs
        # A button half under the fixed footer counts as too small there; sizes are measured below.
        found = await violations(page, TAGS, colours=colours, off=("target-size",))
        wrong = {one["id"]: [node["html"][:160] for node in one["nodes"]] for one in found}
        assert wrong == {}, path
        small = await page.evaluate(
            """[...document.querySelectorAll("button, .foot a, a.row, summary")].filter(e => e.offsetParent)
            .filter(e => e.getBoundingClientRect().height < 44).map(e => e.outerHTML)"""
        )
        assert small == [], path
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, path
