"""What is refused is not gone: the reason is kept, and an alarm stands before the desk."""

from datetime import datetime

from app import audit, events, logs, metrics
from app.channels.registry import Registry
from app.db import Session
from app.errors import ConflictingDuplicate, JiaoyingError
from app.intake.raw import mark
from app.intake.tables import Raw
from app.origin import Origin
from app.tasks import alarms

log = logs.get(__name__)


async def note(session: Session, raw: Raw, error: JiaoyingError, *, registry: Registry, at: datetime) -> None:
    """Note why a body was refused and put it before the desk, with sound, until a person has looked."""
    conflict = isinstance(error, ConflictingDuplicate)
    kind = "warning-conflict" if conflict else "warning-refused"
    text = (
        f"{raw.source}发来同一编号、内容不同的预警，请核对是否另为一条"
        if conflict
        else f"{raw.source}发来的预警报文被拒收（{error.code}），原文已留存，请核对"
    )
    await mark(
        session,
        raw,
        "conflict" if conflict else "refused",
        at,
        warning_id=str(error.facts["conflicts_with"]) if conflict else None,
        problem=error.code,
        pointers=[fault.pointer for fault in error.errors],
    )
    # One standing alarm for a source that keeps sending what cannot be read; one for each conflict.
    await alarms.raise_(
        session,
        raw.district,
        (Origin.REAL if registry.any_live else Origin.SIMULATED).value,
        kind,
        text,
        at=at,
        subject=raw.id if conflict else raw.source,
    )
    events.publish(session, "alarm", raw.id, district=raw.district, at=at)
    by = audit.Actor("source", raw.source)
    audit.record(session, kind, raw.id, district=raw.district, by=by, at=at, code=error.code)
    metrics.REFUSED.labels(error.code).inc()
    log.warning("message.refused", raw=raw.id, code=error.code)
