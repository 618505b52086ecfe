"""待决定: what waits for a person, by time left, and what happens when nobody decides; 须核对."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.activation.tables import Decision, Part, PlanRow, ResponseRow
from app.activation.tables import Warning as WarningRow
from app.console import words
from app.console.board import heads
from app.console.board.heads import UNDECIDED
from app.console.words import Clock
from app.intake.tables import Raw
from app.scheme.models import ReleaseRule, Scheme
from app.warning.level import Level

_RESPONSES = ("none", "IV", "III", "II", "I")
RAISED = ("raise", "raised", "not-raised")  # what answers a suggested raise, whichever way

RECENT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Item:
    """Something to decide. ``kind``: release, response or uplift."""

    id: str
    kind: str
    level: Level | None
    title: str
    what: str
    clock: Clock
    due: datetime | None
    then: str
    href: str
    warning: str
    exercise: bool


@dataclass(frozen=True, slots=True)
class Review:
    """A message that called nobody: to be placed, waiting for another, or refused. ``word`` says which."""

    id: str
    word: str
    title: str
    why: str
    at: datetime
    href: str


_Made: TypeAlias = tuple[datetime, list[dict[str, Any]]]
"""When a version of a plan was made, and what it suggested."""


async def load(
    session: AsyncSession,
    scheme: Scheme,
    in_force: Sequence[WarningRow],
    names: Mapping[str, str],
    at: datetime,
) -> tuple[Item, ...]:
    """Return what waits for a decision, the least time left first."""
    by_id = {warning.id: warning for warning in in_force}
    items = [
        *await _releases(session, scheme, by_id, names, at),
        *await _suggestions(session, scheme, by_id, names, at),
    ]
    far = datetime.max.replace(tzinfo=at.tzinfo)
    return tuple(sorted(items, key=lambda item: (item.due or far, item.id)))


def _then(
    scheme: Scheme,
    rule: ReleaseRule | None,
    segment: str | None,
    due: datetime | None,
    alarms: int,
    at: datetime,
) -> str:
    """What happens by itself at the limit, or has happened since."""
    if due is None:
        return ""
    if rule and rule.auto_at_limit and segment in scheme.release.auto_only_in:
        return "限过，正自动放行" if due <= at else "到时自动放行"
    chain = [words.ROLES.get(step.who, step.who) for step in scheme.release.overdue]
    if due > at:
        return f"到时电话叫{chain[0]}" if chain else "到时告警"
    return f"已电话叫{'、'.join(chain[:alarms])}，仍可决定" if alarms and chain else "已过限，仍可决定"


async def _releases(
    session: AsyncSession,
    scheme: Scheme,
    by_id: Mapping[str, WarningRow],
    names: Mapping[str, str],
    at: datetime,
) -> list[Item]:
    rows = await session.scalars(
        sa.select(Part).where(Part.warning_id.in_(list(by_id)), Part.state.in_(UNDECIDED))
    )
    items = []
    for part in rows:
        warning = by_id[part.warning_id]
        level = Level(part.level)
        rule = scheme.release.parts.get(part.name, {}).get(level)  # type: ignore[call-overload]  # a part's name from the table
        head = heads.head_of(warning, scheme, names)
        persons = rule.persons if rule else 1
        waits = "待第二人" if part.state == "pending-approval" else ("需两人" if persons == 2 else "需一人")
        items.append(
            Item(
                f"part-{part.id}",
                "release",
                level,
                f"{words.short(level)}{'色' if level else ''}{head.hazard} · {words.PARTS[part.name]}",
                f"{head.places} · 放行 · {waits}",
                words.left(part.decide_by, at),
                part.decide_by,
                _then(scheme, rule, warning.segment, part.decide_by, part.alarms, at),
                f"/warnings/{warning.id}/release/{part.name}",
                warning.id,
                head.exercise,
            )
        )
    return items


async def _suggestions(
    session: AsyncSession,
    scheme: Scheme,
    by_id: Mapping[str, WarningRow],
    names: Mapping[str, str],
    at: datetime,
) -> list[Item]:
    """What the rules propose and only a person may do: raises, and the highest level of a family."""
    # Not the plans whole: each is hundreds of lines, and each version is kept.
    made: dict[str, list[_Made]] = {}
    for warning_id, made_at, suggestions in await session.execute(
        sa.select(PlanRow.warning_id, PlanRow.made_at, PlanRow.body["suggestions"])
        .where(PlanRow.warning_id.in_(list(by_id)))
        .order_by(PlanRow.version)
    ):
        made.setdefault(warning_id, []).append((made_at, suggestions or []))
    decided = set(
        await session.scalars(
            sa.select(Decision.subject).where(Decision.subject.in_(list(by_id)), Decision.act.in_(RAISED))
        )
    )
    held = await responses(session, scheme.district.code)
    raises: list[Item] = []
    starts: dict[str, Item] = {}
    for warning in by_id.values():
        plans = made.get(warning.id, [])
        hazard = scheme.ruleset.hazard(warning.event_code, at)
        family = hazard.family if hazard else "other"
        for one in plans[-1][1] if plans else ():
            since = next(made_at for made_at, suggested in plans if _holds(suggested, one))
            level = Level.of(one["level"]) if one.get("level") else Level.HINT
            if one["kind"] == "uplift" and warning.id not in decided:
                change = f"{words.short(Level(warning.level or 0))} → {words.short(level)}"
                title = f"提级？{heads.head_of(warning, scheme, names).hazard} {change}"
                raises.append(
                    _proposal(scheme, scheme.release.uplift, warning, one, (level, title, since), at)
                )
            elif one["kind"] == "response" and not _answered(held.get(family), level, since):
                title = f"启动{words.FAMILIES.get(family, family)} {level.response} 级响应？"
                about = (level, title, since)
                item = _proposal(scheme, scheme.release.response, warning, one, about, at)
                if family not in starts or level > (starts[family].level or Level.HINT):
                    starts[family] = item
    return [*raises, *starts.values()]


def _holds(suggested: Sequence[Mapping[str, Any]], suggestion: Mapping[str, Any]) -> bool:
    """Whether a version of the plan made that suggestion: its clock runs since the first that did."""
    return any(
        one["kind"] == suggestion["kind"] and one.get("level") == suggestion.get("level") for one in suggested
    )


def _answered(held: ResponseRow | None, level: Level, since: datetime) -> bool:
    """Whether a decision on the family's level answers it: a later one, or one at least as high."""
    if held is None:
        return False
    return held.decided_at >= since or _RESPONSES.index(held.level) >= _RESPONSES.index(
        level.response or "none"
    )


