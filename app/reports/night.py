"""What a night came to, as one document.

What the gauges reached, what was issued, who was asked and answered, what was reported. No ids and no names
stand in it, and times are minutes of the story where the gauges are concerned, so that two runs can be
compared.
"""

from collections import Counter
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from app.activation.states import UNDECIDED
from app.activation.tables import FindingRow, Part, Warning
from app.answer.tables import Obligation
from app.clock import local
from app.db import Session
from app.directory.tables import Place
from app.disaster.tables import Disaster
from app.dispatch.tables import Delivery
from app.observations.tables import Reading, Station
from app.origin import Origin
from app.reports import rates, rows
from app.reports.names import event
from app.warning.level import Level

RAIN = "rain"
"""The rules whose findings tell which towns the storm reached."""


async def document(
    session: Session, district: str, origin: Origin, *, start: datetime, at: datetime
) -> dict[str, Any]:
    """Return the night from ``start`` (minute 0) as of ``at``."""
    asked = rows.Asked(district, origin)
    counted = [row for row in await _obligations(session, district, origin) if row["excluded"] is None]
    excluded = [row for row in await _obligations(session, district, origin) if row["excluded"] is not None]
    by_kind: dict[str, Any] = {}
    for kind in rates.KINDS:
        held = await rows.due(session, asked, kind, at=at)
        by_kind[kind] = _figures(rates.figures("all", held, kind))
    return {
        "finished_at": stamp(at),
        "towns": await _towns(session, district, origin, start),
        "rivers": await _rivers(session, district, start),
        "warnings": await _warnings(session, district, origin),
        "deliveries": await _deliveries(session, district, origin),
        "obligations": counted,
        "excluded": excluded,
        "disasters": await _disasters(session, district, origin),
        "rates": by_kind.pop("answered_in_time"),
        "rates_by_kind": by_kind,
    }


class Waiting(NamedTuple):
    """A part that waits for a person, or for a second one, and what it would let out."""

    id: str
    plan_hash: str
    state: str
    name: str


async def undecided(session: Session, district: str) -> frozenset[Waiting]:
    """Return what waits for a person now: when there is more of it, the bell rings."""
    rows = await session.execute(
        sa.select(Part.id, Part.plan_hash, Part.state, Part.name).where(
            Part.district == district, Part.state.in_(UNDECIDED)
        )
    )
    return frozenset(Waiting(*row) for row in rows)


async def has_reached(session: Session, district: str, level: Level) -> bool:
    """Return whether any warning has had this level."""
    which = sa.exists().where(Warning.district == district, Warning.level == int(level))
    return bool(await session.scalar(sa.select(which)))


def stamp(at: datetime | None) -> str | None:
    """Return a time as the district reads it, with its offset."""
    return local(at).isoformat() if at is not None else None


def _figures(found: rates.Figures) -> dict[str, Any]:
    return {
        name: getattr(found, name)
        for name in (
            "key",
            "due",
            "open",
            "met",
            "late",
            "missed",
            "cannot",
            "excluded",
            "no_contact",
            "rate",
            "p50_s",
            "p90_s",
        )
    }


