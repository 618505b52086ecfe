"""An update takes over from the warnings it names.

What it leaves as it was goes on without a ring, what it changes is asked anew, what it drops is stopped, and
whoever was called there is told. Where it lowers the level: see ``lowered``.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, events
from app.activation import absorb, close, let_out, lowered, said
from app.activation.states import check_warning
from app.activation.tables import Warning
from app.answer import obligations
from app.answer.obligations import About
from app.audit import Actor
from app.channels.registry import Registry
from app.directory import people
from app.dispatch import notify, withdraw
from app.origin import Origin
from app.scheme.models import Scheme
from app.tasks import alarms
from app.warning.outlived import OUTLIVED
from app.warning.plan import PlanLine
from app.wording.facts import places_text


def unchanged_towns(old: Warning, new: Warning) -> list[str]:
    """Return the towns for which the update says nothing new.

    Assumed: level, hazard, onset and instruction decide that. Longer life or a longer list of other towns is
    no reason to wake anybody again.
    """
    same = (old.level, old.event_code, old.onset, old.instruction) == (
        new.level,
        new.event_code,
        new.onset,
        new.instruction,
    )
    if not same:
        return []
    return [*sorted(set(old.places) & set(new.places)), old.district]


async def tell_left_out(
    session: AsyncSession,
    earlier: Sequence[Warning],
    new: Warning,
    *,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
) -> None:
    """Tell whoever was called for the towns alone that an update leaves out that it is over there."""
    towns = {town.code: town.name for town in await people.towns(session, new.district)}
    for old in earlier:
        out = sorted(set(old.places) - set(new.places))
        if not out:
            continue
        where = places_text([towns[code] for code in out if code in towns], len(towns), scheme.district.name)
        told = said.clear(scheme, old, at, where)
        await close.permit_clear(session, old, scheme=scheme, at=at)
        await notify.all_clear(
            session, old.id, text=told.text, aloud=told.aloud, towns=out, registry=registry, at=at
        )


async def retire(
    session: AsyncSession,
    earlier: Sequence[Warning],
    new: Warning,
    *,
    at: datetime,
    by: Actor,
    lines: Sequence[PlanLine] = (),
    raised: Collection[str] = (),
) -> None:
    """Retire the warnings an update replaces. Its own plan is made already, its parts are not let out yet.

    ``lines``: that plan's; ``raised``: towns that a raise goes on calling higher than it.
    """
    for old in earlier:
        unchanged = unchanged_towns(old, new)
        check_warning(old.state, "superseded")
        old.state, old.superseded_by, old.ended_at, old.next_advance_at = "superseded", new.id, at, None
        await session.flush()
        about = About(
            new.id,
            new.district,
            Origin(new.origin),
            new.version,
            new.event_code,
            int(new.level or 0),
            new.plan_id or "",
        )
        if unchanged:
            await obligations.take_over(session, old.id, about, unchanged)
            await withdraw.hand_over(session, old.id, new.id, unchanged)
            await let_out.carry(session, old, new, unchanged)
        elif towns := lowered.towns(old, new, raised):
            await lowered.go_on(session, old, new, towns, lines)
        await absorb.resume_lower(session, old, at=at)
        await alarms.over(session, old.district, OUTLIVED, old.id, at=at)
        await obligations.stop_calling(session, old.id)
        await withdraw.warnings(session, [old.id], reason="superseded", at=at)
        await close.withdraw_parts(session, old, at=at, by=by)
        audit.record(
            session,
            "superseded",
            old.id,
            district=old.district,
            by=by,
            at=at,
            by_warning=new.id,
            unchanged=len(unchanged),
        )
        events.publish(session, "warning", old.id, district=old.district, warning=old.id, at=at)
