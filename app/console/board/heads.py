"""A warning for desk and plan page: head, parts with clocks, plan lines with reasons; and the list."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.activation.tables import Decision, Part, PlanRow
from app.activation.tables import Warning as WarningRow
from app.answer.tables import Obligation
from app.console import words
from app.console.board import people
from app.console.words import Clock
from app.dispatch.tables import Delivery
from app.scheme.models import Scheme
from app.warning.level import Level

UNDECIDED = ("proposed", "pending-approval")
LAYERS = ("L1", "L2", "L3", "L4", "L5", "L6", "key")


@dataclass(frozen=True, slots=True)
class Why:
    """One reason of a line: the rule's id, the sentence, and the value it turned on."""

    rule: str
    text: str
    more: int = 0  # other towns the same rule says the like of


@dataclass(frozen=True, slots=True)
class PartView:
    """A part of the plan and where its decision stands."""

    name: str
    word: str
    state: str
    state_word: str
    plan_hash: str
    persons: int
    first_by: str | None  # id of the user who proposed it
    clock: Clock
    decide_by: datetime | None
    serial: int

    @property
    def open(self) -> bool:
        """Whether somebody still has to decide."""
        return self.state in UNDECIDED


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


@dataclass(frozen=True, slots=True)
class Head:
    """A warning as its head shows it."""

    id: str
    level: Level | None
    origin: str
    hazard: str
    title: str
    segment: str
    segment_name: str
    issuer: str
    sent: datetime
    received: datetime
    expires: datetime | None
    ended: datetime | None
    state: str
    state_word: str
    version: int
    towns: tuple[str, ...]  # codes
    places: str
    observed: bool
    identifier: str
    form: str
    headline: str
    description: str
    instruction: str
    plan_hash: str
    problems: tuple[str, ...]
    superseded_by: str | None

    @property
    def form_word(self) -> str:
        """In which form the message came."""
        return words.FORMS.get(self.form, self.form)

    @property
    def exercise(self) -> bool:
        """Whether nothing of it may be taken for real."""
        return self.origin == "exercise"


@dataclass(frozen=True, slots=True)
class InForce:
    """A line of 生效中 or of the list of warnings."""

    head: Head
    answered: int
    owed: int


def hazard_name(scheme: Scheme, code: str, at: datetime) -> str:
    """Return a hazard's name by its event code; the code itself when the scheme does not know it."""
    rules = scheme.ruleset.hazard(code, at)
    return rules.name if rules else code


def duty_name(scheme: Scheme, layer: str, duty: str) -> str:
    """Return a duty's name; its own word when the scheme has no such duty any more."""
    found = scheme.layers.get((layer, duty))
    return found.name if found else duty


def head_of(warning: WarningRow, scheme: Scheme, names: Mapping[str, str]) -> Head:
    """Return the head of a warning row."""
    level = None if warning.level is None else Level(warning.level)
    hazard = hazard_name(scheme, warning.event_code, warning.sent)
    colour = "" if level is None or level is Level.HINT else level.zh
    kind = "实测叫应" if warning.observed else "预警"
    segment = next((one for one in scheme.ruleset.stage.segments if one.id == warning.segment), None)
    inside = tuple(code for code in warning.places if code in names)
    places = "全区" if names and len(inside) == len(names) else f"{len(inside)} 镇街"
    return Head(
        id=warning.id,
        level=level,
        origin=warning.origin,
        hazard=hazard,
        title=f"{hazard}{colour}{kind}",
        segment=warning.segment or "",
        segment_name=segment.name if segment else "",
        issuer=warning.issuer,
        sent=warning.sent,
        received=warning.received_at,
        expires=warning.expires,
        ended=warning.ended_at,
        state=warning.state,
        state_word=words.WARNING_STATES.get(warning.state, warning.state),
        version=warning.version,
        towns=inside,
        places=places,
        observed=warning.observed,
        identifier=warning.identifier,
        form=warning.form,
        headline=warning.headline,
        description=warning.description,
        instruction=warning.instruction,
        plan_hash=warning.plan_hash or "",
        problems=tuple(
            str(one.get("detail") or one.get("code")) if isinstance(one, dict) else str(one)
            for one in warning.problems
        ),
        superseded_by=warning.superseded_by,
    )


async def one(session: AsyncSession, district: str, warning_id: str) -> WarningRow | None:
    """Return a warning of this district."""
    return await session.scalar(
        sa.select(WarningRow).where(WarningRow.district == district, WarningRow.id == warning_id)
    )


async def parts(
    session: AsyncSession, warning: WarningRow, scheme: Scheme, at: datetime
) -> tuple[PartView, ...]:
    """Return the newest row of each part, those that wait for a decision first, the most pressing on top."""
    newest: dict[str, Part] = {}
    for row in await session.scalars(
        sa.select(Part).where(Part.warning_id == warning.id).order_by(Part.serial)
    ):
        newest[row.name] = row
    views = [_part(row, scheme, at) for row in newest.values()]
    far = datetime.max.replace(tzinfo=at.tzinfo)
    return tuple(sorted(views, key=lambda part: (not part.open, part.decide_by or far, part.name)))


