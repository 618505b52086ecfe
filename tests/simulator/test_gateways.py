"""Simulated vendors and adapters were written apart, from the vendors' pages: here they meet."""

import random
from collections import Counter
from datetime import timedelta

import httpx
import pytest

from app.channels.contract import Accepted, BadNumber, NotAccepted, Receipt, Reply, Throttled, Unreachable
from app.simulator.faults import Fault, Mode
from app.simulator.gateway import Got
from tests.simulator.conftest import ENTRIES, OUTAGE, START, Story, message, number, story_of

pytestmark = pytest.mark.anyio
SMS_CHANNELS, CALLS = ("plain", "sms"), ("plain", "voice")


async def send_many(story: Story, channel: str, kind: str, numbers: list[str]) -> None:
    outcomes = await story.channel(channel).send([message(to, kind) for to in numbers], story.clock.now())
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)


TOWN = [number(3, n) for n in range(300)]


@pytest.mark.parametrize("name", SMS_CHANNELS)
async def test_messages_are_delivered_and_some_people_reply(name: str, story: Story) -> None:
    await send_many(story, name, "sms", TOWN)
    await story.until(180)
    assert story.refused == []
    receipts, replies = story.of(Receipt), story.of(Reply)
    states = Counter(fact.state for fact in receipts)
    assert 270 <= states["delivered"] <= 300
    assert 3 <= states["failed"] <= 25
    assert {fact.key for fact in receipts} <= {f"k-{to}-sms" for to in TOWN}
    assert 100 <= len(replies) <= 170
    assert {fact.text for fact in replies} <= {"1", "2"}
    assert {fact.from_number for fact in replies} <= set(TOWN)
    assert any(fact.final_for_number for fact in receipts)


@pytest.mark.parametrize("name", CALLS)
async def test_calls_end_in_a_key_or_in_nothing(name: str, story: Story) -> None:
    await send_many(story, name, "voice", TOWN)
    await story.until(180)
    assert story.refused == []
    keys = {fact.event_id: fact for fact in story.of(Reply)}
    assert 210 <= len(keys) <= 270
    assert {fact.digit for fact in keys.values()} <= {"1", "2"}
    assert all(fact.key or fact.gateway_id for fact in keys.values())
    assert Counter(fact.state for fact in story.of(Receipt))["failed"] >= 30


@pytest.mark.parametrize("name", ["plain", "speaker"])
async def test_loudspeakers_play_where_there_is_power(name: str, story: Story) -> None:
    story.clock.advance(timedelta(minutes=20))
    good = message("500153103", "broadcast", key="good")
    dark = message("500153112", "broadcast", key="dark", areas=("500153112",))
    outcomes = await story.channel(name).send([good, dark], story.clock.now())
    ids = [outcome.gateway_id for outcome in outcomes if isinstance(outcome, Accepted)]
    await story.until(60)
    last = {fact.gateway_id: fact.state for fact in story.of(Receipt)}
    assert [last[one] for one in ids] == ["delivered", "failed"]


async def test_a_broadcast_that_is_cancelled_is_not_played_to_its_end(story: Story) -> None:
    speaker = story.channel("speaker")
    [taken] = await speaker.send([message("500153103", "broadcast")], START)
    assert isinstance(taken, Accepted)
    await story.until(0.5)
    assert isinstance(await speaker.cancel(taken.gateway_id, story.clock.now()), Accepted)
    await story.until(60)
    assert [fact.state for fact in story.of(Receipt)] == ["connected"]


async def test_a_mast_without_power_holds_messages_and_lets_no_call_through(story: Story) -> None:
    cut_off = [number(19, n) for n in range(40)]
    story.clock.advance(timedelta(minutes=15))
    await send_many(story, "plain", "sms", cut_off)
    await send_many(story, "voice", "voice", cut_off)
    await story.until(59)
    assert not [fact for fact in story.of(Receipt) if fact.state == "delivered"]
    assert not story.of(Reply)
    await story.until(240)
    delivered = [at for at, _, fact in story.facts if isinstance(fact, Receipt) and fact.state == "delivered"]
    assert len(delivered) > 30
    assert min(delivered) >= OUTAGE.end


async def test_what_falls_to_one_instant_comes_as_one_array(story: Story) -> None:
    await send_many(story, "sms", "sms", TOWN)
    await story.until(1)
    assert len(story.facts) > 250
    assert story.pushes <= 20


