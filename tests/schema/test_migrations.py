"""The shipped migrations make the models' schema on both databases, go back, and guard what never changes."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.exc import DBAPIError

from app import audit
from app.api import schema
from app.audit import SYSTEM
from app.db import Database
from tests.support.seeded import DISTRICT, START

pytestmark = pytest.mark.anyio


async def migrate(db: Database, act: Callable[..., object], *where: str) -> None:
    def run(connection: sa.Connection) -> None:
        config = schema.config()
        config.attributes["connection"] = connection
        act(config, *where)

    async with db.raw() as connection:
        await connection.run_sync(run)


async def test_the_migrations_make_exactly_the_models_and_go_back_and_forth(empty_url: str) -> None:
    db = Database(empty_url)
    await migrate(db, command.upgrade, "head")
    await migrate(db, command.check)
    await migrate(db, command.downgrade, "base")
    await migrate(db, command.upgrade, "head")
    await migrate(db, command.check)
    async with db.reading() as session:
        assert await schema.current(session) == schema.head()
    await db.close()


async def test_an_audit_line_cannot_be_changed_or_removed(db: Database) -> None:
    async with db.transaction() as session:
        audit.record(session, "did", "thing", district=DISTRICT, by=SYSTEM, at=START)
    for statement in ("UPDATE audit SET act = 'else'", "DELETE FROM audit"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with db.raw() as connection:
                await connection.exec_driver_sql(statement)
    async with db.reading() as session:
        assert (await audit.verify(session, DISTRICT)).rows == 1


async def test_the_origin_of_a_row_cannot_be_changed(db: Database) -> None:
    async with db.raw() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO permit (warning_id, purpose, district, origin, hazard, title) "
            "VALUES ('w', 'alert', '500153', 'exercise', '11B03', 'x')"
        )
    with pytest.raises(DBAPIError, match="origin never changes"):
        async with db.raw() as connection:
            await connection.exec_driver_sql("UPDATE permit SET origin = 'real'")


async def test_a_model_without_a_migration_is_seen(empty_url: str) -> None:
    db = Database(empty_url)
    await migrate(db, command.upgrade, "head")
    async with db.raw() as connection:
        await connection.exec_driver_sql("ALTER TABLE permit DROP COLUMN title")
    with pytest.raises(Exception, match="New upgrade operations detected"):
        await migrate(db, command.check)
    await db.close()
