"""Which towns a message speaks of: codes of a named list, checked against the names written beside them.

What cannot be placed is said, never widened: an unknown code is not its town, a town is not the district, and
nothing is not everywhere. Drawn areas are ``polygons``.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from app.db import Session
from app.directory.tables import Place, PlaceCode

_ENDINGS = (
    "街道办事处",
    "人民政府",
    "社区居民委员会",
    "村村民委员会",
    "居民委员会",
    "村民委员会",
    "街道",
    "社区",
    "镇",
    "乡",
    "村",
    "区",
    "县",
    "市",
)
_VAGUE = ("全", "本", "我", "辖")
_DIVISION = ("街道", "镇", "乡", "区", "县", "市", "省", "社区", "村")


@dataclass(frozen=True, slots=True)
class Located:
    """Where a message's codes lie.

    ``places`` are nine-digit towns, ``villages`` only those that a code named without naming their town
    whole.
    """

    places: frozenset[str] = frozenset()
    villages: frozenset[str] = frozenset()
    whole_district: bool = False
    elsewhere: tuple[str, ...] = ()
    """Codes of other districts, cities or provinces."""
    unknown: tuple[str, ...] = ()
    """Codes that are none, or of this district but not in its list."""
    disagreeing: tuple[str, ...] = ()
    """Codes whose name says another place: nobody is called until a person has looked."""

    @property
    def sure(self) -> bool:
        """Whether every code was understood and no name speaks against it."""
        return not self.unknown and not self.disagreeing


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """What a district's codes and names mean in one list."""

    district: str
    towns: frozenset[str]
    by_code: dict[str, str]
    """Code in this list, zeros at its end cut off in threes → place."""
    aliases: frozenset[str]
    """Other six-digit codes of the district, valid once."""
    parent: dict[str, str]
    """Village → town."""
    names: dict[str, frozenset[str]] = field(default_factory=dict)
    """Place → its bare names."""


async def gazetteer(session: Session, district: str, system: str) -> Gazetteer:
    """Read a district's codes in one list (``nbs``, ``mca``) and its older codes."""
    places = (
        await session.execute(
            sa.select(Place.id, Place.level, Place.name, Place.parent_id, Place.extra).where(
                Place.district == district, Place.level.in_(("district", "town", "village"))
            )
        )
    ).all()
    codes = await session.execute(
        sa.select(PlaceCode.system, PlaceCode.code, PlaceCode.place_id).where(
            PlaceCode.district == district, PlaceCode.system.in_((system, "legacy"))
        )
    )
    by_code: dict[str, str] = {district: district}
    aliases: set[str] = set()
    for in_system, code, place in codes:
        if in_system == "legacy" and place == district:
            aliases.add(code)
        else:
            by_code[code] = place
    if system == "nbs":  # a place's own id is its code in the statistics list
        by_code |= {row.id: row.id for row in places}
    return Gazetteer(
        district,
        frozenset(row.id for row in places if row.level == "town"),
        by_code,
        frozenset(aliases),
        {row.id: row.parent_id for row in places if row.level == "village"},
        {row.id: frozenset(bare(name) for name in (row.name, *row.extra.get("also", ()))) for row in places},
    )


async def locate(
    session: Session, district: str, codes: Sequence[str], system: str, *, names: Sequence[str | None] = ()
) -> Located:
    """Place codes of 6, 9, 12 or 14 digits. ``names`` run parallel to ``codes`` or are absent.

    No code at all gives an empty answer, which is not everywhere.
    """
    return place_codes(codes, names, await gazetteer(session, district, system))


