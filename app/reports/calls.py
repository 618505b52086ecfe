"""Who must answer, and what was sent to whom: the rows of one warning, in pages.

A person is an id, never a number.
"""

from typing import Any

import sqlalchemy as sa

from app.answer.fold import RUNGS
from app.answer.tables import Obligation
from app.db import Session
from app.dispatch.tables import Delivery
from app.reports import lists
from app.reports.lists import Page
from app.warning.level import Level


def obligation(row: Obligation) -> dict[str, Any]:
    """Return an obligation as the contract shows it.

    ``round``: the one it was answered in, else those so far.
    """
    return {
        "id": row.id,
        "warning": row.warning_id,
        "version": row.version,
        "part": row.part,
        "place": row.town,
        "target": row.place_id,
        "layer": row.layer,
        "duty": row.duty,
        "hazard": row.hazard,
        "level": Level(row.level).word,
        "origin": row.origin,
        "released_at": row.released_at,
        "due_at": row.due_at,
        "state": row.state,
        "rung": RUNGS[row.rung],
        "answered_at": row.answered_at,
        "via": row.via,
        "round": row.round if row.answered_round is None else row.answered_round,
        "rounds": row.round,
        "called": row.who,
        "escalated": row.escalated,
        "next_step_at": row.next_step_at,
        "cannot": row.cannot,
        "no_contact": row.no_contact,
        "excluded": row.excluded_reason,
    }


def delivery(row: Delivery) -> dict[str, Any]:
    """Return a delivery as the contract shows it."""
    return {
        "id": row.id,
        "key": row.key,
        "warning": row.warning_id,
        "part": row.part,
        "channel": row.channel,
        "kind": row.kind,
        "place": row.town,
        "target": row.place_id,
        "person": row.person_id,
        "layer": row.layer,
        "level": Level(row.level).word,
        "origin": row.origin,
        "round": row.round,
        "state": row.state,
        "vendor_id": row.vendor_id,
        "reason": row.reason,
        "attempts": row.attempts,
        "possibly_twice": row.possibly_twice,
        "failover_of": row.failover_of,
        "created_at": row.created_at,
        "state_at": row.state_at,
    }


async def obligations(
    session: Session, warning_id: str, *, place: str | None, state: str | None, limit: int, cursor: str | None
) -> Page[dict[str, Any]]:
    """Return a warning's obligations, in the order they were opened; ``place`` narrows to one town."""
    ask = sa.select(Obligation).where(Obligation.warning_id == warning_id)
    if place is not None:
        ask = ask.where(Obligation.town == place)
    if state is not None:
        ask = ask.where(Obligation.state == state)
    if (after := lists.after(cursor)) is not None:
        ask = ask.where(Obligation.id > after)
    rows = (await session.scalars(ask.order_by(Obligation.id).limit(limit + 1))).all()
    return lists.page(rows, limit, lambda row: row.id, obligation)


async def deliveries(
    session: Session, warning_id: str, *, place: str | None, state: str | None, limit: int, cursor: str | None
) -> Page[dict[str, Any]]:
    """Return a warning's deliveries, in the order they were queued; ``place`` narrows to one town."""
    ask = sa.select(Delivery).where(Delivery.warning_id == warning_id)
    if place is not None:
        ask = ask.where(Delivery.town == place)
    if state is not None:
        ask = ask.where(Delivery.state == state)
    if (after := lists.after(cursor)) is not None:
        ask = ask.where(Delivery.id > after)
    rows = (await session.scalars(ask.order_by(Delivery.id).limit(limit + 1))).all()
    return lists.page(rows, limit, lambda row: row.id, delivery)
