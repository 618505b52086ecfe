"""What a release would do, for the dialog: who is called, who cannot be, in which words, who decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.activation import lineage, said
from app.activation.tables import Part, PlanRow
from app.activation.tables import Warning as WarningRow
from app.answer import texts
from app.answer.tables import Brief
from app.console import words
from app.console.board import accounts, heads, plans
from app.console.board.heads import Head, PartView
from app.scheme.models import Scheme
from app.warning.level import Level
from app.wording.compose import text as compose
from app.wording.sms import sms_parts


@dataclass(frozen=True, slots=True)
class Called:
    """One duty of the breakdown. ``within``: minutes to answer, None where no answer is owed."""

    name: str
    people: int
    units: int
    channels: str
    within: int | None


@dataclass(frozen=True, slots=True)
class After:
    """What may have to follow what goes out, ready beforehand: by SMS and by loudspeakers."""

    kind: str
    text: str
    aloud: str


@dataclass(frozen=True, slots=True)
class Words:
    """A text that goes out, and how many parts an SMS of it takes (0: not an SMS)."""

    channel: str
    text: str
    parts: int


@dataclass(frozen=True, slots=True)
class Order:
    """One of 断禁停撤疏 that becomes a task of each town."""

    kind: str
    text: str
    confirmed_by: str


@dataclass(frozen=True, slots=True)
class Change:
    """What differs between the plan that was seen and the one that holds."""

    cause: str
    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dialog:
    """Everything two people must see before they let a part out."""

    href: str
    head: Head
    part: PartView
    towns: int
    people: int
    terminals: int
    called: tuple[Called, ...]
    no_contact: int
    orders: tuple[Order, ...]
    words: tuple[Words, ...]
    after: tuple[After, ...]
    reason: str
    first: str
    first_at: datetime | None
    mine: bool
    needs_second: bool
    password: bool
    may_release: bool
    may_second: bool
    may_hold: bool
    who_may: str
    break_glass_at: datetime | None
    lapses_at: datetime | None


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looks at the dialog: id, role, and what the role may do."""

    id: str
    role: str
    release: bool
    second: bool
    hold: bool


async def load(
    session: AsyncSession, scheme: Scheme, warning: WarningRow, name: str, looker: Looker, at: datetime
) -> Dialog | None:
    """Read the dialog of a part; None when the warning has no such part."""
    part = next((one for one in await heads.parts(session, warning, scheme, at) if one.name == name), None)
    row = await session.scalar(
        sa.select(Part)
        .where(Part.warning_id == warning.id, Part.name == name)
        .order_by(Part.serial.desc())
        .limit(1)
    )
    plan = await session.get(PlanRow, row.plan_id) if row else None
    if part is None or row is None or plan is None:
        return None
    names = await heads.towns_of(session, scheme)
    lines = _lines(plan.body, row.lines)
    level = Level(row.level)
    rule = scheme.release.parts[row.name][level]  # type: ignore[index]  # a part's name from the table
    who = await accounts.names_of(session, [row.first_by])
    pending = row.state == "pending-approval"
    lapsed = pending and row.first_at is not None and row.first_at + scheme.release.approval_lapses <= at
    waiting = pending and not lapsed
    why = plans.reasons(lines)
    return Dialog(
        href=f"/warnings/{warning.id}/release/{name}",
        head=heads.head_of(warning, scheme, names),
        part=part,
        towns=len({line["place"] for line in lines if len(line["place"]) > 6}),
        people=sum(line["people"] for line in lines if "broadcast" not in line["channels"] or line["people"]),
        terminals=sum(line["units"] for line in lines if _spoken(line)),
        called=_called(scheme, lines),
        no_contact=sum(line["no_contact"] for line in lines),
        orders=tuple(
            Order(str(one["kind"]), str(one["text"]), str(one["confirmed_by"]))
            for one in plan.body.get("controls", ())
        )
        if name == "orders"
        else (),
        words=await _words(session, scheme, warning, lines),
        after=await _after(session, scheme, warning, lines, at),
        reason="；".join(one.text for one in why[:2]),
        first=who.get(row.first_by or "", "") if waiting else "",
        first_at=row.first_at if waiting else None,
        mine=waiting and row.first_by == looker.id,
        needs_second=rule.persons >= 2,
        password=(name, level) in scheme.release.reauthenticate,
        may_release=looker.release and looker.role in rule.who,
        may_second=looker.second and looker.role in rule.second,
        may_hold=looker.hold,
        who_may="、".join(
            words.ROLES.get(role, role) for role in sorted(rule.second if waiting else rule.who)
        ),
        break_glass_at=row.first_at + scheme.release.break_glass if waiting and row.first_at else None,
        lapses_at=row.first_at + scheme.release.approval_lapses if waiting and row.first_at else None,
    )


