"""At the root: /healthz (alive), /readyz (able to serve, and what is amiss), /metrics (Prometheus text)."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from prometheus_client import generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app import beats
from app import metrics as counted
from app.api import schema
from app.api.deps import Parts, PartsDep
from app.api.problem import declared
from app.errors import JiaoyingError, Unauthenticated
from app.reports import gauges

router = APIRouter(tags=["operations"])


class _Undo(Exception):
    """Leave no trace."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. ``needed``: without it this process cannot serve."""

    ok: bool
    detail: str
    needed: bool = False


async def _writes(has: Parts, at: datetime) -> Check:
    try:
        async with has.db.transaction() as session:
            await beats.touch(session, "readyz", at)
            raise _Undo
    except _Undo:
        return Check(ok=True, detail="writable", needed=True)
    except JiaoyingError:
        return Check(ok=False, detail="cannot be written", needed=True)


async def _schema(has: Parts) -> Check:
    try:
        async with has.db.reading() as session:
            held = await schema.current(session)
    except JiaoyingError:
        return Check(ok=False, detail="cannot be read", needed=True)
    ok = held is not None and held == schema.head()
    return Check(
        ok=ok, detail="current" if ok else "not that of this version: run jiaoying migrate", needed=True
    )


async def _beats(has: Parts, at: datetime) -> Check:
    try:
        async with has.db.reading() as session:
            held = await beats.all_beats(session)
    except JiaoyingError:
        return Check(ok=False, detail="cannot be read")
    late = [beat.name for beat in held if beat.overdue(at)]
    return Check(ok=not late, detail="silent: " + ", ".join(late) if late else f"{len(held)} heard in time")


def _channels(has: Parts) -> Check:
    if has.registry.any_live:
        return Check(ok=True, detail="live: " + ", ".join(one.name for one in has.registry if one.live))
    return Check(ok=False, detail="no live channel: nobody is reached, warnings are simulated")


def _numbers(has: Parts) -> Check:
    if has.registry.takes_real_numbers or not has.registry.any_live:
        return Check(ok=True, detail="real" if has.registry.takes_real_numbers else "synthetic")
    return Check(ok=False, detail="live channels take synthetic numbers only: nobody real is reached")


def _clock(has: Parts) -> Check:
    if has.settings.test_clock is None:
        return Check(ok=True, detail="the machine's")
    return Check(ok=False, detail="shifted by JIAOYING_TEST_CLOCK")


@router.get("/healthz")
async def alive() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "alive"}


@router.get("/readyz", responses={503: {"description": "Not able to serve; the body says why."}})
async def ready(has: PartsDep) -> JSONResponse:
    """Say whether this process can serve.

    Only `needed` checks make it 503; the others are for people to mend.
    """
    at = has.clock.now()
    checks = {
        "database": await _writes(has, at),
        "schema": await _schema(has),
        "beats": await _beats(has, at),
        "channels": _channels(has),
        "numbers": _numbers(has),
        "clock": _clock(has),
    }
    able = all(check.ok for check in checks.values() if check.needed)
    body: dict[str, Any] = {
        "ready": able,
        "mode": "normal" if has.registry.any_live else "simulated",
        "checks": {
            name: {"ok": check.ok, "detail": check.detail, "needed": check.needed}
            for name, check in checks.items()
        },
    }
    return JSONResponse(body, 200 if able else 503, headers={} if able else {"Retry-After": "5"})


@router.get("/metrics", responses=declared(401), response_class=Response)
async def metrics(request: Request, has: PartsDep) -> Response:
    """Return what is counted; the gauges are read from the rows now. Asks for a token where one is set."""
    token = has.settings.metrics_token
    if token is not None:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {token.get_secret_value()}".encode()):
            raise Unauthenticated
    at = has.clock.now()
    async with has.db.reading() as session:
        await gauges.read(session, at=at)
        for beat in await beats.all_beats(session):
            if beat.expected_s is not None:
                counted.SILENT.labels(beat.name).set(beat.overdue(at).total_seconds())
    return Response(generate_latest(), media_type="text/plain; version=0.0.4; charset=utf-8")
