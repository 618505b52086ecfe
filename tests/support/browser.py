"""Fixture `browser`: Debian's Chromium, driven from the test's own event loop.

It is started once for the tests of a file, which share that loop; what a test opens in it is closed after it.

Not pytest-playwright: its synchronous fixtures keep a loop running in the test process, and every `async`
test after a page test then fails.
"""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium. Fails, and does not skip, where it or a Chinese font is missing.

    Its build without a desktop shows the same pages in two thirds of the time.
    """
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    path = next((found for found in map(shutil.which, names) if found), None)
    fonts = shutil.which("fc-list")
    if path is None:
        pytest.fail(
            "Page tests want Chromium: `make system-deps` installs it (Debian, as root).", pytrace=False
        )
    if fonts is None or not subprocess.run([fonts, ":lang=zh"], capture_output=True, check=False).stdout:
        pytest.fail(
            "Page tests want a CJK font: `make system-deps` installs one (Debian, as root).", pytrace=False
        )
    return path


@pytest.fixture(scope="module")
async def started(chromium: str) -> AsyncIterator[Browser]:
    """Chromium, for the tests of a file: to start it and its driver takes as long as a test."""
    sandbox = [] if os.geteuid() else ["--no-sandbox"]  # Chromium's sandbox refuses root
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=[*sandbox, "--disable-dev-shm-usage", "--force-color-profile=srgb"]
        )
        yield browser
        await browser.close()


@pytest.fixture
async def browser(started: Browser) -> AsyncIterator[Browser]:
    """A browser without a window; `browser.new_context(…)` opens one that knows nothing of earlier ones.

    Or take `desk` or `phone`.
    """
    yield started
    for context in started.contexts:
        await context.close()


async def _context(browser: Browser, size: dict[str, int], *, touch: bool) -> BrowserContext:
    return await browser.new_context(
        viewport={"width": size["width"], "height": size["height"]},
        has_touch=touch,
        is_mobile=touch,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )


@pytest.fixture
async def desk(browser: Browser) -> Page:
    """A page of the size of the duty officer's screen."""
    return await (await _context(browser, DESK, touch=False)).new_page()


@pytest.fixture
async def phone(browser: Browser) -> Page:
    """A page of the size of a phone."""
    return await (await _context(browser, PHONE, touch=True)).new_page()
