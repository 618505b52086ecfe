"""Where invented points lie: in a town's cell, at its edge, by the river; distances in metres on the spot.

The cells and rivers of data/ are sketches (SOURCES.md): good for points that are invented anyway, never for
deciding where a real one belongs.
"""

import json
import math
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from shapely.geometry import LineString, MultiLineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

T = TypeVar("T")
Spot = tuple[float, float]
"""Longitude, latitude in degrees."""

METRES_NORTH = 110_850.0


def metres_east(lat: float) -> float:
    """Metres of a degree of longitude at a latitude."""
    return 111_320.0 * math.cos(math.radians(lat))


def distance(a: Spot, b: Spot) -> float:
    """Metres between two points of one district (flat; 0.1 % off at most)."""
    return math.hypot((a[0] - b[0]) * metres_east((a[1] + b[1]) / 2), (a[1] - b[1]) * METRES_NORTH)


def moved(spot: Spot, angle: float, by: float) -> Spot:
    """The point that many metres away in a direction (radians)."""
    return (
        round(spot[0] + math.cos(angle) * by / metres_east(spot[1]), 5),
        round(spot[1] + math.sin(angle) * by / METRES_NORTH, 5),
    )


def nearest(spot: Spot, among: Iterable[tuple[T, Spot]]) -> T:
    """The nearest of named points."""
    return min(among, key=lambda item: distance(spot, item[1]))[0]


@dataclass(frozen=True)
class Terrain:
    """Cells and seats of towns by code, and the river sketches."""

    cells: dict[str, Polygon]
    seats: dict[str, Spot]
    rivers: MultiLineString

    @classmethod
    def read(cls, folder: Path) -> "Terrain":
        """Read towns.geojson and rivers.geojson."""
        towns = json.loads((folder / "towns.geojson").read_text(encoding="utf-8"))["features"]
        rivers = json.loads((folder / "rivers.geojson").read_text(encoding="utf-8"))["features"]
        return cls(
            {town["properties"]["code"]: Polygon(town["geometry"]["coordinates"][0]) for town in towns},
            {
                town["properties"]["code"]: (town["properties"]["seat_lon"], town["properties"]["seat_lat"])
                for town in towns
            },
            MultiLineString([LineString(river["geometry"]["coordinates"]) for river in rivers]),
        )

    def river_metres(self, town: str) -> float:
        """How much river a town's cell has."""
        return _length(self.cells[town].intersection(self.rivers)) * METRES_NORTH

    def edge(self, town: str, spot: Spot) -> float:
        """Metres from a point to the edge of the town's cell."""
        near = self.cells[town].exterior
        return distance(spot, _xy(near.interpolate(near.project(Point(spot)))))

    def to_river(self, spot: Spot) -> float:
        """Metres from a point to the nearest river sketch."""
        return min(
            distance(spot, _xy(line.interpolate(line.project(Point(spot))))) for line in self.rivers.geoms
        )

    def inside(self, town: str, dice: random.Random, fits: Callable[[Spot], bool] = lambda _: True) -> Spot:
        """A point of the cell that fits; after 400 throws any point of the cell."""
        west, south, east, north = self.cells[town].bounds
        fallback: Spot | None = None
        for _ in range(400):
            spot = (round(dice.uniform(west, east), 5), round(dice.uniform(south, north), 5))
            if self.cells[town].contains(Point(spot)):
                if fits(spot):
                    return spot
                fallback = fallback or spot
        return fallback or self.seats[town]

    def slope(self, town: str, dice: random.Random) -> Spot:
        """A point away from the seat, at the edge of the cell: where slopes are."""
        seat = self.seats[town]
        return self.inside(
            town, dice, lambda s: self.edge(town, s) < 900 and distance(s, seat) > self.edge(town, s) + 600
        )

    def bank(self, town: str, dice: random.Random) -> Spot:
        """A point of the cell within 450 m of its river. The town must have one."""
        line = _longest(self.cells[town].intersection(self.rivers))
        for _ in range(400):
            on = _xy(line.interpolate(dice.random(), normalized=True))
            spot = moved(on, dice.uniform(0, math.tau), dice.uniform(20, 450))
            if self.cells[town].contains(Point(spot)):
                return spot
        return (round(on[0], 5), round(on[1], 5))


def _xy(point: Point) -> Spot:
    return (point.x, point.y)


def _lines(geometry: BaseGeometry) -> list[LineString]:
    if isinstance(geometry, LineString):
        return [geometry]
    return [line for part in getattr(geometry, "geoms", ()) for line in _lines(part)]


def _length(geometry: BaseGeometry) -> float:
    return sum(line.length for line in _lines(geometry))


def _longest(geometry: BaseGeometry) -> LineString:
    return max(_lines(geometry), key=lambda line: line.length)
