"""Writing down what was planted: where an invention leaves a post empty or a place with too few ways.

Told from the invention's own rows as they were drawn (who was left out, who got no phone, who got two posts),
not by the checks that must find it: tests compare the two, set by set.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from app.directory.invent import Register
from app.directory.profiles import Hole
from app.directory.settlement import Settlement

_PAIRS = {"group": ("group.leader", "grid.worker"), "grid": ("grid.worker", "village.duty")}
"""Who is rung for a grid or a group, and who behind them at the place above."""


def told(land: Settlement, register: Register, without_duty: str) -> list[Hole]:
    """Return the holes of posts and places; those of the rosters are written as the shifts are drawn."""
    held: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in register.posts:
        held[str(row["place"]), str(row["role"])].append(str(row["person"]))
    phone = {code: str(row["phone"]) for code, row in register.people.items()}

    def numbers(people: Iterable[str]) -> set[str]:
        return {phone[person] for person in people if phone[person]}

    holes = [Hole("vacant", without_duty, "village.duty")]
    for place in land.places:
        code, above = str(place["code"]), str(place["parent"])
        if place["level"] == "bureau" and place["kind"] == "key" and not held[code, "bureau.deputy"]:
            holes.append(Hole("vacant", code, "bureau.deputy"))
        elif place["level"] in _PAIRS:
            own, behind = _PAIRS[str(place["level"])]
            named = held[code, own]
            if not numbers(named):
                holes.append(Hole("no-phone" if named else "vacant", code, own))
            elif numbers(named) == numbers(held[above, behind]):
                holes.append(Hole("same-person", code, behind))
    for code, first, second in _sites(land):
        open_ = numbers((*held[code, first], *held[second]))
        if len(open_) < 2:
            holes.append(Hole("one-way" if open_ else "no-contact", code, first))
    return holes


def _sites(land: Settlement) -> Iterator[tuple[str, str, tuple[str, str]]]:
    """Each place that needs two ways: its code, whose it is, and where and as what its second one stands."""
    for place in land.places:
        if place["level"] == "facility":
            yield str(place["code"]), "facility.head", (str(place["parent"]), "village.duty")
    for point in land.risk_points:
        yield str(point["code"]), "keeper.monitor", (str(point["village"]), "village.head")
    for home in land.households:
        yield str(home["code"]), "household.contact", (str(home["code"]), "household.helper")
