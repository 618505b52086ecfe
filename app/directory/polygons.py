"""Which towns a drawn area touches. The cells are approximate, for messages that come without codes.

Coordinates are (longitude, latitude) in WGS84 degrees. Twisted, open, exchanged or endless shapes are
refused and not mended: a shape that was mended may lie somewhere else.
"""

import functools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shapely.affinity import scale
from shapely.geometry import Point, Polygon

from app import bundled
from app.directory.terrain import METRES_NORTH, metres_east
from app.errors import InvalidGeometry

MOST_POINTS = 10_000
LARGEST_RADIUS = 200_000.0
"""Metres. A larger circle is more likely metres read as kilometres (12379 writes metres, CAP kilometres): a
person looks.
"""

Ring = Sequence[tuple[float, float]]
Circle = tuple[float, float, float]
"""Longitude, latitude, radius in metres."""


@dataclass(frozen=True)
class Cells:
    """The town cells of a district, by nine-digit code."""

    towns: dict[str, Polygon]

    @classmethod
    def read(cls, file: Path) -> "Cells":
        """Read a GeoJSON file of town polygons with their ``code``."""
        features = json.loads(file.read_text(encoding="utf-8"))["features"]
        return cls({f["properties"]["code"]: Polygon(f["geometry"]["coordinates"][0]) for f in features})

    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        boxes = [cell.bounds for cell in self.towns.values()]
        return (
            min(b[0] for b in boxes),
            min(b[1] for b in boxes),
            max(b[2] for b in boxes),
            max(b[3] for b in boxes),
        )


@functools.cache
def bundled_cells(name: str = "rongchang") -> Cells:
    """The cells that come with the product, read once a process."""
    return Cells.read(bundled.path("data") / name / "towns.geojson")


def towns_in(cells: Cells, polygons: Sequence[Ring] = (), circles: Sequence[Circle] = ()) -> frozenset[str]:
    """The towns that any of these shapes touches; empty when all lie elsewhere. Raises InvalidGeometry."""
    found: set[str] = set()
    for number, ring in enumerate(polygons):
        area = _polygon(ring, f"/polygons/{number}", cells)
        found |= {code for code, cell in cells.towns.items() if cell.intersection(area).area > 0}
    for number, circle in enumerate(circles):
        found |= _circle(circle, f"/circles/{number}", cells)
    return frozenset(found)


def _polygon(ring: Ring, pointer: str, cells: Cells) -> Polygon:
    if len(ring) > MOST_POINTS:
        raise InvalidGeometry(f"A polygon has more than {MOST_POINTS} points.", pointer=pointer)
    if len(ring) < 4 or tuple(ring[0]) != tuple(ring[-1]):
        raise InvalidGeometry("A polygon is a closed ring of at least four points.", pointer=pointer)
    for lon, lat in ring:
        _point(lon, lat, pointer, cells)
    shape = Polygon(ring)
    if not shape.is_valid or shape.area == 0:
        raise InvalidGeometry("A polygon crosses itself or has no area.", pointer=pointer)
    return shape


def _circle(circle: Circle, pointer: str, cells: Cells) -> set[str]:
    lon, lat, radius = circle
    _point(lon, lat, pointer, cells)
    if not math.isfinite(radius) or not 0 <= radius <= LARGEST_RADIUS:
        raise InvalidGeometry(
            f"A circle's radius is from 0 to {LARGEST_RADIUS / 1000:g} km.", pointer=pointer
        )
    # Degrees become metres on the spot, so that a circle is round.
    east = metres_east(lat)
    centre = Point(lon * east, lat * METRES_NORTH)
    return {
        code
        for code, cell in cells.towns.items()
        if scale(cell, east, METRES_NORTH, origin=(0, 0)).distance(centre) <= radius
    }


def _point(lon: float, lat: float, pointer: str, cells: Cells) -> None:
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise InvalidGeometry("A coordinate is not a finite number.", pointer=pointer)
    west, south, east, north = cells.bounds()
    if not -90 <= lat <= 90 or (west <= lat <= east and south <= lon <= north):
        raise InvalidGeometry("Longitude and latitude seem to be exchanged.", pointer=pointer)
    if not -180 <= lon <= 180:
        raise InvalidGeometry("A coordinate is outside the globe.", pointer=pointer)
