"""A false or wrong warning is taken back by one press, and whoever may have heard it is told."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from app.access.officer import Officer
from app.activation.close import Closing
from app.activation.correct import correct
from app.activation.tables import Decision
from app.activation.uplift import raise_
from app.directory import people
from app.errors import Forbidden, NotFound, Reauthenticate, Validation, WrongState
from app.tasks import alarms
from app.warning.level import Level
from tests.support.hamlet import SECOND, TOWN
from tests.support.officers import officer
from tests.support.seeded import DISTRICT
from tests.support.world import World

pytestmark = pytest.mark.anyio

DUTY = officer("duty")


async def corrects(
    world: World, warning_id: str, *, text: str | None = None, reason: str = "误操作", by: Officer = DUTY
) -> Closing:
    async with world.db.transaction() as session:
        closing = await correct(
            session,
            warning_id,
            text,
            reason,
            by=by,
            scheme=world.scheme,
            registry=world.registry,
            at=world.clock.now(),
        )
    await world.worker.drain()
    return closing


async def chief_of(world: World) -> str | None:
    async with world.db.reading() as session:
        return (await people.on_duty(session, DISTRICT, "district.chief", at=world.clock.now()))[0]


async def test_one_press_by_one_person_ends_a_red_and_nothing_more_is_called(hamlet: World) -> None:
    warning = (await hamlet.issues("red", TOWN)).warning_id
    assert await corrects(hamlet, warning) == Closing(warning, "closed")
    since = hamlet.clock.now()
    await hamlet.advance(minutes=20)
    later = await hamlet.deliveries(warning_id=warning, purpose="alert")
    assert not [row for row in later if row.created_at > since]
    assert {row.state for row in await hamlet.obligations(warning_id=warning)} <= {"open", "missed"}
    assert all(row.excluded_reason for row in await hamlet.obligations(warning_id=warning))
    assert {part.state for part in (await hamlet.parts(warning)).values()} == {"released", "withdrawn"}


async def test_everybody_whom_it_may_have_reached_is_told_with_the_prepared_words(hamlet: World) -> None:
    warning = (await hamlet.issues("red", TOWN)).warning_id
    reached = {row.person_id for row in await hamlet.deliveries(warning_id=warning) if row.person_id}
    assert reached
    rang = len(hamlet.phones.rang)
    await corrects(hamlet, warning)
    told = [call for call in hamlet.phones.rang[rang:] if call.channel == "sms"]
    assert {call.to for call in told} == {await hamlet.number(person) for person in reached}
    assert {call.text for call in told} == {
        "【荣昌防汛】更正：02:40的暴雨红色预警以此为准：原通知有误，现已撤回，不必照做，不用再回。"
    }


async def test_the_officers_own_words_go_out_in_their_place(hamlet: World) -> None:
    warning = (await hamlet.issues("red", TOWN)).warning_id
    rang = len(hamlet.phones.rang)
    await corrects(hamlet, warning, text=" 刚才的红色预警系测试误发，请勿转移 ")
    told = {call.text for call in hamlet.phones.rang[rang:] if call.channel == "sms"}
    assert told == {"【荣昌防汛】更正：刚才的红色预警系测试误发，请勿转移。"}
    (row,) = await decided(hamlet, warning)
    assert row.detail == {"own_words": True}


async def decided(world: World, warning_id: str) -> list[Decision]:
    async with world.db.reading() as session:
        return list(await session.scalars(sa.select(Decision).filter_by(subject=warning_id)))


async def test_the_chief_is_told_at_once_at_the_desk_and_by_phone(hamlet: World) -> None:
    warning = (await hamlet.issues("orange", TOWN)).warning_id
    rang = len(hamlet.phones.rang)
    await corrects(hamlet, warning, reason="雨量站故障")
    async with hamlet.db.reading() as session:
        (alarm,) = [one for one in await alarms.standing(session, DISTRICT) if one.kind == "corrected"]
    assert (alarm.warning_id, alarm.text) == (warning, "暴雨橙色预警：已发更正，呼叫已停，请值班长复核")
    calls = [call for call in hamlet.phones.rang[rang:] if call.channel == "voice"]
    assert [call.to for call in calls] == [await hamlet.number(await chief_of(hamlet))]
    assert "请立即复核" in calls[0].text
    (row,) = await decided(hamlet, warning)
    assert (row.act, row.by, row.reason) == ("corrected", "user:duty-", "雨量站故障")


async def test_a_raise_is_taken_back_with_the_warning_it_follows_and_not_alone(hamlet: World) -> None:
    base = (await hamlet.issues("orange", TOWN, SECOND)).warning_id
    async with hamlet.db.transaction() as session:
        raised = await raise_(
            session,
            base,
            [TOWN],
            Level.RED,
            True,
            "夜间",
            by=DUTY,
            scheme=hamlet.scheme,
            registry=hamlet.registry,
            at=hamlet.clock.now(),
        )
    await hamlet.worker.drain()
    own = str(raised.warning_id)
    with pytest.raises(WrongState):
        await corrects(hamlet, own)
    rang = len(hamlet.phones.rang)
    await corrects(hamlet, base)
    assert (await hamlet.warning(own)).state == "closed"
    told = [call for call in hamlet.phones.rang[rang:] if call.channel == "sms"]
    assert len({call.to for call in told}) == len(told)
    assert all("橙色预警以此为准" in call.text for call in told)


async def test_where_the_district_asks_for_it_the_password_is_given_again(hamlet: World) -> None:
    warning = (await hamlet.issues("red", TOWN)).warning_id
    release = replace(hamlet.scheme.release, reauthenticate=frozenset({("correct", Level.RED)}))
    hamlet.scheme = replace(hamlet.scheme, release=release)
    with pytest.raises(Reauthenticate):
        await corrects(hamlet, warning)
    assert (await corrects(hamlet, warning, by=officer("duty", sure=True))).state == "closed"


async def test_it_takes_a_reason_a_right_and_a_warning_in_force(hamlet: World) -> None:
    warning = (await hamlet.issues("yellow", TOWN)).warning_id
    with pytest.raises(Validation):
        await corrects(hamlet, warning, reason=" ")
    with pytest.raises(Validation):
        await corrects(hamlet, warning, text="误" * 501)
    with pytest.raises(Forbidden):
        await corrects(hamlet, warning, by=officer("operator"))
    with pytest.raises(NotFound):
        await corrects(hamlet, "none")
    await corrects(hamlet, warning)
    with pytest.raises(WrongState):
        await corrects(hamlet, warning)
    unclear = (await hamlet.issues("red", disposition="needs-review")).warning_id
    with pytest.raises(WrongState):
        await corrects(hamlet, unclear)
