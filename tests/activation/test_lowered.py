"""An update that lowers the level is told as that, once, to whoever the higher one reached."""

from collections import Counter
from datetime import timedelta

import pytest

from tests.activation.test_release import CHIEF, DUTY, lets
from tests.activation.test_uplift import own
from tests.support.hamlet import SECOND, TOWN
from tests.support.seeded import DISTRICT
from tests.support.world import Rang, World

pytestmark = pytest.mark.anyio


def voice(calls: list[Rang]) -> list[Rang]:
    return [call for call in calls if call.channel == "voice"]


async def answers(world: World, town: str, duty: str) -> str:
    """Let whoever holds a duty of a town answer; return the number."""
    number = await world.number((await world.duty(town, duty)).a_person)
    await world.reply(voice(world.phones.to(number))[-1], "1")
    return str(number)


async def test_who_has_answered_and_is_still_called_is_not_rung_again_but_hears_from_what_to_what(
    hamlet: World,
) -> None:
    await hamlet.issues("red", TOWN, identifier="E-1")
    number = await answers(hamlet, TOWN, "town-duty")
    before = await hamlet.duty(TOWN)
    rang = len(hamlet.phones.to(number))
    update = await hamlet.issues("orange", TOWN, msg_type="Update", refers=("E-1",))
    (told,) = hamlet.phones.to(number)[rang:]
    assert told.channel == "sms"
    assert "昌元街道暴雨预警" in told.text
    assert "由红色降为橙色" in told.text
    after = await hamlet.duty(TOWN)
    assert (after.id, after.state, after.version) == (before.id, "met", 1)
    assert after.warning_id == update.warning_id
    await hamlet.advance(minutes=30)
    # as the superior of silent villages, never again for the town itself
    assert all("叫不应" in call.text for call in hamlet.phones.to(number)[rang + 1 :])


async def test_who_has_not_answered_is_asked_at_the_lower_level_in_words_that_say_so(hamlet: World) -> None:
    await hamlet.issues("red", TOWN, identifier="E-1")
    number = await hamlet.number((await hamlet.duty(TOWN)).a_person)
    rang = len(hamlet.phones.to(number))
    await hamlet.issues("orange", TOWN, msg_type="Update", refers=("E-1",))
    asked = await hamlet.duty(TOWN)
    assert (asked.level, asked.version, asked.state) == (3, 2, "open")
    (call,) = hamlet.phones.to(number)[rang:]
    assert call.channel == "voice"
    assert "由红色降为橙色" in call.text


async def test_who_is_not_called_any_more_is_told_that_it_is_less_and_asked_nothing(hamlet: World) -> None:
    await hamlet.issues("red", TOWN, identifier="E-1")
    secretary = await hamlet.number((await hamlet.duty(TOWN, "town-secretary")).a_person)
    rang = len(hamlet.phones.to(secretary))
    update = await hamlet.issues("yellow", TOWN, msg_type="Update", refers=("E-1",))
    told = hamlet.phones.to(secretary)[rang:]
    assert [call.channel for call in told] == ["sms"]
    assert "由红色降为黄色" in told[0].text
    assert not await hamlet.obligations(warning_id=update.warning_id, duty="town-secretary")


async def test_households_and_loudspeakers_hear_it_and_the_loudspeakers_are_not_put_before_a_person_again(
    hamlet: World,
) -> None:
    first = await hamlet.issues("red", TOWN, identifier="E-1")
    await lets(hamlet, first.warning_id, DUTY)
    await lets(hamlet, first.warning_id, CHIEF)
    homes = {await hamlet.number(row.a_person) for row in await hamlet.obligations(layer="L6")}
    rang = len(hamlet.phones.rang)
    update = await hamlet.issues("orange", TOWN, msg_type="Update", refers=("E-1",))
    told = hamlet.phones.rang[rang:]
    (aloud,) = [call for call in told if call.channel == "broadcast"]
    assert "由红色降为橙色" in aloud.text
    assert "居民请注意" in aloud.text
    lowered = {call.to for call in told if call.channel == "sms" and "由红色降为橙色" in call.text}
    assert homes - {None} <= lowered
    parts = await hamlet.parts(update.warning_id)
    assert not [
        key
        for part in parts.values()
        if part.state == "proposed"
        for key in part.lines
        if key.endswith("/broadcast")
    ]


