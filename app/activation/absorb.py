"""Many warnings at once: of one event code the higher absorbs the lower, line by line, as long as it holds.

What a higher warning has let out is not asked for at the lower level too; what the lower still rings for is
stopped as the higher rings. Where the higher calls somebody not at all (it begins later), the lower goes on.
When the higher ends, the lower is planned anew and its calls are taken up again.
"""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.activation.tables import Part, Warning
from app.answer import obligations
from app.dispatch import withdraw
from app.warning.plan import PlanLine


def _signals(row: Warning) -> tuple[sa.ColumnElement[bool], ...]:
    """Return what other signals of the same event code in force are: neither reminders nor raises."""
    return (
        Warning.district == row.district,
        Warning.origin == row.origin,
        Warning.event_code == row.event_code,
        Warning.state == "in-force",
        Warning.root_id != row.root_id,  # an update takes over by itself
        Warning.observed.is_(False),
        Warning.raised_from.is_(None),
    )


def _takes_part(row: Warning) -> bool:
    return not row.observed and row.raised_from is None and row.level is not None


def _in_place_of(line_place: str, low: Warning, high: Warning) -> bool:
    """Whether a call for a place at the higher level says all that the lower has to say there."""
    if line_place == low.district:  # the district's own desk hears of each town
        return set(low.places) <= set(high.places)
    return line_place in high.places


async def out_above(session: AsyncSession, row: Warning, part: str) -> set[str]:
    """Return the line keys of a part that higher warnings of the same event code have let out."""
    if not _takes_part(row):
        return set()
    found = await session.execute(
        sa.select(Warning, Part.lines)
        .join(Part, Part.warning_id == Warning.id)
        .where(*_signals(row), Warning.level > row.level, Part.name == part, Part.state == "released")
    )
    return {key for high, keys in found for key in keys if _in_place_of(key.partition("/")[0], row, high)}


async def _lower(session: AsyncSession, row: Warning) -> list[Warning]:
    if not _takes_part(row):
        return []
    rows = await session.scalars(
        sa.select(Warning)
        .where(*_signals(row), Warning.level < row.level)
        .order_by(Warning.received_at, Warning.id)
        .with_for_update()
    )
    return [low for low in rows if set(low.places) & set(row.places)]


def _plan_anew(low: Warning, at: datetime) -> None:
    """Let the next sweep make its plan again, whatever it says: who is called has changed."""
    low.plan_hash, low.next_advance_at = None, at


async def silence_lower(
    session: AsyncSession, row: Warning, part: str, lines: Collection[PlanLine], *, at: datetime
) -> None:
    """Stop what lower warnings still ring for and this one rings for now."""
    for low in await _lower(session, row):
        mine = {(line.place, line.layer, line.duty) for line in lines if _in_place_of(line.place, low, row)}
        quiet = await obligations.stop_lines(session, low.id, part, mine)
        if quiet:
            await withdraw.places(session, low.id, quiet, reason="absorbed", at=at, part=part)
        _plan_anew(low, at)


async def resume_lower(session: AsyncSession, row: Warning, *, at: datetime) -> None:
    """Take the lower up again as this one ends."""
    for low in await _lower(session, row):
        shared = sorted(set(low.places) & set(row.places))
        await obligations.call_again(session, low.id, [*shared, low.district], at=at)
        _plan_anew(low, at)
