"""A plan for desk and plan page: lines with reasons, versions and their difference, what came of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.activation.tables import PlanRow
from app.activation.tables import Warning as WarningRow
from app.answer.tables import Obligation
from app.console import words
from app.console.board.heads import UNDECIDED, duty_name
from app.dispatch.tables import Delivery
from app.scheme.models import Scheme

BASIN = "流域联防"
LAYERS = ("L1", "L2", "L3", "L4", "L5", "L6", "key")


@dataclass(frozen=True, slots=True)
class Why:
    """One reason of a line: the rule's id, the sentence, and the value it turned on."""

    rule: str
    text: str
    more: int = 0  # other towns the same rule says the like of


@dataclass(frozen=True, slots=True)
class Line:
    """What is called of one layer (or ordered of one part): how many, by when, how far, and why."""

    part: str
    layer: str
    title: str
    people: int
    units: int
    towns: int
    no_contact: int
    channels: str
    due: datetime | None
    within: int | None  # seconds
    answered: int
    owed: int
    why: tuple[Why, ...]
    state: str  # auto, or the part's state

    @property
    def auto(self) -> bool:
        """Whether it went out by itself."""
        return self.part == "responsible"


async def plan(session: AsyncSession, warning: WarningRow) -> PlanRow | None:
    """Return the plan that holds now."""
    return await session.get(PlanRow, warning.plan_id) if warning.plan_id else None


async def versions(session: AsyncSession, warning_id: str) -> list[PlanRow]:
    """Return every version of a warning's plan, the newest first."""
    return list(
        await session.scalars(
            sa.select(PlanRow).where(PlanRow.warning_id == warning_id).order_by(PlanRow.version.desc())
        )
    )


async def progress(
    session: AsyncSession, warning_id: str
) -> dict[tuple[str, str, str], tuple[int, int, datetime]]:
    """Return (part, layer, duty) → (answered, owed, latest due time) of a warning's obligations."""
    rows = await session.execute(
        sa.select(
            Obligation.part,
            Obligation.layer,
            Obligation.duty,
            sa.func.sum(sa.case((Obligation.state.in_(("met", "late")), 1), else_=0)),
            sa.func.count(),
            sa.func.max(Obligation.due_at, type_=Obligation.due_at.type),
        )
        .where(Obligation.warning_id == warning_id, Obligation.excluded_reason.is_(None))
        .group_by(Obligation.part, Obligation.layer, Obligation.duty)
    )
    return {(part, layer, duty): (int(met), int(owed), due) for part, layer, duty, met, owed, due in rows}


def lines(
    body: Mapping[str, Any],
    scheme: Scheme,
    done: Mapping[tuple[str, str, str], tuple[int, int, datetime]],
    states: Mapping[str, str],
    *,
    by_duty: bool = False,
) -> tuple[Line, ...]:
    """Gather a plan's lines by part and layer (``by_duty``: by duty), what waits for a decision first."""
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for line in body.get("lines", ()):
        part, layer = line.get("part", "responsible"), line["layer"]
        duty = line["duty"] if by_duty else BASIN if _neighbour(scheme, layer, line["duty"]) else ""
        key = (part, layer if by_duty or part == "responsible" else "", duty)
        groups.setdefault(key, []).append(line)
    made = [_line(key, members, scheme, done, states) for key, members in groups.items()]
    return tuple(
        sorted(
            made,
            key=lambda line: (
                line.state not in UNDECIDED,
                ("responsible", "orders", "public").index(line.part),
                LAYERS.index(line.layer) if line.layer in LAYERS else 0,
                line.title,
            ),
        )
    )


def _neighbour(scheme: Scheme, layer: str, duty: str) -> bool:
    """Whether it is a duty of a room up or down the river: no layer of the district's own."""
    found = scheme.layers.get((layer, duty))
    return found is not None and bool(found.unit)


