"""migrate: the schema up to date and, the first time, the keys."""

import os
from pathlib import Path

import sqlalchemy as sa
import typer
from alembic import command
from alembic.util import CommandError

from app import sealed
from app.api import schema
from app.cli.installation import UNVERSIONED, Failure, load_keys, settings, sqlite_file
from app.db import unusable
from app.directory import people
from app.settings import Settings


def make_keys(found: Settings) -> None:
    """Make the key file. Raises Failure: keys made anew open nothing that others have sealed."""
    if _holds_people(found):
        raise Failure(
            f"数据库里已有名录，密钥文件 {found.keys_file} 却不在：从备份把它放回来。"
            "新的密钥读不出姓名和号码，谁也叫不到。"
        )
    try:
        sealed.Keys.new().write(found.keys_file)
    except OSError:
        raise Failure(f"写不了密钥文件 {found.keys_file}：目录不能写。") from None
    load_keys(found)


def upgrade(found: Settings) -> tuple[str | None, str | None]:
    """Bring the schema up to date; return the revision before and after. Raises Failure."""
    engine = _engine(found)
    try:
        with engine.begin() as connection:
            before = _revision(connection)
            if before is None and schema.holds_tables(connection):
                raise Failure(UNVERSIONED)
            config = schema.config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            return before, _revision(connection)
    except sa.exc.DatabaseError as error:
        if not unusable(error):
            raise
        raise Failure(
            "打不开数据库：检查 JIAOYING_DATABASE_URL、目录权限、数据库是否在运行、文件是否损坏。"
        ) from None
    except CommandError:
        raise Failure("数据库比本版本新：用更新的 jiaoying，或从备份恢复。") from None
    finally:
        engine.dispose()


def _engine(found: Settings) -> sa.Engine:
    url = sa.make_url(found.database_url)
    return sa.create_engine(
        url.set(drivername="sqlite" if url.get_backend_name() == "sqlite" else "postgresql+psycopg")
    )


def _holds_people(found: Settings) -> bool:
    engine = _engine(found)
    try:
        with engine.connect() as connection:
            return connection.scalar(people.ANYBODY) is not None
    finally:
        engine.dispose()


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(help="建表或升级表；第一次还生成密钥")
    def migrate() -> None:
        found = settings()
        file = sqlite_file(found)
        folder = (file.parent if file else Path()).resolve()
        if file is not None and not os.access(folder, os.W_OK | os.X_OK):
            raise Failure(f"目录 {folder} 不能写。")
        made = not found.keys_file.exists()
        if not made:
            load_keys(found)
        before, after = upgrade(found)
        if made:
            make_keys(found)
        typer.echo("表已是最新。" if before == after else f"表已升级到 {after}。")
        if made:
            typer.echo(
                f"已生成密钥 {found.keys_file}（只此一份：请另存到安全的地方，丢了姓名和号码就读不出来）。"
            )
