"""Invented duty rosters: turns of 8 or 24 hours, hand-over at 08:30; how a gap is cut into one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.clock import LOCAL
from app.directory.invent import Cells

HANDOVER = time(8, 30)
# Public holidays with a fixed date; weekends count with them. Moving ones (春节 and others) are the
# district's to enter.
HOLIDAYS = frozenset({(1, 1), (5, 1), (10, 1), (10, 2), (10, 3)})


@dataclass(frozen=True, slots=True)
class Roster:
    """Crews that take turns in a role at a place. ``crews``: person codes, first is called first."""

    place: str
    role: str
    crews: tuple[tuple[str, ...], ...]
    hours: int


def holiday(day: date) -> bool:
    """Whether turns of 8 hours become one of 24."""
    return day.weekday() >= 5 or (day.month, day.day) in HOLIDAYS


def turns(roster: Roster, start: datetime, days: int) -> list[Cells]:
    """The roster's rows of shifts.csv, from the turn that holds ``start`` to ``days`` days after it."""
    local = start.astimezone(LOCAL)
    first = local.date() if local.time() >= HANDOVER else local.date() - timedelta(days=1)
    rows: list[Cells] = []
    for offset in range(days + 1):
        day = first + timedelta(days=offset)
        hours = 24 if holiday(day) else roster.hours
        opens = datetime.combine(day, HANDOVER, LOCAL)
        for turn in range(24 // hours):
            crew = roster.crews[(turn + day.toordinal()) % len(roster.crews)]
            since = opens + timedelta(hours=turn * hours)
            rows += [
                row(roster, person, rank, since, since + timedelta(hours=hours))
                for rank, person in enumerate(crew, 1)
            ]
    return rows


def row(roster: Roster, person: str, rank: int, since: datetime, until: datetime) -> Cells:
    """One row of shifts.csv."""
    return {
        "place": roster.place,
        "role": roster.role,
        "person": person,
        "rank": rank,
        "starts": since.isoformat(timespec="minutes"),
        "ends": until.isoformat(timespec="minutes"),
        "synthetic": "true",
    }


def gap(rows: Sequence[Cells], index: int) -> tuple[list[Cells], str]:
    """Take one turn out. Returns the rows left and when the gap begins."""
    starts = sorted({str(r["starts"]) for r in rows})
    when = starts[index % len(starts)]
    return [r for r in rows if r["starts"] != when], when
