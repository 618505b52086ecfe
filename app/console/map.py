"""The district as a drawing: cells and rivers from open data, projected once, coloured by the board's rows.

The cells are approximate and only there to be coloured; the board is the map's text.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app import bundled
from app.console import words
from app.console.board.towns import Row

WIDTH, HEIGHT, MARGIN = 420.0, 318.0, 8.0
Ring = Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class Cell:
    """One town's cell: its outline and where its name stands, in the drawing's own units."""

    code: str
    name: str
    path: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """All cells and rivers of a district."""

    width: float
    height: float
    cells: tuple[Cell, ...]
    rivers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A cell with what the board says of its town."""

    cell: Cell
    state: str
    level: str
    label: str
    title: str


@lru_cache(maxsize=4)
def drawing(folder: str = "rongchang") -> Drawing:
    """Read and project the cells; a district without drawings has an empty one."""
    base = bundled.path("data") / folder
    if not (base / "towns.geojson").is_file():
        return Drawing(WIDTH, HEIGHT, (), ())
    towns = json.loads((base / "towns.geojson").read_text(encoding="utf-8"))["features"]
    outlines = {
        town["properties"]["code"]: (town["properties"]["name"], _rings(town["geometry"])) for town in towns
    }
    points = [point for _, rings in outlines.values() for ring in rings for point in ring]
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    flat = math.cos(math.radians((south + north) / 2))
    scale = min((WIDTH - 2 * MARGIN) / ((east - west) * flat), (HEIGHT - 2 * MARGIN) / (north - south))
    left = (WIDTH - (east - west) * flat * scale) / 2
    top = (HEIGHT - (north - south) * scale) / 2

    def at(point: Sequence[float]) -> tuple[float, float]:
        return round(left + (point[0] - west) * flat * scale, 1), round(top + (north - point[1]) * scale, 1)

    cells = []
    for code, (name, rings) in sorted(outlines.items()):
        drawn = [[at(point) for point in ring] for ring in rings]
        x, y = _centroid(max(drawn, key=lambda ring: abs(_area(ring))))
        cells.append(
            Cell(
                code,
                words.bare(name),
                "".join(_path(ring, close=True) for ring in drawn),
                round(x, 1),
                round(y, 1),
            )
        )
    rivers: tuple[str, ...] = ()
    if (base / "rivers.geojson").is_file():
        lines = json.loads((base / "rivers.geojson").read_text(encoding="utf-8"))["features"]
        rivers = tuple(
            _path([at(point) for point in line["geometry"]["coordinates"]], close=False) for line in lines
        )
    return Drawing(WIDTH, HEIGHT, tuple(cells), rivers)


def shown(rows: Sequence[Row]) -> tuple[Shown, ...]:
    """Join the drawing's cells with the board's rows, the higher level last, so that its edge lies on top."""
    by_code: Mapping[str, Row] = {row.code: row for row in rows}
    found = []
    for cell in drawing().cells:
        row = by_code.get(cell.code)
        if row is None:
            found.append((-2, Shown(cell, "quiet", "none", cell.name, cell.name)))
            continue
        level = row.level.word if row.level is not None else "none"
        title = "，".join(
            part for part in (row.name, f"{row.level.zh}" if row.level is not None else "", row.word) if part
        )
        found.append(
            (
                -1 if row.level is None else int(row.level),
                Shown(cell, row.state, level, cell.name + row.glyph, title),
            )
        )
    found.sort(key=lambda pair: pair[0])
    return tuple(one for _, one in found)


def _rings(geometry: Mapping[str, Any]) -> list[Ring]:
    if geometry["type"] == "Polygon":
        return [geometry["coordinates"][0]]
    return [polygon[0] for polygon in geometry["coordinates"]]


def _path(points: Sequence[tuple[float, float]], *, close: bool) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points) + ("Z" if close else "")


def _area(ring: Sequence[tuple[float, float]]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)) / 2


def _centroid(ring: Sequence[tuple[float, float]]) -> tuple[float, float]:
    area = _area(ring)
    if not area:
        return ring[0]
    pairs = list(zip(ring, [*ring[1:], ring[0]], strict=True))
    x = sum((a[0] + b[0]) * (a[0] * b[1] - b[0] * a[1]) for a, b in pairs)
    y = sum((a[1] + b[1]) * (a[0] * b[1] - b[0] * a[1]) for a, b in pairs)
    return x / (6 * area), y / (6 * area)
