"""Engines of one kind share what they have compiled, as the product's one engine does in its long life.

Each test has a database, and so an engine, of its own; left alone, each would write the same statements into
SQL once more: a quarter of what a test with a night in it takes.
"""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects.postgresql.psycopg import PGDialectAsync_psycopg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.util import LRUCache

ALL = 5000
"""More statements than the product has."""


@pytest.fixture(autouse=True, scope="session")
def _compiled_once() -> Iterator[None]:
    """Give an engine the dialect, and the statements, of the first of its kind that has connected."""
    first: dict[type[Dialect], sa.Engine] = {}

    def created(engine: sa.Engine) -> None:
        kind = type(engine.dialect)
        if (known := first.get(kind)) is not None:
            engine.dialect = engine.pool._dialect = known.dialect
            engine._compiled_cache = known._compiled_cache
            return
        engine._compiled_cache = LRUCache(ALL)
        # A dialect is complete once it has seen its server.
        event.listen(engine, "connect", lambda *_: first.setdefault(kind, engine))

    with pytest.MonkeyPatch.context() as patch:
        for dialect in (PGDialectAsync_psycopg, SQLiteDialect_aiosqlite):
            patch.setattr(dialect, "engine_created", created)
        yield
