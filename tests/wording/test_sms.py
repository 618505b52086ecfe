"""SMS parts are counted as the networks cut them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.wording.sms import sms_parts, sms_units


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 0),
        ("雨", 1),
        ("雨" * 70, 1),
        ("雨" * 71, 2),
        ("雨" * 134, 2),
        ("雨" * 135, 3),
        ("a" * 71, 2),  # ours are Chinese: a Latin text is counted in the same alphabet
        ("㭎" * 70, 1),  # rare, but inside the basic plane
        ("𠮷" * 35, 1),
        ("𠮷" * 36, 2),
        ("雨" * 66 + "𠮷" + "雨" * 66, 3),  # 134 units, but a pair may not be torn: 66 + 67 + 1
    ],
)
def test_parts(text, parts) -> None:
    assert sms_parts(text) == parts


def test_a_character_outside_the_basic_plane_counts_two() -> None:
    assert sms_units("大青㭎村") == 4
    assert sms_units("𠮷🌧") == 4


@given(text=st.text(alphabet=st.sampled_from("雨a𠮷🌧"), max_size=400))
def test_parts_hold_all_units_and_waste_at_most_one_each(text) -> None:
    units, parts = sms_units(text), sms_parts(text)
    if units > 70:
        assert parts * 67 >= units > (parts - 1) * 66
    else:
        assert parts == (1 if text else 0)