def _minute(at: datetime, start: datetime) -> int:
    return int((at - start).total_seconds() // 60)


async def _towns(session: Session, district: str, origin: Origin, start: datetime) -> list[dict[str, Any]]:
    """Each town, and the minute at which its gauges first reached each level of rain."""
    found = await session.execute(
        sa.select(FindingRow.place, FindingRow.level, sa.func.min(FindingRow.since))
        .where(FindingRow.district == district, FindingRow.origin == origin.value, FindingRow.kind == RAIN)
        .group_by(FindingRow.place, FindingRow.level)
    )
    reached: dict[str, dict[str, int]] = {}
    for place, level, since in sorted(found.all(), key=lambda row: (row[0], row[1])):
        reached.setdefault(place, {})[Level(level).word] = _minute(since, start)
    towns = await session.execute(
        sa.select(Place.id, Place.name)
        .where(Place.district == district, Place.level == "town")
        .order_by(Place.id)
    )
    return [{"code": code, "name": name, "reached": reached.get(code, {})} for code, name in towns]


async def _rivers(session: Session, district: str, start: datetime) -> list[dict[str, Any]]:
    """Each river station, and the minute at which the water first reached its warning and guarantee marks."""
    stations = await session.execute(
        sa.select(Station.code, Station.name, Station.river, Station.warning_mm, Station.guarantee_mm)
        .where(Station.district == district, Station.kind == "river")
        .order_by(Station.code)
    )
    found = []
    for station in stations:
        row: dict[str, Any] = {"station": station.code, "name": station.name, "river": station.river}
        for name, mark in (("warning", station.warning_mm), ("guarantee", station.guarantee_mm)):
            first = (
                None
                if mark is None
                else await session.scalar(
                    sa.select(sa.func.min(Reading.at)).where(
                        Reading.district == district,
                        Reading.element == "level",
                        Reading.station == station.code,
                        Reading.milli >= mark,
                    )
                )
            )
            row[name] = None if first is None else _minute(first, start)
        found.append(row)
    return found


async def _warnings(session: Session, district: str, origin: Origin) -> list[dict[str, Any]]:
    found = await session.scalars(
        sa.select(Warning).where(Warning.district == district, Warning.origin == origin.value)
    )
    shaped = [
        {
            "identifier": row.identifier,
            "sender": row.sender,
            "source": row.source,
            "msg_type": row.msg_type,
            "hazard": row.event_code,
            "hazard_name": event(row.event_code),
            "level": Level(row.level).word if row.level is not None else None,
            "observed": row.observed,
            "state": row.state,
            "disposition": row.disposition,
            "version": row.version,
            "places": row.places,
            "received_at": stamp(row.received_at),
            "ended_at": stamp(row.ended_at),
        }
        for row in found
    ]
    return sorted(shaped, key=lambda one: (one["received_at"], one["identifier"], one["hazard"]))


async def _deliveries(session: Session, district: str, origin: Origin) -> dict[str, Any]:
    found = await session.execute(
        sa.select(Delivery.state, Delivery.kind, sa.func.count(), sa.func.sum(Delivery.attempts))
        .where(Delivery.district == district, Delivery.origin == origin.value)
        .group_by(Delivery.state, Delivery.kind)
    )
    by_state, by_kind, attempts = Counter[str](), Counter[str](), 0
    for state, kind, count, tries in found:
        by_state[state] += count
        by_kind[kind] += count
        attempts += int(tries or 0)
    return {
        "by_state": dict(sorted(by_state.items())),
        "by_kind": dict(sorted(by_kind.items())),
        "attempts": attempts,
    }


async def _obligations(session: Session, district: str, origin: Origin) -> list[dict[str, Any]]:
    found = await session.scalars(
        sa.select(Obligation).where(Obligation.district == district, Obligation.origin == origin.value)
    )
    shaped = [
        {
            "place": row.town,
            "target": row.place_id,
            "layer": row.layer,
            "duty": row.duty,
            "part": row.part,
            "hazard": row.hazard,
            "level": Level(row.level).word,
            "released_at": stamp(row.released_at),
            "due_at": stamp(row.due_at),
            "state": row.state,
            "answered_at": stamp(row.answered_at),
            "via": row.via,
            "round": row.round if row.answered_round is None else row.answered_round,
            "escalated": row.escalated,
            "cannot": row.cannot,
            "no_contact": row.no_contact,
            "excluded": row.excluded_reason,
        }
        for row in found
    ]
    return sorted(
        shaped,
        key=lambda one: tuple(
            str(one[k]) for k in ("released_at", "place", "target", "duty", "part", "hazard", "level")
        ),
    )


async def _disasters(session: Session, district: str, origin: Origin) -> list[dict[str, Any]]:
    found = await session.scalars(
        sa.select(Disaster).where(
            Disaster.district == district, Disaster.origin == origin.value, Disaster.reportable.is_(True)
        )
    )
    shaped = [
        {
            "place": row.place,
            "kind": row.kind,
            "t0": stamp(row.t0),
            "t0_source": row.t0_source,
            "first_report_at": stamp(row.first_report_at),
            "found_later": row.found_later,
        }
        for row in found
    ]
    return sorted(shaped, key=lambda one: (str(one["t0"]), str(one["place"]), str(one["kind"])))
