"""What commands stand on: this installation's settings, keys, scheme, channels and database.

Everything that can be missing or wrong is told in one sentence (``Failure``), never as a traceback.
"""

import asyncio
import difflib
import gc
import json
import logging
import os
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar

import sqlalchemy as sa
import typer
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from app import logs, sealed
from app.api import schema
from app.channels.registry import Registry
from app.cli import gateways, sentences
from app.cli.use import Failure as Failure  # noqa: PLC0414 - commands take it from here
from app.clock import LOCAL, Clock, ShiftedClock, SystemClock
from app.db import Database
from app.directory import people
from app.errors import Unavailable
from app.scheme.faults import SchemeFaults
from app.scheme.models import Scheme
from app.scheme.read import read
from app.settings import PREFIX, Settings, unknown

T = TypeVar("T")

JsonFlag = Annotated[bool, typer.Option("--json", help="以 JSON 输出")]

UNVERSIONED = (
    "数据库里有表，却没有写明是哪个版本的（alembic_version 不在或是空的）：从备份恢复，或换一个空的数据库。"
)


@dataclass(frozen=True, slots=True)
class Installation:
    """An open installation."""

    settings: Settings
    scheme: Scheme
    registry: Registry
    clock: Clock
    db: Database

    @property
    def district(self) -> str:
        """The district's six digits."""
        return self.scheme.district.code


_WANTED = {
    "base_url": "写成 http://主机 或 https://主机",
    "senders": "写成 1 到 1000 的整数",
    "lease": "写成大于零的秒数",
    "trusted_proxies": "写成 IP 地址或网段，用逗号分开，或 *",
    "log_level": "只能是 debug、info、warning、error",
    "log_format": "只能是 json、text",
    "cookie_secure": "写成 true 或 false",
}


def settings() -> Settings:
    """Return the settings. Raises Failure, naming the variable at fault; says which names are none."""
    try:
        found = Settings()
    except ValidationError as error:
        wrong = (str(one["loc"][0]) for one in error.errors())
        told = "；".join(f"{PREFIX}{name.upper()} {_WANTED.get(name, '不对')}" for name in wrong)
        raise Failure(f"设置有误：{told}（见 docs/settings.md）。", 2) from None
    for sentence in misspelt():
        print(f"留意：{sentence}", file=sys.stderr)
    logs.configure(level=found.log_level, form=found.log_format)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return found


def misspelt() -> list[str]:
    """Return a sentence for each ``JIAOYING_`` variable that nothing reads, with what may be meant."""
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    said = []
    for name in unknown(os.environ):
        near = difflib.get_close_matches(name.upper(), known, 1, 0.8)
        meant = f"（是不是 {near[0]}？）" if near else ""
        said.append(f"没有 {name} 这个设置{meant}，它不起作用。")
    return said


def scheme_of(found: Settings) -> Scheme:
    """Return the district's scheme. Raises Failure with the first fault."""
    if not found.config.is_dir():
        raise Failure(f"没有配置目录 {found.config}：看 JIAOYING_CONFIG_DIR。", 2)
    try:
        return read(found.config)
    except SchemeFaults as faults:
        first = sentences.of_scheme(str(faults).splitlines()[0])
        raise Failure(f"配置有误：{first}（jiaoying scheme check 看全部）。") from None
    except OSError:
        raise Failure(f"读不到配置目录 {found.config}。") from None


def registry_of(scheme: Scheme) -> Registry:
    """Return the channels. Raises Failure: a channel is wrong, or its secret is missing."""
    return gateways.build(scheme.channels, os.environ)


def load_keys(found: Settings) -> None:
    """Put the keys to use. Raises Failure when there are none yet."""
    try:
        sealed.use(sealed.Keys.read(found.keys_file))
    except FileNotFoundError:
        raise Failure(f"没有密钥文件 {found.keys_file}：先运行 jiaoying migrate。") from None
    except (OSError, ValueError):
        raise Failure(f"密钥文件 {found.keys_file} 读不了：检查权限，或从备份恢复。") from None


def clock_of(found: Settings) -> Clock:
    """Return the machine's clock, or the one an outside check shifts."""
    return ShiftedClock(found.test_clock) if found.test_clock else SystemClock()