def place_codes(codes: Sequence[str], names: Sequence[str | None], known: Gazetteer) -> Located:
    """Place codes by a district's gazetteer (pure)."""
    towns: set[str] = set()
    villages: set[str] = set()
    elsewhere: list[str] = []
    unknown: list[str] = []
    disagreeing: list[str] = []
    whole = False
    said = list(names) if len(names) == len(codes) else [None] * len(codes)
    for code, name in zip(codes, said, strict=True):
        what, place = _meaning(code, known)
        if name and _speaks_against(name, what, place, known):
            disagreeing.append(code)
        if what == "elsewhere":
            elsewhere.append(code)
        elif what == "unknown":
            unknown.append(code)
        elif what in {"whole", "above"}:
            whole = True
        elif what == "town":
            towns.add(place)
        else:
            villages.add(place)
    if whole:
        return Located(known.towns, frozenset(), True, tuple(elsewhere), tuple(unknown), tuple(disagreeing))
    villages = {village for village in villages if known.parent[village] not in towns}
    return Located(
        frozenset(towns | {known.parent[village] for village in villages}),
        frozenset(villages),
        False,
        tuple(elsewhere),
        tuple(unknown),
        tuple(disagreeing),
    )


def _meaning(code: str, known: Gazetteer) -> tuple[str, str]:
    """Say what a code is and which place of ours: whole, above, town, village, elsewhere, unknown."""
    digits = unicodedata.normalize("NFKC", code).strip()
    if not digits.isascii() or not digits.isdigit() or len(digits) not in {2, 4, 6, 9, 12, 14}:
        return "unknown", ""
    if len(digits) == 14:
        if digits[12:] != "00":
            return "unknown", ""
        digits = digits[:12]
    digits = digits.ljust(12, "0")
    province, city, county, town, village = digits[:2], digits[2:4], digits[4:6], digits[6:9], digits[9:]
    parts = (province, city, county, town, village)
    named = [part for part in parts if part.strip("0")]
    if not named or tuple(named) != parts[: len(named)]:
        return "unknown", ""  # all zeros, or a gap such as 500153000001
    if len(named) < 3:
        return ("above", known.district) if known.district.startswith("".join(named)) else ("elsewhere", "")
    if digits[:6] in known.aliases:
        return ("whole", known.district) if len(named) == 3 else ("unknown", "")
    if digits[:6] != known.district:
        return "elsewhere", ""
    if len(named) == 3:
        return "whole", known.district
    place = known.by_code.get("".join(named))
    if place is None:
        return "unknown", ""
    return ("town" if place in known.towns else "village"), place


def bare(name: str) -> str:
    """A name without spaces and without what kind of division it is: 昌元街道办事处 → 昌元."""
    name = "".join(unicodedata.normalize("NFKC", name).split())
    for ending in _ENDINGS:
        if name.endswith(ending) and len(name) > len(ending) + 1:
            return name.removesuffix(ending)
    return name


def _speaks_against(name: str, what: str, place: str, known: Gazetteer) -> bool:
    """Whether a name written beside a code says another place than the code does."""
    if what in {"unknown", "above"}:
        return (
            False  # unknown is held anyway; a city or province that holds the district is named as it likes
        )
    if what == "elsewhere":
        return any(own in name for own in known.names[known.district])
    key = _own_part(name, known)
    ours = [id_ for id_, names in known.names.items() if key in names]
    if place in ours:
        return False
    whole_name = "".join(name.split())
    # A name that is no place of ours: words such as 全区 say nothing against a code, another town or city
    # does.
    return bool(ours) or (whole_name.endswith(_DIVISION) and not whole_name.startswith(_VAGUE))


def _own_part(name: str, known: Gazetteer) -> str:
    """The last part of a name that is written from the top: 重庆市荣昌区昌元街道 → 昌元."""
    name = "".join(unicodedata.normalize("NFKC", name).split())
    above: Iterable[str] = known.names.get(known.district, ())
    for upper in above:
        for full in (f"{upper}区", f"{upper}县", upper):
            head, found, tail = name.partition(full)
            if found and tail not in {"", "区", "县"} and len(head) <= 6:
                name = tail
                break
    for town in known.towns:
        for upper in known.names[town]:
            for full in (f"{upper}街道", f"{upper}镇"):
                if name.startswith(full) and len(name) > len(full):
                    name = name.removeprefix(full)
    key = bare(name)
    for upper in above:
        if key.endswith(upper):  # 重庆市荣昌区, with nothing after it
            return upper
    return key
