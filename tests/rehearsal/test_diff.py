"""A change of rules on the past: exactly what would have been otherwise, and nothing else."""

import inspect
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app import audit
from app.access.officer import Officer
from app.errors import Forbidden, PlanChanged, Validation, WrongState
from app.observations.accept import accept
from app.rehearsal import keep
from app.rehearsal.diff import difference, digest
from app.rehearsal.replay import replay
from app.rehearsal.tables import Rehearsal
from app.scheme.models import Scheme
from tests.activation.bureau import says
from tests.activation.test_observed import rain
from tests.scheme.configs import Config, copied
from tests.support.hamlet import SECOND, TOWN
from tests.support.seeded import DISTRICT
from tests.support.world import World

pytestmark = pytest.mark.anyio

RED = "level: red, when: {kind: rain, hours: 3, mm: 100}"
LEADER = Officer("01900000-0000-7000-8000-000000000001", "leader", "leader", None, DISTRICT)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return copied(tmp_path / "new")


async def rained(world: World, mm: float, *, station: str, hours: int = 3) -> None:
    """An hour's rain, some hours long; each hour the past grows by a moment."""
    for _ in range(hours):
        row = rain(world, mm, station=station)
        async with world.db.transaction() as session:
            done = await accept(session, DISTRICT, "ST_PPTN_R", [row], source="x", at=world.clock.now())
        assert not done.rejected
        await world.advance(minutes=60)


async def rehearsed(world: World, new: Scheme, **more: Any) -> dict[str, Any]:
    heard: list[tuple[int, int]] = []
    async with world.db.reading() as session:
        done = await replay(
            session,
            (world.scheme, new),
            since=more.get("since"),
            at=world.clock.now(),
            told=lambda one, of: heard.append((one, of)),
        )
    assert heard == [(number, done.moments) for number in range(1, done.moments + 1)]
    return difference(world.scheme, new, done)


async def test_the_same_rules_differ_in_nothing(hamlet: World, config: Config) -> None:
    await says(hamlet, "one", level="orange")
    await rained(hamlet, 32, station="SIM-P001")
    config.edit("hazards/rain.yaml", "id: rain", "# a comment changes no rule\nid: rain")
    body = await rehearsed(hamlet, config.read())
    assert body["moments"] >= 3
    assert [body[name] for name in ("towns", "levels", "calls", "plans", "unplanned")] == [[]] * 5
    assert body["old"]["digest"] == body["new"]["digest"]


async def test_red_at_90_mm_names_the_town_and_the_calls_that_would_differ_and_nothing_else(
    hamlet: World, config: Config
) -> None:
    await rained(hamlet, 31, station="SIM-P001")  # 93 mm in three hours: red only at 90
    await rained(hamlet, 20, station="SIM-P002")  # 60 mm: orange under both
    config.edit("hazards/rain.yaml", RED, RED.replace("100", "90"))
    body = await rehearsed(hamlet, config.read())
    assert body["towns"] == [TOWN]
    assert [(one["hazard"], one["level"], one["place"], one["change"]) for one in body["levels"]] == [
        ("rain", "red", TOWN, "added")
    ]
    assert body["levels"][0]["new"]["station"] == "SIM-P001"
    assert {
        (one["warning"], one["place"], one["layer"], one["duty"], one["change"]) for one in body["calls"]
    } == {
        ("实测暴雨红色", DISTRICT, "L1", "district-duty", "added"),
        ("实测暴雨红色", DISTRICT, "L1", "district-chief", "added"),
        ("实测暴雨红色", DISTRICT, "L1", "district-deputy-head", "added"),
        ("实测暴雨红色", TOWN, "L2", "town-duty", "added"),
    }
    assert all(one["old"] is None and one["new"]["people"] for one in body["calls"])
    assert body["plans"] == []
    assert [one["file"] for one in body["files"]] == ["hazards/rain.yaml"]
    assert [line[0] for line in body["files"][0]["lines"]] == ["-", "+"]
    back = await rehearsed(hamlet, hamlet.scheme)
    assert back["levels"] == []


