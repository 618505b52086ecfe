"""The ground: transactions that leave no trace when they fail, sealed columns, an audit chain, tight logs."""

import io
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from app import audit, beats, events, logs, phones, sealed
from app.audit import SYSTEM, AuditLine
from app.clock import ManualClock
from app.db import Database

pytestmark = pytest.mark.anyio

NIGHT = datetime(2026, 7, 15, 18, 47, tzinfo=UTC)


async def test_an_act_and_its_audit_line_stand_or_fall_together(db: Database) -> None:
    async with db.transaction() as session:
        audit.record(session, "tried", "thing", district="500153", by=SYSTEM, at=NIGHT)

    async def fail() -> None:
        async with db.transaction() as session:
            audit.record(session, "failed", "thing", district="500153", by=SYSTEM, at=NIGHT)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    async with db.reading() as session:
        assert list(await session.scalars(sa.select(AuditLine.act))) == ["tried"]


async def test_the_audit_chain_names_the_first_row_that_was_altered(db: Database) -> None:
    for number in range(5):
        async with db.transaction() as session:
            audit.record(
                session, f"act-{number}", "thing", district="500153", by=SYSTEM, at=NIGHT, count=number
            )
            audit.record(session, "again", "thing", district="500153", by=SYSTEM, at=NIGHT)
    async with db.reading() as session:
        verdict = await audit.verify(session, "500153")
    assert (verdict.rows, verdict.broken_at) == (10, None)
    async with db.engine.begin() as connection:
        if not db.sqlite:
            await connection.execute(sa.text("SET session_replication_role = replica"))
        await connection.execute(
            sa.text("DROP TRIGGER IF EXISTS audit_is_append_only_update" + ("" if db.sqlite else " ON audit"))
        )
        await connection.execute(sa.update(AuditLine).where(AuditLine.seq == 5).values(act="something else"))
    async with db.reading() as session:
        assert (await audit.verify(session, "500153")).broken_at == 5


async def test_times_come_back_aware_and_in_utc(db: Database) -> None:
    async with db.transaction() as session:
        await beats.touch(
            session, "sweep:escalate", NIGHT + timedelta(microseconds=5), expected=timedelta(seconds=30)
        )
        await beats.touch(session, "sweep:escalate", NIGHT + timedelta(seconds=1, microseconds=7))
    async with db.reading() as session:
        (beat,) = await beats.all_beats(session)
    assert beat.at == NIGHT + timedelta(seconds=1, microseconds=7)
    assert beat.at.tzinfo is UTC


async def test_an_event_told_twice_in_one_transaction_is_one_event(db: Database) -> None:
    async with db.transaction() as session:
        for _ in range(2):
            events.publish(session, "warning", "w1", district="500153", at=NIGHT)
    async with db.reading() as session:
        assert [e.subject for e in await events.since(session, "500153", 0)] == ["w1"]


def test_a_sealed_value_opens_only_in_its_own_column() -> None:
    value = sealed.seal("00090012345", "person.phone")
    assert "00090012345" not in value
    assert sealed.unseal(value, "person.phone") == "00090012345"
    with pytest.raises(ValueError, match="does not open"):
        sealed.unseal(value, "person.name")


def test_only_the_invented_form_is_synthetic_and_only_real_forms_are_dialable() -> None:
    assert phones.is_synthetic("00090012345")
    assert not phones.is_synthetic("00092212345")
    assert not phones.is_dialable("00090012345")
    assert not phones.is_dialable("10000")
    assert phones.masked("00090012345") == "0009****345"


def test_a_log_line_with_a_number_or_a_forbidden_field_never_gets_out() -> None:
    log = logs.get("test")
    with pytest.raises(logs.LeakError):
        log.warning("call.made", detail="called 00090012345")
    with pytest.raises(logs.LeakError):
        log.warning("call.made", to="x")


def test_in_production_the_same_line_is_masked_instead() -> None:
    out = io.StringIO()
    logs.configure(level="info", strict=False, stream=out)
    try:
        logs.get("test").info("call.made", detail="called 00090012345\nnext", to="somebody")
    finally:
        logs.configure(level="info", strict=True)
    assert "00090012345" not in out.getvalue()
    assert "somebody" not in out.getvalue()
    assert out.getvalue().count("\n") == 1


def test_a_manual_clock_never_goes_back() -> None:
    clock = ManualClock(NIGHT)
    clock.advance(timedelta(minutes=5))
    with pytest.raises(ValueError, match="does not go back"):
        clock.set(NIGHT)
