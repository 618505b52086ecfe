"""Our own gauges call the desk and the town at once, say 实测, and never speak as the weather bureau."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.activation.tables import FindingRow, Warning
from app.clock import LOCAL
from app.observations.accept import accept
from tests.support.hamlet import SECOND, TOWN
from tests.support.seeded import DISTRICT
from tests.support.world import World

pytestmark = pytest.mark.anyio

GAUGE, ITS_NEIGHBOUR, RIVER = "SIM-P001", "SIM-P002", "SIM-Z001"


async def measured(world: World, table: str, *rows: dict[str, Any]) -> None:
    """Post rows; what they cause is done."""
    async with world.db.transaction() as session:
        taken = await accept(session, DISTRICT, table, rows, source="water-bureau", at=world.clock.now())
    assert not taken.rejected
    await world.worker.drain()


def rain(world: World, mm: float, *, ago: int = 0, station: str = GAUGE, hours: int = 1) -> dict[str, Any]:
    tm = (world.clock.now() - timedelta(hours=ago)).astimezone(LOCAL).strftime("%Y-%m-%d %H:%M:%S")
    return {"STCD": station, "TM": tm, "DRP": mm, "INTV": float(hours)}


def level(world: World, metres: float) -> dict[str, Any]:
    tm = world.clock.now().astimezone(LOCAL).strftime("%Y-%m-%d %H:%M:%S")
    return {"STCD": RIVER, "TM": tm, "Z": metres}


async def reminders(world: World) -> list[Warning]:
    async with world.db.reading() as session:
        return list(await session.scalars(sa.select(Warning).order_by(Warning.received_at, Warning.id)))


async def findings(world: World) -> set[tuple[str, str, int, bool]]:
    async with world.db.reading() as session:
        rows = await session.scalars(sa.select(FindingRow))
        return {(row.kind, row.place, row.level, row.until is None) for row in rows}


async def test_rain_over_a_threshold_calls_the_desk_and_the_town_of_its_gauge_at_once(hamlet: World) -> None:
    await measured(hamlet, "ST_PPTN_R", rain(hamlet, 20, ago=2), rain(hamlet, 20, ago=1), rain(hamlet, 20))
    rows = await reminders(hamlet)
    assert {(row.observed, row.state, tuple(row.places), row.origin) for row in rows} == {
        (True, "in-force", (TOWN,), "simulated")
    }
    asked = {(row.layer, row.duty, row.town) for row in await hamlet.obligations()}
    assert asked == {
        ("L1", "district-duty", DISTRICT),
        ("L1", "district-chief", DISTRICT),  # from orange on (layers.yaml, reminder_from)
        ("L2", "town-duty", TOWN),
    }
    called = {row.a_person for row in await hamlet.obligations()}
    assert {call.to for call in hamlet.phones.rang} == {await hamlet.number(person) for person in called}


async def test_what_they_are_told_says_measured_and_claims_no_signal(hamlet: World) -> None:
    await measured(hamlet, "ST_PPTN_R", rain(hamlet, 40, ago=2), rain(hamlet, 40, ago=1), rain(hamlet, 40))
    await hamlet.advance(minutes=10)
    assert hamlet.phones.rang
    for call in hamlet.phones.rang:
        assert "实测" in call.text
        assert "预警" not in call.text.replace("【", "").replace("荣昌预警", "")
    for row in await reminders(hamlet):
        assert (row.sender, row.issuer) == ("observed", hamlet.scheme.district.name)
        assert row.headline.startswith("实测")
        assert "预警" not in row.headline


async def test_measurements_alone_order_nothing_and_tell_no_household(hamlet: World) -> None:
    await measured(hamlet, "ST_PPTN_R", rain(hamlet, 80, ago=2), rain(hamlet, 80, ago=1), rain(hamlet, 80))
    for row in await reminders(hamlet):
        assert set(await hamlet.parts(row.id)) == {"responsible"}
    assert not [call for call in hamlet.phones.rang if call.channel == "broadcast"]


async def test_the_same_rows_again_call_nobody_and_a_new_height_does(hamlet: World) -> None:
    rows = [rain(hamlet, 20, ago=2), rain(hamlet, 20, ago=1), rain(hamlet, 20)]
    await measured(hamlet, "ST_PPTN_R", *rows)
    before = len(await reminders(hamlet))
    await measured(hamlet, "ST_PPTN_R", *rows)
    assert len(await reminders(hamlet)) == before
    await measured(hamlet, "ST_PPTN_R", rain(hamlet, 70))
    after = await reminders(hamlet)
    assert len(after) > before
    assert max(row.level or 0 for row in after) == 4


async def test_a_gauge_of_another_town_calls_that_town(hamlet: World) -> None:
    await measured(hamlet, "ST_PPTN_R", rain(hamlet, 60, station=ITS_NEIGHBOUR))
    assert {row.town for row in await hamlet.obligations(duty="town-duty")} == {SECOND}


async def test_no_data_and_a_dry_gauge_call_nobody(hamlet: World) -> None:
    await measured(hamlet, "ST_PPTN_R", rain(hamlet, 0, ago=1), rain(hamlet, 0))
    await hamlet.advance(hours=13)
    assert not await reminders(hamlet)


async def test_what_the_bureaus_own_warning_already_calls_for_is_not_called_twice(hamlet: World) -> None:
    warned = await hamlet.issues("red", TOWN)
    await measured(hamlet, "ST_PPTN_R", rain(hamlet, 20, ago=2), rain(hamlet, 20, ago=1), rain(hamlet, 20))
    assert [row.id for row in await reminders(hamlet) if row.event_code == "11B03"] == [warned.warning_id]


async def test_a_finding_is_kept_from_its_moment_to_its_end_with_every_level_it_passed(hamlet: World) -> None:
    await measured(hamlet, "ST_RIVER_R", level(hamlet, 303.2))
    river = {one for one in await findings(hamlet) if one[0] == "river"}
    assert {(place, open_) for _, place, _, open_ in river} == {(TOWN, True)}
    assert {reached for _, _, reached, _ in river} == {1, 2, 3}
    hamlet.clock.advance(timedelta(minutes=5))
    await measured(hamlet, "ST_RIVER_R", level(hamlet, 299))
    assert {open_ for kind, _, _, open_ in await findings(hamlet) if kind == "river"} == {False}


async def test_a_reminder_ends_by_itself_and_its_calls_with_it(hamlet: World) -> None:
    await measured(hamlet, "ST_PPTN_R", rain(hamlet, 60))
    await hamlet.advance(hours=3)
    assert {row.state for row in await reminders(hamlet)} == {"expired"}
    rang = len(hamlet.phones.rang)
    await hamlet.advance(hours=3)
    assert len(hamlet.phones.rang) == rang