def _line(
    key: tuple[str, str, str],
    members: Sequence[Mapping[str, Any]],
    scheme: Scheme,
    done: Mapping[tuple[str, str, str], tuple[int, int, datetime]],
    states: Mapping[str, str],
) -> Line:
    part, layer, _ = key
    duties = list(dict.fromkeys((line["layer"], line["duty"]) for line in members))
    names = [scheme.layers[duty].name if duty in scheme.layers else duty[1] for duty in duties]
    if part == "responsible" or layer:
        of = BASIN if all(_neighbour(scheme, *duty) for duty in duties) else scheme.layer_names.get(layer, "")
        title = f"{'' if layer == 'key' else layer} {of} · {'、'.join(names[:3])}" + (
            " 等" if len(names) > 3 else ""
        )
    else:
        title = f"{'公众' if part == 'public' else '撤'}：{'、'.join(names[:3])}" + (
            " 等" if len(names) > 3 else ""
        )
    met = [done[(part, *duty)] for duty in duties if (part, *duty) in done]
    channels = list(dict.fromkeys(kind for line in members for kind in line.get("channels", ())))
    limits = [line["answer_within_s"] for line in members if line.get("answer_within_s") is not None]
    return Line(
        part=part,
        layer=layer,
        title=title,
        people=sum(line.get("people", 0) for line in members),
        units=sum(line.get("units", 0) for line in members),
        towns=len({line["place"] for line in members}),
        no_contact=sum(line.get("no_contact", 0) for line in members),
        channels=words.channels(channels),
        due=max((due for _, _, due in met), default=None),
        within=max(limits, default=None),
        answered=sum(answered for answered, _, _ in met),
        owed=sum(owed for _, owed, _ in met),
        why=reasons(members),
        state="auto" if part == "responsible" else states.get(part, "proposed"),
    )


def reasons(members: Iterable[Mapping[str, Any]]) -> tuple[Why, ...]:
    """Return the reasons of some lines, one a rule, in the order given."""
    seen: dict[str, dict[str, None]] = {}
    for line in members:
        for because in line.get("because", ()):
            seen.setdefault(str(because.get("rule", "")), {})[str(because.get("text", ""))] = None
    return tuple(Why(rule, next(iter(texts)), len(texts) - 1) for rule, texts in seen.items())


async def deliveries(session: AsyncSession, warning_id: str) -> tuple[tuple[str, dict[str, int], int], ...]:
    """Return a warning's deliveries: channel, state → count, and how many may have gone out twice."""
    rows = await session.execute(
        sa.select(
            Delivery.channel,
            Delivery.state,
            sa.func.count(),
            sa.func.sum(sa.case((Delivery.possibly_twice, 1), else_=0)),
        )
        .where(Delivery.warning_id == warning_id)
        .group_by(Delivery.channel, Delivery.state)
        .order_by(Delivery.channel)
    )
    table: dict[str, tuple[dict[str, int], int]] = {}
    for channel, state, count, twice in rows:
        states, before = table.get(channel, ({}, 0))
        table[channel] = ({**states, state: count}, before + int(twice))
    return tuple((channel, states, twice) for channel, (states, twice) in table.items())


async def obligations(
    session: AsyncSession, warning_id: str
) -> tuple[tuple[str, str, int, int, int, int, int], ...]:
    """Return a warning's obligations by layer and duty: owed, met, late, missed, open."""
    count = {
        state: sa.func.sum(sa.case((Obligation.state == state, 1), else_=0))
        for state in ("met", "late", "missed", "open")
    }
    rows = await session.execute(
        sa.select(Obligation.layer, Obligation.duty, sa.func.count(), *count.values())
        .where(Obligation.warning_id == warning_id)
        .group_by(Obligation.layer, Obligation.duty)
        .order_by(Obligation.layer, Obligation.duty)
    )
    return tuple(
        (layer, duty, owed, int(met), int(late), int(missed), int(left))
        for layer, duty, owed, met, late, missed, left in rows
    )


def difference(
    scheme: Scheme, names: Mapping[str, str], versions_: Sequence[PlanRow], of: PlanRow | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a version calls that the one before did not, and the other way round."""
    before = next((row for row in versions_ if of is not None and row.version == of.version - 1), None)
    if of is None or before is None:
        return (), ()

    def shown(row: PlanRow) -> set[str]:
        return {
            f"{names.get(line['place'], line['place'])} {line['layer']} "
            f"{duty_name(scheme, line['layer'], line['duty'])}"
            for line in row.body["lines"]
        }

    now, was = shown(of), shown(before)
    return tuple(sorted(now - was)), tuple(sorted(was - now))
