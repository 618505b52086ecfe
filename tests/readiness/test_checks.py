"""What a way is, what a rota lacks, what a phone proves, and whose task a hole becomes."""

from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa

from app.access.officer import Officer
from app.audit import AuditLine
from app.channels import registry as channels
from app.db import Database
from app.directory import rota
from app.directory.tables import Holding, Household, Person, Place, Shift
from app.dispatch import proved
from app.dispatch.proved import Proof
from app.dispatch.tables import Attempt, Content, Delivery
from app.errors import Forbidden, Validation
from app.readiness import coverage, owners, preflight
from app.readiness.found import Hole
from app.readiness.ways import Contact, ways, why
from tests.support.hamlet import TOWN, VILLAGE
from tests.support.invented import DISTRICT, START
from tests.support.seeded import START as AT
from tests.support.world import World
from tests.warning.situations import scheme

pytestmark = pytest.mark.anyio
HOUR = timedelta(hours=1)
DUTY = Officer("u1", "lixia", "duty", None, DISTRICT)


def contact(person: str, number: str | None) -> Contact:
    return Contact(person, "household.contact", number)


def test_two_people_with_one_phone_are_one_way_and_one_person_twice_is_one() -> None:
    assert len(ways([contact("a", "1"), contact("b", "2")])) == 2
    assert len(ways([contact("a", "1"), contact("b", "1")])) == 1
    assert len(ways([contact("a", "1"), contact("a", "1")])) == 1
    assert len(ways([contact("a", "1"), contact("b", None)])) == 1
    assert ways([contact("a", None)]) == ()
    assert len(ways([contact("a", "1"), contact("b", "2")], dead={"b"})) == 1


@pytest.mark.parametrize(
    ("contacts", "dead", "word"),
    [
        ([], set(), "unnamed"),
        ([contact("a", "1")], set(), "alone"),
        ([contact("a", "1"), contact("b", "1")], set(), "same-number"),
        ([contact("a", "1"), contact("b", "2")], {"b"}, "dead-number"),
        ([contact("a", "1"), contact("b", None)], set(), "no-number"),
    ],
)
def test_what_keeps_them_from_being_two_is_said(contacts: list[Contact], dead: set[str], word: str) -> None:
    assert why(contacts, dead) == word


def test_uncovered_hours_are_found_between_before_and_after_the_turns() -> None:
    def spans(*pairs: tuple[int, int]) -> list[tuple[datetime, datetime]]:
        return [(START + HOUR * a, START + HOUR * b) for a, b in pairs]

    end = START + HOUR * 24
    assert rota.uncovered(spans((0, 8), (8, 24)), START, end) == []
    assert rota.uncovered(spans((8, 24), (0, 9)), START, end) == []
    assert rota.uncovered(spans((-5, 8), (9, 40)), START, end) == spans((8, 9))
    assert rota.uncovered(spans((3, 8)), START, end) == spans((0, 3), (8, 24))
    assert rota.uncovered([], START, end) == spans((0, 24))


async def holes(world: World, *, demand_proof: bool = False) -> set[tuple[str, str, str]]:
    async with world.db.reading() as session:
        proofs = await proved.phones(session, DISTRICT, AT - timedelta(days=30))
        dead = {person for person, proof in proofs.items() if proof.is_dead}
        proof = await coverage.prove(session, world.scheme, at=AT, dead=dead)
        ready = await preflight.look(session, world.scheme, world.registry, at=AT, demand_proof=demand_proof)
    return {(one.kind, one.place, one.role) for one in (*proof.holes, *ready.holes)}


