"""Whether the database has the schema this version of the product was written for."""

from functools import cache

import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from app import bundled
from app.beats import Beat
from app.db import Session


def config() -> Config:
    """Return Alembic's configuration for the migrations that ship."""
    found = Config()
    found.set_main_option("script_location", str(bundled.path("migrations")).replace("%", "%%"))
    return found


@cache
def head() -> str | None:
    """Return the newest revision that ships."""
    return ScriptDirectory.from_config(config()).get_current_head()


async def current(session: Session) -> str | None:
    """Return the revision the database is at, None for one without a schema."""
    connection = await session.connection()
    if not await connection.run_sync(lambda sync: sa.inspect(sync).has_table("alembic_version")):
        return None
    found: str | None = await session.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found


def holds_tables(connection: sa.Connection) -> bool:
    """Tell whether tables of ours are there, whatever their revision."""
    return sa.inspect(connection).has_table(Beat.__tablename__)


async def unversioned(session: Session) -> bool:
    """Tell whether tables of ours are there; without a revision nobody knows of which version they are."""
    connection = await session.connection()
    return await connection.run_sync(holds_tables)
