"""A plan keeps its scheme and its situation for ever, and can be made again from them."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from app.activation import kept
from app.activation.tables import PlanRow, SchemeRow
from app.errors import NotFound
from app.warning.level import Level
from app.warning.situation import ElementReading, Situation
from tests.activation.bureau import says
from tests.activation.test_observed import measured, rain
from tests.scheme.configs import Config, copied
from tests.support.hamlet import TOWN
from tests.support.seeded import DISTRICT
from tests.support.world import World
from tests.warning.situations import NOON, PANLONG, river, situation, warning
from tests.warning.situations import rain as window

pytestmark = pytest.mark.anyio


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return copied(tmp_path / "config")


async def plans(world: World) -> list[PlanRow]:
    async with world.db.reading() as session:
        return list(await session.scalars(sa.select(PlanRow).order_by(PlanRow.made_at, PlanRow.id)))


async def test_a_plan_is_made_again_from_its_own_scheme_and_situation_whatever_came_later(
    hamlet: World,
) -> None:
    await measured(hamlet, "ST_PPTN_R", rain(hamlet, 35), rain(hamlet, 30, ago=1))
    await says(hamlet, "one", level="red", onset=None)
    before = await plans(hamlet)
    await measured(hamlet, "ST_PPTN_R", rain(hamlet, 0), rain(hamlet, 0, ago=1))
    await hamlet.advance(minutes=30)
    assert before
    for row in before:
        async with hamlet.db.reading() as session:
            made = await kept.remake(session, DISTRICT, row.id)
        assert made.same
        assert made.scheme.digest == row.scheme_digest == hamlet.scheme.digest
        assert made.situation.at == row.made_at
        assert [one["duty"] for one in row.body["lines"]] == [line.duty for line in made.plan.lines]
        assert TOWN in made.situation.warning.places


async def test_a_scheme_is_kept_once_and_a_plan_of_another_district_is_not_found(hamlet: World) -> None:
    await says(hamlet, "one")
    await says(hamlet, "two", level="yellow")
    async with hamlet.db.reading() as session:
        rows = list(await session.scalars(sa.select(SchemeRow)))
        assert [(row.digest, row.version) for row in rows] == [(hamlet.scheme.digest, hamlet.scheme.version)]
        (first, *_) = await plans(hamlet)
        with pytest.raises(NotFound):
            await kept.remake(session, "500152", first.id)
        with pytest.raises(NotFound):
            await kept.scheme_by(session, DISTRICT, "0" * 64)


async def test_a_kept_scheme_is_the_one_that_was_read_comments_and_all(hamlet: World, config: Config) -> None:
    config.edit("hazards/rain.yaml", "id: rain", "# ours\nid: rain")
    scheme = config.read()
    async with hamlet.db.transaction() as session:
        await kept.keep(session, DISTRICT, scheme, at=hamlet.clock.now())
        again = await kept.scheme_by(session, DISTRICT, scheme.digest)
    assert (again.digest, again.files) == (scheme.digest, scheme.files)
    assert again == scheme
    assert again.files["hazards/rain.yaml"].startswith("# ours")


numbers: Any = st.dictionaries(st.integers(1, 48), st.integers(-(10**6), 10**6), max_size=3)


@given(
    fell=numbers, rise=numbers, milli=st.none() | st.integers(-60_000, 60_000), level=st.sampled_from(Level)
)
def test_a_situation_comes_back_as_it_was(fell, rise, milli, level) -> None:
    element = ElementReading(
        "SIM-W01", PANLONG, "temp", NOON, milli, fell, rise, ((1, 2), None), fell, "weather"
    )
    other = replace(
        warning(level, onset=NOON + timedelta(hours=3)), raised_from=Level.BLUE, villages=frozenset("ab")
    )
    held: Situation = replace(
        situation(
            windows=(window(512, 3, missing=1),),
            levels=(replace(river(301_000), rise_mm=rise),),
            others=(other,),
        ),
        elements=(element,),
    )
    assert kept.unpack(kept.pack(held)) == held