async def test_a_hole_made_by_hand_is_found_and_gone_when_it_is_mended(hamlet: World) -> None:
    before = await holes(hamlet)
    async with hamlet.db.reading() as session:
        full = await coverage.prove(session, hamlet.scheme, at=AT)
        bad = {hole.place for hole in full.holes}
        home = next(h for h in await session.scalars(sa.select(Household.place_id)) if h not in bad)
    new = (
        ("one-way", home, "household.contact"),
        ("vacant", VILLAGE, "village.head"),
        ("gap", TOWN, "town.duty"),
    )
    async with hamlet.db.transaction() as session:
        helper = await session.scalar(
            sa.select(Holding).where(Holding.place_id == home, Holding.role == "household.helper")
        )
        head = await session.scalar(
            sa.select(Holding).where(Holding.place_id == VILLAGE, Holding.role == "village.head")
        )
        assert helper is not None
        assert head is not None
        helper.until = head.until = AT
        await session.execute(
            sa.delete(Shift).where(Shift.place_id == TOWN, Shift.role == "town.duty", Shift.starts_at > AT)
        )
    after = await holes(hamlet)
    assert set(new) <= after - before
    assert all(row[1] == VILLAGE or row[1].startswith("RP-") for row in after - before - set(new))
    async with hamlet.db.transaction() as session:
        for row in (helper, head):
            (await session.get_one(Holding, row.id)).until = None
    assert not {new[0], new[1]} & await holes(hamlet)


async def test_a_place_of_nobody_and_a_district_without_people_are_not_left_out(db: Database) -> None:
    async with db.transaction() as session:
        session.add(Place(id=DISTRICT, district=DISTRICT, level="district", name="荣昌区"))
        await session.flush()
        session.add(
            Place(
                id=TOWN, district=DISTRICT, level="town", name="昌元街道", parent_id=DISTRICT, town_code=TOWN
            )
        )
        await session.flush()
        session.add(
            Place(id="FA-1", district=DISTRICT, level="facility", name="学校", parent_id=TOWN, town_code=TOWN)
        )
    async with db.reading() as session:
        proof = await coverage.prove(session, scheme(), at=AT)
        ready = await preflight.look(session, scheme(), channels.build(scheme().channels, {}), at=AT)
    assert [(hole.kind, hole.place) for hole in proof.holes] == [("no-contact", "FA-1")]
    missing = {(hole.kind, hole.place, hole.role) for hole in ready.holes}
    assert {
        ("vacant", TOWN, "town.duty"),
        ("vacant", TOWN, "town.info"),
        ("gap", TOWN, "town.duty"),
    } <= missing
    assert ("gap", DISTRICT, "district.duty") in missing
    assert "no-channel" not in {kind for kind, _, _ in missing}


async def called(db: Database, person: str, state: str, at: datetime, reason: str | None = None) -> None:
    async with db.transaction() as session:
        content = Content(district=DISTRICT, digest=f"{person}{at}"[:64], text="x")
        session.add(content)
        await session.flush()
        one = Delivery(
            district=DISTRICT,
            origin="simulated",
            warning_id="w",
            part="responsible",
            town=TOWN,
            place_id=TOWN,
            person_id=person,
            layer="L2",
            kind="voice",
            channel="voice",
            key=f"{person}{at}",
            content_id=content.id,
            level=4,
            urgency=4,
            round=1,
            state=state,
            reason=reason,
            created_at=at,
            state_at=at,
        )
        session.add(one)
        await session.flush()
        outcome = "accepted" if state == "delivered" else "failed"
        session.add(
            Attempt(
                district=DISTRICT,
                delivery_id=one.id,
                number=1,
                channel="voice",
                occurred_at=at,
                outcome=outcome,
                reason=reason,
            )
        )


async def test_a_call_that_got_through_proves_a_phone_and_a_dead_number_is_no_way(hamlet: World) -> None:
    async with hamlet.db.reading() as session:
        mayor = await session.scalar(
            sa.select(Holding.person_id).where(Holding.place_id == TOWN, Holding.role == "town.mayor")
        )
        secretary = await session.scalar(
            sa.select(Holding.person_id).where(Holding.place_id == TOWN, Holding.role == "town.secretary")
        )
    assert mayor is not None
    assert secretary is not None
    assert ("unproved", TOWN, "town.mayor") in await holes(hamlet, demand_proof=True)
    await called(hamlet.db, mayor, "delivered", AT - HOUR)
    await called(hamlet.db, secretary, "failed", AT - HOUR, "bad-number")
    found = await holes(hamlet, demand_proof=True)
    assert ("unproved", TOWN, "town.mayor") not in found
    assert ("dead-number", TOWN, "town.secretary") in found
    await called(hamlet.db, secretary, "delivered", AT)
    assert ("dead-number", TOWN, "town.secretary") not in await holes(hamlet)
    async with hamlet.db.reading() as session:
        proofs = await proved.phones(session, DISTRICT, AT - timedelta(days=1), [mayor, secretary])
        later = await proved.phones(session, DISTRICT, AT + HOUR)
    assert proofs == {mayor: Proof(AT - HOUR, None), secretary: Proof(AT, AT - HOUR)}
    assert later == {}


