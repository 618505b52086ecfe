"""The call card: why this town now, whom to ring in which order, what became of each, what comes next."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.activation.tables import FindingRow
from app.answer.tables import Call, Obligation
from app.console import words
from app.console.board import people
from app.console.board.people import Contact
from app.console.board.towns import ANSWERED, Row, state_of
from app.directory.tables import Place
from app.dispatch.tables import Delivery
from app.scheme.models import Scheme
from app.warning.level import Level

WHO = {"A": "A 角", "B": "B 角", "superior": "领导", "chief": "值班长", "onsite": "上门"}


@dataclass(frozen=True, slots=True)
class Line:
    """One person of the card. ``key`` (A, B, superior) is what the dial asks for; ``now``: ring this one."""

    key: str
    label: str
    post: str
    contact: Contact | None
    result: str
    now: bool

    @property
    def short_post(self) -> str:
        """The post without the words that the town's name already says."""
        return self.post.partition("（")[0].removeprefix("镇街")


@dataclass(frozen=True, slots=True)
class Card:
    """The card of one town. ``start`` says why now; the clocks after it stand apart, for they tick."""

    row: Row
    because: str
    start: str
    lines: tuple[Line, ...]
    population: int | None
    next_at: datetime | None
    next_who: str

    @property
    def acts(self) -> bool:
        """Whether a call for this town would still serve something."""
        return self.row.obligation is not None and self.row.state not in ANSWERED

    @property
    def ring(self) -> str:
        """Which of the lines to ring now, empty for nobody."""
        return next((line.key for line in self.lines if line.now), "")


async def load(session: AsyncSession, scheme: Scheme, row: Row, at: datetime) -> Card:
    """Read the card of a board row."""
    place = await session.get(Place, row.code)
    finding = await session.scalar(
        sa.select(FindingRow)
        .where(
            FindingRow.district == scheme.district.code,
            FindingRow.place == row.code,
            FindingRow.until.is_(None),
        )
        .order_by(FindingRow.level.desc(), FindingRow.since.desc())
        .limit(1)
    )
    because = finding.text if finding else ""
    population = place.population if place else None
    one = await session.get(Obligation, row.obligation) if row.obligation else None
    if one is None:
        return Card(row, because, "没有需要它应答的预警。", (), population, None, "")
    who = await people.contacts(session, (one.a_person, one.b_person, one.superior_person))
    results = await _results(session, one)
    duty = scheme.layers.get((one.layer, one.duty))
    roles = {"A": duty.a, "B": duty.b, "superior": duty.superior} if duty else {}
    ring = row.next.contact.id if row.next and row.next.contact else None
    lines = []
    for key, person in (("A", one.a_person), ("B", one.b_person), ("superior", one.superior_person)):
        contact = who.get(person) if person else None
        places = (one.place_id, one.town, one.district)
        post = contact.post(scheme.roles, places, roles.get(key, ())) if contact else ""
        result = results.get(person or "", "") or ("" if contact and contact.reachable else "叫不到")
        now = contact is not None and contact.id == ring and row.state not in ANSWERED
        lines.append(Line(key, WHO[key], post, contact, result or ("现在打这个" if now else ""), now))
    steps = scheme.escalation.steps(Level(one.level), duty.hop) if duty else ()
    waits = one.next_step_at is not None and one.step < len(steps) and row.state not in ANSWERED
    return Card(
        row,
        because,
        _start(one, row, at),
        tuple(lines),
        population,
        one.next_step_at if waits else None,
        WHO.get(steps[one.step].who, steps[one.step].who) if waits else "",
    )


def _start(one: Obligation, row: Row, at: datetime) -> str:
    state, word = state_of(one, at)
    if state in ANSWERED:
        via = words.VIA.get(one.via or "", "")
        return f"{words.hms(one.answered_at)} {word}{f'，{via}' if via else ''}。不用再打。"
    start = {"cannot": "对方说有困难，等你派人或叫领导", "lost": f"{word}，已转上门"}.get(state, word)
    turn = {"A": "打 A 角", "B": "轮到 B 角", "领导": "轮到领导", "派": "要派人去"}
    now = turn.get(row.next.label, "") if row.next else ""
    return f"{start}{f'，{now}' if now else ''}。"


async def _results(session: AsyncSession, one: Obligation) -> dict[str, str]:
    """Return person → what became of the calls to them, e.g. ``未接 ×3 · 短信已达``."""
    rows = await session.execute(
        sa.select(Call.person_id, Delivery.kind, Delivery.state, Delivery.possibly_twice)
        .join(Delivery, Delivery.id == Call.delivery_id)
        .where(Call.obligation_id == one.id)
        .order_by(Call.at)
    )
    tried: dict[str, dict[str, list[str]]] = {}
    twice: set[str] = set()
    for person, kind, state, doubled in rows:
        if person is None:
            continue
        tried.setdefault(person, {}).setdefault(kind, []).append(state)
        if doubled:
            twice.add(person)
    return {
        person: " · ".join(
            [_said(kind, states) for kind, states in kinds.items()] + (["或两次"] if person in twice else [])
        )
        for person, kinds in tried.items()
    }


def _said(kind: str, states: list[str]) -> str:
    name = words.CHANNELS.get(kind, kind)
    if kind == "voice" and "delivered" not in states:
        tried = sum(state in {"failed", "accepted", "expired"} for state in states)
        return f"未接 ×{tried}" if tried else "正在呼"
    if "delivered" in states:
        return "接通" if kind == "voice" else f"{name}已达"
    return f"{name}{words.DELIVERY_STATES.get(states[-1], states[-1])}"


async def target(session: AsyncSession, district: str, obligation_id: str) -> Obligation | None:
    """Return an obligation of this district, for the acts of the card."""
    return await session.scalar(
        sa.select(Obligation).where(Obligation.district == district, Obligation.id == obligation_id)
    )


def person_of(one: Obligation, key: str) -> str | None:
    """Return the id of the obligation's A, B or superior."""
    return {"A": one.a_person, "B": one.b_person, "superior": one.superior_person}.get(key)
