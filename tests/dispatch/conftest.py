"""Fixtures of this room: a line on both databases, with one channel a kind or with those a test names."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from app.db import Database
from tests.dispatch.line import Line, build


@pytest.fixture
async def lines(db: Database) -> AsyncIterator[Callable[..., Line]]:
    """Builds lines with the channels a test names."""
    built: list[Line] = []

    def make(*names: str, **entry: Any) -> Line:
        built.append(build(db, names or ("sms", "voice", "broadcast"), **entry))
        return built[-1]

    yield make
    for line in built:
        await line.registry.aclose()


@pytest.fixture
def line(lines: Callable[..., Line]) -> Line:
    return lines()
