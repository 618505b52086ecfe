"""Who is called: units, A, B and superior at a moment, and how much it costs to ask."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.db import Database
from app.directory import homes, people
from app.directory.people import Target
from app.directory.profiles import Generated
from app.directory.tables import Holding, Person, Place, Shift
from tests.support.invented import AT, DISTRICT, bring

pytestmark = pytest.mark.anyio

CHANGYUAN = "500153001"


@dataclass(frozen=True)
class Duty:
    target: str
    a: tuple[str, ...] = ()
    b: tuple[str, ...] = ()
    superior: tuple[str, ...] = ()
    on_duty: bool = False
    unit: str = ""


LAYERS = {
    ("L1", "district-duty"): Duty(
        "district", ("district.duty",), ("district.chief",), ("district.chief",), True
    ),
    ("L1", "bureau"): Duty("bureau", ("bureau.liaison",), (), ("district.chief",)),
    ("L2", "town-duty"): Duty("town", ("town.duty",), ("town.info",), ("district.chief",), True),
    ("L2", "town-deputy"): Duty("town", ("town.deputy",), ("town.deputy",), ("district.chief",)),
    ("L2", "town-mayor"): Duty("town", ("town.mayor",), ("town.deputy",), ("district.chief",)),
    ("L3", "village-head"): Duty("village", ("village.head",), ("village.deputy",), ("town.duty",)),
    ("L3", "keeper"): Duty("risk_point", ("keeper.monitor",), ("village.head",), ("town.duty",)),
    ("L3", "facility"): Duty("facility", ("facility.head",), ("village.duty",), ("town.duty",)),
    ("L3", "reservoir-keeper"): Duty(
        "reservoir", ("reservoir.patrol",), ("reservoir.technical",), ("town.duty",)
    ),
    ("L4", "grid-worker"): Duty("grid", ("grid.worker",), ("village.duty",), ("village.head",)),
    ("L5", "group-leader"): Duty("group", ("group.leader",), (), ("village.head",)),
    ("L6", "household"): Duty("household", ("household.contact",), ("household.helper",), ("grid.worker",)),
    ("L6", "broadcast"): Duty("area"),
}


def lines(*towns: str) -> list[tuple[str, str, str]]:
    return [(town, layer, duty) for town in towns for layer, duty in LAYERS]


async def roles_of(db: Database, person: str | None) -> set[tuple[str, str]]:
    async with db.reading() as session:
        rows = await session.execute(
            sa.select(Holding.place_id, Holding.role).where(Holding.person_id == person)
        )
        return set(rows)


async def asked(db: Database, *wanted: tuple[str, str, str], **more: object) -> list[Target]:
    async with db.reading() as session:
        return await people.targets(session, DISTRICT, wanted, LAYERS, at=more.pop("at", AT), **more)  # type: ignore[arg-type]


async def test_a_town_s_duty_officer_is_who_is_on_shift_and_its_information_officer_comes_next(
    db: Database, tiny: Generated, tmp_path: Path
) -> None:
    tiny.write(tmp_path)
    await bring(db, tmp_path)
    (target,) = await asked(db, (CHANGYUAN, "L2", "town-duty"))
    async with db.reading() as session:
        on = await session.scalar(
            sa.select(Shift.person_id).where(
                Shift.place_id == CHANGYUAN,
                Shift.role == "town.duty",
                Shift.starts_at <= AT,
                Shift.ends_at > AT,
                Shift.rank == 1,
            )
        )
    assert target.a == on
    assert not target.off_roster
    assert (CHANGYUAN, "town.info") in await roles_of(db, target.b)
    assert (DISTRICT, "district.chief") in await roles_of(db, target.superior)


async def test_the_turn_changes_at_half_past_eight_to_the_second(
    db: Database, tiny: Generated, tmp_path: Path
) -> None:
    tiny.write(tmp_path)
    await bring(db, tmp_path)
    handover = AT.replace(hour=0, minute=30)  # 08:30 in Rongchang
    (before,) = await asked(db, (DISTRICT, "L1", "district-duty"), at=handover - timedelta(seconds=1))
    (after,) = await asked(db, (DISTRICT, "L1", "district-duty"), at=handover)
    assert before.a is not None
    assert after.a is not None
    assert before.a != after.a
    assert not before.off_roster
    assert not after.off_roster


async def test_where_nobody_is_on_shift_a_holder_of_the_role_is_called_and_it_is_said(
    demo_db: Database, demo: Generated
) -> None:
    gap = next(hole for hole in demo.holes if hole.kind == "gap")

    (target,) = await asked(demo_db, (gap.place, "L2", "town-duty"), at=datetime.fromisoformat(gap.at))
    assert target.off_roster
    assert (gap.place, "town.duty") in await roles_of(demo_db, target.a)


async def test_the_second_deputy_is_the_b_role_of_the_first(
    db: Database, tiny: Generated, tmp_path: Path
) -> None:
    tiny.write(tmp_path)
    await bring(db, tmp_path)
    (target,) = await asked(db, (CHANGYUAN, "L2", "town-deputy"))
    assert target.a != target.b
    for person in (target.a, target.b):
        assert (CHANGYUAN, "town.deputy") in await roles_of(db, person)


async def test_b_roles_and_superiors_are_found_above_the_unit(
    db: Database, tiny: Generated, tmp_path: Path
) -> None:
    tiny.write(tmp_path)
    await bring(db, tmp_path)
    for target in await asked(db, (CHANGYUAN, "L4", "grid-worker")):
        village = target.place_id[:12]
        assert (target.place_id, "grid.worker") in await roles_of(db, target.a)
        assert (village, "village.head") in await roles_of(db, target.superior)
        if target.b is not None:
            assert (village, "village.duty") in await roles_of(db, target.b)
    for target in await asked(db, (CHANGYUAN, "L6", "household")):
        async with db.reading() as session:
            group = await session.get_one(Place, (await session.get_one(Place, target.place_id)).parent_id)
        assert (group.parent_id, "grid.worker") in await roles_of(db, target.superior)


async def test_a_unit_nobody_can_reach_says_so(demo_db: Database, demo: Generated) -> None:
    planted = [hole.place for hole in demo.holes if hole.kind == "no-contact"]
    found = await asked(
        demo_db,
        *(
            (town, layer, duty)
            for town in {place[:9] for place in planted}
            for layer, duty in (("L5", "group-leader"), ("L6", "household"))
        ),
    )
    silent = {target.place_id for target in found if target.no_contact}
    assert set(planted) <= silent
    (broadcast,) = await asked(demo_db, (CHANGYUAN, "L6", "broadcast"))
    assert not broadcast.no_contact, "a loudspeaker owes no answer"


async def test_only_households_in_danger_are_units_of_the_layer(
    db: Database, tiny: Generated, tmp_path: Path
) -> None:
    for row in tiny.files["households.csv"][:1]:
        safe = str(row["code"])
    changed = Generated(
        {
            **tiny.files,
            "households.csv": [
                {**row, "vulnerable": "", "risk_point": ""} if row["code"] == safe else row
                for row in tiny.files["households.csv"]
            ],
        }
    )
    changed.write(tmp_path)
    await bring(db, tmp_path)
    line = (CHANGYUAN, "L6", "household")
    assert safe not in {target.place_id for target in await asked(db, line)}
    assert safe in {target.place_id for target in await asked(db, line, danger_only=False)}


async def test_a_retired_person_and_one_out_of_office_are_not_called(
    db: Database, tiny: Generated, tmp_path: Path
) -> None:
    tiny.write(tmp_path)
    await bring(db, tmp_path)
    (before,) = await asked(db, (CHANGYUAN, "L2", "town-mayor"))
    async with db.transaction() as session:
        await session.execute(sa.update(Holding).where(Holding.role == "town.mayor").values(until=AT))
        await session.execute(sa.update(Person).where(Person.id == before.b).values(retired_at=AT))
    (after,) = await asked(db, (CHANGYUAN, "L2", "town-mayor"))
    assert after.a is None
    assert after.b not in {None, before.b}
    async with db.reading() as session:
        assert before.b is not None
        assert (await people.addresses(session, [before.b]))[before.b].phone is None
        assert before.b not in await people.numbers(session, [before.b]), "the sender has none to call either"
        assert await people.reachable(session, [before.b]) == set()


async def test_eleven_towns_with_every_layer_take_three_statements(demo_db: Database) -> None:
    async with demo_db.reading() as session:
        towns = [town.code for town in await people.towns(session, DISTRICT)]
        statements: list[str] = []
        sa.event.listen(
            demo_db.engine.sync_engine, "before_cursor_execute", lambda *a: statements.append(a[2])
        )
        found = await people.targets(session, DISTRICT, lines(*towns[:11], DISTRICT), LAYERS, at=AT)
    assert len(statements) == 3
    assert len(found) > 2500


async def test_every_duty_of_every_town_is_counted(demo_db: Database) -> None:
    async with demo_db.reading() as session:
        held = {
            (h.town, h.layer, h.duty): h
            for h in await people.holdings(session, DISTRICT, None, LAYERS, at=AT)
        }
        villages = await people.villages_of(session, CHANGYUAN)
        some = await people.holdings(session, DISTRICT, [CHANGYUAN], LAYERS, at=AT)
    assert {h.town for h in some} == {CHANGYUAN}
    assert held[CHANGYUAN, "L3", "village-head"].units == len(villages) == 10
    assert held[CHANGYUAN, "L2", "town-duty"].people == 2
    assert held[CHANGYUAN, "L6", "broadcast"].no_contact == 0
    assert held[DISTRICT, "L1", "district-duty"].units == 1
    assert held[DISTRICT, "L1", "bureau"].units == 10
    assert held[DISTRICT, "L3", "reservoir-keeper"].units == 1, "玉滩水库 lies in no town"
    assert sum(h.units for h in held.values() if h.duty == "household") == 1200
    assert sum(h.no_contact for h in held.values() if h.duty == "household") >= 24


async def test_a_number_leads_to_everybody_who_has_it(demo_db: Database, demo: Generated) -> None:
    by_number: dict[str, set[str]] = {}
    for row in demo.files["people.csv"]:
        if row["phone"]:
            by_number.setdefault(str(row["phone"]), set()).add(str(row["code"]))
    shared = next(number for number, codes in by_number.items() if len(codes) == 2)
    async with demo_db.reading() as session:
        found = await people.by_phone(session, DISTRICT, shared)
        codes = set(await session.scalars(sa.select(Person.code).where(Person.id.in_(found))))
        known = await people.addresses(session, found)
        assert await people.numbers(session, found) == dict.fromkeys(found, shared)
        nobodys, alone = "0009" + "21" + "99999", next(n for n, c in by_number.items() if len(c) == 1)
        assert await people.by_phone(session, DISTRICT, nobodys) == []
        assert await people.by_phones(session, DISTRICT, [alone, nobodys, shared]) == {
            alone: await people.by_phone(session, DISTRICT, alone),
            nobodys: [],
            shared: sorted(found),
        }
    assert codes == by_number[shared]
    assert {address.phone for address in known.values()} == {shared}
    assert all(address.synthetic for address in known.values())


async def test_names_and_numbers_cannot_be_read_from_the_database(
    db: Database, tiny: Generated, tmp_path: Path
) -> None:
    tiny.write(tmp_path)
    await bring(db, tmp_path)
    async with db.reading() as session:
        raw = (await session.execute(sa.text("SELECT name, phone, phone_index FROM person"))).all()
    text = repr(raw)
    for row in tiny.files["people.csv"]:
        assert str(row["name"]) not in text
        assert not row["phone"] or str(row["phone"]) not in text


async def test_the_door_list_of_a_village_tells_who_lives_there_and_where_they_go(
    demo_db: Database, demo: Generated
) -> None:
    threatened = next(row for row in demo.files["households.csv"] if row["risk_point"])
    village = str(threatened["code"])[:12]
    async with demo_db.reading() as session:
        found = await homes.households_of(session, village)
        by_point = await homes.households_of(session, str(threatened["risk_point"]))
    assert {home.place_id for home in found} == {
        row["code"] for row in demo.files["households.csv"] if str(row["code"]).startswith(village)
    }
    home = next(home for home in found if home.place_id == threatened["code"])
    assert home.muster_place
    assert home.route
    assert home in by_point
    assert all(home.risk_point == threatened["risk_point"] for home in by_point)


async def test_the_one_on_duty_is_found_for_a_role(db: Database, tiny: Generated, tmp_path: Path) -> None:
    tiny.write(tmp_path)
    await bring(db, tmp_path)
    async with db.reading() as session:
        chiefs = await people.on_duty(session, DISTRICT, "district.chief", at=AT)
        anybody = await people.on_duty(session, DISTRICT, "district.head", at=AT)
        lead = await people.leaders(session, [CHANGYUAN, DISTRICT], at=AT)
    assert len(chiefs) == len(anybody) == 1
    assert len(lead[CHANGYUAN]) == 2
    assert anybody[0] in lead[DISTRICT]
