"""An id is no number: what a log line is about can be read, and a number beside it cannot."""

import io
import json

import pytest

from app import logs

ID = f"01a20fab-b905-7750-b96f-a1{'5' * 10}"
NUMBER = f"1{'5' * 10}"


@pytest.fixture
def lines():
    stream = io.StringIO()
    logs.configure(level="info", stream=stream)
    yield stream
    logs.configure(level="info", strict=True)


def test_the_digits_of_an_id_are_left_as_they_are_even_if_they_look_like_a_number(lines) -> None:
    logs.get("x").info("delivery.parked", delivery=ID, seen=f"{ID} {NUMBER}", alone=NUMBER)
    said = json.loads(lines.getvalue())
    assert (said["delivery"], said["seen"], said["alone"]) == (ID, f"{ID} [number]", "[number]")


def test_where_a_leak_is_an_error_an_id_is_none() -> None:
    stream = io.StringIO()
    logs.configure(level="info", strict=True, stream=stream)
    try:
        logs.get("x").info("delivery.parked", delivery=ID)
        with pytest.raises(logs.LeakError):
            logs.get("x").info("delivery.parked", delivery=f"{ID}/{NUMBER}")
    finally:
        logs.configure(level="info", strict=True)
    assert ID in stream.getvalue()


def test_a_number_in_a_list_or_one_that_is_an_int_is_a_number_too(lines) -> None:
    logs.get("x").info("delivery.parked", several=[NUMBER, "x"], one=int(NUMBER), count=3, ids=[ID])
    said = json.loads(lines.getvalue())
    assert (said["several"], said["one"]) == ("['[number]', 'x']", "[number]")
    assert (said["count"], said["ids"]) == (3, [ID])


def test_a_line_that_is_only_informed_of_is_held_to_the_rule_in_every_test() -> None:
    with pytest.raises(logs.LeakError):
        logs.get("x").info("gateway.taken", senders=[NUMBER])
