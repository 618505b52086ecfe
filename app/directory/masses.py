"""Inventing the masses of a whole district, town by town: every household, its group, its grid, its people.

The core (posts, villages, risk points, sites) is invented as for the demo; what is here is drawn village by
village with one source of chance each, and written as it is drawn, so that no more than a village is ever in
memory. Shares are those of the demo: two in a hundred households have nobody, three no phone.
"""

import csv
import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.directory.inhabitants import NO_CONTACT, NO_PHONE, SHARED, TWO_POSTS
from app.directory.invent import GIVEN, SURNAMES
from app.directory.settlement import VULNERABLE, Settlement, apportioned, short

HOUSEHOLDS = 276_437
"""All of the district's: with those who lead and keep them its people come to about 300,000."""
IN_A_GRID, IN_A_GROUP = 100, 10
IN_A_FOLDER = 6_000
"""Households, about: what is in memory at once while a folder comes in."""
ON_A_LIST = 0.1
"""Of all households: those where somebody vulnerable lives. All others are kept, but not on the list."""

_COLUMNS = {
    "places.csv": ("code", "name", "level", "parent", "synthetic"),
    "households.csv": ("code", "name", "group", "people", "vulnerable", "age", "synthetic"),
    "people.csv": ("code", "name", "phone", "synthetic"),
    "posts.csv": ("place", "role", "person", "rank", "synthetic"),
}
_NAMES = tuple(surname + given for surname in SURNAMES for given in GIVEN)
_KINDS = tuple(kind for kind, _, _, _ in VULNERABLE)
_SHARES = tuple(share for _, share, _, _ in VULNERABLE)
_AGES = {kind: (low, high) for kind, _, low, high in VULNERABLE}


@dataclass
class _Town:
    """One town's files as they are written, and its numbers: people are counted on from those of the core."""

    number: int
    serial: int
    out: dict[str, Any]
    people: int = field(default=0)

    def person(self, dice: random.Random, *, phone: bool, number: str | None = None) -> tuple[str, str]:
        """Write a person; returns the code and the number (empty without a phone)."""
        self.serial += 1
        self.people += 1
        code = f"P-{self.number:02d}-{self.serial:05d}"
        said = (number or f"0009{self.number:02d}{self.serial:05d}") if phone else ""
        name = f"{_NAMES[dice.randrange(len(_NAMES))]}·{self.serial:05d}"
        self.out["people.csv"].writerow((code, name, said, "true"))
        return code, said

    def post(self, place: str, role: str, person: str) -> None:
        """Write a post."""
        self.out["posts.csv"].writerow((place, role, person, 1, "true"))


def towns(
    land: Settlement, serials: dict[str, int], folder: Path, households: int = HOUSEHOLDS
) -> Iterator[tuple[str, Path, int]]:
    """Write one folder after the other, of some villages of a town each.

    Yields the town's code, the folder, and how many people are in it. ``serials``: the last number that the
    core gave a person of each town.
    """
    counts = apportioned(households, [int(land.census[town["code"]]["households"]) for town in land.towns])
    for town, count in zip(land.towns, counts, strict=True):
        code, serial = town["code"], serials.get(town["code"], 0)
        villages = land.villages[code]
        shares = apportioned(count, [1] * len(villages))
        each = max(1, IN_A_FOLDER // max(1, shares[0]))
        for first in range(0, len(villages), each):
            here = folder / f"{code}-{first:02d}"
            here.mkdir(parents=True)
            with ExitStack() as stack:
                made = _Town(land.numbers[code], serial, _files(here, stack))
                for village, homes in zip(
                    villages[first : first + each], shares[first : first + each], strict=True
                ):
                    _village(made, land.seed, village["code"], short(village["name"]), homes)
            serial = made.serial
            yield code, here, made.people


def _files(folder: Path, stack: ExitStack) -> dict[str, Any]:
    out = {}
    for file, columns in _COLUMNS.items():
        writer = csv.writer(stack.enter_context((folder / file).open("w", encoding="utf-8", newline="")))
        writer.writerow(columns)
        out[file] = writer
    return out


def _village(made: _Town, seed: int, village: str, name: str, homes: int) -> None:
    dice = random.Random(f"{seed}/masses/{village}")  # noqa: S311 - an invented world, no secret
    grids, groups = -(-homes // IN_A_GRID), -(-homes // IN_A_GROUP)
    workers: list[str] = []
    for n in range(1, grids + 1):
        code = f"{village}-G{n:02d}"
        made.out["places.csv"].writerow((code, f"{name}第{n}网格", "grid", village, "true"))
        person, _ = made.person(dice, phone=True)
        workers.append(person)
        made.post(code, "grid.worker", person)
    helpers = list(workers)
    free = list(workers)
    shared = ""
    for n in range(1, groups + 1):
        grid = (n - 1) * IN_A_GROUP // IN_A_GRID + 1
        code = f"{village}-S{n:02d}"
        made.out["places.csv"].writerow((code, f"{name}{n}组", "group", f"{village}-G{grid:02d}", "true"))
        if dice.random() >= NO_CONTACT:
            if free and dice.random() < TWO_POSTS:
                leader = free.pop()
            else:
                leader, _ = made.person(dice, phone=dice.random() >= NO_PHONE)
                helpers.append(leader)
            made.post(code, "group.leader", leader)
        for serial in range((n - 1) * IN_A_GROUP + 1, min(n * IN_A_GROUP, homes) + 1):
            shared = _home(
                made, dice, f"{village}-H{serial:04d}", f"{name}{n}组{serial:04d}户", code, helpers, shared
            )


def _home(
    made: _Town, dice: random.Random, code: str, name: str, group: str, helpers: list[str], shared: str
) -> str:
    """Write a household, its contact and its helper; returns the number a neighbour may share."""
    kind: str = dice.choices(_KINDS, _SHARES)[0] if dice.random() < ON_A_LIST else ""
    age: object = dice.randint(*_AGES[kind]) if kind else ""
    people = 1 if kind == "alone-over-65" else dice.randint(1, 5)
    made.out["households.csv"].writerow((code, name, group, people, kind, age, "true"))
    drawn = dice.random()
    if drawn < NO_CONTACT:
        return shared
    number = shared if drawn > 1 - SHARED and shared else None
    person, said = made.person(dice, phone=drawn >= NO_CONTACT + NO_PHONE, number=number)
    made.post(code, "household.contact", person)
    made.post(code, "household.helper", helpers[dice.randrange(len(helpers))])
    return said or shared