def _spoken(line: Mapping[str, Any]) -> bool:
    return line["answer_within_s"] is None and "broadcast" in line["channels"]


def _lines(body: Mapping[str, Any], keys: list[str]) -> list[Mapping[str, Any]]:
    wanted = set(keys)
    return [line for line in body["lines"] if f"{line['place']}/{line['layer']}/{line['duty']}" in wanted]


def _called(scheme: Scheme, lines: list[Mapping[str, Any]]) -> tuple[Called, ...]:
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for line in lines:
        groups.setdefault((line["layer"], line["duty"]), []).append(line)
    found = []
    for duty, members in sorted(groups.items()):
        named = scheme.layers.get(duty)
        limits = [line["answer_within_s"] for line in members if line["answer_within_s"] is not None]
        found.append(
            Called(
                named.name if named else duty[1],
                sum(line["people"] for line in members),
                sum(line["units"] for line in members),
                words.channels(list(dict.fromkeys(kind for line in members for kind in line["channels"]))),
                max(limits) // 60 if limits else None,
            )
        )
    return tuple(found)


async def _words(
    session: AsyncSession, scheme: Scheme, warning: WarningRow, lines: list[Mapping[str, Any]]
) -> tuple[Words, ...]:
    """The very texts: made by the same templates from the same brief as those that will be sent."""
    brief = await session.get(Brief, warning.id)
    if brief is None or not lines:
        return ()
    owed = [line for line in lines if line["answer_within_s"] is not None]
    top = max(owed or lines, key=lambda line: (line["people"], line["layer"]))
    found = []
    kinds = dict.fromkeys(kind for line in lines for kind in line["channels"])
    for channel in [kind for kind in ("sms", "voice", "broadcast") if kind in kinds][:2]:
        more: dict[str, Any] = {"layer": top["layer"], "duty": top["duty"]}
        facts = texts.facts(brief.facts, scheme, kind="alert", channel=channel, **more)
        try:
            made = compose(scheme.templates, facts)
        except LookupError:
            continue
        found.append(Words(words.CHANNELS[channel], made, sms_parts(made) if channel == "sms" else 0))
    return tuple(found)


async def _after(
    session: AsyncSession, scheme: Scheme, warning: WarningRow, lines: list[Mapping[str, Any]], at: datetime
) -> tuple[After, ...]:
    """The correction, the downgrade and the all-clear as they would go out now, made as they will be.

    Of a raise it is its end that lowers: no bureau has issued its level.
    """
    brief = await session.get(Brief, warning.id)
    if brief is None or not lines:
        return ()
    told = {"更正": said.correction(scheme, warning, None)}
    if warning.raised_from is not None:
        below = await lineage.raised_by(session, warning)
        told |= {} if below is None else {"结束提级": said.step_down(scheme, below)}
    elif (lower := _below(scheme, warning)) is not None:
        layer = min(str(line["layer"]) for line in lines)
        where = str(brief.facts["places"])
        told["降级"] = said.lowered(scheme, warning, Level(warning.level or 0), where, layer, to=lower)
    told["解除"] = said.clear(scheme, warning, at)
    spoken = any(_spoken(line) for line in lines)
    return tuple(After(kind, one.text, one.aloud if spoken else "") for kind, one in told.items())


def _below(scheme: Scheme, warning: WarningRow) -> Level | None:
    """The next level that the hazard has, to which its bureau may lower it; None where it has none."""
    hazard = scheme.ruleset.hazard(warning.event_code, warning.sent)
    known = hazard.signal if hazard else ()
    return max((level for level in known if level < (warning.level or 0)), default=None)


async def change(session: AsyncSession, scheme: Scheme, warning: WarningRow, name: str, seen: str) -> Change:
    """Say what a part's lines gained and lost since the plan of that hash."""
    plans = {
        plan.plan_hash: plan
        for plan in await session.scalars(sa.select(PlanRow).where(PlanRow.warning_id == warning.id))
    }
    towns = await heads.towns_of(session, scheme)
    now, was = plans.get(warning.plan_hash or ""), plans.get(seen)

    def shown(plan: PlanRow | None) -> dict[str, str]:
        lines = plan.body["lines"] if plan else ()
        return {
            f"{line['place']}/{line['layer']}/{line['duty']}": (
                f"{towns.get(line['place'], line['place'])} "
                f"{heads.duty_name(scheme, line['layer'], line['duty'])} "
                f"{line['people']} 人"
            )
            for line in lines
            if line["part"] == name
        }

    new, old = shown(now), shown(was)
    return Change(
        now.cause if now else "",
        tuple(text for key, text in sorted(new.items()) if old.get(key) != text),
        tuple(text for key, text in sorted(old.items()) if new.get(key) != text),
    )
