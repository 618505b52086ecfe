"""A warning for desk and plan page: its head, its parts with their clocks, its decisions; and the list."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.activation.tables import Decision, Part
from app.activation.tables import Warning as WarningRow
from app.answer.tables import Obligation
from app.console import words
from app.console.board import people
from app.console.words import Clock
from app.scheme.models import Scheme
from app.warning.level import Level

UNDECIDED = ("proposed", "pending-approval")


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


def duty_name(scheme: Scheme, layer: str, duty: str) -> str:
    """Return a duty's name; its own word when the scheme has no such duty any more."""
    found = scheme.layers.get((layer, duty))
    return found.name if found else duty


def head_of(warning: WarningRow, scheme: Scheme, names: Mapping[str, str]) -> Head:
    """Return the head of a warning row."""
    level = None if warning.level is None else Level(warning.level)
    hazard = scheme.ruleset.called(warning.event_code, warning.sent)
    signal = level if warning.raised_from is None else Level(warning.raised_from)
    colour = "" if signal is None or signal is Level.HINT else signal.zh
    kind = "实测叫应" if warning.observed else "预警"
    if warning.raised_from is not None and level is not None:  # the signal's colour, and what we made of it
        kind += f"·提到{level.zh}"
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


def first(live: Sequence[WarningRow]) -> WarningRow | None:
    """Return what stands in the middle unasked: the highest, what a bureau issued before our own findings.

    Those come one by one, for one town each; the head would be another one every few minutes.
    """
    return min(live, key=lambda one: (-int(one.level or 0), one.observed), default=None)
