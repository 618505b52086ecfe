"""Open obligations when a part is let out, and let them go when their warning does.

The denominator is frozen here.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, events, many
from app.answer import escalate
from app.answer.tables import Brief, Obligation
from app.audit import Actor
from app.channels.registry import Registry
from app.db import chunks
from app.ids import new_id
from app.origin import Origin
from app.scheme.models import Scheme


@dataclass(frozen=True, slots=True)
class Asked:
    """A target that must answer: a unit (village, grid, household …), its duty, its people, its clock."""

    town: str
    place_id: str
    layer: str
    duty: str
    channels: tuple[str, ...]
    answer_within: timedelta
    a: str | None
    b: str | None
    superior: str | None
    no_contact: bool


@dataclass(frozen=True, slots=True)
class About:
    """The warning that obligations are about."""

    warning_id: str
    district: str
    origin: Origin
    version: int
    hazard: str
    level: int
    plan_id: str


async def brief(session: AsyncSession, about: About, facts: dict[str, Any], *, expires_at: datetime) -> None:
    """Keep what is said about a warning, for every text that goes out under it."""
    known = await session.get(Brief, about.warning_id)
    if known is None:
        await session.execute(
            sa.insert(Brief).values(
                warning_id=about.warning_id,
                district=about.district,
                origin=about.origin.value,
                facts=facts,
                expires_at=expires_at,
            )
        )
    else:
        known.facts, known.expires_at = facts, expires_at
        await session.flush()


async def held(session: AsyncSession, warning_id: str) -> set[tuple[str, str, str]]:
    """Return (part, place, duty) of what is already asked under a warning."""
    rows = await session.execute(
        sa.select(Obligation.part, Obligation.place_id, Obligation.duty).where(
            Obligation.warning_id == warning_id
        )
    )
    return {(row.part, row.place_id, row.duty) for row in rows}


AT_ONCE = 500
"""How many obligations are rung in the transaction that opens them."""

_OPEN = many.Insert(Obligation)
_OPENED = (
    sa.select(Obligation)
    .where(Obligation.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(Obligation.id)
)


async def open_(
    session: AsyncSession,
    about: About,
    part: str,
    asked: Sequence[Asked],
    *,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
    by: Actor,
) -> int:
    """Open obligations for a part that is being let out and make the first calls.

    Clocks start at ``at``. Those nobody can be reached for are opened too, marked, and go to the door at
    once. Returns how many were new.
    """
    known = await held(session, about.warning_id)
    rows = [
        {
            "id": new_id(),
            "district": about.district,
            "origin": about.origin.value,
            "warning_id": about.warning_id,
            "opened_for": about.warning_id,
            "version": about.version,
            "plan_id": about.plan_id,
            "part": part,
            "hazard": about.hazard,
            "level": about.level,
            "town": one.town,
            "place_id": one.place_id,
            "layer": one.layer,
            "duty": one.duty,
            "channels": ",".join(one.channels),
            "a_person": one.a,
            "b_person": one.b,
            "superior_person": one.superior,
            "no_contact": one.no_contact,
            "released_at": at,
            "due_at": at + one.answer_within,
            "state": "open",
            "rung": 0,
            "cannot": False,
            "answered_at": None,
            "via": None,
            "answered_round": None,
            "round": 0,
            "who": "A",
            "escalated": False,
            "step": 0,
            "next_step_at": at,
            "excluded_reason": None,
            "excluded_by": None,
        }
        for one in asked
        if (part, one.place_id, one.duty) not in known
    ]
    if not rows:
        return 0
    await _OPEN.put(session, rows)
    audit.record(
        session,
        "obligations-opened",
        about.warning_id,
        district=about.district,
        by=by,
        at=at,
        part=part,
        count=len(rows),
        plan=about.plan_id,
    )
    for town in sorted({str(row["town"]) for row in rows}):
        events.publish(
            session,
            "obligation",
            f"{about.warning_id}:{town}",
            district=about.district,
            warning=about.warning_id,
            place=town,
            at=at,
        )
    first: list[Obligation] = []
    for batch in chunks(_first(rows)):
        first += await session.scalars(_OPENED, {"ids": batch})
    await escalate.take_steps(session, first, scheme=scheme, registry=registry, at=at)
    session.info["opened"] = True
    return len(rows)


def _first(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Return the ids of those who are rung within the release itself: the upper layers before the lower.

    The others' first step is due, and the next sweep takes it: nobody waits for the row of the last
    household. Whoever has several duties is asked for all of them in one call, so theirs go along.
    """
    upper = sorted(rows, key=lambda row: (row["layer"], row["id"]))[:AT_ONCE]
    people = {row["a_person"] for row in upper} - {None}
    ids = {row["id"] for row in upper}
    return [row["id"] for row in rows if row["id"] in ids or row["a_person"] in people]


