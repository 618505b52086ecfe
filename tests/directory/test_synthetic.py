"""The invented directory: the same everywhere, nobody real in it, and true to how a district is built."""

import re
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from app import bundled, phones
from app.directory import rosters
from app.directory.invent import GIVEN, SURNAMES
from app.directory.profiles import Generated, Hole
from app.directory.settlement import KEY_BUREAUS, apportioned
from app.directory.synthetic import generate
from app.directory.terrain import Terrain, distance
from tests.support.invented import DISTRICT, START
from tests.warning.situations import scheme

BESIDE = 6
"""Telephones and leaders of three duty rooms up and down the river: none of the district's people."""
DATA = bundled.path("data") / "rongchang"


def text(generated: Generated, folder: Path) -> dict[str, bytes]:
    generated.write(folder)
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def posts(demo: Generated, role: str) -> list[dict[str, object]]:
    return [row for row in demo.files["posts.csv"] if row["role"] == role]


def test_the_same_seed_gives_the_same_files_and_another_gives_others(tiny: Generated, tmp_path: Path) -> None:
    again = text(generate(DATA, profile="tiny", start=START, days=2), tmp_path / "again")
    assert again == text(tiny, tmp_path / "first")
    assert again != text(generate(DATA, profile="tiny", seed=7, start=START, days=2), tmp_path / "other")


def test_the_counts_are_those_of_a_district(tiny: Generated, demo: Generated) -> None:
    assert len(tiny.files["people.csv"]) == 60 + BESIDE + len(posts(tiny, "bureau.deputy"))
    level = Counter(row["level"] for row in demo.files["places.csv"])
    assert level == {
        "district": 1,
        "town": 21,
        "village": 156,
        "grid": 780,
        "group": 1560,
        "bureau": 24,
        "reservoir": 8,
        "facility": 200,
        "neighbour": 3,
    }
    assert Counter(row["kind"] for row in demo.files["risk_points.csv"]) == {
        "geological": 60,
        "flood": 90,
        "waterlogging": 12,
        "weir": 138,
    }
    assert len(demo.files["households.csv"]) == 1200
    leaders = {str(row["place"]) for row in posts(demo, "group.leader")}
    named = {str(row["place"]) for row in posts(demo, "household.contact")}
    vacant = 2 + 1560 - len(leaders) + 1200 - len(named)  # two duty officers of one village
    held = len(demo.files["posts.csv"]) - len(posts(demo, "household.helper")) + vacant
    assert held == 4986 + BESIDE + KEY_BUREAUS - 1


def test_every_key_bureau_has_a_deputy_but_one_which_is_planted(demo: Generated) -> None:
    key = {str(row["code"]) for row in demo.files["places.csv"] if row.get("kind") == "key"}
    (without,) = key - {str(row["place"]) for row in posts(demo, "bureau.deputy")}
    assert len(key) == KEY_BUREAUS
    assert Hole("vacant", without, "bureau.deputy") in demo.holes


def test_every_place_leads_up_to_the_district_and_its_code_says_so(demo: Generated) -> None:
    parent = {str(row["code"]): str(row["parent"]) for row in demo.files["places.csv"]}
    parent |= {str(row["code"]): str(row["village"]) for row in demo.files["risk_points.csv"]}
    parent |= {str(row["code"]): str(row["group"]) for row in demo.files["households.csv"]}
    for code in parent:
        up, steps = code, 0
        while parent[up]:
            if re.match(r"\d{12}-", up):
                assert parent[up].startswith(up[:12])
            up, steps = parent[up], steps + 1
        assert up == DISTRICT
        assert steps <= 5


def test_six_in_a_hundred_hold_two_posts_with_one_phone(demo: Generated) -> None:
    held = Counter(row["person"] for row in demo.files["posts.csv"] if row["role"] != "household.helper")
    assert set(held.values()) == {1, 2}
    assert sum(count == 2 for count in held.values()) / len(held) == pytest.approx(0.06, abs=0.005)
    villages = defaultdict(set)
    for row in demo.files["posts.csv"]:
        if held[row["person"]] == 2 and row["role"] != "household.helper":
            villages[row["person"]].add(
                next(
                    (r["village"] for r in demo.files["risk_points.csv"] if r["code"] == row["place"]),
                    str(row["place"])[:12],
                )
            )
    assert all(len(of) == 1 for of in villages.values())


