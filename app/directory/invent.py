"""Invented people: names nobody has, numbers that cannot ring, chance that is alike on every machine."""

import random
from dataclasses import dataclass, field
from typing import NamedTuple

# Common real surnames (丁, 辛) are left out; a solar term as given name shows at once that there is no such
# person.
SURNAMES = "甲乙丙戊己庚壬癸"
_TERMS = "立春雨水惊蛰春分清明谷雨立夏小满芒种夏至小暑大暑立秋处暑白露秋分寒露霜降立冬小雪大雪冬至小寒大寒"
GIVEN = tuple(_TERMS[i : i + 2] for i in range(0, len(_TERMS), 2))

Cells = dict[str, object]


class Entry(NamedTuple):
    """What a simulated phone knows of itself: the first role of the first who has it, and where."""

    role: str
    place: str
    town: str


def chance(seed: int, *about: object) -> random.Random:
    """A source of chance for one decision, the same for the same seed and words on any machine."""
    return random.Random(f"{seed}/{'/'.join(map(str, about))}")  # noqa: S311 - an invented world, no secret


@dataclass
class Register:
    """People and posts as they are invented, in the form of people.csv and posts.csv."""

    seed: int
    people: dict[str, Cells] = field(default_factory=dict)
    posts: list[Cells] = field(default_factory=list)
    phone_book: dict[str, Entry] = field(default_factory=dict)
    posts_of: dict[str, int] = field(default_factory=dict)
    _serial: dict[int, int] = field(default_factory=dict)
    _names: dict[int, set[str]] = field(default_factory=dict)

    def person(self, town: int, *, phone: bool = True, number: str | None = None) -> str:
        """Invent a person of a town (0 the district, 1 to 21) and return the code.

        Names are plain while the town has not used them, then carry the serial: 甲谷雨·00421.
        """
        serial = self._serial[town] = self._serial.get(town, 0) + 1
        code = f"P-{town:02d}-{serial:05d}"
        dice = chance(self.seed, "name", code)
        name = dice.choice(SURNAMES) + dice.choice(GIVEN)
        used = self._names.setdefault(town, set())
        if name in used:
            name = f"{name}·{serial:05d}"
        used.add(name)
        if number is None and phone:
            number = f"0009{town:02d}{serial:05d}"
        self.people[code] = {"code": code, "name": name, "phone": number or "", "synthetic": "true"}
        return code

    def post(self, place: str, role: str, person: str, *, town: str, rank: int = 1) -> None:
        """Give a person a post; the person's number enters the phone book with its first post."""
        self.posts.append({"place": place, "role": role, "person": person, "rank": rank, "synthetic": "true"})
        if role != "household.helper":
            self.posts_of[person] = self.posts_of.get(person, 0) + 1
        number = str(self.people[person]["phone"])
        if number:
            self.phone_book.setdefault(number, Entry(role, place, town))