async def test_a_channel_whose_last_five_tries_failed_does_not_work(hamlet: World) -> None:
    kind = ("no-channel", DISTRICT, "voice")
    for n in range(5):
        assert kind not in await holes(hamlet)
        await called(hamlet.db, f"p{n}", "failed", AT + HOUR * n, "carrier")
    assert kind in await holes(hamlet)
    await called(hamlet.db, "p9", "failed", AT + HOUR * 9, "bad-number")
    assert kind in await holes(hamlet), "a number that does not exist says nothing about the channel"
    await called(hamlet.db, "p10", "delivered", AT + HOUR * 10)
    assert kind not in await holes(hamlet)


async def test_a_hole_is_somebody_s_task_until_it_is_mended_and_first_when_its_day_has_passed(
    hamlet: World,
) -> None:
    async with hamlet.db.reading() as session:
        person = await session.scalar(sa.select(Person.id))
        proof = await coverage.prove(session, hamlet.scheme, at=AT)
    assert person is not None
    first, last = proof.holes[0], proof.holes[-1]
    async with hamlet.db.transaction() as session:
        await owners.give(session, last, person, date(2026, 7, 20), "补号码", by=DUTY, at=AT)
        await owners.give(session, last, person, date(2026, 7, 16), "补号码", by=DUTY, at=AT)
    async with hamlet.db.reading() as session:
        soon = await owners.with_owners(session, DISTRICT, proof.holes, at=AT)
        late = await owners.with_owners(session, DISTRICT, proof.holes, at=AT + timedelta(days=3))
        acts = list(await session.scalars(sa.select(AuditLine.act).where(AuditLine.act == "hole.given")))
    assert soon[0].hole == first
    assert soon[-1].task == owners.Task(person, date(2026, 7, 16), "补号码")
    assert (late[0].hole, late[0].overdue) == (last, True)
    assert len(acts) == 2


@pytest.mark.parametrize(
    ("by", "owner", "due", "error"),
    [
        (Officer("u2", "x", "viewer", None, DISTRICT), None, date(2026, 7, 20), Forbidden),
        (DUTY, None, date(2026, 7, 1), Validation),
        (DUTY, "nobody", date(2026, 7, 20), Validation),
    ],
)
async def test_a_hole_is_given_only_by_right_to_somebody_for_a_day_to_come(
    hamlet: World, by: Officer, owner: str | None, due: date, error: type[Exception]
) -> None:
    hole = Hole("vacant", TOWN, TOWN, "town.info", "昌元街道", "没有镇街信息员", "补人")
    async with hamlet.db.transaction() as session:
        person = owner or await session.scalar(sa.select(Person.id))
        assert person is not None
        with pytest.raises(error):
            await owners.give(session, hole, person, due, by=by, at=AT)


async def test_a_duty_room_of_the_rules_that_the_directory_does_not_have_is_a_vacancy(
    db: Database,
) -> None:
    rooms = {(duty.unit, duty.a[0]) for duty in scheme().layers.values() if duty.unit}
    async with db.transaction() as session:
        session.add(Place(id=DISTRICT, district=DISTRICT, level="district", name="荣昌区"))
        await session.flush()
        session.add(
            Place(id="500153-N01", district=DISTRICT, level="neighbour", name="大足", parent_id=DISTRICT)
        )
    async with db.reading() as session:
        ready = await preflight.look(session, scheme(), channels.build(scheme().channels, {}), at=AT)
    found = [hole for hole in ready.holes if hole.role == "neighbour.duty"]
    assert {("vacant", *room) for room in rooms} == {(hole.kind, hole.place, hole.role) for hole in found}
    assert {hole.town for hole in found} == {DISTRICT}
    assert "泸县防汛值班室（濑溪河下游）" in {hole.name for hole in found}
    leaders = {hole.place for hole in ready.holes if hole.role == "neighbour.chief"}
    assert leaders == {"500153-N01"}  # of a room that is not there at all one word is enough
