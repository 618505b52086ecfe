"""At red: who is rung, when the next is, and what counts as an answer.

Real databases, real HTTP, time that the test moves.
"""

import pytest

from tests.support.world import World

pytestmark = pytest.mark.anyio

WANLING = "500153105"


async def test_at_red_the_town_is_rung_at_once_and_the_deputy_at_five_minutes(world: World) -> None:
    await world.issues("red", WANLING)
    asked = await world.duty(WANLING)
    officer, deputy = await world.number(asked.a_person), await world.number(asked.b_person)
    assert [call.channel for call in world.phones.to(officer)] == ["voice"]
    await world.advance(minutes=4, seconds=59)
    assert len(world.phones.to(officer)) >= 3
    assert not world.phones.to(deputy)
    await world.advance(seconds=1)
    assert world.phones.to(deputy)


async def test_a_pressed_key_meets_the_obligation_and_stops_the_calls(world: World) -> None:
    await world.issues("red", WANLING)
    asked = await world.duty(WANLING)
    (call,) = world.phones.to(await world.number(asked.a_person))
    await world.advance(seconds=70)
    assert (await world.reply(call, "1"))["answered"] == 1
    met = await world.duty(WANLING)
    assert (met.state, met.via, met.rung, met.next_step_at) == ("met", "voice", 4, None)
    await world.advance(minutes=30)
    again = [later for later in world.phones.to(call.to) if later != call and "叫不应" not in later.text]
    assert not again  # told of villages below that do not answer, never asked for the town again


async def test_cannot_is_no_answer_and_the_deputy_is_rung_at_once(world: World) -> None:
    await world.issues("red", WANLING)
    asked = await world.duty(WANLING)
    (call,) = world.phones.to(await world.number(asked.a_person))
    await world.reply(call, "2")
    now = await world.duty(WANLING)
    assert (now.state, now.cannot, now.answered_at) == ("open", True, None)
    assert world.phones.to(await world.number(asked.b_person))
