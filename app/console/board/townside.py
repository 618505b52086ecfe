"""The town's page: what it is asked, whom it calls itself, its door lists and orders."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.officer import Officer
from app.activation.tables import Warning as WarningRow
from app.answer.fold import CONFIRMED
from app.answer.tables import Obligation
from app.console.board import people, phone
from app.console.board.phone import ENDED, Asked
from app.scheme.models import Scheme
from app.tasks import doors, orders
from app.tasks.doors import DoorList
from app.tasks.orders import Order

OWN = ("town-duty", "orders")
"""Duties that the town's duty room answers for, whoever of it is signed in."""
BELOW = (
    ("villages", "叫到村社区", ("village-head",)),
    ("groups", "叫到网格、十户", ("grid-worker", "group-leader")),
    ("sites", "叫到隐患点、水库、单位", ("keeper", "reservoir-keeper", "facility")),
)
SHOWN_ENDED = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Below:
    """One unit that the town calls: its duty, where it stands."""

    obligation: str
    place: str
    name: str
    duty: str
    duty_name: str
    state: str
    word: str
    answered: bool
    answered_at: datetime | None
    due: datetime


@dataclass(frozen=True, slots=True)
class Group:
    """Units of one kind: how many of them answered."""

    key: str
    title: str
    answered: int
    all: int


@dataclass(frozen=True, slots=True)
class ListLine:
    """A door list with the name of its village or grid."""

    name: str
    list: DoorList


@dataclass(frozen=True, slots=True)
class TownView:
    """The town's page. ``main`` is the one question; ``others`` wait behind it."""

    code: str
    name: str
    main: Asked | None
    others: tuple[Asked, ...]
    groups: tuple[Group, ...]
    lists: tuple[ListLine, ...]
    orders: tuple[Order, ...]
    feedback: datetime | None
    feedback_every: timedelta | None
    first_feedback: bool
    family: tuple[str, ...]


async def by_town(
    session: AsyncSession,
    code: str,
    officer: Officer,
    scheme: Scheme,
    at: datetime,
    wanted: str | None = None,
) -> TownView:
    """Read the page of a town for one of its officers; ``wanted``: the warning to stand first."""
    found = await session.scalars(
        sa.select(WarningRow)
        .where(
            WarningRow.district == scheme.district.code,
            sa.or_(
                WarningRow.state == "in-force",
                sa.and_(WarningRow.state.in_(ENDED), WarningRow.ended_at > at - SHOWN_ENDED),
            ),
            WarningRow.plan_id.is_not(None),
            WarningRow.origin != "canary",
        )
        .order_by(WarningRow.received_at.desc())
    )
    warnings = [row for row in found if code in row.places]
    roots = {row.root_id for row in warnings if row.state == "in-force"}
    family = list(
        await session.scalars(
            sa.select(WarningRow.id).where(WarningRow.root_id.in_(roots), WarningRow.state != "cancelled")
        )
    )
    owed = await _of_town(session, code, [row.id for row in warnings])
    named = [row for rows in owed.values() for row in rows]
    names = await phone.names_of(session, named) | await people.places(session, [code])
    views = []
    for warning in warnings:
        rows = [row for row in owed.get(warning.id, []) if row.layer == "L2" and _is_mine(row, officer)]
        views.append(
            (
                warning,
                await phone.asked_of(
                    session, warning, rows, rows, {**names, "": names.get(code, code)}, scheme
                ),
            )
        )
    views.sort(key=lambda one: (one[0].id != wanted, _order(one[1])))
    main = views[0] if views else None
    groups: tuple[Group, ...] = ()
    feedback: tuple[datetime | None, timedelta | None, bool] = (None, None, False)
    if main is not None and main[1].state != "ended":
        groups = _groups(owed.get(main[0].id, []))
        feedback = _feedback(main[1], scheme, at)
    listed = [one for one in await doors.lists(session, code) if one.warning_id in family]
    # lists() sorts by warning id, which sorts by time
    newest: dict[str, DoorList] = {one.list: one for one in listed}
    list_names = await people.places(session, newest)
    return TownView(
        code,
        names.get(code, code),
        main[1] if main else None,
        tuple(one for _, one in views[1:]),
        groups,
        tuple(ListLine(list_names.get(key, key), newest[key]) for key in sorted(newest)),
        tuple(await orders.of_town(session, code, warning_ids=family)),
        *feedback,
        tuple(family),
    )


