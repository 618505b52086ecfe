"""Polygons and circles as bureaus write them, to closed WGS84 rings of (lon, lat) and circles in metres.

What encloses nothing is never read as "everywhere": it is dropped or mended, and always told, with one of
the codes ``open-polygon``, ``self-crossing``, ``swapped-coordinates``, ``bad-polygon``, ``bad-circle``,
``line``.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import shapely

from app.intake.message import Circle, Problem, Ring

MAX_POINTS = 10_000
MAX_RADIUS_M = 2_000_000.0

_NUMBER = re.compile(r"[+-]?\d{1,3}(?:\.\d{1,15})?")
_RADIUS = re.compile(r"\d{1,8}(?:\.\d{1,9})?")

# China lies between these; the two ranges do not overlap, so a pair with both halves in the other's range
# was swapped.
_LON, _LAT = (73.0, 136.0), (3.0, 54.0)

Order = Literal["lat,lon", "lon,lat", "either"]


@dataclass(frozen=True, slots=True)
class Shape:
    """A ring or a circle that can be used, or None, with what a person should know about it."""

    ring: Ring | None = None
    circle: Circle | None = None
    problems: tuple[Problem, ...] = ()


def _fault(code: str, detail: str) -> Shape:
    return Shape(problems=(Problem(code, detail, blocking=True),))


def _in(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def _pair(first: float, second: float, order: Order) -> tuple[float, float, bool] | None:
    """Return (lon, lat, swapped), or None for what lies nowhere.

    ``either``: 12379 does not say which comes first; China's ranges tell.
    """
    swapped = False
    if order == "either":
        order = "lon,lat" if _in(first, _LON) else "lat,lon"
    elif order == "lat,lon" and _in(first, _LON) and _in(second, _LAT):
        order, swapped = "lon,lat", True
    elif order == "lon,lat" and _in(first, _LAT) and _in(second, _LON):
        order, swapped = "lat,lon", True
    lon, lat = (first, second) if order == "lon,lat" else (second, first)
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        return None
    return lon, lat, swapped


def polygon_text(text: str, order: Order) -> Shape:
    """Read ``a,b a,b …``: pairs by white space, halves by a comma (GB/T 34283 and CAP 1.2 section 3.2.4)."""
    points: list[tuple[float, float]] = []
    pairs = text.split()
    if len(pairs) > MAX_POINTS:
        return _fault("bad-polygon", f"多边形的点多于{MAX_POINTS}个")
    for pair in pairs:
        halves = pair.split(",")
        if len(halves) != 2 or not all(_NUMBER.fullmatch(half) for half in halves):
            return _fault("bad-polygon", "多边形不是成对的经纬度")
        points.append((float(halves[0]), float(halves[1])))
    return polygon(points, order, line_is_legal=order == "either")


def polygon(points: Sequence[tuple[float, float]], order: Order, *, line_is_legal: bool = False) -> Shape:
    """Close, check and order a ring.

    ``line_is_legal``: in 12379 an open list of points is a line, not an omission.
    """
    if len(points) > MAX_POINTS:
        return _fault("bad-polygon", f"多边形的点多于{MAX_POINTS}个")
    read = [_pair(first, second, order) for first, second in points]
    if any(pair is None for pair in read):
        return _fault("bad-polygon", "多边形有不存在的经纬度")
    ring = [(pair[0], pair[1]) for pair in read if pair is not None]
    problems: list[Problem] = []
    if any(pair is not None and pair[2] for pair in read):
        problems.append(
            Problem("swapped-coordinates", "多边形的经度和纬度写反了，已对调，请核对", blocking=True)
        )
    if len(set(ring)) < 3:
        return _fault("bad-polygon", "多边形不足三个不同的点")
    if ring[0] != ring[-1]:
        if line_is_legal:
            return _fault("line", "来文给的是一条线，不是一个面")
        ring.append(ring[0])
        problems.append(Problem("open-polygon", "多边形没有闭合，已补上起点，请核对", blocking=True))
    shape = shapely.Polygon(ring)
    if not shape.is_valid:
        return _fault("self-crossing", "多边形自己相交，围不出范围")
    if shape.area == 0:
        return _fault("bad-polygon", "多边形围不出范围")
    return Shape(ring=tuple(ring), problems=tuple(problems))


def circle_text(text: str, order: Order, *, metres: float) -> Shape:
    """Read ``a,b r``, the radius in units of so many ``metres`` (CAP: kilometres, 1000; 12379: metres, 1)."""
    numbers = [part for part in re.split(r"[\s,]+", text.strip()) if part]
    if len(numbers) != 3 or not (
        _NUMBER.fullmatch(numbers[0]) and _NUMBER.fullmatch(numbers[1]) and _RADIUS.fullmatch(numbers[2])
    ):
        return _fault("bad-circle", "圆形区域不是圆心加半径")
    return circle(float(numbers[0]), float(numbers[1]), float(numbers[2]) * metres, order)


def circle(first: float, second: float, radius_m: float, order: Order) -> Shape:
    """Check and order a circle; radius 0 is a point."""
    pair = _pair(first, second, order)
    if pair is None or not math.isfinite(radius_m) or not 0 <= radius_m <= MAX_RADIUS_M:
        return _fault("bad-circle", "圆形区域的圆心或半径不成立")
    lon, lat, swapped = pair
    problems = (
        (Problem("swapped-coordinates", "圆心的经度和纬度写反了，已对调，请核对", blocking=True),)
        if swapped
        else ()
    )
    return Shape(circle=Circle(lon, lat, radius_m), problems=problems)
