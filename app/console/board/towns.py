"""The board: one row a town, and what its officer on duty has answered.

A town's state is its ``town-duty`` obligation (L2) of the highest warning in force that covers it; where
that warning asks no ``town-duty`` of it, the worst of its L2 obligations. A town that no warning covers is
a quiet row.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.activation.tables import Warning as WarningRow
from app.answer.tables import Obligation
from app.console import words
from app.console.board import people
from app.console.board.people import Contact
from app.console.words import Clock
from app.scheme.models import Scheme
from app.warning.level import Level

HANDS = ("cannot", "lost", "overdue")  # states that need a hand now
ANSWERED = ("done", "acting", "answered")
GLYPHS: Mapping[str, str] = {
    "done": "■",
    "acting": "▶",
    "answered": "✓",
    "waiting": "…",
    "cannot": "✕",
    "lost": "?",
    "overdue": "!",
    "quiet": "",
}


@dataclass(frozen=True, slots=True)
class Next:
    """Whom to ring next: label (A, B, 领导, 派), post, the contact; ``none`` says why nobody can be."""

    label: str
    post: str
    contact: Contact | None
    none: str = ""

    @property
    def short_post(self) -> str:
        """The post as far as a row has room for it: 值班员 for 镇街值班员, 镇长 for 镇长（主任）."""
        return self.post.partition("（")[0].removeprefix("镇街").removeprefix("区")


@dataclass(frozen=True, slots=True)
class Row:
    """One town of the board."""

    code: str
    name: str
    level: Level | None
    warning: str | None
    obligation: str | None
    state: str  # a key of GLYPHS
    word: str
    rung: int
    clock: Clock
    next: Next | None
    via: str
    first: bool = False  # first of its level: a line above it

    @property
    def glyph(self) -> str:
        """The state's sign, told apart without colour."""
        return GLYPHS[self.state]

    @property
    def hand(self) -> bool:
        """Whether it needs a hand now."""
        return self.state in HANDS

    @property
    def cells(self) -> tuple[str, ...]:
        """The six cells of the ladder: on (before the gap: low and grey), no, or hatch (不通, 有困难)."""
        if self.state == "cannot":
            return ("on", "on", "on", "hatch", "no", "no")
        if self.state == "lost":
            return ("on" if self.rung else "hatch", "hatch", "hatch", "no", "no", "no")
        return tuple("on" if step <= self.rung else "no" for step in range(1, 7))

    @property
    def ladder(self) -> str:
        """The ladder in words, for those who do not see it."""
        return f"{self.word}，第 {self.rung} 级，共 6 级"


@dataclass(frozen=True, slots=True)
class Board:
    """All rows and their counts."""

    rows: tuple[Row, ...]
    counts: Mapping[str, int]  # state → towns

    @property
    def answered(self) -> int:
        """Towns whose answer counts."""
        return sum(self.counts[state] for state in ANSWERED)

    @property
    def hands(self) -> int:
        """Towns that need a hand now."""
        return sum(self.counts[state] for state in HANDS)

    @property
    def called(self) -> int:
        """Towns that owe an answer or gave one."""
        return len(self.rows) - self.counts["quiet"]

    def row(self, code: str | None) -> Row | None:
        """The row of a town."""
        return next((row for row in self.rows if row.code == code), None)


async def in_force(session: AsyncSession, district: str, origins: Collection[str]) -> list[WarningRow]:
    """Return the warnings in force, the highest first, then the newest."""
    return list(
        await session.scalars(
            sa.select(WarningRow)
            .where(
                WarningRow.district == district,
                WarningRow.state == "in-force",
                WarningRow.origin.in_(origins),
            )
            .order_by(WarningRow.level.desc(), WarningRow.received_at.desc(), WarningRow.id)
        )
    )