async def mine_under(session: AsyncSession, code: str, warning_id: str, officer: Officer) -> list[str]:
    """Return the obligations this officer's answer is for, also those an unchanged update took over."""
    rows = await session.scalars(
        sa.select(Obligation).where(
            Obligation.town == code,
            Obligation.layer == "L2",
            sa.or_(Obligation.warning_id == warning_id, Obligation.opened_for == warning_id),
        )
    )
    return [row.id for row in rows if _is_mine(row, officer)]


async def below(
    session: AsyncSession, code: str, warning_id: str, key: str, scheme: Scheme, at: datetime
) -> list[Below]:
    """Return the units of one kind that the town calls under a warning: those not yet answered first."""
    duties = next((duties for name, _, duties in BELOW if name == key), ())
    rows = [
        row
        for row in (await _of_town(session, code, [warning_id])).get(warning_id, [])
        if row.duty in duties and row.part == "responsible"
    ]
    names = await phone.names_of(session, rows)
    units = []
    for row in rows:
        answered = row.rung >= CONFIRMED
        state, word = ("answered", "已应") if answered else _unanswered(row, at)
        duty = scheme.layers.get((row.layer, row.duty))
        units.append(
            Below(
                row.id,
                row.place_id,
                names.get(row.place_id, row.place_id),
                row.duty,
                duty.name if duty else row.duty,
                state,
                word,
                answered,
                row.answered_at,
                row.due_at,
            )
        )
    return sorted(units, key=lambda one: (one.answered, one.duty, one.place))


def _unanswered(row: Obligation, at: datetime) -> tuple[str, str]:
    if row.cannot:
        return "hand", "有困难"
    if row.no_contact:
        return "hand", "叫不到 · 无号码"
    if row.state == "missed" or row.due_at <= at:
        return "hand", "逾期未应"
    return "waiting", {3: "听完未确认", 2: "仅送达"}.get(row.rung, "在叫")


async def _of_town(
    session: AsyncSession, code: str, warning_ids: Collection[str]
) -> dict[str, list[Obligation]]:
    owed: dict[str, list[Obligation]] = {}
    for row in await session.scalars(
        sa.select(Obligation)
        .where(
            Obligation.town == code,
            Obligation.warning_id.in_(warning_ids),
            Obligation.excluded_reason.is_(None),
        )
        .order_by(Obligation.id)
    ):
        owed.setdefault(row.warning_id, []).append(row)
    return owed


def _is_mine(row: Obligation, officer: Officer) -> bool:
    return row.duty in OWN or (
        officer.person_id is not None and officer.person_id in (row.a_person, row.b_person)
    )


def _order(one: Asked) -> tuple[int, int, float]:
    """The open question first, the highest level first, then the one whose time is shortest."""
    weight = {"ask": 0, "answered": 1, "told": 2, "moved": 3, "ended": 4}[one.state]
    due = one.due.timestamp() if one.due else -one.sent.timestamp()
    return weight, -(one.level if one.level is not None else -1), due


def _groups(rows: Sequence[Obligation]) -> tuple[Group, ...]:
    groups = []
    for key, title, duties in BELOW:
        units = [row for row in rows if row.duty in duties and row.part == "responsible"]
        if units:
            groups.append(Group(key, title, sum(row.rung >= CONFIRMED for row in units), len(units)))
    return tuple(groups)


def _feedback(one: Asked, scheme: Scheme, at: datetime) -> tuple[datetime | None, timedelta | None, bool]:
    """When the town reports measures next: F1 after the release, then every F2."""
    if one.released is None or one.level is None:
        return None, None, False
    first = scheme.clocks.get("F1", {}).get(one.level)
    every = scheme.clocks.get("F2", {}).get(one.level)
    if first is None:
        return None, every, False
    due = one.released + first
    if due > at or every is None:
        return due, every, True
    return due + every * (1 + (at - due) // every), every, False
