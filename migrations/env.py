"""Alembic's entry: migrates the connection it is handed (``attributes["connection"]``).

Handed none, it takes the address in ``JIAOYING_DATABASE_URL``. Every table stands in the ``tables.py`` of its
room or in the ground; all are loaded here, so that a model without a migration shows.
"""

import importlib
import pkgutil

import sqlalchemy as sa
from alembic import context

import app
from app.db import Base
from app.settings import Settings

for module in pkgutil.walk_packages(app.__path__, "app."):
    if module.name.rsplit(".", 1)[-1] == "tables":
        importlib.import_module(module.name)
for ground in ("audit", "events", "beats"):
    importlib.import_module(f"app.{ground}")


def run(connection: sa.Connection) -> None:
    """Migrate over an open connection, everything in one transaction."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        user_module_prefix="app_",
    )
    with context.begin_transaction():
        context.run_migrations()


handed = context.config.attributes.get("connection")
if handed is not None:
    run(handed)
else:
    url = sa.make_url(Settings().database_url)
    engine = sa.create_engine(url)
    with engine.begin() as opened:
        run(opened)
    engine.dispose()
