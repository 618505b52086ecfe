"""Door to door: household lists of a warning, walked in a fixed order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app import audit, db, events
from app.access.officer import Officer
from app.access.rights import require, show
from app.audit import SYSTEM
from app.db import Session
from app.errors import NotFound, Validation
from app.ids import new_id
from app.tasks import alarms, facts
from app.tasks.tables import MARKS, Door, DoorFact


@dataclass(frozen=True, slots=True)
class Stop:
    """A household to go to: its place, its town (nine digits) and the list (village or grid) it stands on."""

    household: str
    town: str
    list: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How the doors of a list, or of several, stand; ``none`` were not reached yet."""

    none: int = 0
    told: int = 0
    nobody: int = 0
    refused: int = 0
    help: int = 0

    @property
    def all(self) -> int:
        """Doors on the list."""
        return self.none + self.told + self.nobody + self.refused + self.help


@dataclass(frozen=True, slots=True)
class DoorList:
    """A list and how it stands."""

    warning_id: str
    list: str
    town: str
    origin: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class DoorRow:
    """A household's row: where it stands in the walk, what holds now, and every mark, oldest first."""

    id: str
    warning_id: str
    household: str
    position: int
    mark: str
    at: datetime | None
    origin: str
    marks: tuple[facts.Mark, ...] = ()
    detail: dict[str, Any] = field(default_factory=dict)


async def open_list(
    session: Session,
    district: str,
    origin: str,
    warning_id: str,
    households: Sequence[Stop],
    *,
    at: datetime,
) -> int:
    """Put households on a warning's lists, in the order given; those already there stay as they are.

    Returns how many are new.
    """
    await db.lock(session, f"doors:{warning_id}")
    placed = await session.execute(
        sa.select(Door.household, Door.position).where(Door.warning_id == warning_id)
    )
    there = {row.household: row.position for row in placed}
    new = [stop for stop in households if stop.household not in there]
    position = max(there.values(), default=0)
    rows: list[dict[str, Any]] = []
    for stop in {stop.household: stop for stop in new}.values():
        position += 1
        rows.append(
            {
                "id": new_id(),
                "district": district,
                "origin": origin,
                "warning_id": warning_id,
                "town": stop.town,
                "list": stop.list,
                "household": stop.household,
                "position": position,
                "mark": "none",
                "created_at": at,
            }
        )
    for some in db.chunks(rows):
        await session.execute(sa.insert(Door), list(some))
    if rows:
        audit.record(
            session, "doors-opened", warning_id, district=district, by=SYSTEM, at=at, count=len(rows)
        )
        for town, name in sorted({(row["town"], row["list"]) for row in rows}):
            events.publish(
                session, "task", f"doors:{name}", district=district, at=at, warning=warning_id, place=town
            )
    return len(rows)


async def mark(
    session: Session,
    door_id: str,
    said: str,
    *,
    by: Officer,
    occurred_at: datetime,
    event_id: str,
    at: datetime,
    detail: dict[str, Any] | None = None,
) -> str:
    """Mark a door (told, nobody, refused, help): the last that happened holds, all marks stay.

    Returns what holds now. ``occurred_at`` is the phone's own time; one ahead of ours counts as now. ``town``
    bounds the actor. The same ``event_id`` again changes nothing. Help raises an alarm, which is over when a
    later mark says otherwise. A list whose warning was cancelled still takes marks: what was found at a door
    is true. Raises NotFound (also for another town's), Forbidden, Validation.
    """
    if said not in MARKS or said == "none":
        raise Validation("A door is told, nobody, refused or help.")
    door = await session.scalar(sa.select(Door).where(Door.id == door_id).with_for_update())
    if door is None or door.district != by.district:
        raise NotFound("There is no such door.")
    show(by, door.town)
    require(by, "visit")
    rows = list(await session.scalars(sa.select(DoorFact).where(DoorFact.door_id == door_id)))
    if any(row.event_id == event_id for row in rows):
        return door.mark
    row = DoorFact(
        id=new_id(),
        district=door.district,
        door_id=door_id,
        mark=said,
        occurred_at=min(occurred_at, at),
        received_at=at,
        by=str(by.actor),
        event_id=event_id,
        detail=detail or {},
    )
    session.add(row)
    before = door.mark
    now = facts.mark_of(_mark(one) for one in (*rows, row))
    if now is not None:
        door.mark, door.at, door.by = now.mark, now.occurred_at, now.by
    await session.flush()
    audit.record(
        session, f"door-{said}", door_id, district=door.district, by=by.actor, at=at, holds=door.mark
    )
    events.publish(
        session,
        "task",
        f"doors:{door.list}",
        district=door.district,
        at=at,
        warning=door.warning_id,
        place=door.town,
    )
    if door.mark == "help":
        await alarms.raise_(
            session,
            door.district,
            door.origin,
            "help",
            _asks(door, detail or {}),
            subject=door_id,
            warning_id=door.warning_id,
            town=door.town,
            at=at,
        )
    elif before == "help":
        await alarms.over(session, door.district, "help", door_id, at=at)
    return door.mark