async def load(
    session: AsyncSession,
    scheme: Scheme,
    warnings: Sequence[WarningRow],
    at: datetime,
    *,
    by_urgency: bool = False,
) -> Board:
    """Read the board for the warnings in force (as ``in_force`` orders them)."""
    names = await people.towns(session, scheme.district.code)
    over: dict[str, WarningRow] = {}
    for warning in warnings:
        for code in warning.places:
            over.setdefault(code, warning)
    owed: dict[tuple[str, str], list[Obligation]] = {}
    if over:
        for one in await session.scalars(
            sa.select(Obligation).where(
                Obligation.warning_id.in_({warning.id for warning in over.values()}),
                Obligation.layer == "L2",
            )
        ):
            owed.setdefault((one.warning_id, one.town), []).append(one)
    chosen: dict[str, Obligation] = {}
    for code, warning in over.items():
        mine = owed.get((warning.id, code))
        if mine:
            chosen[code] = next(
                (one for one in mine if one.duty == "town-duty" and one.part == "responsible"),
                max(mine, key=lambda one: (_urgency(one, at), one.duty)),
            )
    who = await people.contacts(
        session, (one for o in chosen.values() for one in (o.a_person, o.b_person, o.superior_person))
    )
    rows = [
        _row(code, name, over.get(code), chosen.get(code), who, scheme, at) for code, name in names.items()
    ]
    rows.sort(key=lambda row: -1 if row.level is None else row.level, reverse=True)
    if by_urgency:
        order = ("cannot", "lost", "overdue", "waiting", "answered", "acting", "done", "quiet")
        far = datetime.max.replace(tzinfo=at.tzinfo)
        rows.sort(key=lambda row: (order.index(row.state), row.clock.due or far))
        marked = rows
    else:
        marked = [
            replace(row, first=index > 0 and rows[index - 1].level != row.level)
            for index, row in enumerate(rows)
        ]
    return Board(tuple(marked), {state: sum(row.state == state for row in rows) for state in GLYPHS})


def state_of(one: Obligation, at: datetime) -> tuple[str, str]:
    """Return an obligation's state on the board and its word."""
    if one.cannot and one.rung < 4:
        return "cannot", "有困难"
    if one.rung >= 4:
        late = " · 迟" if one.state == "late" else ""
        state = ("answered", "acting", "done")[min(one.rung, 6) - 4]
        return state, words.RUNGS[min(one.rung, 6)] + late
    if one.no_contact:
        return "lost", "叫不到 · 无号码"
    if one.who == "onsite":
        return "lost", f"失联 {words.spoken(at - one.released_at)}"
    if one.state == "missed" or one.due_at <= at:
        return "overdue", "逾期未应"
    if one.rung == 3:
        return "waiting", "听完未确认"
    if one.rung == 2:
        return "waiting", "仅送达"
    if one.round >= 2:
        return "waiting", f"{words.numeral(one.round)}轮未接"
    return "waiting", "已受理" if one.rung else "在叫"


def clock_of(one: Obligation, state: str, at: datetime) -> Clock:
    """Return the clock of the person looking at that obligation."""
    if one.answered_at is not None and one.rung >= 4:
        if one.state == "late":
            return Clock("late", f"迟 {words.span(one.answered_at - one.due_at, pad=False)}")
        return Clock("took", f"用时 {words.span(one.answered_at - one.released_at, pad=False)}")
    if state == "cannot":
        return Clock("word", "即刻升级")
    if state == "lost":
        return Clock("word", "派人")
    return words.left(one.due_at, at)


def next_call(one: Obligation, state: str, who: Mapping[str, Contact], scheme: Scheme) -> Next | None:
    """Whom the officer rings now: who has heard but not answered, else the chain's next with a number."""
    if state in ANSWERED:
        return None
    duty = scheme.layers.get((one.layer, one.duty))
    chain = {
        "A": ("A", one.a_person, duty.a if duty else ()),
        "B": ("B", one.b_person, duty.b if duty else ()),
        "superior": ("领导", one.superior_person, duty.superior if duty else ()),
    }
    if state == "lost":
        order = ["superior"]
    elif state in {"cannot", "overdue"}:
        order = ["superior", "B", "A"]
    elif one.who in {"B", "superior"} or (one.round >= 3 and one.rung < 3):
        order = ["superior", "B", "A"] if one.who == "superior" else ["B", "superior", "A"]
    else:
        order = ["A", "B", "superior"]
    for step in order:
        label, person, roles = chain[step]
        contact = who.get(person) if person else None
        if contact and contact.reachable:
            post = contact.post(scheme.roles, (one.place_id, one.town, one.district), roles)
            return Next("派" if state == "lost" else label, post, contact)
    return Next("", "", None, "无号码，派人上门")


def _urgency(one: Obligation, at: datetime) -> int:
    return ("done", "acting", "answered", "waiting", "overdue", "lost", "cannot").index(state_of(one, at)[0])


def _row(
    code: str,
    name: str,
    warning: WarningRow | None,
    one: Obligation | None,
    who: Mapping[str, Contact],
    scheme: Scheme,
    at: datetime,
) -> Row:
    level = None if warning is None or warning.level is None else Level(warning.level)
    if one is None:
        word = "" if warning is None else "不叫 · 只知会"
        return Row(
            code,
            name,
            level,
            warning.id if warning else None,
            None,
            "quiet",
            word,
            0,
            Clock("none", ""),
            None,
            "",
        )
    state, word = state_of(one, at)
    return Row(
        code,
        name,
        level,
        one.warning_id,
        one.id,
        state,
        word,
        one.rung,
        clock_of(one, state, at),
        next_call(one, state, who, scheme),
        words.VIA.get(one.via or "", one.via or ""),
    )
