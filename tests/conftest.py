"""What every test stands on: keys for sealed columns, strict logs, and both databases (``db``)."""

import gc
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# Many a machine says not to keep compiled modules. Then each worker and each process that a test starts
# compiles once more what it imports, which takes longer than most tests.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# As the product does (``cli.installation.run``): rows come and go by the thousand and hold no circles.
gc.set_threshold(50_000, 20, 20)

# Where the machine has room, what tests write stays in memory: SQLite waits for the disk at each commit.
MEMORY, ENOUGH = Path("/dev/shm"), 4 << 30  # noqa: S108 - pytest makes a folder of its own there
if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ENOUGH:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

from app import logs, sealed  # noqa: E402 - after the lines above

pytest_plugins = [
    "tests.support.bounds",
    "tests.support.browser",
    "tests.support.database",
    "tests.support.statements",
    "tests.support.seeded",
    "tests.support.invented",
    "tests.support.hamlet",  # stands on the others
]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The product runs on asyncio."""
    return "asyncio"


@pytest.fixture(autouse=True, scope="session")
def _process() -> sealed.Keys:
    """One set of keys, and logs that raise when a line carries what it must not."""
    keys = sealed.Keys.new()
    sealed.use(keys)
    logs.configure(level="info", strict=True)
    return keys


@pytest.fixture(autouse=True)
def _as_found(_process: sealed.Keys) -> Iterator[None]:
    """Leave keys and logs as they were: a command, run in this process by a test, sets its own.

    What is made once a session (the district on a template) opens with the keys it was made with, and in
    which order the workers take the tests is chance.
    """
    yield
    sealed.use(_process)
    logs.configure(level="info", strict=True)


@pytest.hookimpl(trylast=True)  # the order of the others is drawn by then
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the storm: it takes minutes, and the other worker does the rest meanwhile."""
    items.sort(key=lambda item: item.path.parent.name != "demo")
