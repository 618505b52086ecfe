"""The suite's own fences hold, and the browser that page tests stand on works beside async tests."""

import asyncio
import socket

import pytest
from playwright.async_api import Page

pytestmark = pytest.mark.anyio


def test_a_connection_that_leaves_this_machine_is_refused() -> None:
    with socket.socket() as out, pytest.raises(ConnectionRefusedError, match="this machine only"):
        out.connect(("192.0.2.1", 80))


async def test_the_loop_cannot_leave_this_machine_either() -> None:
    with pytest.raises(OSError, match=r"this machine only|Connect call failed"):
        await asyncio.wait_for(asyncio.open_connection("192.0.2.1", 80), 5)


async def test_a_page_is_drawn_at_the_size_of_the_desk_and_in_local_time(desk: Page) -> None:
    await desk.set_content("<h1>叫应</h1>")
    assert await desk.inner_text("h1") == "叫应"
    assert await desk.evaluate("[innerWidth, innerHeight]") == [1440, 900]
    assert await desk.evaluate("new Date('2026-07-01T00:00:00Z').getHours()") == 8


async def test_a_page_is_drawn_at_the_size_of_a_phone(phone: Page) -> None:
    await phone.set_content('<meta name="viewport" content="width=device-width"><p>应</p>')
    assert await phone.evaluate("innerWidth") == 390