async def lists(session: Session, place: str) -> list[DoorList]:
    """Return the lists of a town (nine digits), or those of one village or grid, not the withdrawn."""
    rows = await session.execute(
        sa.select(Door.warning_id, Door.list, Door.town, Door.origin, Door.mark, sa.func.count())
        .where(sa.or_(Door.town == place, Door.list == place), Door.withdrawn_at.is_(None))
        .group_by(Door.warning_id, Door.list, Door.town, Door.origin, Door.mark)
    )
    found: dict[tuple[str, str, str, str], dict[str, int]] = {}
    for warning_id, name, town, origin, said, count in rows:
        found.setdefault((warning_id, name, town, origin), {})[said] = count
    return [DoorList(*key, Counts(**counts)) for key, counts in sorted(found.items())]


async def counts(
    session: Session, *, warning_id: str, name: str | None = None, town: str | None = None
) -> Counts:
    """Count the doors of a warning, of one of its lists, or of a town."""
    ask = (
        sa.select(Door.mark, sa.func.count().label("doors"))
        .where(Door.warning_id == warning_id)
        .group_by(Door.mark)
    )
    if name is not None:
        ask = ask.where(Door.list == name)
    if town is not None:
        ask = ask.where(Door.town == town)
    return Counts(**{row.mark: row.doors for row in await session.execute(ask)})


async def rows(
    session: Session, name: str, *, town: str | None = None, warning_id: str | None = None
) -> list[DoorRow]:
    """Return the doors of a list in walking order, with every mark. ``town`` bounds the reader."""
    ask = (
        sa.select(Door)
        .where(Door.list == name, Door.withdrawn_at.is_(None))
        .order_by(Door.warning_id, Door.position)
    )
    if town is not None:
        ask = ask.where(Door.town == town)
    if warning_id is not None:
        ask = ask.where(Door.warning_id == warning_id)
    doors = list(await session.scalars(ask))
    marks: dict[str, list[DoorFact]] = {}
    for some in db.chunks([door.id for door in doors]):
        for row in await session.scalars(
            sa.select(DoorFact).where(DoorFact.door_id.in_(some)).order_by(DoorFact.occurred_at)
        ):
            marks.setdefault(row.door_id, []).append(row)
    return [_row(door, marks.get(door.id, [])) for door in doors]


async def withdraw_for(session: Session, warning_id: str, *, at: datetime) -> int:
    """Take a cancelled warning's lists off the pages; every mark stays. Returns how many doors."""
    found = (
        await session.execute(
            sa.update(Door)
            .where(Door.warning_id == warning_id, Door.withdrawn_at.is_(None))
            .values(withdrawn_at=at)
            .returning(Door.district, Door.list, Door.town)
        )
    ).all()
    if found:
        district = found[0].district
        audit.record(
            session, "doors-withdrawn", warning_id, district=district, by=SYSTEM, at=at, count=len(found)
        )
        for name, town in sorted({(door.list, door.town) for door in found}):
            events.publish(
                session, "task", f"doors:{name}", district=district, at=at, warning=warning_id, place=town
            )
    return len(found)


def _mark(row: DoorFact) -> facts.Mark:
    return facts.Mark(row.mark, row.occurred_at, row.event_id, row.by)


def _row(door: Door, found: list[DoorFact]) -> DoorRow:
    now = facts.mark_of(map(_mark, found))
    detail = next((row.detail for row in found if now and row.event_id == now.event_id), {})
    return DoorRow(
        door.id,
        door.warning_id,
        door.household,
        door.position,
        door.mark,
        door.at,
        door.origin,
        tuple(map(_mark, found)),
        detail,
    )


def _asks(door: Door, detail: dict[str, Any]) -> str:
    needs = "、".join(str(need) for need in detail.get("needs", ()))
    return f"逐户第 {door.position:02d} 户要帮" + (f"：{needs}" if needs else "")