async def test_a_clock_a_channel_and_a_duty_that_change_show_in_the_calls_of_a_bureau_s_warning(
    hamlet: World, config: Config
) -> None:
    await says(hamlet, "one", level="red", towns=(TOWN,))
    await hamlet.advance(minutes=30)
    quicker = replace(hamlet.scheme.ruleset.duties[("L2", "town-duty")], clocks={})
    rules = replace(
        hamlet.scheme.ruleset, duties={**hamlet.scheme.ruleset.duties, ("L2", "town-duty"): quicker}
    )
    body = await rehearsed(hamlet, replace(hamlet.scheme, ruleset=rules))
    assert [(one["duty"], one["change"], one["new"]["within_s"]) for one in body["calls"]] == [
        ("town-duty", "clock", None)
    ]
    assert (body["towns"], body["levels"], body["plans"]) == ([TOWN], [], [])
    assert SECOND not in json.dumps(body)


async def test_only_what_happened_since_is_replayed(hamlet: World, config: Config) -> None:
    await rained(hamlet, 31, station="SIM-P001")
    config.edit("hazards/rain.yaml", RED, RED.replace("100", "90"))
    later = await rehearsed(hamlet, config.read(), since=hamlet.clock.now())
    assert (later["moments"], later["levels"], later["calls"]) == (0, [], [])


async def test_a_hazard_without_rules_is_said_and_not_dropped(hamlet: World) -> None:
    await says(hamlet, "one", level="red")
    none = replace(hamlet.scheme.ruleset, hazards=())
    body = await rehearsed(hamlet, replace(hamlet.scheme, ruleset=none))
    assert [one["new"] for one in body["unplanned"]] == ["no rules for hazard 11B03"]
    assert all(one["change"] == "removed" for one in body["calls"])
    assert body["calls"]


async def test_a_rehearsal_changes_nothing_and_sends_nothing(hamlet: World, config: Config) -> None:
    await rained(hamlet, 31, station="SIM-P001")
    config.edit("hazards/rain.yaml", RED, RED.replace("100", "90"))
    before = len(hamlet.phones.rang)
    await rehearsed(hamlet, config.read())
    await hamlet.worker.drain()
    assert len(hamlet.phones.rang) == before
    assert "transaction" not in inspect.getsource(replay)


async def test_exactly_the_difference_that_was_seen_is_signed_once_by_who_may(
    hamlet: World, config: Config
) -> None:
    await rained(hamlet, 31, station="SIM-P001")
    config.edit("hazards/rain.yaml", RED, RED.replace("100", "90"))
    new, at = config.read(), hamlet.clock.now()
    body = await rehearsed(hamlet, new)
    async with hamlet.db.transaction() as session:
        kept_as = await keep.keep(session, hamlet.scheme, new, body, by=audit.SYSTEM, at=at)
    for officer, seen, reason, error in (
        (replace(LEADER, role="operator"), body["digest"], "去年漏报", Forbidden),
        (LEADER, "0" * 64, "去年漏报", PlanChanged),
        (LEADER, body["digest"], "  ", Validation),
    ):
        with pytest.raises(error):
            async with hamlet.db.transaction() as session:
                await keep.sign(session, kept_as, seen, reason, by=officer, at=at)
    async with hamlet.db.transaction() as session:
        assert await keep.signature(session, DISTRICT, new.digest) is None
        await keep.sign(session, kept_as, body["digest"], "去年漏报", by=LEADER, at=at + timedelta(minutes=1))
    with pytest.raises(WrongState):
        async with hamlet.db.transaction() as session:
            await keep.sign(session, kept_as, body["digest"], "再签", by=LEADER, at=at)
    async with hamlet.db.reading() as session:
        signed = await keep.signature(session, DISTRICT, new.digest)
        acts = list(await session.scalars(sa.select(audit.AuditLine.act).order_by(audit.AuditLine.seq)))
        row = (await session.scalars(sa.select(Rehearsal))).one()
    assert signed
    assert (signed.signed_by, signed.reason, signed.digest) == (LEADER.id, "去年漏报", body["digest"])
    assert digest(row.body) == row.digest
    assert acts.count("rehearsed") == acts.count("rules-signed") == 1
