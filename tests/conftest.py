"""What every test stands on: keys for sealed columns, strict logs, and both databases (``db``)."""

import pytest

from app import logs, sealed

pytest_plugins = [
    "tests.support.bounds",
    "tests.support.browser",
    "tests.support.database",
    "tests.support.seeded",
    "tests.support.hamlet",  # stands on the others
]


@pytest.fixture
def anyio_backend() -> str:
    """The product runs on asyncio."""
    return "asyncio"


@pytest.fixture(autouse=True, scope="session")
def _process() -> None:
    """One set of keys, and logs that raise when a line carries what it must not."""
    sealed.use(sealed.Keys.new())
    logs.configure(level="warning", strict=True)