def _part(row: Part, scheme: Scheme, at: datetime) -> PartView:
    rule = scheme.release.parts.get(row.name, {}).get(Level(row.level))  # type: ignore[call-overload]  # a part's name from the table
    return PartView(
        row.name,
        words.PARTS.get(row.name, row.name),
        row.state,
        words.PART_STATES.get(row.state, row.state),
        row.plan_hash,
        rule.persons if rule else 1,
        row.first_by,
        words.left(row.decide_by, at) if row.state in UNDECIDED else Clock("none", ""),
        row.decide_by,
        row.serial,
    )


async def first_by(session: AsyncSession, warning_id: str, name: str) -> str | None:
    """Return who was the first of two, where a part waits for the second."""
    return await session.scalar(
        sa.select(Part.first_by).where(
            Part.warning_id == warning_id, Part.name == name, Part.state == "pending-approval"
        )
    )


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
        key = (part, layer if by_duty or part == "responsible" else "", line["duty"] if by_duty else "")
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
        title = (
            f"{'' if layer == 'key' else layer} {scheme.layer_names.get(layer, '')} · {'、'.join(names[:3])}"
            + (" 等" if len(names) > 3 else "")
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


async def answered(session: AsyncSession, ids: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Return warning → (towns whose officer on duty answered, towns asked)."""
    wanted = list(ids)
    if not wanted:
        return {}
    rows = await session.execute(
        sa.select(
            Obligation.warning_id,
            sa.func.sum(sa.case((Obligation.state.in_(("met", "late")), 1), else_=0)),
            sa.func.count(),
        )
        .where(Obligation.warning_id.in_(wanted), Obligation.layer == "L2", Obligation.duty == "town-duty")
        .group_by(Obligation.warning_id)
    )
    return {warning: (int(met), int(owed)) for warning, met, owed in rows}


async def in_force(
    session: AsyncSession, warnings: Sequence[WarningRow], scheme: Scheme, names: Mapping[str, str]
) -> tuple[InForce, ...]:
    """Return 生效中 (or any list of warnings) with how many towns answered."""
    done = await answered(session, (warning.id for warning in warnings))
    return tuple(
        InForce(head_of(warning, scheme, names), *done.get(warning.id, (0, 0))) for warning in warnings
    )


async def listed(
    session: AsyncSession,
    district: str,
    *,
    states: Sequence[str] = (),
    hazard: str = "",
    level: int | None = None,
    origins: Sequence[str] = (),
    limit: int = 100,
) -> tuple[list[WarningRow], int]:
    """Return the newest warnings that fit, and how many fit in all."""
    fits = [WarningRow.district == district]
    if states:
        fits.append(WarningRow.state.in_(states))
    if hazard:
        fits.append(WarningRow.event_code.startswith(hazard, autoescape=True))
    if level is not None:
        fits.append(WarningRow.level == level)
    if origins:
        fits.append(WarningRow.origin.in_(origins))
    total = await session.scalar(sa.select(sa.func.count()).select_from(WarningRow).where(*fits)) or 0
    rows = await session.scalars(
        sa.select(WarningRow).where(*fits).order_by(WarningRow.received_at.desc(), WarningRow.id).limit(limit)
    )
    return list(rows), total


async def last_ended(
    session: AsyncSession, scheme: Scheme, names: Mapping[str, str], origins: Collection[str]
) -> Head | None:
    """Return the warning that ended last, for a desk on which none is in force."""
    row = await session.scalar(
        sa.select(WarningRow)
        .where(
            WarningRow.district == scheme.district.code,
            WarningRow.origin.in_(origins),
            WarningRow.ended_at.is_not(None),
        )
        .order_by(WarningRow.ended_at.desc())
        .limit(1)
    )
    return head_of(row, scheme, names) if row else None


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


async def decisions(session: AsyncSession, subjects: Iterable[str]) -> list[Decision]:
    """Return what was decided on some subjects (parts, warnings), the newest first."""
    return list(
        await session.scalars(
            sa.select(Decision)
            .where(Decision.subject.in_(list(subjects)))
            .order_by(Decision.occurred_at.desc())
        )
    )


async def part_ids(session: AsyncSession, warning_id: str) -> list[str]:
    """Return the ids of every row of a warning's parts, for the decisions on them."""
    return list(await session.scalars(sa.select(Part.id).where(Part.warning_id == warning_id)))


async def towns_of(session: AsyncSession, scheme: Scheme) -> dict[str, str]:
    """Return the district's towns, code → name."""
    return await people.towns(session, scheme.district.code)
