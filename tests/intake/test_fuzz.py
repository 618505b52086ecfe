"""Whatever the bytes: a Message, or one of our own refusals that says nothing of the content."""

import json
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import Refused
from app.intake import bureau_json, geometry, national, observations
from app.intake.message import Message
from app.intake.read import read
from tests.intake.support import message

FEW = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
XML = [message(name) for name in ("national_a.xml", "national_b.xml", "cap.xml", "cap_polygon.xml")]
JSON = json.loads(message("warning.json"))


def judge(body: bytes, media: str) -> None:
    with suppress(Refused):
        found = read(body, media)
        assert isinstance(found, Message)
        assert found.identifier
        assert found.sender
        assert found.sent.tzinfo


@FEW
@given(
    body=st.binary(max_size=300),
    media=st.sampled_from(["text/xml", "application/json", "application/cap+xml"]),
)
def test_any_bytes(body: bytes, media: str) -> None:
    judge(body, media)


@FEW
@given(st.sampled_from(XML), st.data())
def test_a_message_with_bytes_cut_changed_or_doubled(body: bytes, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(body)))
        end = min(len(body), start + data.draw(st.integers(0, 60)))
        body = (
            body[:start]
            + data.draw(
                st.sampled_from([b"", body[start:end] * 2, b"<", b"&amp;", b"\xff", b"9", b"</info>"])
            )
            + body[end:]
        )
    judge(body, "application/xml")


@FEW
@given(st.sampled_from(XML), st.data())
def test_a_message_with_any_text_in_one_of_its_elements(body: bytes, data: st.DataObject) -> None:
    text = body.decode()
    starts = [
        place
        for place, sign in enumerate(text)
        if sign == ">" and text[place + 1 : place + 2] not in {"\n", "<", ""}
    ]
    start = data.draw(st.sampled_from(starts)) + 1
    words = data.draw(
        st.text(st.characters(exclude_characters="<&", exclude_categories=["Cs", "Cc"]), max_size=80)
    )
    judge((text[:start] + words + text[text.index("<", start) :]).encode(), "application/xml")


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["500153102", "2026-07-16T02:30:00Z"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@FEW
@given(st.sampled_from([*JSON, "extra"]), VALUES)
def test_a_json_warning_with_any_value_in_one_of_its_fields(field: str, value: object) -> None:
    judge(json.dumps({**JSON, field: value}).encode("utf-8", "surrogatepass"), "application/json")


@FEW
@given(
    st.lists(st.tuples(st.floats(), st.floats()), max_size=8),
    st.sampled_from(["lat,lon", "lon,lat", "either"]),
)
def test_a_ring_is_closed_and_on_earth_or_it_is_none(points, order) -> None:
    shape = geometry.polygon(points, order)
    if shape.ring is None:
        assert any(problem.blocking for problem in shape.problems)
    else:
        assert shape.ring[0] == shape.ring[-1]
        assert len(shape.ring) >= 4
        assert all(abs(lon) <= 180 and abs(lat) <= 90 for lon, lat in shape.ring)


@FEW
@given(st.text(max_size=60), st.sampled_from(["lat,lon", "either"]))
def test_any_text_as_a_polygon_or_circle(text: str, order) -> None:
    assert geometry.polygon_text(text, order).ring is None
    assert geometry.circle_text(text, order, metres=1000).problems


@FEW
@given(
    st.binary(max_size=200) | st.text(max_size=200).map(str.encode),
    st.sampled_from(["application/json", "application/x-ndjson", "text/csv", "text/csv; charset=gbk"]),
)
def test_any_bytes_as_observations(body: bytes, media: str) -> None:
    with suppress(Refused):
        batch = observations.read(body, media, "ST_PPTN_R")
        assert all((row is None) == (number in batch.unreadable) for number, row in enumerate(batch.rows))


@pytest.mark.parametrize("field", sorted(JSON.keys() - {"references", "description", "onset", "expires"}))
def test_a_field_that_must_be_there_is_asked_for_by_name(field: str) -> None:
    with pytest.raises(Refused) as refused:
        bureau_json.read(json.dumps({name: value for name, value in JSON.items() if name != field}).encode())
    assert [fault.pointer for fault in refused.value.errors] == [f"/{field}"]


@FEW
@given(st.permutations(list(JSON)))
def test_the_order_of_fields_and_white_space_make_no_other_message(names: list[str]) -> None:
    again = json.dumps({name: JSON[name] for name in names}, indent=3, ensure_ascii=True).encode()
    assert bureau_json.read(again) == bureau_json.read(message("warning.json"))


@FEW
@given(st.text(st.characters(min_codepoint=0x3400, max_codepoint=0x9FFF), min_size=1, max_size=20))
def test_no_character_is_lost_between_encodings(words: str) -> None:
    text = message("national_a.xml", ("停止户外作业。", words)).decode()
    in_gb = national.read(text.replace("UTF-8", "GB18030").encode("gb18030"))
    assert in_gb.instruction == words
    assert in_gb.content_digest == national.read(text.replace("UTF-8", "utf-8").encode()).content_digest
