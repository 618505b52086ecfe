"""The rows behind the rates: obligations and disasters of one origin and one period.

Origins never mix: a query is for one. A period is by the start of the clock (``since <= start < until``).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.answer.tables import Call, Obligation
from app.db import Session
from app.disaster.tables import Disaster
from app.dispatch.tables import Delivery
from app.origin import Origin
from app.reports import calls, lists
from app.reports.lists import Page
from app.reports.rates import By, Kind, Row, event_state
from app.warning.level import Level


@dataclass(frozen=True, slots=True)
class Asked:
    """What figures are asked of. ``place`` narrows to one town."""

    district: str
    origin: Origin
    since: datetime | None = None
    until: datetime | None = None
    place: str | None = None


def level_word(level: int | None) -> str:
    """Return the word of a stored level, ``none`` for a missing one."""
    return "none" if level is None else Level(level).word


def _of_obligations(asked: Asked) -> list[sa.ColumnElement[bool]]:
    where = [Obligation.district == asked.district, Obligation.origin == asked.origin.value]
    if asked.since is not None:
        where.append(Obligation.released_at >= asked.since)
    if asked.until is not None:
        where.append(Obligation.released_at < asked.until)
    if asked.place is not None:
        where.append(Obligation.town == asked.place)
    return where


def _of_disasters(asked: Asked) -> list[sa.ColumnElement[bool]]:
    where = [
        Disaster.district == asked.district,
        Disaster.origin == asked.origin.value,
        Disaster.reportable.is_(True),
    ]
    if asked.since is not None:
        where.append(Disaster.t0 >= asked.since)
    if asked.until is not None:
        where.append(Disaster.t0 < asked.until)
    if asked.place is not None:
        where.append(Disaster.place == asked.place)
    return where


async def due(session: Session, asked: Asked, kind: Kind, *, at: datetime) -> list[Row]:
    """Return every row a rate of this kind counts, excluded ones too (marked)."""
    if kind == "reported_in_hour":
        return await _disasters(session, asked, at)
    return await _obligations(session, asked)


async def _obligations(session: Session, asked: Asked) -> list[Row]:
    where = _of_obligations(asked)
    kinds: dict[str, set[str]] = defaultdict(set)
    called = await session.execute(
        sa.select(Call.obligation_id, Delivery.kind)
        .distinct()
        .join(Delivery, Delivery.id == Call.delivery_id)
        .join(Obligation, Obligation.id == Call.obligation_id)
        .where(*where)
    )
    for obligation_id, kind in called:
        kinds[obligation_id].add(kind)
    o = Obligation
    found = await session.execute(
        sa.select(
            o.id,
            o.town,
            o.hazard,
            o.level,
            o.state,
            o.released_at,
            o.answered_at,
            o.answered_round,
            o.cannot,
            o.no_contact,
            o.excluded_reason,
        )
        .where(*where)
        .order_by(o.id)
    )
    return [
        Row(
            row.id,
            row.town,
            row.hazard,
            level_word(row.level),
            tuple(sorted(kinds[row.id])),
            row.state,
            row.released_at,
            row.answered_at,
            row.answered_round,
            row.cannot,
            row.no_contact,
            row.excluded_reason is not None,
        )
        for row in found
    ]


async def _disasters(session: Session, asked: Asked, at: datetime) -> list[Row]:
    d = Disaster
    found = await session.execute(
        sa.select(d.id, d.place, d.hazard, d.t0, d.first_report_at, d.excluded_reason)
        .where(*_of_disasters(asked))
        .order_by(d.id)
    )
    return [
        Row(
            row.id,
            row.place,
            row.hazard or "none",
            "none",
            (),
            event_state(row.t0, row.first_report_at, at),
            row.t0,
            row.first_report_at,
            excluded=row.excluded_reason is not None,
        )
        for row in found
    ]


async def behind(
    session: Session,
    asked: Asked,
    kind: Kind,
    by: By,
    key: str,
    *,
    at: datetime,
    limit: int,
    cursor: str | None,
) -> Page[dict[str, Any]]:
    """Return the rows behind one figure, oldest first."""
    if kind == "reported_in_hour":
        return await _events_behind(session, asked, by, key, at, limit, cursor)
    where = _of_obligations(asked)
    match by:
        case "town":
            where.append(Obligation.town == key)
        case "hazard":
            where.append(Obligation.hazard == key)
        case "level":
            where.append(Obligation.level == next((one.value for one in Level if one.word == key), -1))
        case "channel":
            called = (
                sa.select(Call.obligation_id)
                .join(Delivery, Delivery.id == Call.delivery_id)
                .where(Call.obligation_id == Obligation.id)
            )
            where.append(~called.exists() if key == "none" else called.where(Delivery.kind == key).exists())
    if (after := lists.after(cursor)) is not None:
        where.append(Obligation.id > after)
    found: Sequence[Obligation] = (
        await session.scalars(sa.select(Obligation).where(*where).order_by(Obligation.id).limit(limit + 1))
    ).all()
    return lists.page(found, limit, lambda row: row.id, calls.obligation)


async def _events_behind(
    session: Session, asked: Asked, by: By, key: str, at: datetime, limit: int, cursor: str | None
) -> Page[dict[str, Any]]:
    where = _of_disasters(asked)
    if by == "town":
        where.append(Disaster.place == key)
    elif by == "hazard":
        where.append(Disaster.hazard.is_(None) if key == "none" else Disaster.hazard == key)
    elif key != "none":
        where.append(sa.false())
    if (after := lists.after(cursor)) is not None:
        where.append(Disaster.id > after)
    found: Sequence[Disaster] = (
        await session.scalars(sa.select(Disaster).where(*where).order_by(Disaster.id).limit(limit + 1))
    ).all()
    return lists.page(
        found,
        limit,
        lambda row: row.id,
        lambda row: {
            "id": row.id,
            "place": row.place,
            "hazard": row.hazard,
            "t0": row.t0,
            "t0_source": row.t0_source,
            "first_report_at": row.first_report_at,
            "state": event_state(row.t0, row.first_report_at, at),
            "excluded": row.excluded_reason,
        },
    )
