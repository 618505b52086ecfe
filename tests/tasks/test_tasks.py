"""What people must do: asked once, acted on in any order, never lost, taken back when the warning is."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from app.access.officer import Officer
from app.audit import Actor, AuditLine
from app.db import Database
from app.errors import Forbidden, NotFound, Validation, WrongState
from app.events import Event
from app.ids import new_id
from app.tasks import acts, alarms, doors, facts, orders, visits
from app.tasks.doors import Counts, Stop
from app.tasks.tables import DoorFact, Task, TaskFact

NIGHT = datetime(2026, 7, 15, 18, 47, tzinfo=UTC)
MIN = timedelta(minutes=1)
TOWN, VILLAGE = "500153109", "500153109202"
WORKER = Actor("person", "p-1")
DESK = Actor("user", "u-1")
OFFICER = Officer("u-2", "town", "town", TOWN, "500153")
OTHER = Officer("u-3", "town", "town", "500153110", "500153")
CHIEF = Officer("u-5", "chief", "chief", None, "500153")
VIEWER = Officer("u-4", "view", "viewer", None, "500153")

moments = st.integers(0, 4).map(lambda n: NIGHT + n * MIN)
acts_of_a_task = st.lists(
    st.builds(facts.Act, st.sampled_from(facts.ACTS), moments, st.uuids().map(str), st.just("user:u")),
    max_size=8,
)
marks_of_a_door = st.lists(
    st.builds(
        facts.Mark, st.sampled_from(facts.STRENGTH[1:]), moments, st.uuids().map(str), st.just("user:u")
    ),
    max_size=8,
)


@given(acts_of_a_task, st.randoms())
def test_acts_in_any_order_give_the_same_state(acts_: list[facts.Act], chance: Random) -> None:
    shuffled = list(acts_)
    chance.shuffle(shuffled)
    assert facts.state_of(shuffled) == facts.state_of(acts_)


@given(marks_of_a_door, st.randoms())
def test_marks_in_any_order_give_the_same_door(marks: list[facts.Mark], chance: Random) -> None:
    shuffled = list(marks)
    chance.shuffle(shuffled)
    assert facts.mark_of(shuffled) == facts.mark_of(marks)


def test_of_two_marks_in_one_instant_the_one_that_needs_help_holds() -> None:
    told = facts.Mark("told", NIGHT, "z", "a")
    asks = facts.Mark("help", NIGHT, "a", "b")
    assert facts.mark_of([told, asks]) == facts.mark_of([asks, told]) == asks


def test_what_was_done_before_the_cancel_stays_done_though_it_arrives_after() -> None:
    withdrawn = facts.Act("withdrawn", NIGHT + MIN, "w", "system:x")
    done = facts.Act("done", NIGHT, "d", "person:p")
    assert facts.state_of([withdrawn, done]).state == "done"


async def _visit(db: Database, obligation: str = "o-1") -> str:
    async with db.transaction() as session:
        return await visits.send_somebody(
            session,
            district="500153",
            origin="real",
            warning_id="w-1",
            obligation_id=obligation,
            town=TOWN,
            place_id=VILLAGE,
            text="上门叫",
            due_at=NIGHT + 20 * MIN,
            at=NIGHT,
        )


@pytest.mark.anyio
async def test_an_obligation_sends_somebody_once(db: Database) -> None:
    first = await _visit(db)
    assert await _visit(db) == first
    async with db.transaction() as session:
        await visits.done(session, first, by=WORKER, at=NIGHT + MIN, evidence="已叫醒")
    assert await _visit(db) == first
    async with db.reading() as session:
        (task,) = await session.scalars(sa.select(Task))
        assert (task.state, task.evidence, task.done_at) == ("done", "已叫醒", NIGHT + MIN)
        assert list(await session.scalars(sa.select(AuditLine.act))) == ["visit-opened", "visit-done"]
        assert set(await session.scalars(sa.select(Event.kind))) == {"task"}


@pytest.mark.anyio
async def test_the_same_act_again_changes_nothing_and_a_late_one_is_kept(db: Database) -> None:
    task_id = await _visit(db)
    async with db.transaction() as session:
        for _ in range(2):
            await acts.act(session, task_id, "done", by=WORKER, at=NIGHT + 5 * MIN, event_id="e-1")
        assert (
            await acts.act(
                session,
                task_id,
                "taken",
                by=WORKER,
                at=NIGHT + 6 * MIN,
                occurred_at=NIGHT + MIN,
                event_id="e-2",
            )
            == "done"
        )
    async with db.reading() as session:
        assert await session.scalar(sa.select(sa.func.count()).select_from(TaskFact)) == 2
        task = await session.get_one(Task, task_id)
        assert (task.taken_at, task.done_at) == (NIGHT + MIN, NIGHT + 5 * MIN)


@pytest.mark.anyio
async def test_another_towns_task_is_as_good_as_unknown(db: Database) -> None:
    task_id = await _visit(db)
    with pytest.raises(NotFound):
        async with db.transaction() as session:
            await acts.act(session, task_id, "done", by=WORKER, at=NIGHT, town="500153110")


@pytest.mark.anyio
async def test_an_order_says_who_ordered_and_is_done_only_when_confirmed(db: Database) -> None:
    async def ordered() -> str:
        async with db.transaction() as session:
            return await orders.open_(
                session,
                district="500153",
                origin="real",
                warning_id="w-1",
                kind="order",
                what="cut",
                town=TOWN,
                place_id=VILLAGE,
                text="断 狮子桥下穿道",
                ordered_by=DESK,
                confirmed_by="town.duty",
                due_at=NIGHT + 20 * MIN,
                at=NIGHT,
            )

    task_id = await ordered()
    assert await ordered() == task_id
    async with db.reading() as session:
        (order,) = await orders.of_town(session, TOWN, warning_ids=["w-1"])
        assert (order.word, order.state, order.owner_role) == ("断", "open", "town.duty")
    async with db.transaction() as session:
        assert await orders.take(session, task_id, by=OFFICER, at=NIGHT + MIN) == "taken"
        assert await orders.confirm(session, task_id, by=OFFICER, at=NIGHT + 2 * MIN) == "done"
    with pytest.raises(WrongState):
        async with db.transaction() as session:
            await orders.refuse(session, task_id, by=OFFICER, at=NIGHT + 3 * MIN, reason="路断")


@pytest.mark.anyio
async def test_who_may_not_act_is_refused_and_an_order_that_cannot_be_done_reaches_the_desk(
    db: Database,
) -> None:
    async with db.transaction() as session:
        task_id = await orders.open_(
            session,
            district="500153",
            origin="real",
            warning_id="w-1",
            kind="order",
            what="cut",
            town=TOWN,
            place_id=TOWN,
            text="断 狮子桥下穿道",
            ordered_by=DESK,
            confirmed_by="town.duty",
            due_at=None,
            at=NIGHT,
        )
        alarm = await alarms.raise_(session, "500153", "real", "silence", "没有数据", at=NIGHT)
    for who, refused in ((OTHER, NotFound), (VIEWER, Forbidden)):
        with pytest.raises(refused):
            async with db.transaction() as session:
                await orders.confirm(session, task_id, by=who, at=NIGHT)
    with pytest.raises(Forbidden):
        async with db.transaction() as session:
            await alarms.take(session, alarm, by=OFFICER, at=NIGHT)
    async with db.transaction() as session:
        assert await orders.refuse(session, task_id, by=OFFICER, at=NIGHT, reason="无路障") == "refused"
        told = {one.kind: one.text for one in await alarms.standing(session, "500153")}
    assert told["order-refused"] == "办不了：断 狮子桥下穿道"


@pytest.mark.anyio
async def test_an_alarm_stands_once_until_a_person_takes_it(db: Database) -> None:
    async def raised(subject: str | None = None) -> str:
        async with db.transaction() as session:
            return await alarms.raise_(
                session,
                "500153",
                "real",
                "silence",
                "永灵村站 14 分无数。没有数据不等于没有雨。",
                at=NIGHT,
                subject=subject,
            )

    alarm = await raised("st-1")
    assert await raised("st-1") == alarm
    assert await raised("st-2") != alarm
    async with db.transaction() as session:
        assert await alarms.over(session, "500153", "silence", "st-1", at=NIGHT + MIN) == 1
    async with db.reading() as session:
        standing = await alarms.standing(session, "500153")
        assert [(one.subject, one.over_at is not None) for one in standing] == [
            ("st-1", True),
            ("st-2", False),
        ]
    async with db.transaction() as session:
        assert await alarms.take(session, alarm, by=CHIEF, at=NIGHT + 2 * MIN) == "done"
    assert await raised("st-1") != alarm


@pytest.mark.anyio
async def test_an_alarm_in_hand_does_not_ring_again_and_ends_with_its_cause(db: Database) -> None:
    async with db.transaction() as session:
        alarm = await alarms.raise_(
            session, "500153", "real", "undecided", "无人决定", at=NIGHT, warning_id="w-1"
        )
        await alarms.take(session, alarm, by=CHIEF, at=NIGHT + MIN)
        again = await alarms.raise_(
            session, "500153", "real", "undecided", "无人决定", at=NIGHT, warning_id="w-1"
        )
        assert again == alarm
        assert await alarms.standing(session, "500153") == []
        await alarms.over(session, "500153", "undecided", "w-1", at=NIGHT + 2 * MIN)
        assert (await session.get_one(Task, alarm)).state == "done"


async def _list(db: Database) -> list[doors.DoorRow]:
    stops = [Stop(f"{VILLAGE}-H{number:04d}", TOWN, VILLAGE) for number in range(1, 5)]
    async with db.transaction() as session:
        await doors.open_list(session, "500153", "real", "w-1", stops, at=NIGHT)
        assert await doors.open_list(session, "500153", "real", "w-1", stops, at=NIGHT) == 0
        return await doors.rows(session, VILLAGE)


@pytest.mark.anyio
async def test_two_peoples_marks_both_stay_and_the_last_that_happened_holds(db: Database) -> None:
    (door, *_rest) = await _list(db)
    async with db.transaction() as session:
        await doors.mark(
            session,
            door.id,
            "help",
            by=OFFICER,
            occurred_at=NIGHT + 9 * MIN,
            event_id="e-2",
            at=NIGHT + 9 * MIN,
            detail={"needs": ["抬人", "车"], "carry": 1},
        )
        held = await doors.mark(
            session, door.id, "nobody", by=OFFICER, occurred_at=NIGHT, event_id="e-1", at=NIGHT + 10 * MIN
        )
        assert held == "help"
        await doors.mark(
            session, door.id, "nobody", by=OFFICER, occurred_at=NIGHT, event_id="e-1", at=NIGHT + 11 * MIN
        )
    async with db.reading() as session:
        (row, *_) = await doors.rows(session, VILLAGE, town=TOWN)
        assert [mark.mark for mark in row.marks] == ["nobody", "help"]
        assert (row.mark, row.detail["carry"]) == ("help", 1)
        (alarm,) = await alarms.standing(session, "500153")
        assert alarm.text == "逐户第 01 户要帮：抬人、车"
        assert await doors.counts(session, warning_id="w-1") == Counts(none=3, help=1)
        (found,) = await doors.lists(session, TOWN)
        assert (found.list, found.counts.all) == (VILLAGE, 4)


@pytest.mark.anyio
async def test_a_phone_whose_clock_runs_ahead_does_not_block_later_marks(db: Database) -> None:
    (door, *_rest) = await _list(db)
    async with db.transaction() as session:
        await doors.mark(
            session, door.id, "nobody", by=OFFICER, occurred_at=NIGHT + 600 * MIN, event_id="e-1", at=NIGHT
        )
        held = await doors.mark(
            session, door.id, "told", by=OFFICER, occurred_at=NIGHT + MIN, event_id="e-2", at=NIGHT + MIN
        )
        assert held == "told"


@pytest.mark.anyio
async def test_a_door_of_another_town_is_unknown_and_a_mark_is_one_of_four(db: Database) -> None:
    (door, *_rest) = await _list(db)
    with pytest.raises(NotFound):
        async with db.transaction() as session:
            await doors.mark(
                session,
                door.id,
                "told",
                by=OTHER,
                occurred_at=NIGHT,
                event_id="e",
                at=NIGHT,
            )
    with pytest.raises(Validation):
        async with db.transaction() as session:
            await doors.mark(session, door.id, "none", by=OFFICER, occurred_at=NIGHT, event_id="e", at=NIGHT)


@pytest.mark.anyio
async def test_a_cancel_withdraws_what_is_left_and_keeps_what_was_done(db: Database) -> None:
    left, finished = await _visit(db, "o-1"), await _visit(db, "o-2")
    (door, *_rest) = await _list(db)
    async with db.transaction() as session:
        await visits.done(session, finished, by=WORKER, at=NIGHT + MIN)
        alarm = await alarms.raise_(
            session, "500153", "real", "undecided", "无人决定", at=NIGHT, warning_id="w-1"
        )
        assert await acts.withdraw_for(session, "w-1", at=NIGHT + 2 * MIN) == 1
        assert await doors.withdraw_for(session, "w-1", at=NIGHT + 2 * MIN) == 4
        assert await acts.withdraw_for(session, "w-1", at=NIGHT + 2 * MIN) == 0
    async with db.transaction() as session:
        states = {task.id: task.state for task in await session.scalars(sa.select(Task))}
        assert states == {left: "withdrawn", finished: "done", alarm: "open"}
        assert await doors.rows(session, VILLAGE) == []
        # A phone without signal sends what it found before: it is true, and kept.
        await doors.mark(
            session,
            door.id,
            "told",
            by=OFFICER,
            occurred_at=NIGHT + MIN,
            event_id=new_id(),
            at=NIGHT + 3 * MIN,
        )
        assert await session.scalar(sa.select(sa.func.count()).select_from(DoorFact)) == 1
