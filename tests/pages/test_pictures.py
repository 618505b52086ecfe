"""The picture of the README, from the night of the page tests: ``make long ARGS="-k picture"``."""

from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.support.desk_data import Served, sign_in

pytestmark = [pytest.mark.anyio, pytest.mark.long]

IMG = Path(__file__).parents[2] / "docs" / "img"


async def test_the_picture_of_the_desk_is_taken(red: Served, desk: Page) -> None:
    await sign_in(desk, red)
    await desk.wait_for_load_state("networkidle")
    await desk.screenshot(path=IMG / "desk.png")
    assert (IMG / "desk.png").stat().st_size > 20_000
