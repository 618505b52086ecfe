"""Warnings as the API shows them: the list, one with its parts, its plan, what happened to it."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.activation.tables import Decision, Part, PlanRow, ResponseRow, Warning
from app.answer.tables import Answer, Obligation, StepTaken
from app.db import Session
from app.errors import NotFound
from app.reports import lists, names
from app.reports.lists import Page
from app.warning.level import Level


def brief(row: Warning) -> dict[str, Any]:
    """Return a warning as a list shows it."""
    return {
        "id": row.id,
        "identifier": row.identifier,
        "sender": row.sender,
        "source": row.source,
        "state": row.state,
        "disposition": row.disposition,
        "hazard": row.event_code,
        "hazard_name": names.event(row.event_code),
        "level": None if row.level is None else Level(row.level).word,
        "raised_from": None if row.raised_from is None else Level(row.raised_from).word,
        "origin": row.origin,
        "observed": row.observed,
        "status": row.status,
        "msg_type": row.msg_type,
        "sent": row.sent,
        "effective": row.effective,
        "onset": row.onset,
        "expires": row.expires,
        "version": row.version,
        "segment": row.segment,
        "plan_hash": row.plan_hash,
        "places": row.places,
        "villages": row.villages,
        "headline": row.headline,
        "issuer": row.issuer,
        "received_at": row.received_at,
        "ended_at": row.ended_at,
        "superseded_by": row.superseded_by,
        "affects": row.affects,
        "problems": row.problems,
    }


def _concerns(place: str) -> sa.ColumnElement[bool]:
    """Whether a warning names a town: its code stands in the list, as text on both databases."""
    return sa.cast(Warning.places, sa.Text).contains(f'"{place}"', autoescape=True)


async def listed(
    session: Session,
    district: str,
    *,
    state: str | None,
    hazard: str | None,
    since: datetime | None,
    place: str | None,
    limit: int,
    cursor: str | None,
) -> Page[dict[str, Any]]:
    """Return warnings, the newest first, each with the state of its parts by name.

    ``hazard`` is an event code or the beginning of one; ``since`` by receipt.
    """
    ask = sa.select(Warning).where(Warning.district == district)
    if state is not None:
        ask = ask.where(Warning.state == state)
    if hazard is not None:
        ask = ask.where(Warning.event_code.startswith(hazard, autoescape=True))
    if since is not None:
        ask = ask.where(Warning.received_at >= since)
    if place is not None:
        ask = ask.where(_concerns(place))
    if (before := lists.after(cursor)) is not None:
        ask = ask.where(Warning.id < before)
    rows = (await session.scalars(ask.order_by(Warning.id.desc()).limit(limit + 1))).all()
    page = lists.page(rows, limit, lambda row: row.id, brief)
    parts = await session.execute(
        sa.select(Part.warning_id, Part.name, Part.state)
        .where(Part.warning_id.in_([row["id"] for row in page.items]))
        .order_by(Part.serial)
    )
    states: dict[str, dict[str, str]] = {}
    for part in parts:
        states.setdefault(part.warning_id, {})[part.name] = part.state
    for row in page.items:
        row["part_states"] = states.get(row["id"], {})
    return page


async def _row(session: Session, district: str, warning_id: str, place: str | None) -> Warning:
    """Return the row.

    Raises NotFound for an unknown one, another district's, or one that is no matter of ``place``.
    """
    ask = sa.select(Warning).where(Warning.id == warning_id, Warning.district == district)
    row = await session.scalar(ask if place is None else ask.where(_concerns(place)))
    if row is None:
        raise NotFound
    return row


async def one(session: Session, district: str, warning_id: str, *, place: str | None) -> dict[str, Any]:
    """Return a warning with its parts, the newest of each name. Raises NotFound."""
    row = await _row(session, district, warning_id, place)
    parts = await session.scalars(
        sa.select(Part).where(Part.warning_id == row.id).order_by(Part.name, Part.serial)
    )
    newest = {part.name: part for part in parts}
    return {
        **brief(row),
        "description": row.description,
        "instruction": row.instruction,
        "references": [
            {"identifier": identifier, "sender": sender, "sent": sent}
            for identifier, sender, sent in row.references
        ],
        "parts": [
            {
                "part": part.name,
                "state": part.state,
                "decide_by": part.decide_by,
                "level": Level(part.level).word,
                "plan_hash": part.plan_hash,
                "proposed_at": part.proposed_at,
                "released_at": part.released_at,
            }
            for part in newest.values()
        ],
    }


async def level_of(session: Session, district: str, warning_id: str) -> Level | None:
    """Return a warning's level. Raises NotFound."""
    row = await _row(session, district, warning_id, None)
    return None if row.level is None else Level(row.level)


