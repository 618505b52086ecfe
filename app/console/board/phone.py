"""What a phone page asks: one warning as its place sees it, and what was answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import links
from app.access.links import Bundle
from app.activation.tables import Warning as WarningRow
from app.answer import beside, record, texts
from app.answer.fold import CONFIRMED
from app.answer.tables import Brief, Obligation
from app.console.board import people
from app.scheme.models import Scheme
from app.warning.level import Level
from app.wording.compose import task
from app.wording.facts import clean

ENDED = ("cancelled", "closed", "expired")
SHOWN = 120
"""Characters of a changed sentence that a phone shows."""


@dataclass(frozen=True, slots=True)
class Older:
    """The answer to an earlier version, which does not count for this one."""

    version: int
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """One warning as a place is asked about it.

    ``state``: ask (an answer is owed), answered, told (nothing is owed), ended, moved (a newer version does
    not name this place any more). ``rung`` is the lowest of what was answered (4 confirmed, 5 acting, 6
    done).
    """

    warning_id: str
    origin: str
    hazard: str
    level: Level | None
    name: str
    place: str
    sent: datetime
    version: int
    lines: tuple[str, ...]
    state: str
    due: datetime | None
    next_called: str
    rung: int
    cannot: bool
    answered_at: datetime | None
    via: str
    ended_at: datetime | None
    ended_word: str
    changed: tuple[str, ...]
    older: Older | None
    obligations: tuple[str, ...]
    released: datetime | None = None

    @property
    def exercise(self) -> bool:
        """Whether it is an exercise."""
        return self.origin == "exercise"


async def by_link(session: AsyncSession, bundle: Bundle, scheme: Scheme) -> tuple[Asked | None, Bundle]:
    """Return what a link's person is asked now, and the bundle an answer goes to.

    That is a newer version's, if there is one. None where nothing was ever asked under the link.
    """
    rows, _ = await record.asked(session, bundle)
    first = await session.get(WarningRow, bundle.warning_id)
    if first is None or not rows:
        return None, bundle
    now = await _current(session, first)
    under = bundle
    if now.id != first.id:
        under = replace(bundle, warning_id=now.id)
        newer, _ = await record.asked(session, under)
        # What was taken over unchanged stands under the new warning already, and is asked under either.
        rows = newer or rows
    names = await names_of(session, rows)
    mine = [row for row in rows if row.warning_id == now.id]
    return await asked_of(session, now, mine, mine or rows, names, scheme), under


@dataclass(frozen=True, slots=True)
class Other:
    """Another warning that the same person was rung for and has not answered.

    ``token``: of its own link, once a text has brought it; empty until then.
    """

    name: str
    token: str


async def others(session: AsyncSession, bundle: Bundle, asked: Asked, at: datetime) -> tuple[Other, ...]:
    """Return what else a link's person has open, the highest first."""
    open_ = (await beside.open_of(session, [bundle.person_id])).get((asked.origin, bundle.person_id), ())
    rows: dict[str, Obligation] = {}
    for one in open_:
        if one.row.warning_id != asked.warning_id:
            rows.setdefault(one.row.warning_id, one.row)
    if not rows:
        return ()
    briefs = await beside.briefs(session, rows)
    found = []
    for warning, row in rows.items():
        token = links.derive(bundle.person_id, warning)
        issued = await links.look(session, token, at) is not None
        found.append(Other(beside.names([row], briefs)[0], token if issued else ""))
    return tuple(found)


async def _current(session: AsyncSession, row: WarningRow) -> WarningRow:
    for _ in range(50):  # versions of one event; a bound, so that a broken chain cannot hold a request
        newer = await session.get(WarningRow, row.superseded_by) if row.superseded_by else None
        if newer is None:
            break
        row = newer
    return row


async def names_of(session: AsyncSession, rows: Sequence[Obligation]) -> dict[str, str]:
    """Return the names of the units and towns of obligations; a household goes by its village."""
    wanted = {row.place_id.rpartition("-")[0] if row.layer == "L6" else row.place_id for row in rows}
    return await people.places(session, wanted | {row.town for row in rows})


async def asked_of(
    session: AsyncSession,
    warning: WarningRow,
    rows: Sequence[Obligation],
    places: Sequence[Obligation],
    names: Mapping[str, str],
    scheme: Scheme,
) -> Asked:
    """Return a warning as these obligations see it. ``places``: those whose place is named above it."""
    level = None if warning.level is None else Level(warning.level)
    colour = "" if level is None or level is Level.HINT else level.zh
    if warning.raised_from is not None:  # the signal's colour, and what the district made of it
        colour = f"{Level(warning.raised_from).zh}·提到{colour}"
    waiting = [row for row in rows if row.rung < CONFIRMED]
    if warning.state in ENDED:
        state = "ended"
    elif not rows:
        state = "told" if warning.version == 1 else "moved" if places else "told"
    else:
        state = "ask" if waiting or any(row.cannot for row in rows) else "answered"
    answered = [row.answered_at for row in rows if row.answered_at is not None]
    due = min((row.due_at for row in waiting), default=None)
    hazard = scheme.ruleset.called(warning.event_code, warning.sent)
    return Asked(
        warning_id=warning.id,
        origin=warning.origin,
        hazard=warning.event_code,
        level=level,
        name=f"实测{hazard}{colour}" if warning.observed else f"{hazard}{colour}",
        place=_place(places, names),
        sent=warning.sent,
        version=warning.version,
        lines=await _lines(session, warning, rows or places, scheme),
        state=state,
        due=due,
        next_called=_next_called(waiting, scheme),
        rung=min((row.rung for row in rows), default=0),
        cannot=any(row.cannot for row in rows),
        answered_at=max(answered) if answered and not waiting else None,
        via=next((row.via or "" for row in rows if row.answered_at is not None), ""),
        ended_at=warning.ended_at,
        ended_word="已过期" if warning.state == "expired" else "已解除",
        changed=await _changed(session, warning) if waiting else (),
        older=await _older(session, warning, rows) if waiting else None,
        obligations=tuple(row.id for row in rows),
        released=min((row.released_at for row in rows), default=None),
    )


