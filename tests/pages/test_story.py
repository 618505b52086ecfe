"""The desk in a demo: a clock that flows as the story does, a band that says what it waits for."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from app.activation.tables import Warning as WarningRow
from app.cli.pace import StoryClock
from app.cli.shown import Shown, show
from app.console.board.heads import first
from tests.support.desk_data import QINGLIU, Served, sign_in

pytestmark = pytest.mark.anyio


def story(served: Served) -> Shown:
    return show(served.app, StoryClock(served.world.clock.now(), 0))


async def test_the_clock_flows_to_what_falls_due_and_stands_there(quiet: Served, desk: Page) -> None:
    shown = story(quiet)
    due = shown.clock.now() + timedelta(minutes=40)
    await sign_in(desk, quiet)
    shown.clock.flow(due)
    shown.clock.run(3600)
    await expect(desk.locator("#clock")).to_have_text("03:20:00")
    shown.clock.stand(due)
    await desk.reload()
    await expect(desk.locator("#updated")).to_contain_text("连接正常")
    await expect(desk.locator("#clock")).to_have_text("03:20:00")


async def test_the_band_says_what_the_story_waits_for(quiet: Served, desk: Page) -> None:
    shown = story(quiet)
    shown.flows()
    await sign_in(desk, quiet)
    await expect(desk.locator("#notice")).to_have_text(shown.notice)
    shown.ask("演示停在这里：公众发布等人决定。")
    await expect(desk.locator("#notice")).to_have_class(re.compile(r"\basks\b"))
    await expect(desk.locator("#notice")).to_have_text(shown.notice)
    assert await desk.evaluate("document.documentElement.scrollHeight <= innerHeight")
    shown.over("演示演完了。")
    await expect(desk.locator("#notice")).not_to_have_class(re.compile(r"\basks\b"))


async def test_without_a_story_there_is_no_such_band(quiet: Served, desk: Page) -> None:
    await sign_in(desk, quiet)
    await expect(desk.locator("#notice")).to_have_count(0)
    assert await desk.evaluate("document.documentElement.scrollHeight <= innerHeight")


async def test_the_first_warning_of_a_quiet_day_brings_its_board(quiet: Served, desk: Page) -> None:
    await sign_in(desk, quiet)
    await expect(desk.locator("#updated")).to_contain_text("连接正常")
    await expect(desk.locator("#roster")).to_be_visible()
    await quiet.world.issues("blue", QINGLIU)
    await expect(desk.locator("#board tbody tr")).to_have_count(21)
    await expect(desk.locator("#roster")).to_have_count(0)


def test_a_bureaus_warning_stands_in_the_middle_before_our_own_finding_of_its_level() -> None:
    found = [
        WarningRow(id=name, level=level, observed=observed)
        for name, level, observed in (("own", 3, True), ("bureau", 3, False), ("lower", 2, False))
    ]
    assert getattr(first(found), "id", None) == "bureau"
    assert getattr(first(found[:1] + found[2:]), "id", None) == "own"
    assert first([]) is None