def test_neighbours_share_phones_and_some_have_none(demo: Generated) -> None:
    phone = {row["code"]: row["phone"] for row in demo.files["people.csv"]}
    shared = [number for number, count in Counter(phone.values()).items() if number and count > 1]
    assert len(shared) == pytest.approx(0.015 * 1200, abs=4)
    contacts = {str(row["place"]): row["person"] for row in posts(demo, "household.contact")}
    for number in shared:
        homes = [place for place, person in contacts.items() if phone[person] == number]
        assert len({home[:12] for home in homes}) == 1
    silent = sum(not phone[person] for person in contacts.values())
    assert silent / 1200 == pytest.approx(0.03, abs=0.005)
    assert (1200 - len(contacts)) / 1200 == pytest.approx(0.02, abs=0.005)
    named = {hole.place for hole in demo.holes if hole.kind == "no-contact"}
    assert {str(row["code"]) for row in demo.files["households.csv"]} - contacts.keys() <= named


@pytest.mark.parametrize("profile", ["tiny", "demo"])
def test_each_duty_room_of_the_rules_has_a_telephone_and_a_leader_and_no_rota(
    profile: str, request: pytest.FixtureRequest
) -> None:
    made: Generated = request.getfixturevalue(profile)
    rooms = {str(row["code"]): row for row in made.files["places.csv"] if row["level"] == "neighbour"}
    named = {duty.unit: duty for duty in scheme().layers.values() if duty.unit}
    assert rooms.keys() == named.keys()
    phone = {row["code"]: str(row["phone"]) for row in made.files["people.csv"]}
    for code, row in rooms.items():
        assert row["parent"] == DISTRICT
        assert named[code].name.startswith(str(row["name"]))
        held = {
            str(post["role"]): phone[post["person"]]
            for post in made.files["posts.csv"]
            if post["place"] == code
        }
        assert held.keys() == {"neighbour.duty", "neighbour.chief"}
        assert len(set(held.values())) == 2
        assert all(phones.is_synthetic(number) and number[4:6] == "00" for number in held.values())
        assert not [turn for turn in made.files["shifts.csv"] if turn["place"] == code]
        assert not [hole for hole in made.holes if hole.place == code]


def test_one_village_of_changyuan_or_longji_has_no_duty_officer(demo: Generated) -> None:
    villages = {str(row["code"]) for row in demo.files["places.csv"] if row["level"] == "village"}
    without = villages - {str(row["place"]) for row in posts(demo, "village.duty")}
    (hole,) = [hole for hole in demo.holes if hole.role == "village.duty" and hole.kind == "vacant"]
    assert without == {hole.place}
    assert hole.place[:9] in {"500153001", "500153114"}


def test_a_helper_is_of_the_household_s_own_village(demo: Generated) -> None:
    village_of: dict[object, set[str]] = defaultdict(set)
    point = {row["code"]: str(row["village"]) for row in demo.files["risk_points.csv"]}
    for row in demo.files["posts.csv"]:
        if row["role"] != "household.helper":
            village_of[row["person"]].add(point.get(row["place"], str(row["place"])[:12]))
    contacts = {row["place"] for row in posts(demo, "household.contact")}
    helped = posts(demo, "household.helper")
    assert {row["place"] for row in helped} == contacts
    for row in helped:
        assert str(row["place"])[:12] in village_of[row["person"]]


