"""Many rows by one statement: the same rows come to stand in both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app import many
from app.answer.tables import ReplyRow
from app.beats import Beat
from app.db import Database, UtcDateTime

pytestmark = pytest.mark.anyio
AT = datetime(2026, 7, 16, 2, 47, 3, 120_000, tzinfo=UTC)
SEALED = ("雨大，桥断了", "'\"{}\\,", None, "")


def reply(number: int, words: str | None) -> dict[str, object]:
    return {
        "id": f"r-{number:06}",
        "district": "500153",
        "channel": "sms",
        "event_id": f"e-{number}",
        "key": None,
        "phone_index": None,
        "words": words,
        "outcome": "answered",
        "occurred_at": AT + timedelta(milliseconds=number),
        "received_at": AT,
    }


async def test_rows_come_back_as_they_were_put_whatever_they_hold(db: Database) -> None:
    rows = [reply(number, words) for number, words in enumerate(SEALED)]
    async with db.transaction() as session:
        assert await many.Insert(ReplyRow, many.keep_old()).put(session, rows) == len(rows)
    async with db.reading() as session:
        held = list(await session.scalars(sa.select(ReplyRow).order_by(ReplyRow.id)))
    assert [{name: getattr(row, name) for name in rows[0]} for row in held] == rows


async def test_more_rows_than_one_statement_takes_are_all_there_and_only_new_ones_are_counted(
    db: Database,
) -> None:
    insert = many.Insert(ReplyRow, many.keep_old())
    rows = [reply(number, "1") for number in range(many.AT_ONCE + 3)]
    async with db.transaction() as session:
        assert await insert.put(session, rows[:10]) == 10
        assert await insert.put(session, rows) == len(rows) - 10
        assert await insert.put(session, rows[:5]) == 0
        assert await insert.put(session, []) == 0
        assert await session.scalar(sa.select(sa.func.count()).select_from(ReplyRow)) == len(rows)


async def test_a_conflict_other_than_the_one_that_is_expected_does_not_pass_silently(db: Database) -> None:
    insert = many.Insert(ReplyRow, many.keep_old([ReplyRow.id]))
    async with db.transaction() as session:
        await insert.put(session, [reply(1, "1")])
    with pytest.raises(sa.exc.IntegrityError):
        async with db.transaction() as session:
            await insert.put(session, [{**reply(1, "1"), "id": "another"}])


async def test_a_row_that_leaves_out_what_it_must_say_is_refused(db: Database) -> None:
    beat = {"name": "a", "at": AT, "expected_s": None}
    async with db.transaction() as session:
        with pytest.raises(ValueError, match="says nothing of count"):
            await many.Insert(Beat).put(session, [beat])


async def test_an_update_writes_to_each_row_its_own(db: Database) -> None:
    change = many.Update(
        {"thing": sa.String(), "at": UtcDateTime(), "seconds": sa.Integer()},
        lambda row: (
            sa.update(Beat).where(Beat.name == row["thing"]).values(at=row["at"], expected_s=row["seconds"])
        ),
    )
    async with db.transaction() as session:
        beats = [{"name": f"b-{number}", "at": AT, "expected_s": 7, "count": 1} for number in range(3)]
        await many.Insert(Beat).put(session, beats)
        said: list[dict[str, Any]] = [
            {"thing": "b-2", "at": AT + timedelta(days=1), "seconds": None},
            {"thing": "b-0", "at": AT, "seconds": 9},
            {"thing": "b-9", "at": AT, "seconds": 1},
        ]
        await change.put(session, said)
        await change.put(session, [])
    async with db.reading() as session:
        held = await session.execute(sa.select(Beat.at, Beat.expected_s).order_by(Beat.name))
        assert [tuple(row) for row in held] == [(AT, 9), (AT, 7), (AT + timedelta(days=1), None)]
