"""Which warnings a message speaks of: by CAP's triple, or by 12379's identifier of the event's first one."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.activation.tables import Part, Warning
from app.warning.level import Level


async def affected(session: AsyncSession, row: Warning) -> list[Warning]:
    """Return the warnings in force that an Update or Cancel speaks of.

    Those it names, or what has taken their place since.
    """
    if row.msg_type not in ("Update", "Cancel") or not row.references:
        return []
    named = await find(
        session,
        row.district,
        [(r[0], r[1]) for r in row.references],
        event_code=row.event_code,
        origin=row.origin,
    )
    roots = {other.root_id for other in named}
    if not roots:
        return []
    found = await session.scalars(
        sa.select(Warning)
        .where(Warning.root_id.in_(roots), Warning.state == "in-force", Warning.id != row.id)
        .order_by(Warning.received_at, Warning.id)
        .with_for_update()
    )
    return list(found)


async def find(
    session: AsyncSession,
    district: str,
    references: list[tuple[str, str | None]],
    *,
    event_code: str = "",
    origin: str | None = None,
) -> list[Warning]:
    """Return the warnings with these (identifier, sender or None); of one event type where that is known."""
    if not references:
        return []
    named = sa.or_(
        *(
            sa.and_(Warning.identifier == identifier, *([Warning.sender == sender] if sender else []))
            for identifier, sender in references
        )
    )
    query = sa.select(Warning).where(
        Warning.district == district,
        named,
        Warning.disposition.in_(("applies", "expired")),
        Warning.msg_type != "Cancel",
    )
    if event_code:
        query = query.where(Warning.event_code == event_code)
    if origin:
        query = query.where(Warning.origin == origin)
    return list(await session.scalars(query.order_by(Warning.received_at, Warning.id)))


async def waiting_for(session: AsyncSession, row: Warning) -> list[Warning]:
    """Return the updates and cancels that came before this warning, in the order they were sent."""
    rows = await session.scalars(
        sa.select(Warning)
        .where(Warning.district == row.district, Warning.origin == row.origin, Warning.state == "waiting")
        .order_by(Warning.sent, Warning.id)
        .with_for_update()
    )
    return [
        other
        for other in rows
        if any(r[0] == row.identifier and (not r[1] or r[1] == row.sender) for r in other.references)
        and other.event_code in ("", row.event_code)
    ]


async def versions_before(session: AsyncSession, row: Warning) -> list[str]:
    """Return the ids of the warnings that a warning, or one before it, took over from."""
    found = await session.scalars(
        sa.select(Warning.id).where(
            Warning.root_id == row.root_id,
            Warning.state == "superseded",
            Warning.raised_from.is_(None) if row.raised_from is None else Warning.raised_from.is_not(None),
        )
    )
    return list(found)


async def lowered_from(session: AsyncSession, row: Warning) -> Level | None:
    """Return the level that a warning has lowered for all of its towns; None where it has not."""
    if row.version == 1 or row.raised_from is not None or row.level is None:
        return None
    before = await session.scalars(
        sa.select(Warning).where(Warning.superseded_by == row.id, Warning.raised_from.is_(None))
    )
    higher = [other for other in before if (other.level or 0) > row.level]
    named = {town for other in higher for town in other.places}
    return Level(max(other.level or 0 for other in higher)) if higher and set(row.places) <= named else None


async def cancels(session: AsyncSession, row: Warning) -> list[Warning]:
    """Return the cancels that came before a message they speak of: of itself, or of the event it belongs to.

    One sent before the message is about what was before it. The message may have been late, or the network.
    """
    names = {row.identifier, *(r[0] for r in row.references)}
    rows = await session.scalars(
        sa.select(Warning)
        .where(
            Warning.district == row.district,
            Warning.origin == row.origin,
            Warning.msg_type == "Cancel",
            Warning.disposition.in_(("applies", "waiting")),
            Warning.event_code.in_(("", row.event_code)),
            Warning.sent >= row.sent,
        )
        .order_by(Warning.sent, Warning.id)
        .with_for_update()
    )
    return [
        other
        for other in rows
        if any(r[0] in names and (not r[1] or r[1] == row.sender) for r in other.references)
    ]


def instant(value: str | None) -> datetime | None:
    """Read a time kept in a reference."""
    return datetime.fromisoformat(value) if value else None


async def raises(session: AsyncSession, row: Warning) -> list[Warning]:
    """Return the raises (提级) in force that follow a bureau's warning, locked."""
    found = await session.scalars(
        sa.select(Warning)
        .where(Warning.root_id == row.root_id, Warning.state == "in-force", Warning.raised_from.is_not(None))
        .order_by(Warning.id)
        .with_for_update()
    )
    return [other for other in found if other.references[0][:2] == [row.identifier, row.sender]]


async def raised_by(session: AsyncSession, row: Warning) -> Warning | None:
    """Return the warning that a raise follows, while it is in force."""
    identifier, sender, _ = row.references[0]
    return await session.scalar(
        sa.select(Warning).where(
            Warning.district == row.district,
            Warning.identifier == identifier,
            Warning.sender == sender,
            Warning.event_code == row.event_code,
            Warning.state == "in-force",
        )
    )


async def out_above(session: AsyncSession, row: Warning, part: str) -> set[str]:
    """Return what raises of a warning have let out of a part: nobody is asked for these at its own level."""
    lines = await session.scalars(
        sa.select(Part.lines)
        .join(Warning, Warning.id == Part.warning_id)
        .where(
            Warning.root_id == row.root_id,
            Warning.id != row.id,
            Warning.state == "in-force",
            Warning.raised_from.is_not(None),
            Part.name == part,
            Part.state == "released",
        )
    )
    return {key for keys in lines for key in keys}