def test_risk_points_lie_where_such_points_lie(demo: Generated) -> None:
    land = Terrain.read(DATA)
    linked = Counter(row["risk_point"] for row in demo.files["households.csv"])
    stations = {row["code"] for row in demo.files["stations.csv"]}
    for row in demo.files["risk_points.csv"]:
        town = str(row["village"])[:9]
        spot = (float(str(row["lon"])), float(str(row["lat"])))
        if row["kind"] == "geological":
            assert land.edge(town, spot) < 900
            assert distance(spot, land.seats[town]) > land.edge(town, spot)
        if row["kind"] == "flood":
            assert land.to_river(spot) <= 500
        if row["kind"] == "waterlogging":
            assert town in {"500153001", "500153002"}
        assert 1 <= int(str(row["threatened"])) <= 14
        assert linked[row["code"]] <= int(str(row["threatened"]))
        assert row["muster_place"]
        assert row["route"]
        assert row["gauge"] in stations


def test_turns_change_at_half_past_eight_and_cover_the_asked_days_but_for_one_gap(demo: Generated) -> None:
    turns: dict[tuple[object, object], set[tuple[datetime, datetime]]] = defaultdict(set)
    people: dict[object, list[tuple[datetime, datetime]]] = defaultdict(list)
    for row in demo.files["shifts.csv"]:
        since, until = (datetime.fromisoformat(str(row[name])) for name in ("starts", "ends"))
        assert since.minute == until.minute == 30
        assert until - since in {timedelta(hours=8), timedelta(hours=24)}
        turns[row["place"], row["role"]].add((since, until))
        people[row["person"]].append((since, until))
    gaps = set()
    for roster, held in turns.items():
        spans = sorted(held)
        assert spans[0][0] <= START
        assert spans[-1][1] >= START + timedelta(days=2)
        gaps |= {(*roster, a[1].isoformat(timespec="minutes")) for a, b in pairwise(spans) if a[1] < b[0]}
    (hole,) = [hole for hole in demo.holes if hole.kind == "gap"]
    assert gaps == {(hole.place, "town.duty", hole.at)}
    twice = [
        person for person, spans in people.items() if any(a[1] > b[0] for a, b in pairwise(sorted(spans)))
    ]
    assert len(twice) == 1


def test_holidays_have_one_turn_of_a_day_and_a_night() -> None:
    assert rosters.holiday(date(2026, 10, 1))
    assert rosters.holiday(date(2026, 7, 18))
    assert not rosters.holiday(date(2026, 7, 15))
    roster = rosters.Roster("500153", "district.duty", (("a",), ("b",), ("c",)), 8)
    weekdays = rosters.turns(roster, datetime(2026, 7, 15, 2, tzinfo=UTC), 0)
    weekend = rosters.turns(roster, datetime(2026, 7, 18, 2, tzinfo=UTC), 0)
    assert (len(weekdays), len(weekend)) == (3, 1)


def test_nobody_in_it_is_real_and_no_number_can_ring(demo: Generated) -> None:
    town = {
        row["code"]: number
        for number, row in enumerate((row for row in demo.files["places.csv"] if row["level"] == "town"), 1)
    }
    for row in demo.files["people.csv"]:
        name, _, serial = str(row["name"]).partition("·")
        assert name[0] in SURNAMES
        assert name[1:] in GIVEN
        assert not serial or re.fullmatch(r"\d{5}", serial)
        assert row["synthetic"] == "true"
        number = str(row["phone"])
        assert not number or (phones.is_synthetic(number) and not phones.is_dialable(number))
    phone = {row["code"]: str(row["phone"]) for row in demo.files["people.csv"]}
    for row in posts(demo, "town.mayor"):
        assert phone[row["person"]][4:6] == f"{town[row['place']]:02d}"
    assert len(GIVEN) == 24
    for file, rows in demo.files.items():
        if file != "stations.csv":
            assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", repr(rows)), file
    assert set(demo.phone_book) == {number for number in phone.values() if number}
    assert demo.phone_book[phone[posts(demo, "district.head")[0]["person"]]].role == "district.head"


def test_a_profile_that_is_not_there_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="load"):
        generate(DATA, profile="load", start=START)
    with pytest.raises(ValueError, match="demo, hostile, load, sparse, tiny"):
        generate(DATA, profile="huge", start=START)


def test_shares_add_up() -> None:
    assert apportioned(10, [1, 1, 1]) == [4, 3, 3]
    assert sum(apportioned(1200, [29548, 26230, 5942, 1])) == 1200
