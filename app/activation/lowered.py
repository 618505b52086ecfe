"""An update lowers the level: whoever the higher one reached hears from what to what, and no new warning.

- Who has answered and is still called: the answer stands, nobody rings again, the lowered text comes by SMS.
- Who has not answered and is still called: asked at the lower level, with its clock and its chain; in these
  words too it is from what to what (``said.brief``).
- Who is not called any more, and loudspeakers that have played the higher one: the lowered text.

It goes as an all-clear goes, by itself and behind everything that calls: it takes back what was said. An
update that also brings the onset forward is a new warning to everybody.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.activation import let_out, lineage, said
from app.activation.tables import Warning
from app.answer import obligations
from app.channels.registry import Registry
from app.directory import people
from app.dispatch import notify
from app.dispatch.enqueue import Order, enqueue
from app.origin import Origin
from app.scheme.models import Scheme
from app.warning.level import Level
from app.warning.plan import PlanLine
from app.wording.facts import places_text


def towns(old: Warning, new: Warning, raised: Collection[str] = ()) -> list[str]:
    """Return the towns whose level an update lowers, and the district where it lowers that of all it names.

    ``raised``: towns that a raise goes on calling higher. None where it is no lowering.
    """
    if old.level is None or new.level is None or new.level >= old.level or new.observed:
        return []
    if new.onset is not None and (old.onset is None or new.onset < old.onset):
        return []
    found = sorted((set(old.places) & set(new.places)) - set(raised))
    whole = found and not raised and set(new.places) <= set(old.places)
    return [*found, new.district] if whole else found


async def go_on(
    session: AsyncSession, old: Warning, new: Warning, lowered: Collection[str], lines: Sequence[PlanLine]
) -> None:
    """Let what was answered stand where the lower plan calls it too; what loudspeakers have played is out."""
    here = [line for line in lines if line.place in lowered]
    called = {(line.part, line.place, line.layer, line.duty) for line in here}
    await obligations.keep_answers(session, old.id, new.id, called)
    played = {let_out.line_key(line) for line in here if line.answer_within is None}
    await let_out.carry(session, old, new, (), played)


async def tell(
    session: AsyncSession,
    earlier: Sequence[Warning],
    new: Warning,
    raised: Collection[str] = (),
    *,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
) -> int:
    """Tell everybody whom the higher level may have reached, once each; not who is rung for the lower one.

    Returns how many.
    """
    by_level: dict[int, set[str]] = defaultdict(set)
    for old in earlier:
        by_level[int(old.level or 0)] |= set(towns(old, new, raised))
    where = {town: level for level in sorted(by_level) for town in by_level[level]}
    if not where:
        return 0
    rung = await obligations.asked_anew(session, new.id)
    before = await lineage.versions_before(session, new)
    names = {town.code: town.name for town in await people.towns(session, new.district)}
    everywhere = places_text(
        [names[code] for code in sorted(where) if code in names], len(names), scheme.district.name
    )
    made: dict[tuple[str, str], said.Told] = {}
    orders: dict[str, Order] = {}
    for row in await notify.reached(session, before, where):
        key = f"{new.id}:lowered:{row.person or row.place}"
        if row.person in rung or key in orders:
            continue
        about = (row.layer, row.town)
        if about not in made:
            place = names.get(row.town, everywhere)
            made[about] = said.lowered(scheme, new, Level(where[row.town]), place, row.layer)
        kind = "broadcast" if row.person is None else "sms"
        orders[key] = Order(
            key=key,
            district=new.district,
            origin=Origin(new.origin),
            warning_id=new.id,
            part=row.part,
            town=row.town,
            place_id=row.place,
            person_id=row.person,
            layer=row.layer,
            kind=kind,
            level=int(new.level or 0),
            round=0,
            text=made[about].aloud if kind == "broadcast" else made[about].text,
            expires_at=None,
        )
    if not orders:
        return 0
    return len(await enqueue(session, list(orders.values()), registry=registry, at=at, urgency=0))
