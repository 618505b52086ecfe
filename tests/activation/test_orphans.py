"""An update or a cancel may come before what it speaks of: whatever the order, all end where they belong."""

import itertools
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.answer.tables import Obligation
from app.dispatch.tables import Delivery
from tests.activation.bureau import says, stored
from tests.support.hamlet import SECOND, TOWN
from tests.support.world import World

pytestmark = pytest.mark.anyio

# Whom a cancel names: the first of the event (12379), the newest alone, or all of them (CAP).
NAMES = {"first": ("A",), "newest": ("U",), "all": ("A", "U")}


async def still_calling(world: World) -> list[str]:
    """Return what would still be said or asked."""
    async with world.db.reading() as session:
        waiting = sa.select(Delivery.id).where(Delivery.not_before.is_not(None))
        pursued = sa.select(Obligation.id).where(Obligation.next_step_at.is_not(None))
        return [*await session.scalars(waiting), *await session.scalars(pursued)]


@pytest.mark.parametrize("named", sorted(NAMES))
async def test_an_alert_its_update_and_its_cancel_end_alike_in_all_six_orders(
    hamlet: World, named: str
) -> None:
    sent = hamlet.clock.now()
    hamlet.clock.advance(timedelta(minutes=3))
    for number, order in enumerate(itertools.permutations("AUC")):
        messages = {
            "A": {"msg_type": "Alert", "refers": ()},
            "U": {"msg_type": "Update", "refers": ("A",)},
            "C": {"msg_type": "Cancel", "refers": NAMES[named]},
        }
        held = {}
        for one in order:
            refers = [f"{number}-{name}" for name in messages[one]["refers"]]
            held[one] = await says(
                hamlet,
                f"{number}-{one}",
                *refers,
                msg_type=str(messages[one]["msg_type"]),
                sent=sent + timedelta(minutes="AUC".index(one)),
                towns=(TOWN, SECOND) if one == "U" else (TOWN,),
            )
        ended = {one: (await stored(hamlet, held[one])).state for one in "AUC"}
        assert ended["A"] in {"superseded", "cancelled"}, (order, ended)
        assert (ended["U"], ended["C"]) == ("cancelled", "closed"), (order, ended)
        assert not await still_calling(hamlet), order
    rang = len(hamlet.phones.rang)
    await hamlet.advance(hours=9)
    assert len(hamlet.phones.rang) == rang


@pytest.mark.parametrize("named", ["first", "all"])
async def test_when_the_cancel_was_first_nobody_at_all_is_rung(hamlet: World, named: str) -> None:
    sent = hamlet.clock.now()
    hamlet.clock.advance(timedelta(minutes=3))
    await says(hamlet, "C", *NAMES[named], msg_type="Cancel", sent=sent + timedelta(minutes=2))
    await says(hamlet, "A", sent=sent, level="red")
    await says(hamlet, "U", "A", msg_type="Update", sent=sent + timedelta(minutes=1), level="red")
    assert not hamlet.phones.rang


async def test_whoever_the_alert_reached_is_told_when_its_update_comes_cancelled(hamlet: World) -> None:
    sent = hamlet.clock.now()
    hamlet.clock.advance(timedelta(minutes=3))
    await says(hamlet, "C", "U", msg_type="Cancel", sent=sent + timedelta(minutes=2))
    await says(hamlet, "A", sent=sent)
    reached = {call.to for call in hamlet.phones.rang}
    rang = len(hamlet.phones.rang)
    await says(hamlet, "U", "A", msg_type="Update", sent=sent + timedelta(minutes=1), towns=(TOWN, SECOND))
    told = hamlet.phones.rang[rang:]
    assert {call.to for call in told} == reached
    assert all("解除" in call.text for call in told)


async def test_an_update_sent_after_the_cancel_is_a_new_matter_and_calls(hamlet: World) -> None:
    sent = hamlet.clock.now()
    hamlet.clock.advance(timedelta(minutes=4))
    await says(hamlet, "A", sent=sent)
    await says(hamlet, "C", "A", msg_type="Cancel", sent=sent + timedelta(minutes=1))
    again = await says(hamlet, "U", "A", msg_type="Update", sent=sent + timedelta(minutes=2))
    assert again.state == "in-force"
    assert [row.state for row in await hamlet.obligations(warning_id=again.warning_id)]


async def test_what_was_cancelled_and_is_issued_again_under_its_own_name_calls(hamlet: World) -> None:
    first = await says(hamlet, "A")
    await says(hamlet, "C", "A", msg_type="Cancel")
    second = await says(hamlet, "A2")
    assert (second.state, (await stored(hamlet, first)).state) == ("in-force", "cancelled")


async def test_a_cancel_of_another_events_name_ends_nothing(hamlet: World) -> None:
    first = await says(hamlet, "A")
    await says(hamlet, "B", event_code="11B05", level="yellow")
    await says(hamlet, "C", "B", msg_type="Cancel", event_code="11B05", level="yellow")
    assert (await stored(hamlet, first)).state == "in-force"