def _proposal(
    scheme: Scheme,
    rule: ReleaseRule,
    warning: WarningRow,
    one: Mapping[str, Any],
    about: tuple[Level, str, datetime],
    at: datetime,
) -> Item:
    level, title, since = about
    due = since + rule.limit if rule.limit else None
    return Item(
        id=f"{one['kind']}-{warning.id}",
        kind=str(one["kind"]),
        level=level,
        title=title,
        what=str(one.get("text", "")),
        clock=words.left(due, at),
        due=due,
        then=_then(scheme, rule, None, due, 0, at),
        href=f"/warnings/{warning.id}#suggestions",
        warning=warning.id,
        exercise=warning.origin == "exercise",
    )


async def responses(
    session: AsyncSession, district: str, origins: Sequence[str] = ("real", "simulated")
) -> dict[str, ResponseRow]:
    """Return what holds of each family's response level: the newest decision that is in force."""
    rows = await session.scalars(
        sa.select(ResponseRow)
        .where(
            ResponseRow.district == district, ResponseRow.state == "in-force", ResponseRow.origin.in_(origins)
        )
        .order_by(ResponseRow.decided_at)
    )
    return {row.family: row for row in rows}


async def reviews(session: AsyncSession, scheme: Scheme, origins: Sequence[str]) -> tuple[Review, ...]:
    """Return the messages that wait for a person to place them, the newest first."""
    rows = await session.scalars(
        sa.select(WarningRow)
        .where(
            WarningRow.district == scheme.district.code,
            WarningRow.state.in_(("needs-review", "waiting")),
            WarningRow.origin.in_(origins),
        )
        .order_by(WarningRow.received_at.desc())
        .limit(20)
    )
    found = []
    for row in rows:
        problem = next((one for one in row.problems if isinstance(one, dict)), {})
        why = str(problem.get("detail") or ("等它所指的报文" if row.state == "waiting" else "须人工核对"))
        found.append(
            Review(
                f"review-{row.id}",
                words.WARNING_STATES[row.state] if row.state == "waiting" else "未呼叫",
                row.headline or row.identifier,
                why,
                row.received_at,
                f"/warnings/{row.id}",
            )
        )
    return tuple(found)


RAW = {"refused": "拒收", "conflict": "重号冲突"}
PROBLEMS: Mapping[str, str] = {
    "malformed-body": "读不出：语法不对",
    "xml-doctype-forbidden": "带 DOCTYPE，不读",
    "bad-encoding": "编码不对",
    "too-deep": "嵌套太深",
    "validation": "内容不对",
    "invalid-geometry": "区域图形不成立",
    "out-of-scope": "超出这把钥匙的范围",
    "conflicting-duplicate": "同一编号来了不同内容",
}


async def refused(session: AsyncSession, district: str, at: datetime) -> tuple[Review, ...]:
    """Return the messages of the last day that were refused or contradict an earlier one."""
    rows = await session.scalars(
        sa.select(Raw)
        .where(Raw.district == district, Raw.state.in_(tuple(RAW)), Raw.received_at > at - RECENT)
        .order_by(Raw.received_at.desc())
        .limit(20)
    )
    return tuple(
        Review(
            f"raw-{row.id}",
            RAW[row.state],
            f"{row.source} {row.identifier or '编号读不出'}",
            PROBLEMS.get(row.problem or "", row.problem or "未说明"),
            row.received_at,
            f"/kept/{row.id}",
        )
        for row in rows
    )
