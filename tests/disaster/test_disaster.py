"""The one-hour clock: it starts when it happened, stops with the first report, and nothing else moves it."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.access.officer import Officer
from app.audit import SYSTEM
from app.db import Database
from app.disaster import facts, look, remind, report, signs
from app.disaster.form import People, ReportIn
from app.disaster.tables import Disaster, ReportRow
from app.errors import Forbidden, NotFound, OutOfScope, Validation
from app.tasks import alarms
from tests.support.due import next_due

NIGHT = datetime(2026, 7, 15, 18, 47, tzinfo=UTC)
MIN = timedelta(minutes=1)
TOWN = "500153109"
OFFICER = Officer("u-1", "town", "town", TOWN, "500153")
DESK = Officer("u-2", "desk", "duty", None, "500153")
CHECKER = Officer("u-3", "check", "supervisor", None, "500153")

moments = st.integers(0, 5).map(lambda n: NIGHT + n * MIN)


@given(
    st.lists(st.builds(facts.SignFact, st.sampled_from(facts.SOURCES), moments), min_size=1, max_size=6),
    st.lists(
        st.builds(facts.ReportFact, st.sampled_from(["first", "followup", "final"]), moments, st.booleans()),
        max_size=6,
    ),
    st.randoms(),
)
def test_signs_and_reports_in_any_order_and_number_give_the_same_event(
    told: list[facts.SignFact], reports: list[facts.ReportFact], chance: Random
) -> None:
    now = facts.standing(told, reports)
    again, more = [*told, *told], [*reports, *reports]
    chance.shuffle(again)
    chance.shuffle(more)
    assert facts.standing(again, more) == now


def test_exactly_an_hour_is_in_time_and_a_moment_more_is_late() -> None:
    end = NIGHT + facts.HOUR
    assert facts.in_time(NIGHT, end, end) == "met"
    assert facts.in_time(NIGHT, end + timedelta(microseconds=1), end) == "late"
    assert facts.in_time(NIGHT, None, end) == "open"
    assert facts.in_time(NIGHT, None, end + timedelta(microseconds=1)) == "missed"


def _report(**more: object) -> ReportIn:
    return ReportIn.model_validate(
        {"place": TOWN, "place_text": "狮子桥村", "kinds": ["house-flooded"], "occurred_at": NIGHT, **more}
    )


async def _first(
    db: Database,
    said: ReportIn | None = None,
    *,
    minute: int = 9,
    event: str = "e-1",
    disaster_id: str | None = None,
    by: Officer = OFFICER,
) -> str:
    async with db.transaction() as session:
        return await report.first(
            session,
            said or _report(),
            origin="real",
            by=by,
            at=NIGHT + minute * MIN,
            event_id=event,
            disaster_id=disaster_id,
        )


async def _known(db: Database, minute: int = 0, event: str = "119-1") -> str:
    async with db.transaction() as session:
        return await signs.heard(
            session,
            district="500153",
            origin="real",
            place=TOWN,
            place_text="狮子桥",
            kinds=["landslide"],
            source="119",
            occurred_at=NIGHT + minute * MIN,
            by=SYSTEM,
            at=NIGHT + minute * MIN,
            event_id=event,
        )


async def _row(db: Database, disaster_id: str) -> Disaster:
    async with db.reading() as session:
        return await session.get_one(Disaster, disaster_id)


@pytest.mark.anyio
async def test_the_same_first_report_twice_is_one_event(db: Database) -> None:
    event = await _first(db)
    assert await _first(db, minute=11) == event
    row = await _row(db, event)
    assert (row.t0, row.t0_source, row.first_report_at, row.state) == (
        NIGHT,
        "occurrence",
        NIGHT + 9 * MIN,
        "reported",
    )


@pytest.mark.anyio
async def test_what_nobody_knows_is_null_and_not_nought(db: Database) -> None:
    event = await _first(db, _report(people={"trapped": 2, "hurt": 0, "moved": 23}))
    async with db.reading() as session:
        (row,) = (await look.one(session, event, by=OFFICER)).reports
    assert row.people == {"dead": None, "missing": None, "hurt": 0, "trapped": 2, "moved": 23}


@pytest.mark.anyio
async def test_where_nobody_knows_when_the_earliest_sign_starts_the_clock(db: Database) -> None:
    event = await _known(db, minute=0)
    assert await _first(db, _report(occurred_at=None), minute=20, disaster_id=event) == event
    row = await _row(db, event)
    assert (row.t0, row.t0_source, row.state) == (NIGHT, "119", "reported")


@pytest.mark.anyio
async def test_an_occurrence_after_the_alarm_does_not_move_the_clock_but_one_before_it_does(
    db: Database,
) -> None:
    late, early = await _known(db, event="119-1"), await _known(db, event="119-2")
    await _first(db, _report(occurred_at=NIGHT + 30 * MIN), minute=40, disaster_id=late, event="e-1")
    await _first(db, _report(occurred_at=NIGHT - 10 * MIN), minute=40, disaster_id=early, event="e-2")
    assert (await _row(db, late)).t0_source == "119"
    assert (await _row(db, early)).t0 == NIGHT - 10 * MIN


@pytest.mark.anyio
async def test_a_correction_does_not_reset_the_clock_and_a_followup_is_no_first_report(db: Database) -> None:
    event = await _first(db)
    async with db.transaction() as session:
        first_id = await session.scalar(sa.select(ReportRow.id))
        await report.followup(
            session,
            event,
            _report(occurred_at=NIGHT + 5 * MIN, people={"trapped": 0}),
            by=OFFICER,
            at=NIGHT + 70 * MIN,
            event_id="e-2",
            corrects=first_id,
        )
    row = await _row(db, event)
    assert (row.t0, row.first_report_at) == (NIGHT, NIGHT + 9 * MIN)

    other = await _known(db, event="119-9")
    async with db.transaction() as session:
        for _ in range(2):
            await report.followup(session, other, _report(), by=OFFICER, at=NIGHT + 20 * MIN, event_id="e-3")
        await report.final(session, other, _report(), by=OFFICER, at=NIGHT + 90 * MIN, event_id="e-4")
    row = await _row(db, other)
    assert (row.first_report_at, row.state) == (None, "final")
    async with db.reading() as session:
        kinds = [one.kind for one in (await look.one(session, other, by=DESK)).reports]
    assert kinds == ["followup", "final"]


@pytest.mark.anyio
async def test_the_desk_is_reminded_at_30_and_at_50_minutes_until_the_first_report_comes(
    db: Database,
) -> None:
    event = await _known(db)

    async def swept(minute: int) -> list[str]:
        async with db.transaction() as session:
            for _ in range(2):
                await remind.sweep(session, at=NIGHT + minute * MIN)
        async with db.reading() as session:
            return [alarm.text for alarm in await alarms.standing(session, "500153")]

    async with db.reading() as session:
        assert await next_due(session, remind.NEXT_REMINDER) == NIGHT + 30 * MIN
    assert await swept(29) == []
    assert await swept(30) == ["灾情发生已 30 分，镇街还没有首报，离一小时还有 30 分。"]
    assert len(await swept(49)) == 1
    assert len(await swept(50)) == 2
    async with db.reading() as session:
        assert await next_due(session, remind.NEXT_REMINDER) is None
    await _first(db, minute=55, disaster_id=event)
    async with db.reading() as session:
        assert all(alarm.over_at for alarm in await alarms.standing(session, "500153"))


@pytest.mark.anyio
async def test_a_reported_event_needs_no_reminder(db: Database) -> None:
    event = await _known(db)
    await _first(db, disaster_id=event)
    async with db.transaction() as session:
        assert await remind.sweep(session, at=NIGHT + 60 * MIN) == 0


@pytest.mark.anyio
async def test_what_is_found_later_counts_as_missed_until_reported(db: Database) -> None:
    async with db.transaction() as session:
        event = await signs.found_later(
            session,
            origin="real",
            place=TOWN,
            place_text="",
            kinds=["road-cut"],
            source="media",
            occurred_at=NIGHT - 300 * MIN,
            by=DESK,
            at=NIGHT,
            event_id="m-1",
        )
        assert await signs.told_too(
            session, event, "110", NIGHT - 320 * MIN, by=DESK, at=NIGHT, event_id="m-2"
        ) == (NIGHT - 320 * MIN)
    row = await _row(db, event)
    assert (row.found_later, row.t0_source) == (True, "110")
    assert facts.in_time(row.t0, row.first_report_at, NIGHT) == "missed"


@pytest.mark.anyio
async def test_a_sign_that_moves_the_clock_back_moves_the_reminder_too(db: Database) -> None:
    event = await _known(db, minute=0)
    async with db.transaction() as session:
        await signs.told_too(
            session, event, "alarm", NIGHT - 25 * MIN, by=DESK, at=NIGHT + MIN, event_id="a-1"
        )
        assert await next_due(session, remind.NEXT_REMINDER) == NIGHT + 5 * MIN


@pytest.mark.anyio
async def test_an_exclusion_has_a_right_a_reason_and_a_name(db: Database) -> None:
    event = await _known(db)
    for who, reason, refused in ((DESK, "重复", Forbidden), (CHECKER, " ", Validation)):
        with pytest.raises(refused):
            async with db.transaction() as session:
                await signs.exclude(session, event, reason, by=who, at=NIGHT)
    async with db.transaction() as session:
        await signs.exclude(session, event, "与前一起重复", by=CHECKER, at=NIGHT)
        assert await remind.sweep(session, at=NIGHT + 31 * MIN) == 0
    assert (await _row(db, event)).excluded_by == CHECKER.id


@pytest.mark.anyio
async def test_a_town_reports_for_itself_alone(db: Database) -> None:
    with pytest.raises(OutOfScope):
        await _first(db, _report(place="500153110"))
    event = await _first(db)
    stranger = Officer("u-9", "x", "town", "500153110", "500153")
    with pytest.raises(NotFound):
        async with db.reading() as session:
            await look.one(session, event, by=stranger)
    with pytest.raises(Forbidden):
        await _first(db, by=CHECKER, event="e-7")


@pytest.mark.parametrize(
    "wrong",
    [
        {"kinds": []},
        {"people": {"dead": -1}},
        {"people": {"dead": True}},
        {"words": "a\u0000b"},
        {"place": "500153"},
        {"extra": 1},
        {"occurred_at": "2026-07-15T18:47:00"},
        {"words": "x" * 2001},
    ],
)
def test_a_report_that_is_not_one_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        _report(**wrong)


def test_a_report_may_know_nothing_of_people() -> None:
    assert _report().people == People()


@pytest.mark.anyio
async def test_a_phone_whose_clock_runs_ahead_reports_now(db: Database) -> None:
    event = await _first(db, _report(occurred_at=NIGHT + 500 * MIN), minute=9)
    assert (await _row(db, event)).t0 == NIGHT + 9 * MIN
