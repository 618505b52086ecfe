"""Pages call an event by its own name, as texts do."""

import pytest

from app.activation import said
from app.activation.tables import Warning
from app.console.board import heads
from tests.support.hamlet import TOWN
from tests.support.world import World

pytestmark = pytest.mark.anyio


async def test_an_event_with_a_name_of_its_own_has_it_on_pages_and_in_texts(hamlet: World) -> None:
    thunder = (await hamlet.issues("yellow", TOWN, hazard="11B20")).warning_id
    async with hamlet.db.reading() as session:
        row = await session.get_one(Warning, thunder)
        head = heads.head_of(row, hamlet.scheme, {})
    assert said.title(hamlet.scheme, row) == "雷雨大风黄色预警"
    assert "雷雨大风" in head.title
