"""Our own gauges: what each town has reached, from when to when, and a 叫应 that says 实测 when it rises.

Never a 预警信号: those only the weather bureau issues. This calls the desk and the town's duty officer and
orders nothing.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, beats, events
from app.activation import advance
from app.activation.receive import Received, receive
from app.activation.tables import REMINDER_LIFE, FindingRow, Warning
from app.audit import Actor
from app.channels.registry import Registry
from app.due import Due
from app.observations import elements, windows
from app.origin import Origin
from app.scheme.models import Scheme
from app.warning.finding import Finding
from app.warning.level import Level
from app.warning.thresholds import observed

BY = Actor("system", "observe")


async def news(session: AsyncSession, district: str) -> int | None:
    """Return the number of the newest batch of rows if it has not been looked at, else None."""
    ahead = await beats.ahead(session, f"observations:{district}", f"observe:{district}")
    return None if ahead is None else ahead.count


def unseen(district: str) -> Due:
    """Ask when the newest rows came, if nobody has looked at them yet."""
    return beats.unseen(f"observations:{district}", f"observe:{district}")


async def look(
    session: AsyncSession, district: str, *, origin: Origin, scheme: Scheme, registry: Registry, at: datetime
) -> tuple[Finding, ...]:
    """Judge the gauges as of ``at``: keep what began and ended, call where a level is newly reached."""
    found = observed(
        await windows.read_windows(session, district, at),
        await windows.read_levels(session, district, at),
        scheme.ruleset,
        at,
        await elements.read_elements(session, district, at),
    )
    risen, changed = await _keep(session, district, origin, found, at)
    if changed:
        await advance.water_moved(
            session, district, origin.value, changed, scheme=scheme, registry=registry, at=at
        )
    by_level: dict[tuple[str, str, Level], list[Finding]] = defaultdict(list)
    for finding in risen:
        by_level[(finding.kind, finding.hazard, finding.level)].append(finding)
    for (_, _, level), held in sorted(by_level.items(), key=lambda item: (-item[0][2], item[0][0])):
        await _remind(session, district, origin, level, held, scheme=scheme, registry=registry, at=at)
    return found


async def _keep(
    session: AsyncSession, district: str, origin: Origin, found: Sequence[Finding], at: datetime
) -> tuple[list[Finding], set[str]]:
    """Write findings that began, end those that are over.

    Returns what rose to a new height and the towns where anything changed.
    """
    open_ = list(
        await session.scalars(
            sa.select(FindingRow).where(
                FindingRow.district == district, FindingRow.origin == origin.value, FindingRow.until.is_(None)
            )
        )
    )
    standing = {(row.kind, row.place, row.level): row for row in open_}
    top = {(f.kind, f.place): f for f in found}
    risen, changed = [], set()
    for row in open_:
        now = top.get((row.kind, row.place))
        if now is None or now.level < row.level:
            row.until = at
            changed.add(row.place)
    for finding in found:
        levels = [level for level in Level if Level.HINT < level <= finding.level]
        new = [level for level in levels if (finding.kind, finding.place, int(level)) not in standing]
        if not new:
            continue
        changed.add(finding.place)
        if finding.level in new:
            risen.append(finding)
        for level in new:
            # Whoever reached orange has passed blue and yellow too; each is kept with its first moment.
            session.add(
                FindingRow(
                    district=district,
                    origin=origin.value,
                    kind=finding.kind,
                    hazard=finding.hazard,
                    place=finding.place,
                    level=int(level),
                    station=finding.station,
                    since=at,
                    until=None,
                    rule=finding.reason.rule,
                    text=finding.reason.text,
                    warning_id=None,
                )
            )
    await session.flush()
    return risen, changed


async def _remind(
    session: AsyncSession,
    district: str,
    origin: Origin,
    level: Level,
    held: Sequence[Finding],
    *,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
) -> None:
    """Call the duty desk and the duty officers of the gauges' towns.

    Not where the bureau's own warning already does at this level.
    """
    rows = await session.scalars(
        sa.select(Warning).where(
            Warning.district == district,
            Warning.origin == origin.value,
            Warning.state == "in-force",
            Warning.event_code == held[0].hazard,
            Warning.level >= int(level),
            Warning.observed.is_(False),
        )
    )
    covered = {place for row in rows for place in row.places}
    new = [finding for finding in held if finding.place not in covered]
    if not new:
        return
    places = frozenset(finding.place for finding in new)
    first = new[0]
    text = "；".join(finding.reason.text for finding in new[:5])
    stamp = f"{first.kind}:{int(level)}:{at.isoformat()}:{','.join(sorted(places))}"
    outcome = await receive(
        session,
        Received(
            form="observed",
            source="observed",
            raw_id=None,
            origin=origin,
            sender="observed",
            identifier=f"{first.kind}-{level.word}-{at:%Y%m%d%H%M%S}-{hashlib.sha256(stamp.encode()).hexdigest()[:8]}",
            event_code=first.hazard,
            msg_type="Alert",
            status="Exercise" if origin is Origin.EXERCISE else "Actual",
            level=level,
            sent=at,
            effective=at,
            onset=None,
            expires=at + REMINDER_LIFE,
            headline=f"实测{first.name}{level.zh}",
            description=text,
            instruction="",
            issuer=scheme.district.name,
            content_digest=hashlib.sha256(stamp.encode()).hexdigest(),
            disposition="applies",
            places=places,
            observed=True,
        ),
        district=district,
        scheme=scheme,
        registry=registry,
        at=at,
    )
    await session.execute(
        sa.update(FindingRow)
        .where(
            FindingRow.district == district,
            FindingRow.origin == origin.value,
            FindingRow.kind == first.kind,
            FindingRow.level == int(level),
            FindingRow.place.in_(places),
            FindingRow.since == at,
        )
        .values(warning_id=outcome.warning_id)
    )
    audit.record(
        session,
        "reminder",
        outcome.warning_id,
        district=district,
        by=BY,
        at=at,
        level=level.word,
        towns=len(places),
    )
    events.publish(session, "alarm", outcome.warning_id, district=district, warning=outcome.warning_id, at=at)
