"""Before a part goes out, the officer sees what may follow it: correction, downgrade and all-clear."""

import pytest

from app.console.board import release as dialog
from tests.activation.test_uplift import own
from tests.support.hamlet import TOWN
from tests.support.world import World

pytestmark = pytest.mark.anyio

LOOKER = dialog.Looker("x", "duty", release=True, second=True, hold=True)


async def after(world: World, warning_id: str, part: str = "public") -> dict[str, dialog.After]:
    row = await world.warning(warning_id)
    async with world.db.reading() as session:
        found = await dialog.load(session, world.scheme, row, part, LOOKER, world.clock.now())
    assert found is not None
    return {one.kind: one for one in found.after}


async def test_each_is_shown_by_sms_and_as_loudspeakers_will_say_it(hamlet: World) -> None:
    warning = await hamlet.issues("red", TOWN)
    ready = await after(hamlet, warning.warning_id)
    assert list(ready) == ["更正", "降级", "解除"]
    assert "由红色降为橙色" in ready["降级"].text
    assert "已解除" in ready["解除"].text
    assert "更正" in ready["更正"].text
    assert all(one.text.startswith("【荣昌防汛】") for one in ready.values())
    assert all(one.aloud and "【" not in one.aloud for one in ready.values())


async def test_orders_go_to_no_loudspeaker_and_neither_does_what_follows_them(hamlet: World) -> None:
    warning = await hamlet.issues("red", TOWN)
    assert {one.aloud for one in (await after(hamlet, warning.warning_id, "orders")).values()} == {""}


async def test_what_is_shown_is_what_goes_out(hamlet: World) -> None:
    warning = await hamlet.issues("red", TOWN, identifier="E-1")
    ready = await after(hamlet, warning.warning_id, "orders")
    rang = len(hamlet.phones.rang)
    await hamlet.issues("red", TOWN, msg_type="Cancel", refers=("E-1",))
    assert {call.text for call in hamlet.phones.rang[rang:]} == {ready["解除"].text}


async def test_a_hazard_without_that_level_is_lowered_to_the_next_it_has(hamlet: World) -> None:
    hail = await hamlet.issues("orange", TOWN, hazard="11B15")
    assert list(await after(hamlet, hail.warning_id, "orders")) == ["更正", "解除"], (
        "below orange hail has no level"
    )


async def test_of_a_raise_its_end_is_shown_and_no_lower_signal(hamlet: World) -> None:
    base = await hamlet.issues("orange", TOWN)
    raised = await own(hamlet, base.warning_id, TOWN)
    ready = await after(hamlet, raised.id)
    assert list(ready) == ["更正", "结束提级", "解除"]
    assert "仍按橙色应对" in ready["结束提级"].text
