"""Where a message's areas lie: by code in the source's list and name; by shape where no code came."""

from app.db import Session
from app.directory.place_codes import locate
from app.directory.polygons import bundled_cells, towns_in
from app.errors import InvalidGeometry
from app.intake.disposition import Where
from app.intake.message import Area, Message, Problem


async def place(session: Session, message: Message, *, district: str, system: str) -> Where:
    """Return where a message's areas lie. ``system``: the source's code list, ``nbs`` or ``mca``."""
    named = [pair for area in message.areas for pair in area.named_codes]
    located = await locate(
        session, district, [code for code, _ in named], system, names=[name for _, name in named]
    )
    problems: list[Problem] = []
    if located.unknown:
        problems.append(Problem("unknown-code", "来文有认不出的区域编码", blocking=True))
    if located.disagreeing:
        problems.append(
            Problem("name-differs", "来文的区域编码与名称对不上，可能用了另一套编码", blocking=True)
        )
    towns, outside = set(located.places), bool(located.elsewhere)
    for area in message.areas:
        if area.codes:
            continue
        touched = _drawn(area, problems)
        towns |= touched
        outside |= bool(area.polygons or area.circles) and not touched
    return Where(frozenset(towns), located.villages, outside, tuple(dict.fromkeys(problems)))


def _drawn(area: Area, problems: list[Problem]) -> frozenset[str]:
    """Return the towns an area's shapes touch; the cells are approximate, so touching counts."""
    if not area.polygons and not area.circles:
        if area.description:
            problems.append(Problem("no-place", "来文有只写了文字的范围，须由人认定", blocking=True))
        return frozenset()
    try:
        circles = [(circle.lon, circle.lat, circle.radius_m) for circle in area.circles]
        return towns_in(bundled_cells(), area.polygons, circles)
    except InvalidGeometry:
        problems.append(Problem("bad-polygon", "来文画的范围不成立，或经纬度写反", blocking=True))
        return frozenset()
