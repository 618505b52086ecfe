"""Codes and names → towns. What cannot be placed is said, and nothing is widened."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.db import Database
from app.directory import polygons
from app.directory.place_codes import Gazetteer, Located, gazetteer, locate, place_codes
from app.directory.polygons import bundled_cells, towns_in
from app.errors import InvalidGeometry
from tests.support.invented import DISTRICT

pytestmark = pytest.mark.anyio

CHANGYUAN, CHANGZHOU, GUANGSHUN = "500153001", "500153002", "500153003"


async def where(db: Database, *codes: str, system: str = "nbs", names: tuple[str, ...] = ()) -> Located:
    async with db.reading() as session:
        return await locate(session, DISTRICT, codes, system, names=names)


async def test_codes_of_every_length_lead_to_the_same_place_and_no_wider(demo_db: Database) -> None:
    for code in ("500153001", "500153001000", "50015300100000", " 500153001 ", "５００１５３００１"):
        found = await where(demo_db, code)
        assert found == Located(places=frozenset({CHANGYUAN})), code
        assert found.sure
    for code in ("500153", "500153000", "500153000000", "50015300000000", "500100", "500000", "5001", "50"):
        found = await where(demo_db, code)
        assert found.whole_district, code
        assert len(found.places) == 21
        assert not found.villages
    village = await where(demo_db, "500153001001")
    assert village.places == {CHANGYUAN}
    assert village.villages == {"500153001001"}
    both = await where(demo_db, "500153001001", CHANGYUAN)
    assert both.places == {CHANGYUAN}
    assert not both.villages, "the town is named whole"


async def test_another_place_is_elsewhere_and_a_code_that_is_none_is_unknown(demo_db: Database) -> None:
    found = await where(demo_db, "510500", "500226", "500152001", "110000")
    assert found.elsewhere == ("510500", "500152001", "110000")
    assert found.whole_district, "500226 was the district's code"
    found = await where(
        demo_db,
        "500153999",
        "500153000001",
        "000000",
        "5001530010",
        "abc",
        "",
        "50015300100001",
        "500226100",
    )
    assert found.places == set()
    assert len(found.unknown) == 8
    assert not found.sure


async def test_no_code_is_nowhere(demo_db: Database) -> None:
    found = await where(demo_db)
    assert found == Located()
    assert not found.places


async def test_the_two_lists_give_the_same_code_to_different_towns(demo_db: Database) -> None:
    assert (await where(demo_db, "500153002", system="nbs")).places == {CHANGZHOU}
    assert (await where(demo_db, "500153002", system="mca")).places == {GUANGSHUN}
    assert (await where(demo_db, "500153113", system="mca")).places == {"500153100"}


@pytest.mark.parametrize(
    ("code", "name", "agrees"),
    [
        (CHANGZHOU, "昌州街道", True),
        (CHANGZHOU, "昌洲街道", True),
        (CHANGZHOU, "重庆市荣昌区昌州街道", True),
        (CHANGYUAN, "昌源", True),
        (CHANGYUAN, "昌元街道办事处", True),
        (CHANGZHOU, "广顺街道", False),
        (CHANGZHOU, "荣昌区", False),
        ("500153", "荣昌县", True),
        ("500153", "重庆市荣昌区", True),
        ("500153", "昌元街道", False),
        ("500153", "内江市", False),
        ("500153", "全区", True),
        ("500000", "重庆市", True),
        ("500153001001", "昌元街道玉屏社区", True),
        ("500153001001", "玉屏社区居民委员会", True),
        ("500153001001", "白象社区", False),
        ("511000", "内江市", True),
        ("511000", "荣昌区昌元街道", False),
        (CHANGYUAN, "双河镇", False),
        ("510121100", "清江镇", True),
    ],
)
async def test_a_name_that_says_another_place_than_its_code_is_found(
    demo_db: Database, code: str, name: str, agrees: bool
) -> None:
    found = await where(demo_db, code, names=(name,))
    assert (found.disagreeing == ()) is agrees


BOOK = Gazetteer(
    DISTRICT,
    frozenset({CHANGYUAN, CHANGZHOU}),
    {DISTRICT: DISTRICT, CHANGYUAN: CHANGYUAN, CHANGZHOU: CHANGZHOU},
    frozenset({"500226"}),
    {},
    {DISTRICT: frozenset({"荣昌"}), CHANGYUAN: frozenset({"昌元"}), CHANGZHOU: frozenset({"昌州"})},
)


@given(st.lists(st.text("0123456789 x", max_size=15), max_size=5), st.lists(st.text(max_size=8), max_size=5))
async def test_whatever_codes_come_none_is_lost_and_none_is_widened(
    codes: list[str], names: list[str]
) -> None:
    found = place_codes(codes, names, BOOK)
    if found.whole_district:
        assert any(
            code.strip()[:6] in {"500153", "500226", "500100", "500000"} or len(code.strip()) < 6
            for code in codes
        )
    assert found.places <= BOOK.towns
    if codes and not found.places:
        assert found.elsewhere or found.unknown


async def test_an_absent_directory_places_nothing(db: Database) -> None:
    async with db.reading() as session:
        book = await gazetteer(session, DISTRICT, "nbs")
    assert place_codes(["500153001"], [], book).unknown == ("500153001",)


def square(lon: float, lat: float, half: float) -> list[tuple[float, float]]:
    return [
        (lon - half, lat - half),
        (lon + half, lat - half),
        (lon + half, lat + half),
        (lon - half, lat + half),
        (lon - half, lat - half),
    ]


def test_a_polygon_and_a_circle_find_the_towns_they_touch() -> None:
    cells = bundled_cells()
    assert towns_in(cells, [square(105.576, 29.424, 0.004)]) == {CHANGYUAN}
    assert len(towns_in(cells, [square(105.5, 29.45, 1.0)])) == 21
    assert towns_in(cells, [square(104.0, 30.6, 0.1)]) == frozenset()
    assert towns_in(cells) == frozenset()
    assert towns_in(cells, circles=[(105.576, 29.424, 0.0)]) == {CHANGYUAN}
    assert towns_in(cells, circles=[(105.576, 29.424, 1000.0)]) == {CHANGYUAN}
    assert len(towns_in(cells, circles=[(105.59, 29.40, 60_000.0)])) == 21
    assert towns_in(cells, circles=[(104.0, 30.6, 1000.0)]) == frozenset()


@pytest.mark.parametrize(
    ("ring", "why"),
    [
        ([(105.5, 29.4), (105.6, 29.5), (105.5, 29.4)], "four points"),
        ([(105.5, 29.4), (105.6, 29.5), (105.6, 29.4), (105.5, 29.5)], "closed"),
        ([(105.5, 29.4), (105.6, 29.5), (105.6, 29.4), (105.5, 29.5), (105.5, 29.4)], "crosses"),
        ([(lat, lon) for lon, lat in square(105.5, 29.4, 0.1)], "exchanged"),
        ([(105.5, 29.4), (math.nan, 29.5), (105.6, 29.4), (105.5, 29.4)], "finite"),
        ([(105.5, 29.4), (105.6, 29.4), (105.7, 29.4), (105.5, 29.4)], "area"),
        ([(205.5, 29.4), (205.6, 29.4), (205.7, 29.5), (205.5, 29.4)], "globe"),
        (square(105.5, 29.4, 0.1) * 3000, "points"),
    ],
)
def test_a_broken_shape_is_refused_and_not_mended(ring: list[tuple[float, float]], why: str) -> None:
    with pytest.raises(InvalidGeometry, match=why):
        towns_in(bundled_cells(), [ring])


@pytest.mark.parametrize(
    "circle", [(29.4, 105.5, 10.0), (105.5, 29.4, -1.0), (105.5, 29.4, math.inf), (105.5, 29.4, 1_000_000.0)]
)
def test_a_circle_that_cannot_be_meant_is_refused(circle: polygons.Circle) -> None:
    with pytest.raises(InvalidGeometry):
        towns_in(bundled_cells(), circles=[circle])


@given(st.lists(st.tuples(st.floats(105.0, 106.0), st.floats(29.0, 30.0)), min_size=3, max_size=8))
def test_any_ring_either_finds_towns_or_is_refused(points: list[tuple[float, float]]) -> None:
    try:
        found = towns_in(bundled_cells(), [[*points, points[0]]])
    except InvalidGeometry:
        return
    assert found <= set(bundled_cells().towns)
