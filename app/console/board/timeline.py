"""经过: what happened, as sentences, the newest first; each from the fact it stands on."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.activation.tables import Decision, FindingRow, Part
from app.activation.tables import Warning as WarningRow
from app.answer.tables import Answer, Obligation, StepTaken
from app.console import words
from app.console.board import heads, people
from app.console.board.accounts import names_of
from app.scheme.models import Scheme
from app.warning.level import Level

_STEPS = {
    "A": "再叫 A 角",
    "B": "叫 B 角",
    "superior": "叫领导",
    "chief": "叫区值班长",
    "onsite": "转上门派人",
}
ACTS: Mapping[str, str] = {
    "proposed": "提出放行",
    "approved-first": "提出放行",
    "release": "放行",
    "released": "放行",
    "first": "提出放行",
    "second": "第二人放行",
    "approved": "第二人放行",
    "hold": "暂缓",
    "held": "暂缓",
    "refuse": "不放行",
    "refused": "不放行",
    "withdraw": "撤回",
    "withdrawn": "撤回",
    "close": "解除",
    "closed": "解除",
    "review": "核对",
    "reviewed": "核对",
    "raise": "提级",
    "raised": "提级",
    "not-raised": "不提级",
    "correct": "更正",
    "corrected": "更正",
    "break-glass": "单人紧急放行",
    "auto": "到限自动放行",
    "automatic": "到限自动放行",
    "accept": "采纳",
    "dismiss": "不采纳",
    "dismissed": "不采纳",
    "close-first": "提出解除",
    "raise-first": "对提级表态，待第二人",
    "review-first": "提出核对",
}


@dataclass(frozen=True, slots=True)
class Event:
    """One line. ``important`` ones stay when only those are looked at."""

    at: datetime
    subject: str
    text: str
    via: str
    important: bool


async def load(
    session: AsyncSession,
    scheme: Scheme,
    names: Mapping[str, str],
    origins: Collection[str],
    *,
    limit: int = 40,
    warning: str | None = None,
    important: bool = False,
) -> tuple[Event, ...]:
    """Return the newest events of the district (or of one warning)."""
    district = scheme.district.code
    found = [
        *await _answers(session, scheme, names, origins, limit, warning),
        *await _steps(session, scheme, names, origins, limit, warning),
        *await _missed(session, district, names, origins, limit, warning),
        *await _decided(session, scheme, names, origins, limit, warning),
        *await _came(session, scheme, names, origins, limit, warning),
        *(await _findings(session, scheme, names, origins, limit) if warning is None else ()),
    ]
    if important:
        found = [event for event in found if event.important]
    found = list(dict.fromkeys(found))
    return tuple(sorted(found, key=lambda event: (event.at, event.subject), reverse=True)[:limit])


async def _answers(
    session: AsyncSession,
    scheme: Scheme,
    names: Mapping[str, str],
    origins: Collection[str],
    limit: int,
    warning: str | None,
) -> list[Event]:
    asked = (
        sa.select(Answer, Obligation.town, Obligation.place_id, Obligation.layer)
        .join(Obligation, Obligation.id == Answer.obligation_id)
        .where(Answer.district == scheme.district.code, Answer.origin.in_(origins))
        .order_by(Answer.received_at.desc())
        .limit(limit)
    )
    if warning:
        asked = asked.where(Obligation.warning_id == warning)
    rows = [(answer, town, unit, layer) for answer, town, unit, layer in await session.execute(asked)]
    units = await people.places(session, (unit for _, town, unit, _ in rows if unit != town))
    found = []
    for answer, town, unit, layer in rows:
        word = {"confirmed": "已应", "acting": "行动中", "done": "完成", "cannot": "有困难"}.get(
            answer.rung, answer.rung
        )
        said = f"：{answer.words}" if answer.words else ""
        not_counted = "" if answer.counts else "（不计入）"
        own = units.get(unit, "")
        found.append(
            Event(
                answer.received_at,
                # A bureau, or a duty room up or down the river, belongs to no town: its own name.
                own if own and layer == "L1" else f"{names.get(town, scheme.district.name)} {own}".rstrip(),
                f"{word}{not_counted}{said}",
                words.VIA.get(answer.via, answer.via),
                answer.rung == "cannot",
            )
        )
    return found


async def _steps(
    session: AsyncSession,
    scheme: Scheme,
    names: Mapping[str, str],
    origins: Collection[str],
    limit: int,
    warning: str | None,
) -> list[Event]:
    taken = []
    for layer in ("L1", "L2"):  # each from the newest on, by the index: the others take many more steps
        asked = (
            sa.select(StepTaken, Obligation.town, Obligation.duty)
            .join(Obligation, Obligation.id == StepTaken.obligation_id)
            .where(
                StepTaken.district == scheme.district.code,
                StepTaken.layer == layer,
                Obligation.origin.in_(origins),
                sa.or_(StepTaken.who != "A", StepTaken.step > 0),
            )
            .order_by(StepTaken.taken_at.desc())
            .limit(limit * 4)
        )
        if warning:
            asked = asked.where(Obligation.warning_id == warning)
        taken += list(await session.execute(asked))
    # One line for what was done at one moment for one town: its duties are called side by side.
    together: dict[tuple[datetime, str, str, str], list[str]] = {}
    for step, town, duty in taken:
        name = heads.duty_name(scheme, step.layer, duty).removeprefix("镇街").partition("（")[0]
        together.setdefault((step.taken_at, town, step.who, step.outcome), []).append(name)
    found = []
    for (at, town, who, outcome), duties in together.items():
        lost = outcome in {"no-contact", "nobody"}
        text = f"{_STEPS.get(who, who)}{'，叫不到' if lost else ''}：{'、'.join(dict.fromkeys(duties))}"
        important = lost or who in {"superior", "chief", "onsite"}
        found.append(Event(at, names.get(town, scheme.district.name), text, "系统", important))
    return found


async def _missed(
    session: AsyncSession,
    district: str,
    names: Mapping[str, str],
    origins: Collection[str],
    limit: int,
    warning: str | None,
) -> list[Event]:
    asked = (
        sa.select(Obligation.due_at, Obligation.town)
        .where(
            Obligation.district == district,
            Obligation.origin.in_(origins),
            Obligation.layer == "L2",
            Obligation.duty == "town-duty",
            Obligation.state.in_(("missed", "late")),
        )
        .order_by(Obligation.due_at.desc())
        .limit(limit)
    )
    if warning:
        asked = asked.where(Obligation.warning_id == warning)
    return [
        Event(due, names.get(town, town), "逾期未应", "系统", True)
        for due, town in await session.execute(asked)
    ]


async def _decided(
    session: AsyncSession,
    scheme: Scheme,
    names: Mapping[str, str],
    origins: Collection[str],
    limit: int,
    warning: str | None,
) -> list[Event]:
    rows = list(
        await session.scalars(
            sa.select(Decision)
            .where(Decision.district == scheme.district.code)
            .order_by(Decision.received_at.desc())
            .limit(limit)
        )
    )
    subjects = {row.subject for row in rows}
    parts = {part.id: part for part in await session.scalars(sa.select(Part).where(Part.id.in_(subjects)))}
    about = {parts[one].warning_id if one in parts else one for one in subjects}
    heads_by_id = {
        row.id: row
        for row in await session.scalars(
            sa.select(WarningRow).where(WarningRow.id.in_(about), WarningRow.origin.in_(origins))
        )
    }
    who = await names_of(session, (row.by for row in rows))
    found = []
    for row in rows:
        part = parts.get(row.subject)
        subject = heads_by_id.get(part.warning_id if part else row.subject)
        if subject is None or (warning and subject.id != warning):
            continue
        head = heads.head_of(subject, scheme, names)
        act = ACTS.get(row.act, row.act)
        what = words.PARTS[part.name] if part else ""
        reason = f"：{row.reason}" if row.reason else ""
        found.append(
            Event(row.received_at, head.title, f"{act}{what}{reason}", who.get(row.by, "系统"), True)
        )
    return found


async def _came(
    session: AsyncSession,
    scheme: Scheme,
    names: Mapping[str, str],
    origins: Collection[str],
    limit: int,
    warning: str | None,
) -> list[Event]:
    asked = (
        sa.select(WarningRow)
        .where(WarningRow.district == scheme.district.code, WarningRow.origin.in_(origins))
        .order_by(WarningRow.received_at.desc())
        .limit(limit)
    )
    if warning:
        asked = asked.where(WarningRow.id == warning)
    found = []
    for row in await session.scalars(asked):
        head = heads.head_of(row, scheme, names)
        if row.state in {"needs-review", "waiting"}:
            found.append(Event(row.received_at, head.title, "来报，未呼叫任何人，须核对", "来报", True))
        else:
            found.append(
                Event(
                    row.received_at,
                    head.title,
                    f"{head.issuer or '来报'}发布，{head.places}",
                    "来报",
                    (row.level or 0) >= Level.ORANGE,
                )
            )
        if row.ended_at is not None:
            found.append(Event(row.ended_at, head.title, head.state_word, "系统", True))
    return found


async def _findings(
    session: AsyncSession, scheme: Scheme, names: Mapping[str, str], origins: Collection[str], limit: int
) -> list[Event]:
    rows: Sequence[FindingRow] = list(
        await session.scalars(
            sa.select(FindingRow)
            .where(FindingRow.district == scheme.district.code, FindingRow.origin.in_(origins))
            .order_by(FindingRow.since.desc())
            .limit(limit)
        )
    )
    return [
        Event(row.since, names.get(row.place, row.place), row.text, "实测", row.level >= Level.RED)
        for row in rows
    ]
