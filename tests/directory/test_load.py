"""The load profile: 300,000 people, town by town, never in memory at once; the importer is the usual one."""

import csv
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from app import bundled
from app.db import Database
from app.directory import masses
from app.directory.inhabitants import Inhabitants
from app.directory.profiles import LOAD
from app.directory.settlement import Settlement
from app.directory.synthetic import folders
from app.readiness import coverage
from tests.support.invented import AT, START, bring
from tests.warning.situations import scheme

pytestmark = pytest.mark.anyio
DATA = bundled.path("data") / "rongchang"


def rows(folder: Path, file: str) -> list[dict[str, str]]:
    with (folder / file).open(encoding="utf-8", newline="") as held:
        return list(csv.DictReader(held))


def test_the_masses_of_a_small_share_come_out_like_the_district(tmp_path: Path) -> None:
    land = Settlement(DATA, LOAD, 500153)
    level: Counter[str] = Counter()
    phones: Counter[str] = Counter()
    homes, people, named, places = 0, 0, 0, set()
    helpers: dict[str, str] = {}
    village_of: dict[str, set[str]] = defaultdict(set)
    for _, folder, count in masses.towns(land, {}, tmp_path, households=4_000):
        people += count
        level.update(row["level"] for row in rows(folder, "places.csv"))
        homes += len(rows(folder, "households.csv"))
        phones.update(row["phone"] for row in rows(folder, "people.csv"))
        places |= {row["code"] for row in rows(folder, "households.csv")}
        for row in rows(folder, "posts.csv"):
            named += row["role"] == "household.contact"
            if row["role"] == "household.helper":
                helpers[row["place"]] = row["person"]
            else:
                village_of[row["person"]].add(row["place"][:12])
    assert homes == len(places) == 4_000
    assert level["group"] == pytest.approx(400, abs=100)
    assert named / homes == pytest.approx(0.98, abs=0.01)
    assert phones[""] / people == pytest.approx(0.03, abs=0.01)
    assert people == sum(phones.values())
    assert all(place[:12] in village_of[person] for place, person in helpers.items())


def test_the_whole_is_three_hundred_thousand_and_no_number_is_given_twice(tmp_path: Path) -> None:
    land = Settlement(DATA, LOAD, 500153)
    core = len(Inhabitants(land).register.people)
    groups = masses.HOUSEHOLDS // masses.IN_A_GROUP
    expected = core + masses.HOUSEHOLDS * (1 - 0.02) + groups * (1 - 0.02) * (1 - 0.06) + groups / 10
    assert expected == pytest.approx(300_000, rel=0.01)
    made = folders(DATA, tmp_path, profile="load", seed=500153, start=START, days=1)
    _, first = next(made)
    codes = [row["code"] for row in rows(first, "people.csv")]
    for _ in range(2):
        _, folder = next(made)
        codes += [row["code"] for row in rows(folder, "people.csv")]
    assert len(set(codes)) == len(codes)
    assert len(list(tmp_path.iterdir())) == 2, "the core and the folder that is being read"


async def test_its_folders_come_in_clean_one_after_the_other_and_a_second_time_change_nothing(
    db: Database, tmp_path: Path
) -> None:
    made = folders(DATA, tmp_path, profile="load", seed=500153, start=START, days=1)
    for _ in range(2):
        _, folder = next(made)
        assert (await bring(db, folder, strict=True)).clean
    again = await bring(db, folder, strict=True)
    assert all((one.new, one.changed) == (0, 0) for one in again.files)
    async with db.reading() as session:
        proof = await coverage.prove(session, scheme(), at=AT, towns=["500153001"])
    homes = sum(row["vulnerable"] != "" for row in rows(folder, "households.csv"))
    assert proof.targets["household"] == homes, "those on the list"
    nobody = sum(hole.kind == "no-contact" and "-H" in hole.place for hole in proof.holes)
    assert nobody / homes == pytest.approx(0.02, abs=0.02)