async def test_nobody_is_told_twice_and_all_hear_the_end(hamlet: World) -> None:
    await hamlet.issues("red", TOWN, identifier="E-1")
    await answers(hamlet, TOWN, "town-duty")
    reached = {call.to for call in hamlet.phones.rang}
    rang = len(hamlet.phones.rang)
    await hamlet.issues("yellow", TOWN, msg_type="Update", refers=("E-1",), identifier="E-2")
    told = Counter(call.to for call in hamlet.phones.rang[rang:] if "由红色降为黄色" in call.text)
    assert reached <= set(told)
    assert all("由红色降为黄色" in call.text for call in hamlet.phones.rang[rang:])
    assert not [call for call in hamlet.phones.rang[rang:] if call.channel == "sms" and told[call.to] > 1]
    rang = len(hamlet.phones.rang)
    await hamlet.issues("yellow", TOWN, msg_type="Cancel", refers=("E-2",))
    over = Counter(call.to for call in hamlet.phones.rang[rang:])
    assert set(over) >= reached
    assert set(over.values()) == {1}
    assert all("解除" in call.text for call in hamlet.phones.rang[rang:])


async def test_the_district_s_desk_that_has_answered_is_asked_anew_only_where_other_towns_are_added(
    hamlet: World,
) -> None:
    await hamlet.issues("red", TOWN, identifier="E-1")
    await answers(hamlet, DISTRICT, "district-duty")
    await hamlet.issues("orange", TOWN, msg_type="Update", refers=("E-1",), identifier="E-2")
    assert (await hamlet.duty(DISTRICT, "district-duty")).version == 1
    await hamlet.issues("yellow", TOWN, SECOND, msg_type="Update", refers=("E-2",))
    asked = await hamlet.duty(DISTRICT, "district-duty")
    assert (asked.version, asked.state) == (3, "open")
    number = await hamlet.number((await hamlet.duty(SECOND)).a_person)
    assert "降为" not in hamlet.phones.to(number)[-1].text, "to that town it is new"


async def test_an_update_that_brings_the_onset_forward_is_a_new_warning_though_its_level_is_lower(
    hamlet: World,
) -> None:
    late = hamlet.clock.now() + timedelta(hours=5)
    await hamlet.issues("red", TOWN, identifier="E-1", onset=late)
    await answers(hamlet, TOWN, "town-duty")
    await hamlet.issues("orange", TOWN, msg_type="Update", refers=("E-1",), onset=late - timedelta(hours=4))
    assert ((await hamlet.duty(TOWN)).version, (await hamlet.duty(TOWN)).state) == (2, "open")


async def test_where_a_raise_goes_on_nobody_hears_that_it_is_less(hamlet: World) -> None:
    base = await hamlet.issues("orange", TOWN, SECOND)
    await own(hamlet, base.warning_id, TOWN)
    rang = len(hamlet.phones.rang)
    await hamlet.issues("yellow", TOWN, SECOND, msg_type="Update", refers=(base.identifier,))
    told = {call.to for call in hamlet.phones.rang[rang:] if "由橙色降为黄色" in call.text}
    there = {await hamlet.number(row.a_person) for row in await hamlet.obligations(town=SECOND)}
    here = {await hamlet.number(row.a_person) for row in await hamlet.obligations(town=TOWN)}
    assert told & there
    assert not told & (here - there)


async def test_an_update_to_a_higher_or_the_same_level_lowers_nothing(hamlet: World) -> None:
    await hamlet.issues("yellow", TOWN, identifier="E-1")
    await hamlet.issues("red", TOWN, msg_type="Update", refers=("E-1",), identifier="E-2")
    await hamlet.issues("red", TOWN, msg_type="Update", refers=("E-2",), instruction="改了指引")
    assert not [call for call in hamlet.phones.rang if "降为" in call.text]
