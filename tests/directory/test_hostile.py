"""The hostile profile: every planted row is refused, and nothing that only looks odd is."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from app import bundled
from app.channels import registry as channels
from app.db import Database
from app.directory import hostile
from app.directory.profiles import Generated
from app.directory.tables import Household, Person, Place
from app.readiness import preflight
from tests.support.invented import AT, DISTRICT, bring
from tests.warning.situations import scheme

pytestmark = pytest.mark.anyio
DATA = bundled.path("data") / "rongchang"


async def test_exactly_the_planted_rows_are_refused_and_the_empty_village_is_told(
    db: Database, demo: Generated, tmp_path: Path
) -> None:
    demo.write(tmp_path)
    spoilt = hostile.spoil(tmp_path)
    strict = await bring(db, tmp_path, strict=True)
    assert not strict.written
    report = await bring(db, tmp_path)
    assert {(one.file, one.line, one.code) for one in report.faults} == set(spoilt)
    assert "1" + "3" * 10 not in repr(report)
    async with db.reading() as session:
        count = await session.scalar(sa.select(sa.func.count()).select_from(Household))
        assert count == len(demo.files["households.csv"])
        village = await session.get_one(Place, hostile.EMPTY_VILLAGE)
        assert all(await session.scalars(sa.select(Person.synthetic)))
        ready = await preflight.look(session, scheme(), channels.build(scheme().channels, {}), at=AT)
    assert village.district == DISTRICT
    lacking = {(hole.kind, hole.role) for hole in ready.holes if hole.place == hostile.EMPTY_VILLAGE}
    assert lacking == {("vacant", "village.head"), ("vacant", "village.deputy")}
