"""Coverage and pre-flight list exactly the holes that the generator wrote down as it planted them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app import bundled
from app.channels import registry as channels
from app.channels.registry import Registry
from app.clock import LOCAL
from app.db import Database
from app.directory.profiles import Generated, Hole
from app.directory.synthetic import generate
from app.readiness import coverage, found, preflight
from tests.support.invented import START, bring
from tests.warning.situations import scheme

pytestmark = pytest.mark.anyio
SPAN = timedelta(days=2)
"""For so long were the invented rosters drawn."""


def registry() -> Registry:
    return channels.build(scheme().channels, {})


def planted(holes: list[Hole]) -> set[tuple[str, str, str, datetime | None]]:
    def when(text: str) -> datetime | None:
        if not text:
            return None
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=LOCAL)).astimezone(UTC)

    return {(hole.kind, hole.place, hole.role, when(hole.at)) for hole in holes}


async def seen(db: Database) -> list[found.Hole]:
    async with db.reading() as session:
        proof = await coverage.prove(session, scheme(), at=START)
        ready = await preflight.look(session, scheme(), registry(), at=START, ahead=SPAN)
    return [*proof.holes, *ready.holes]


async def test_the_two_checks_find_all_that_was_planted_in_the_district_and_nothing_else(
    demo_db: Database, demo: Generated
) -> None:
    holes = await seen(demo_db)
    got = {(one.kind, one.place, one.role, one.starts) for one in holes}
    assert got == planted(demo.holes)
    assert len(got) == len(holes), "each hole once"
    kinds = {one.kind for one in holes}
    assert kinds >= {"vacant", "no-phone", "gap", "double-booking", "no-contact", "one-way"}


@pytest.mark.parametrize("seed", [500153, 1, 2, 3])
async def test_the_same_holds_for_a_small_district_of_any_seed(
    db: Database, tmp_path: Path, seed: int
) -> None:
    small = generate(bundled.path("data") / "rongchang", profile="tiny", seed=seed, start=START, days=2)
    small.write(tmp_path / "in")
    assert (await bring(db, tmp_path / "in")).clean
    got = {(one.kind, one.place, one.role, one.starts) for one in await seen(db)}
    assert got == planted(small.holes)