def _place(rows: Sequence[Obligation], names: Mapping[str, str]) -> str:
    if "" in names:
        return names[""]
    found = []
    for row in rows:
        unit = row.place_id.rpartition("-")[0] if row.layer == "L6" else row.place_id
        town, own = names.get(row.town, ""), names.get(unit, "")
        # A bureau, or a duty room up or down the river, is in none of the district's places.
        apart = own and (own == town or row.layer == "L1")
        found.append(own if apart or not town else f"{town} {own}".strip())
    found = list(dict.fromkeys(found))
    return found[0] if len(found) == 1 else f"{found[0]} 等 {len(found)} 处" if found else ""


async def _lines(
    session: AsyncSession, warning: WarningRow, rows: Sequence[Obligation], scheme: Scheme
) -> tuple[str, ...]:
    """What is the matter, and what to do; in the words of the texts that went out."""
    brief = await session.get(Brief, warning.id)
    if brief is None:
        return tuple(line for line in (warning.headline, warning.instruction) if line)
    top = max(rows, key=lambda row: (row.layer == "L2", row.part == "orders", row.level), default=None)
    duty = scheme.layers.get((top.layer, top.duty)) if top else None
    facts = texts.facts(
        brief.facts,
        scheme,
        kind="alert",
        channel="page",
        layer=top.layer if top else "L2",
        duty=duty.words if duty else top.duty if top else "town-duty",
    )
    what = (facts.what or facts.headline).rstrip("。；，、.;, ")
    do = task(scheme.templates, facts)
    return tuple(f"{line}。" for line in (what, do) if line)


def _next_called(waiting: Sequence[Obligation], scheme: Scheme) -> str:
    """Whom the chain calls when the time is over: the role above the one that is called now."""
    for row in waiting:
        duty = scheme.layers.get((row.layer, row.duty))
        roles = (duty.superior if row.who in {"B", "superior"} else duty.b or duty.superior) if duty else ()
        if roles:
            return scheme.roles.get(roles[0], roles[0])
    return ""


async def _changed(session: AsyncSession, warning: WarningRow) -> tuple[str, ...]:
    """What is different from the version before, as far as a phone's reader must know."""
    if warning.version <= 1:
        return ()
    own = WarningRow.raised_from  # a raise (提级) is compared with the raise before it
    before = await session.scalar(
        sa.select(WarningRow)
        .where(
            WarningRow.root_id == warning.root_id,
            WarningRow.version < warning.version,
            own.is_(None) if warning.raised_from is None else own.is_not(None),
        )
        .order_by(WarningRow.version.desc(), WarningRow.received_at.desc())
        .limit(1)
    )
    if before is None:
        return ()
    told = []
    if before.level != warning.level and before.level is not None and warning.level is not None:
        told.append(f"级别 {Level(before.level).zh} → {Level(warning.level).zh}")
    more, less = set(warning.places) - set(before.places), set(before.places) - set(warning.places)
    if more or less:
        told.append(
            "范围" + (f" 加 {len(more)} 个镇街" if more else "") + (f" 减 {len(less)} 个镇街" if less else "")
        )
    for word, was, now in (
        ("情况", before.description, warning.description),
        ("要求", before.instruction, warning.instruction),
    ):
        if was != now and now:
            told.append(f"{word} → {clean(now, SHOWN)}")
    return tuple(told)


async def _older(session: AsyncSession, warning: WarningRow, rows: Sequence[Obligation]) -> Older | None:
    if warning.version <= 1 or not rows:
        return None
    earlier = sa.select(WarningRow.id).where(
        WarningRow.root_id == warning.root_id, WarningRow.version < warning.version
    )
    found = (
        await session.execute(
            sa.select(Obligation.version, Obligation.answered_at)
            .where(
                Obligation.warning_id.in_(earlier),
                Obligation.place_id.in_({row.place_id for row in rows}),
                Obligation.duty.in_({row.duty for row in rows}),
                Obligation.answered_at.is_not(None),
            )
            .order_by(Obligation.version.desc(), Obligation.answered_at)
            .limit(1)
        )
    ).one_or_none()
    return Older(found.version, found.answered_at) if found else None
