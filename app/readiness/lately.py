"""The checks as pages ask for them: anew when the directory or the rota came in, else every five minutes.

A page is read again with every event of a storm; no reading of it may cost a look at the whole district.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

from app import beats
from app.channels.registry import Registry
from app.db import Session
from app.dispatch import proved
from app.readiness import coverage, preflight
from app.readiness.coverage import Coverage
from app.readiness.preflight import PROOF_HOLDS, Preflight
from app.scheme.models import Scheme

FRESH_S = 300
T = TypeVar("T")
_kept: dict[tuple[str, str, str], tuple[tuple[int, int], Any]] = {}


async def proof(session: Session, scheme: Scheme, *, at: datetime, town: str | None = None) -> Coverage:
    """Return the coverage proof of the whole district, or of one town, at most five minutes old."""

    async def prove() -> Coverage:
        dead = await proved.dead(session, scheme.district.code, at - PROOF_HOLDS)
        towns = None if town is None else [town]
        return await coverage.prove(session, scheme, at=at, towns=towns, dead=dead)

    return await _lately(f"coverage {town or ''}", session, scheme, at, prove)


async def ready(session: Session, scheme: Scheme, registry: Registry, *, at: datetime) -> Preflight:
    """Return the pre-flight of the whole district, at most five minutes old."""
    return await _lately(
        "preflight", session, scheme, at, lambda: preflight.look(session, scheme, registry, at=at)
    )


async def _lately(
    what: str, session: Session, scheme: Scheme, at: datetime, look: Callable[[], Awaitable[T]]
) -> T:
    key = (what, str(session.get_bind().engine.url), scheme.digest)
    directory = await beats.count(session, f"directory:{scheme.district.code}")
    stamp = (directory, int(at.timestamp() // FRESH_S))
    held = _kept.get(key)
    if held is None or held[0] != stamp:
        held = _kept[key] = (stamp, await look())
    found: T = held[1]
    return found