def clock_fault(found: Settings) -> str | None:
    """Say what is wrong with the file that shifts the clock; None where none is named or it can be read."""
    if (file := found.test_clock) is None:
        return None
    try:
        timedelta(seconds=float(file.read_text(encoding="utf-8").strip() or 0))
    except FileNotFoundError:
        return f"JIAOYING_TEST_CLOCK 指的文件 {file} 不存在：有它之前时钟不拨动。"
    except (OSError, ValueError, OverflowError):
        return f"JIAOYING_TEST_CLOCK 指的 {file} 里读不出秒数。"
    return None


def address(url: str, name: str) -> Path | None:
    """Return the SQLite file that an address names, None for PostgreSQL.

    Raises Failure for another kind of address, with the ``name`` of what it was given by.
    """
    try:
        parsed = sa.make_url(url)
    except SQLAlchemyError:
        raise Failure(f"{name} 不是 sqlite:///… 或 postgresql://…。", 2) from None
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database:
            raise Failure(f"{name} 没有写 SQLite 文件。", 2)
        return Path(parsed.database)
    if parsed.get_backend_name() != "postgresql":
        raise Failure(f"{name} 只能是 sqlite:///… 或 postgresql://…。", 2)
    return None


def sqlite_file(found: Settings) -> Path | None:
    """Return the SQLite file, None on PostgreSQL. Raises Failure for another kind of address."""
    return address(found.database_url, "JIAOYING_DATABASE_URL")


async def check_schema(db: Database) -> None:
    """Pass, or raise Failure: no schema, or one of another version."""
    try:
        async with db.reading() as session:
            held = await schema.current(session)
            lost = held is None and await schema.unversioned(session)
    except Unavailable:
        raise Failure("连不上数据库：检查 JIAOYING_DATABASE_URL、数据库是否在运行、文件是否损坏。") from None
    if lost:
        raise Failure(UNVERSIONED)
    if held is None:
        raise Failure("数据库里还没有表：先运行 jiaoying migrate。")
    if held != schema.head():
        raise Failure("数据库结构不是本版本的：先运行 jiaoying migrate。")


async def check_keys(found: Settings, db: Database) -> None:
    """Pass, or raise Failure: with keys that do not open its numbers, nobody would be called."""
    try:
        async with db.reading() as session:
            await people.open_one(session)
    except ValueError:
        raise Failure(
            f"密钥文件 {found.keys_file} 打不开库里的姓名和号码："
            "从备份放回这个数据库自己的密钥，否则谁也叫不到。"
        ) from None


@asynccontextmanager
async def database(found: Settings) -> AsyncIterator[Database]:
    """Open the database of this installation, whose schema is current. Raises Failure."""
    file = sqlite_file(found)
    if file is not None and not file.exists():
        raise Failure(f"没有数据库 {file}：先运行 jiaoying migrate。")
    db = Database(found.database_url)
    try:
        await check_schema(db)
        yield db
    finally:
        await db.close()


@asynccontextmanager
async def installation() -> AsyncIterator[Installation]:
    """Open everything. Raises Failure."""
    found = settings()
    load_keys(found)
    scheme = scheme_of(found)
    registry = registry_of(scheme)
    async with database(found) as db:
        await check_keys(found, db)
        try:
            yield Installation(found, scheme, registry, clock_of(found), db)
        finally:
            await registry.aclose()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine.

    Rows and statements come and go by the thousand and hold no circles: looked through for them at every
    700th object, as is usual, they cost a seventh of the work.
    """
    gc.set_threshold(50_000, 20, 20)
    return asyncio.run(work)


def tell(json_: bool, value: Any, lines: list[str]) -> None:
    """Print a result, as one JSON document or as lines for people."""
    if json_:
        json.dump(value, sys.stdout, ensure_ascii=False, indent=1, default=_plain)
        print()
    else:
        print("\n".join(lines))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def instant(text: str | None, name: str) -> datetime | None:
    """Return a time given on the command line; without an offset it is the district's own. Raises Failure."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Failure(f"{name} 不是时间：写成 2026-07-15T18:47 或带时区。", 2) from None
    return at if at.tzinfo else at.replace(tzinfo=LOCAL)
