"""News make plans anew: a reported disaster, a town that is 失联, a forecast. Each version says which."""

from collections.abc import Callable, Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import beats
from app.activation import advance
from app.activation.situation import in_force
from app.activation.tables import Warning
from app.answer import silence
from app.channels.registry import Registry
from app.disaster import keep, look
from app.due import Due
from app.observations import accept
from app.scheme.models import Scheme

SOURCES = (keep.BEAT, silence.BEAT, accept.FORECASTS)


def _follower(source: str, district: str) -> str:
    return f"hear:{source}:{district}"


def unheard(district: str) -> tuple[Due, ...]:
    """Ask when the newest of each kind of news came, if nobody has planned for it."""
    return tuple(beats.unseen(f"{source}:{district}", _follower(source, district)) for source in SOURCES)


async def sweep(
    session: AsyncSession, district: str, *, scheme: Scheme, registry: Registry, at: datetime
) -> int:
    """Make the plans again that the news touches; only what is new is called. Returns how many kinds."""
    kinds = 0
    for source in SOURCES:
        follower = _follower(source, district)
        ahead = await beats.ahead(session, f"{source}:{district}", follower)
        if ahead is None:
            continue
        last = await beats.last(session, follower)
        await beats.catch_up(session, follower, ahead.count, at)
        kinds += 1
        for origin in await session.scalars(
            sa.select(Warning.origin)
            .where(Warning.district == district, Warning.state == "in-force")
            .distinct()
            .order_by(Warning.origin)
        ):
            rows = await in_force(session, district, origin)
            cause = await _cause(session, source, district, origin, rows, last, scheme)
            for row in sorted(rows, key=lambda r: (r.raised_from is None, r.received_at, r.id)):
                if row.observed or row.state != "in-force" or not (why := cause(row)):
                    continue
                await advance.replan(session, row, scheme=scheme, registry=registry, at=at, cause=why)
    return kinds


async def _cause(
    session: AsyncSession,
    source: str,
    district: str,
    origin: str,
    rows: Collection[Warning],
    last: datetime | None,
    scheme: Scheme,
) -> Callable[[Warning], str | None]:
    if source == accept.FORECASTS:
        return lambda _: "预报变化"
    if source == keep.BEAT:
        towns = await look.heard_of_since(session, district, origin, last)
        word = "报灾"
    else:
        towns = set(await silence.towns(session, district, origin, [row.id for row in rows]))
        word = "失联"

    def touched(row: Warning) -> str | None:
        mine = sorted(towns & set(row.places))
        return f"{'、'.join(scheme.place_name(town) for town in mine)}{word}" if mine else None

    return touched