async def test_a_repeated_key_is_one_message_where_the_vendor_knows_keys(story: Story) -> None:
    for name, kind, once in (("plain", "sms", 1), ("sms", "sms", 2), ("speaker", "broadcast", 1)):
        to = "500153103" if kind == "broadcast" else number(3, 1)
        for _ in range(2):
            [became] = await story.channel(name).send([message(to, kind)], START)
            assert isinstance(became, Accepted)
        assert len(story.gateways[name].messages) == once


@pytest.mark.parametrize(
    ("mode", "outcome", "taken"),
    [
        ("429", Throttled, 0),
        ("5xx", Unreachable, 0),
        ("refuse", NotAccepted, 0),
        ("html", NotAccepted, 0),
        ("accept-then-timeout", Unreachable, 1),
        ("cut", Unreachable, 1),
    ],
)
@pytest.mark.parametrize("name", ["plain", "speaker"])
async def test_a_fault_happens_once_and_the_same_key_passes_the_next_time(
    mode: Mode, outcome: type, taken: int, name: str, story: Story
) -> None:
    kind = "sms" if name == "plain" else "broadcast"
    to = number(3, 1) if name == "plain" else "500153103"
    gateway = story.gateways[name]
    gateway.faults.plan([Fault(mode, times=1)])
    [first] = await story.channel(name).send([message(to, kind)], START)
    assert isinstance(first, outcome)
    assert len(gateway.messages) == taken
    [second] = await story.channel(name).send([message(to, kind)], START)
    assert isinstance(second, Accepted)
    assert len(gateway.messages) == 1
    assert gateway.faults.happened == {mode: 1}


async def test_half_a_batch_is_taken(story: Story) -> None:
    story.gateways["plain"].faults.plan([Fault("half")])
    outcomes = await story.channel("plain").send([message(to) for to in TOWN[:100]], START)
    accepted = sum(isinstance(outcome, Accepted) for outcome in outcomes)
    assert 30 <= accepted <= 70
    assert len(story.gateways["plain"].messages) == accepted


async def test_the_gateways_refuse_what_is_not_synthetic_and_what_is_not_signed(story: Story) -> None:
    gateway = story.gateways["plain"]
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(story.gateways), base_url="http://x"
    ) as anybody:
        for entry in ENTRIES:
            answered = await anybody.post(f"/{entry['name']}", content=b"{}")
            assert b'"ok": true' not in answered.content
    assert gateway.counts.unauthorised == 1
    real = "1" + "39" + "0" * 8
    # Past the product's own lock: the adapter alone, as a broken lock would leave it.
    [became] = await story.registry.by_name("plain")._adapter.send([message(real)], START)  # type: ignore[attr-defined]
    assert isinstance(became, BadNumber)
    assert gateway.counts.refused_numbers == 1
    assert gateway.messages == []


async def test_a_door_that_is_shut_is_tried_again_after_1_5_and_10_minutes_and_then_never(
    story: Story,
) -> None:
    story.broken = True
    await story.channel("plain").send([message()], START)
    before = story.gateways["plain"].counts
    await story.until(15)
    assert story.facts == []
    story.broken = False
    await story.until(40)
    assert before.push_failures >= 3
    assert before.lost + len(story.facts) >= 1


def fates(messages: list[Got]) -> set[tuple[object, ...]]:
    return {(got.id, got.asked.to, got.asked.kind, got.attempt, got.fate) for got in messages}


async def test_the_same_seed_gives_the_same_people_whatever_the_order_of_calls() -> None:
    shuffled = list(TOWN[:80])
    random.Random(7).shuffle(shuffled)
    stories = [story_of(), story_of(), story_of(seed=2)]
    for story, numbers in zip(stories, (TOWN[:80], shuffled, TOWN[:80]), strict=True):
        for kind, name in (("sms", "sms"), ("voice", "voice")):
            for to in numbers:  # one by one: the order of the calls is the order of the list
                await story.channel(name).send([message(to, kind)], START)
        await story.until(300)
    first, same, other = (fates(story.gateways.messages) for story in stories)
    assert first == same
    assert first != other

    def told(story: Story) -> set[tuple[object, ...]]:
        return {(at, way, fact) for at, way, fact in story.facts}

    assert told(stories[0]) == told(stories[1])
