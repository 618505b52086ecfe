"""Whoever an event has reached under any of its versions is told when it is over, once."""

from collections import Counter

import pytest

from tests.answer.people import head, holds
from tests.support.hamlet import SECOND, TOWN
from tests.support.world import World

pytestmark = pytest.mark.anyio


async def test_whoever_was_reached_before_an_update_that_left_them_alone_is_told_of_the_cancel(
    hamlet: World,
) -> None:
    await hamlet.issues("red", TOWN, identifier="E-1")
    reached = {call.to for call in hamlet.phones.rang}
    await hamlet.issues("red", TOWN, SECOND, msg_type="Update", refers=("E-1",), identifier="E-2")
    reached |= {call.to for call in hamlet.phones.rang}
    rang = len(hamlet.phones.rang)
    await hamlet.issues("red", TOWN, SECOND, msg_type="Cancel", refers=("E-2",))
    told = Counter(call.to for call in hamlet.phones.rang[rang:])
    assert set(told) == reached
    assert set(told.values()) == {1}
    assert all("解除" in call.text for call in hamlet.phones.rang[rang:])


async def test_whoever_was_reached_at_a_lower_level_before_it_rose_is_told_of_the_cancel(
    hamlet: World,
) -> None:
    await hamlet.issues("yellow", TOWN, identifier="E-1")
    await hamlet.issues("red", TOWN, msg_type="Update", refers=("E-1",), identifier="E-2")
    reached = {call.to for call in hamlet.phones.rang}
    rang = len(hamlet.phones.rang)
    await hamlet.issues("red", TOWN, msg_type="Cancel", refers=("E-2",))
    assert {call.to for call in hamlet.phones.rang[rang:]} == reached


async def test_a_town_that_an_update_leaves_out_is_told_once_that_it_is_over_there(hamlet: World) -> None:
    await hamlet.issues("red", TOWN, SECOND, identifier="E-1")
    left = {await hamlet.number(row.a_person) for row in await hamlet.obligations(town=SECOND)}
    rang = len(hamlet.phones.rang)
    await hamlet.issues("red", TOWN, msg_type="Update", refers=("E-1",), identifier="E-2")
    told = [call for call in hamlet.phones.rang[rang:] if "解除" in call.text]
    assert {call.to for call in told} == left
    assert all("解除：昌州街道" in call.text for call in told)
    rang = len(hamlet.phones.rang)
    await hamlet.issues("red", TOWN, msg_type="Cancel", refers=("E-2",))
    assert not left & {call.to for call in hamlet.phones.rang[rang:]}


async def test_whoever_has_a_post_where_the_warning_goes_on_is_not_told_that_it_is_over(
    hamlet: World,
) -> None:
    both = await head(hamlet)
    await holds(hamlet, both, "village.head", "500153002001")
    await hamlet.issues("red", TOWN, SECOND, identifier="E-1")
    rang = len(hamlet.phones.rang)
    await hamlet.issues("red", TOWN, msg_type="Update", refers=("E-1",), identifier="E-2")
    told = {call.to for call in hamlet.phones.rang[rang:] if "解除" in call.text}
    assert told
    assert await hamlet.number(both) not in told
