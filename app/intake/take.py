"""A message that was read: a repeat, a conflict, or a new one with its disposition and all that follows."""

from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from app import beats, db
from app.access.sources import Source
from app.activation import receive
from app.activation.receive import Outcome, Received, Referred
from app.channels.registry import Registry
from app.db import Session
from app.errors import ConflictingDuplicate, Fault, InvalidGeometry, OutOfScope, Validation
from app.intake import disposition, event_codes, placing
from app.intake.disposition import Decision, Earlier, Where
from app.intake.message import Message, Status
from app.intake.raw import mark
from app.intake.tables import Key, Raw
from app.origin import Origin
from app.scheme.models import Scheme

_GEOMETRY = frozenset(
    {"bad-polygon", "bad-circle", "open-polygon", "self-crossing", "swapped-coordinates", "line"}
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the bureau is answered. ``repeated``: the same message came before; nothing was done again."""

    outcome: Outcome
    repeated: bool
    raw_id: str


async def take(
    session: Session,
    source: Source,
    raw: Raw,
    message: Message,
    *,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
) -> Accepted:
    """Transaction 2: repeat, conflict, or a new message with its disposition and all that follows from it."""
    await db.lock(session, f"intake:{raw.district}")
    known = list(await session.scalars(_same_key(raw.district, message)))
    if known:
        same = next((key for key in known if key.content_digest == message.content_digest), None)
        if same is None:
            raise ConflictingDuplicate(
                "This identifier was taken before with other content. Both are before the duty officer.",
                conflicts_with=known[0].warning_id,
            )
        await mark(session, raw, "repeated", at, message=message, warning_id=same.warning_id)
        return Accepted(await receive.again(session, same.warning_id), True, raw.id)
    outcome = await register(session, source, raw, message, scheme=scheme, registry=registry, at=at)
    await beats.touch(session, f"source:{source.name}", at)
    await mark(session, raw, "taken", at, message=message, warning_id=outcome.warning_id)
    return Accepted(outcome, False, raw.id)


async def register(
    session: Session,
    source: Source,
    raw: Raw,
    message: Message,
    *,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
    own: bool = False,
) -> Outcome:
    """Decide on a message that is no repeat, hand it on, and keep its key. Raises OutOfScope, Validation.

    ``own``: an officer said that it is a message of its own although its key was taken; it gets the next
    serial.
    """
    where = await placing.place(session, message, district=raw.district, system=source.codes)
    _in_scope(source, message, where)
    earlier = await _earlier(session, raw.district, source, message)
    decision = disposition.decide(message, where, earlier, at, event_codes.known)
    _for_json(message, decision)
    serial = 1 + len(list(await session.scalars(_same_key(raw.district, message)))) if own else 1
    taken = replace(message, identifier=f"{message.identifier}#{serial}") if serial > 1 else message
    outcome = await receive.receive(
        session,
        received(taken, decision, where, source=source.name, raw_id=raw.id, origin=origin(message, registry)),
        district=raw.district,
        scheme=scheme,
        registry=registry,
        at=at,
    )
    session.add(
        Key(
            district=raw.district,
            sender=message.sender,
            identifier=message.identifier,
            event_code=message.event_code,
            serial=serial,
            content_digest=message.content_digest,
            sent=message.sent,
            status=message.status.value,
            bureau=source.bureau,
            source=source.name,
            disposition=decision.disposition,
            raw_id=raw.id,
            warning_id=outcome.warning_id,
        )
    )
    return outcome


def _same_key(district: str, message: Message) -> sa.Select[Key]:
    return (
        sa.select(Key)
        .where(
            Key.district == district,
            Key.sender == message.sender,
            Key.identifier == message.identifier,
            Key.event_code == message.event_code,
        )
        .order_by(Key.serial)
    )


def origin(message: Message, registry: Registry) -> Origin:
    """Return what a warning counts as: real only where a live channel can carry it."""
    if message.status is Status.EXERCISE:
        return Origin.EXERCISE
    return Origin.REAL if registry.any_live else Origin.SIMULATED


def received(
    message: Message, decision: Decision, where: Where, *, source: str, raw_id: str | None, origin: Origin
) -> Received:
    """Return the message as ``activation`` takes it."""
    return Received(
        form=message.form,
        source=source,
        raw_id=raw_id,
        origin=origin,
        sender=message.sender,
        identifier=message.identifier,
        event_code=message.event_code,
        msg_type=message.msg_type.value,
        status=message.status.value,
        level=message.level,
        sent=message.sent,
        effective=message.effective,
        onset=message.onset,
        expires=message.expires,
        headline=message.headline,
        description=message.description,
        instruction=message.instruction,
        issuer=message.issuer[:120],
        content_digest=message.content_digest,
        disposition=decision.disposition,
        references=tuple(Referred(each.identifier, each.sender, each.sent) for each in message.references),
        places=where.places,
        villages=where.villages,
        problems=tuple((problem.code, problem.detail) for problem in decision.problems),
    )


def _in_scope(source: Source, message: Message, where: Where) -> None:
    """Refuse a known kind of event, or places of ours, outside the source's scope. Raises OutOfScope.

    A code that nobody knows is no scope question: it goes before the duty officer.
    """
    if message.event_code and event_codes.known(message.event_code):
        source.require(message.event_code)
    allowed = tuple(source.districts)
    if allowed and not all(code.startswith(allowed) for code in where.places):
        raise OutOfScope("Your key does not cover these places.")


def _for_json(message: Message, decision: Decision) -> None:
    """Refuse a JSON message that cannot be placed: its sender can mend it at once. Raises Validation."""
    if message.form != "json" or decision.disposition != "needs-review":
        return
    wrong = [p for p in decision.problems if p.blocking and p.code in disposition.PLACEMENT]
    if not wrong:
        return
    faults = [
        Fault("/event_code" if problem.code == "unknown-event" else "/areas", problem.code, problem.detail)
        for problem in wrong
    ]
    kind = InvalidGeometry if any(problem.code in _GEOMETRY for problem in wrong) else Validation
    raise kind("The warning cannot be placed.", errors=faults)


async def _earlier(session: Session, district: str, source: Source, message: Message) -> Earlier:
    """Look up the messages it refers to: by CAP's triple where it gives one, else by identifier."""
    if not message.references:
        return Earlier()
    rows = await session.scalars(
        sa.select(Key).where(
            Key.district == district, Key.identifier.in_({each.identifier for each in message.references})
        )
    )
    named = [
        row
        for row in rows
        if any(
            each.identifier == row.identifier
            and each.sender in {None, row.sender}
            and each.sent in {None, row.sent}
            for each in message.references
        )
    ]
    # What waits itself is not there yet: a Cancel of a waiting Update must wait with it.
    here = [
        row
        for row in named
        if row.disposition != "waiting" or (await receive.again(session, row.warning_id)).state != "waiting"
    ]
    same = [row for row in here if row.status == message.status.value]
    return Earlier(
        found=bool(same),
        other_status=len(same) < len(here),
        other_bureau=any(
            row.bureau != source.bureau or (row.bureau == "other" and row.source != source.name)
            for row in here
        ),
        none_applied=bool(here) and all(row.disposition == "not-applicable" for row in here),
    )