async def plan(
    session: Session, district: str, warning_id: str, *, place: str | None, version: int | None = None
) -> dict[str, Any]:
    """Return a version of a warning's plan (None: the present one); for one town, its own lines.

    Raises NotFound.
    """
    row = await _row(session, district, warning_id, place)
    ask = sa.select(PlanRow).where(PlanRow.warning_id == row.id)
    made = await session.scalar(
        ask.where(PlanRow.id == row.plan_id) if version is None else ask.where(PlanRow.version == version)
    )
    if made is None:
        raise NotFound("This warning has no such plan.")
    body = dict(made.body)
    if place is not None:
        body["lines"] = [line for line in body["lines"] if line["place"] == place]
        body["not_chosen"] = [one for one in body["not_chosen"] if one["place"] == place]
        body["not_asked"] = []
    return {
        "scheme": made.scheme_digest,
        "scheme_version": made.scheme_version,
        "version": made.version,
        "plan_hash": made.plan_hash,
        "segment": made.segment,
        "level": Level(made.level).word,
        "response_level": made.response_level,
        "cause": made.cause,
        "made_at": made.made_at,
        **{name: value for name, value in body.items() if name not in ("segment", "level", "response_level")},
    }


async def timeline(
    session: Session, district: str, warning_id: str, *, place: str | None, limit: int, cursor: str | None
) -> Page[dict[str, Any]]:
    """Return what happened to a warning, oldest first: plans, decisions, steps of the chain, answers."""
    row = await _row(session, district, warning_id, place)
    text = sa.String(200)
    nothing = sa.null()

    def line(at: Any, kind: Any, key: Any, what: Any, where: Any, by: Any) -> tuple[Any, ...]:
        return (
            at.label("at"),
            sa.cast(kind, text).label("kind"),
            sa.cast(key, text).label("key"),
            sa.cast(what, sa.Text).label("what"),
            sa.cast(where, text).label("place"),
            sa.cast(by, text).label("by"),
        )

    parts = sa.select(Part.id).where(Part.warning_id == row.id)
    step_key = StepTaken.obligation_id + ":" + sa.cast(StepTaken.step, text)
    said = [
        sa.select(
            *line(
                Warning.received_at, sa.literal("received"), Warning.id, Warning.form, nothing, Warning.source
            )
        ).where(Warning.id == row.id),
        sa.select(
            *line(PlanRow.made_at, sa.literal("planned"), PlanRow.id, PlanRow.cause, nothing, nothing)
        ).where(PlanRow.warning_id == row.id),
        sa.select(
            *line(Decision.received_at, Decision.act, Decision.id, Decision.reason, nothing, Decision.by)
        ).where(sa.or_(Decision.subject == row.id, Decision.subject.in_(parts))),
        sa.select(
            *line(
                StepTaken.taken_at,
                sa.literal("step"),
                step_key,
                StepTaken.who,
                Obligation.town,
                StepTaken.outcome,
            )
        )
        .join(Obligation, Obligation.id == StepTaken.obligation_id)
        .where(Obligation.warning_id == row.id),
        sa.select(
            *line(
                Answer.received_at, sa.literal("answer"), Answer.id, Answer.rung, Obligation.town, Answer.via
            )
        )
        .join(Obligation, Obligation.id == Answer.obligation_id)
        .where(Obligation.warning_id == row.id),
        sa.select(
            *line(Warning.ended_at, sa.literal("ended"), Warning.id + ":end", Warning.state, nothing, nothing)
        ).where(Warning.id == row.id, Warning.ended_at.is_not(None)),
    ]
    all_ = sa.union_all(*said).subquery()
    ask = sa.select(all_)
    if place is not None:
        ask = ask.where(sa.or_(all_.c.place.is_(None), all_.c.place == place))
    if (after := lists.after(cursor)) is not None:
        stamp, _, key = after.partition("|")
        ask = ask.where(sa.tuple_(all_.c.at, all_.c.key) > sa.tuple_(lists.instant(stamp), key))
    rows = (await session.execute(ask.order_by(all_.c.at, all_.c.key).limit(limit + 1))).mappings().all()
    return lists.page(
        rows,
        limit,
        lambda one: f"{one['at'].isoformat()}|{one['key']}",
        lambda one: {name: one[name] for name in ("at", "kind", "what", "place", "by")},
    )


async def responses(session: Session, district: str, *, origin: str | None = None) -> list[dict[str, Any]]:
    """Return the decisions on response levels that hold or wait for a second name, the newest first."""
    ask = sa.select(ResponseRow).where(
        ResponseRow.district == district, ResponseRow.state.in_(("in-force", "pending-approval"))
    )
    if origin is not None:
        ask = ask.where(ResponseRow.origin == origin)
    rows = await session.scalars(ask.order_by(ResponseRow.decided_at.desc(), ResponseRow.id))
    return [
        {
            "id": row.id,
            "family": row.family,
            "level": row.level,
            "decision": row.decision,
            "state": row.state,
            "origin": row.origin,
            "reason": row.reason,
            "decided_at": row.decided_at,
            "in_force_at": row.in_force_at,
            "first_by": row.first_by,
            "second_by": row.second_by,
        }
        for row in rows
    ]
