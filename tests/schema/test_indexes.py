"""What is asked again and again on a storm's night is found by an index, however many rows there are by then.

SQLite has no statistics here, as in an installation; it tells how it would look for what was asked.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeAlias

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.answer import beside
from app.bundled import path
from app.channels.contract import Receipt
from app.console.board import timeline
from app.db import Database
from app.directory import people
from app.dispatch import claim, expire, receipts
from app.origin import Origin
from app.scheme.read import read
from tests.dispatch.line import Unlimited
from tests.support.due import next_due
from tests.support.seeded import DISTRICT, START

pytestmark = pytest.mark.anyio
Work: TypeAlias = Callable[[AsyncSession], Awaitable[object]]
MANY = 200
"""As many as one push of a gateway brings."""


@pytest.fixture
async def db(sqlite_url: str) -> AsyncIterator[Database]:
    """SQLite only: it has nothing but the indexes to go by."""
    database = Database(sqlite_url)
    yield database
    await database.close()


async def ways(db: Database, work: Work) -> list[str]:
    """Return how each statement of this work looks for its rows."""
    asked: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    sa.event.listen(db.engine.sync_engine, "before_cursor_execute", note)
    async with db.transaction() as session:
        await work(session)
    sa.event.remove(db.engine.sync_engine, "before_cursor_execute", note)
    found = []
    async with db.raw() as connection:
        for statement, parameters in asked:
            if statement.lstrip().startswith(("SELECT", "WITH")):
                rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                found.append("\n".join(row.detail for row in rows))
    assert found
    return found


async def test_who_takes_from_the_line_reads_it_in_its_order(db: Database) -> None:
    def take(session: AsyncSession) -> Awaitable[object]:
        return claim.take(
            session, "ticket", limit=100, lease=timedelta(minutes=1), at=START, budget=Unlimited()
        )

    leased, *_ = await ways(db, take)
    assert "ix_delivery_line" in leased
    assert "TEMP B-TREE" not in leased


async def test_when_the_next_message_ends_is_read_from_what_waits(db: Database) -> None:
    (ends,) = await ways(db, lambda session: next_due(session, expire.NEXT_END))
    assert "SCAN delivery USING COVERING INDEX ix_delivery_ends" in ends
    assert "TEMP B-TREE" not in ends


async def test_receipts_find_their_messages_by_key_or_by_the_gateways_id(db: Database) -> None:
    def told(*, key: bool) -> list[Receipt]:
        return [
            Receipt(None if key else f"v{n}", f"k{n}" if key else None, "delivered", START, f"e{n}")
            for n in range(MANY)
        ]

    def record(*, key: bool) -> Work:
        return lambda session: receipts.record(session, "sms", told(key=key), district=DISTRICT, at=START)

    by_key, *_ = await ways(db, record(key=True))
    assert "(key=?)" in by_key
    by_vendor, *_ = await ways(db, record(key=False))
    assert "(channel=? AND vendor_id=?)" in by_vendor


async def test_people_are_found_by_their_numbers_in_a_district_of_any_size(db: Database) -> None:
    numbers = [f"000901{n:05d}" for n in range(MANY)]
    (found,) = await ways(db, lambda s: people.by_phones(s, DISTRICT, numbers))
    assert "ix_person_phone (district=? AND phone_index=?)" in found


async def test_the_desks_news_are_read_from_the_newest_on(db: Database) -> None:
    scheme = read(path("config"))
    told = await ways(db, lambda s: timeline.load(s, scheme, {}, [Origin.REAL]))
    for index in ("ix_answer_newest", "ix_step_taken_newest"):
        assert any(index in way and "TEMP B-TREE" not in way for way in told), index


async def test_what_else_somebody_has_open_is_found_by_who_holds_it(db: Database) -> None:
    persons = [f"p{n}" for n in range(MANY)]
    (open_,) = await ways(db, lambda s: beside.open_of(s, persons))
    for index in ("ix_obligation_a (a_person=?)", "ix_obligation_b (b_person=?)"):
        assert index in open_
    lately, *_ = await ways(db, lambda s: beside.just_rung(s, persons, START))
    assert "(obligation_id=?)" in lately