async def take_over(session: AsyncSession, old: str, about: About, unchanged: Collection[str]) -> list[str]:
    """Let what was asked in unchanged towns go on under the warning that took over.

    Nobody there is rung again, and obligations keep the version they were asked under. Returns ids.
    """
    rows = list(
        await session.scalars(
            sa.select(Obligation).where(Obligation.warning_id == old, Obligation.town.in_(list(unchanged)))
        )
    )
    for row in rows:
        row.warning_id = about.warning_id
    await session.flush()
    return [row.id for row in rows]


async def keep_answers(
    session: AsyncSession, old: str, new: str, lines: Collection[tuple[str, str, str, str]]
) -> int:
    """Let what was answered under a higher level go on under the lower one that took over: no second ring.

    ``lines``: (part, town, layer, duty) that the lower one calls too. What nobody has answered stays, to be
    asked anew. Returns how many.
    """
    known = await held(session, new)
    rows = await session.scalars(
        sa.select(Obligation)
        .where(Obligation.warning_id == old, Obligation.answered_at.is_not(None))
        .order_by(Obligation.id)
    )
    kept = 0
    for row in rows:
        key = (row.part, row.place_id, row.duty)
        if (row.part, row.town, row.layer, row.duty) in lines and key not in known:
            row.warning_id = new
            known.add(key)
            kept += 1
    await session.flush()
    return kept


async def asked_anew(session: AsyncSession, warning_id: str) -> set[str]:
    """Return who holds what a warning itself has opened: whoever is rung for it."""
    rows = await session.scalars(
        sa.select(Obligation.a_person).where(
            Obligation.warning_id == warning_id, Obligation.opened_for == warning_id
        )
    )
    return {person for person in rows if person}


async def stop_calling(
    session: AsyncSession, warning_id: str, *, part: str | None = None, towns: Collection[str] = ()
) -> int:
    """End the chains of a warning that is over or replaced; of one part and some towns where they are named.

    What was asked stays in the denominator. Returns how many.
    """
    which = [Obligation.warning_id == warning_id, Obligation.next_step_at.is_not(None)]
    which += [Obligation.part == part] if part else []
    which += [Obligation.town.in_(list(towns))] if towns else []
    stopped = await session.scalars(
        sa.update(Obligation)
        .where(*which)
        .values(next_step_at=None)
        .returning(Obligation.id)
        .execution_options(synchronize_session=False)
    )
    return len(stopped.all())


async def stop_lines(
    session: AsyncSession, warning_id: str, part: str, lines: Collection[tuple[str, str, str]]
) -> list[str]:
    """End the chains of some lines (town, layer, duty) of a part: they are rung for otherwise now.

    Returns the towns of these lines in which nothing of the part is rung for any more.
    """
    towns: dict[tuple[str, str], list[str]] = {}
    for town, layer, duty in lines:
        towns.setdefault((layer, duty), []).append(town)
    for (layer, duty), named in sorted(towns.items()):
        await session.execute(
            sa.update(Obligation)
            .where(
                Obligation.warning_id == warning_id,
                Obligation.part == part,
                Obligation.layer == layer,
                Obligation.duty == duty,
                Obligation.town.in_(named),
                Obligation.next_step_at.is_not(None),
            )
            .values(next_step_at=None)
            .execution_options(synchronize_session=False)
        )
    left = await session.scalars(
        sa.select(Obligation.town)
        .where(
            Obligation.warning_id == warning_id,
            Obligation.part == part,
            Obligation.next_step_at.is_not(None),
        )
        .distinct()
    )
    return sorted({town for town, _, _ in lines} - set(left))


async def call_again(session: AsyncSession, warning_id: str, towns: Collection[str], *, at: datetime) -> int:
    """Take the chains of some towns up again where they were stopped, for whoever has not answered since.

    Returns how many.
    """
    resumed = await session.scalars(
        sa.update(Obligation)
        .where(
            Obligation.warning_id == warning_id,
            Obligation.town.in_(list(towns)),
            Obligation.answered_at.is_(None),
            Obligation.next_step_at.is_(None),
            Obligation.excluded_reason.is_(None),
        )
        .values(next_step_at=at)
        .returning(Obligation.id)
        .execution_options(synchronize_session=False)
    )
    return len(resumed.all())


async def exclude_unexpired(
    session: AsyncSession, warning_id: str, *, reason: str, by: Actor, at: datetime
) -> int:
    """Take what could still have been answered in time out of the rate: its warning was withdrawn.

    With reason and name.
    """
    ids = list(
        await session.scalars(
            sa.update(Obligation)
            .where(
                Obligation.warning_id == warning_id,
                Obligation.state == "open",
                Obligation.due_at > at,
                Obligation.excluded_reason.is_(None),
            )
            .values(excluded_reason=reason, excluded_by=str(by)[:36])
            .returning(Obligation.id)
            .execution_options(synchronize_session=False)
        )
    )
    return len(ids)
