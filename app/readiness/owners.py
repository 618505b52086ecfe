"""Who must close which hole, by when: one owner a hole, out of the directory; a later word replaces it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from app import audit
from app.access.officer import Officer
from app.access.rights import require
from app.clock import local
from app.db import Session
from app.directory import people
from app.errors import Fault, Validation
from app.readiness.found import KINDS, Hole
from app.readiness.tables import HoleRow


@dataclass(frozen=True, slots=True)
class Task:
    """Whose task a hole is. ``owner``: a person id."""

    owner: str
    due: date
    note: str


@dataclass(frozen=True, slots=True)
class Owned:
    """A hole, and whose task it is, if anybody's. ``overdue``: its day has passed and it is still there."""

    hole: Hole
    task: Task | None
    overdue: bool


async def give(
    session: Session, hole: Hole, owner: str, due: date, note: str = "", *, by: Officer, at: datetime
) -> None:
    """Make a hole somebody's task. Raises Forbidden, Validation (a day gone by, nobody of the district)."""
    require(by, "claim", hole.town)
    if due < local(at).date():
        raise Validation("That day is gone.", errors=[Fault("/due", "past", "期限已经过去")])
    if owner not in await people.addresses(session, [owner]):
        raise Validation("Nobody of that id.", errors=[Fault("/owner", "unknown-person", "名册里没有这个人")])
    if hole.kind not in KINDS:
        raise Validation("No such hole.", errors=[Fault("/kind", "unknown-kind", "没有这种缺口")])
    row = await session.scalar(
        sa.select(HoleRow).where(HoleRow.district == by.district, HoleRow.key == hole.key).with_for_update()
    )
    if row is None:
        row = HoleRow(district=by.district, key=hole.key, kind=hole.kind, place_id=hole.place, role=hole.role)
        session.add(row)
    row.owner_id, row.due, row.note = owner, due, note.strip()[:200]
    row.given_by, row.given_at = str(by.actor), at
    audit.record(
        session,
        "hole.given",
        hole.place,
        district=by.district,
        by=by.actor,
        at=at,
        hole=hole.key,
        owner=owner,
        due=due.isoformat(),
    )
    await session.flush()


async def with_owners(
    session: Session, district: str, holes: Iterable[Hole], *, at: datetime
) -> tuple[Owned, ...]:
    """Return these holes with their owners: what is overdue first, then what is nobody's, then by day."""
    rows = await session.scalars(sa.select(HoleRow).where(HoleRow.district == district))
    tasks = {row.key: Task(row.owner_id, row.due, row.note) for row in rows}
    today = local(at).date()
    owned = []
    for hole in holes:
        task = tasks.get(hole.key)
        owned.append(Owned(hole, task, task is not None and task.due < today))
    return tuple(sorted(owned, key=_urgency))


def _urgency(one: Owned) -> tuple[bool, bool, date, str, str]:
    day = one.task.due if one.task else date.max
    return (not one.overdue, one.task is not None, day, one.hole.town, one.hole.key)
