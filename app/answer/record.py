"""Whatever way an answer comes, it becomes the same fact here.

Ways are the link, a page, the officer on the phone, a visit; key presses and SMS come through ``gateway``.
What the answer does then is ``settle``.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.links import Bundle
from app.access.officer import Officer
from app.access.rights import require
from app.answer.settle import Effect, Given, settle
from app.answer.tables import Call, Obligation
from app.db import chunks
from app.errors import Fault, Forbidden, NotFound, Validation
from app.scheme.models import Scheme

ANSWERS = ("confirmed", "acting", "done", "cannot")


async def with_calls(
    session: AsyncSession, which: sa.Select[Call]
) -> tuple[list[Obligation], dict[str, set[str]]]:
    """Return the obligations some calls asked for, and for each as whom the person was called."""
    calls = list(await session.scalars(which))
    who: dict[str, set[str]] = defaultdict(set)
    for call in calls:
        who[call.obligation_id].add(call.who)
    rows = []
    for part in chunks(sorted(who)):
        rows += list(await session.scalars(sa.select(Obligation).where(Obligation.id.in_(part))))
    return rows, who


async def by_link(
    session: AsyncSession,
    bundle: Bundle,
    rung: str,
    *,
    occurred_at: datetime,
    event_id: str,
    scheme: Scheme,
    at: datetime,
    words: str | None = None,
) -> list[Effect]:
    """Record a tap on a one-tap link, for everything that person was asked under that warning.

    Raises NotFound, Validation.
    """
    rows, who = await asked(session, bundle)
    if not rows:
        raise NotFound("Nothing is asked under this link.")
    return await settle(
        session,
        [
            (
                Given(
                    _rung(rung),
                    "link",
                    f"link:{bundle.id[:30]}",
                    event_id,
                    occurred_at,
                    person_id=bundle.person_id,
                    words=words,
                ),
                rows,
                who,
            )
        ],
        scheme=scheme,
        at=at,
    )


async def asked(session: AsyncSession, bundle: Bundle) -> tuple[list[Obligation], dict[str, set[str]]]:
    """Return what a link's person was asked under its warning, or the one that took it over unchanged."""
    return await with_calls(
        session,
        sa.select(Call)
        .join(Obligation, Obligation.id == Call.obligation_id)
        .where(
            Call.person_id == bundle.person_id,
            sa.or_(Obligation.warning_id == bundle.warning_id, Obligation.opened_for == bundle.warning_id),
        ),
    )


async def by_phone(
    session: AsyncSession,
    warning_id: str,
    place: str,
    duty: str,
    rung: str,
    words: str | None,
    *,
    by: Officer,
    scheme: Scheme,
    at: datetime,
) -> list[Effect]:
    """Enter an answer taken by phone: by the desk for anybody, by a town for the places below it.

    A town never enters its own. ``place``: a town's code (then its own duty of that name) or a unit's own
    code. Raises NotFound, Forbidden, OutOfScope.
    """
    require(by, "answer-by-phone")
    rows = list(
        await session.scalars(
            sa.select(Obligation).where(
                Obligation.district == by.district,
                Obligation.warning_id == warning_id,
                Obligation.duty == duty,
                sa.or_(Obligation.place_id == place, Obligation.town == place),
            )
        )
    )
    exact = [row for row in rows if row.place_id == place]
    rows = exact or rows
    if not rows:
        raise NotFound("That place has no such duty under this warning.")
    for row in rows:
        require(by, "answer-by-phone", row.town)
    if len({row.place_id for row in rows}) > 1:
        # Thirty villages do not answer with one call: "all told" without a list never counts.
        raise Validation(
            "Several units there have this duty; say which one answered.",
            errors=[Fault("/place", "several-units", "请写明是哪一个村社、网格或点位")],
        )
    if by.role == "town" and any(row.layer in ("L1", "L2") for row in rows):
        raise Forbidden("A town does not answer for itself this way.")
    event = hashlib.sha256(
        f"{by.id}:{warning_id}:{place}:{duty}:{rung}:{at.isoformat()}".encode()
    ).hexdigest()[:32]
    given = Given(_rung(rung), "phone", "phone", event, at, entered_by=by.id, words=words, trusted=True)
    return await settle(session, [(given, rows, {})], scheme=scheme, at=at)


async def by_page(
    session: AsyncSession,
    obligation_ids: Collection[str],
    rung: str,
    words: str | None,
    *,
    by: Officer,
    occurred_at: datetime,
    event_id: str,
    scheme: Scheme,
    at: datetime,
) -> list[Effect]:
    """Record a town's tap on its own page, for its own duties.

    ``occurred_at`` is when it was tapped, signal or not.
    """
    rows = list(await session.scalars(sa.select(Obligation).where(Obligation.id.in_(obligation_ids))))
    if len(rows) != len(set(obligation_ids)):
        raise NotFound
    for row in rows:
        require(by, "answer", row.town)
    given = Given(
        _rung(rung),
        "page",
        "page",
        event_id,
        occurred_at,
        person_id=by.person_id,
        entered_by=by.id,
        words=words,
        trusted=True,
    )
    return await settle(session, [(given, rows, {})], scheme=scheme, at=at)


async def told_at_the_door(
    session: AsyncSession,
    place_id: str,
    rung: str,
    *,
    by: Officer,
    occurred_at: datetime,
    event_id: str,
    scheme: Scheme,
    at: datetime,
    warning_id: str | None = None,
) -> list[Effect]:
    """Somebody stood at the door and told the household (or woke the person): an answer ``via=onsite``."""
    which = sa.select(Obligation).where(Obligation.place_id == place_id, Obligation.answered_at.is_(None))
    if warning_id is not None:
        which = which.where(Obligation.warning_id == warning_id)
    rows = list(await session.scalars(which.where(Obligation.district == by.district)))
    if not rows:
        return []
    for row in rows:
        require(by, "visit", row.town)
    given = Given(_rung(rung), "onsite", "door", event_id, occurred_at, entered_by=by.id, trusted=True)
    return await settle(session, [(given, rows, {})], scheme=scheme, at=at)


def _rung(rung: str) -> str:
    if rung not in ANSWERS:
        raise Validation("An answer is confirmed, acting, done or cannot.")
    return rung
