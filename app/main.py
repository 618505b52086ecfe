"""Builds the web process: parts → doors. No logic."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Protocol

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.access.sessions import USUAL, Lasts
from app.api import (
    acts,
    bureaus,
    desk,
    edge,
    events,
    gateways,
    operations,
    problem,
    rates,
    session,
    stations,
    towns,
)
from app.api.deps import Parts
from app.api.hub import Hub
from app.channels.registry import Registry
from app.clock import Clock
from app.console import routes as console
from app.db import Database
from app.scheme.models import Scheme
from app.settings import Settings

V1 = "/api/v1"
STOP = 8.0
"""Seconds a worker gets to end its calls in flight; what it leaves is due again when its lease lapses."""


class Inside(Protocol):
    """A worker that runs within the web process."""

    def start(self) -> None:
        """Begin its sweeps and senders."""

    async def stop(self) -> None:
        """Take no new work, finish what is in flight."""


def build(
    settings: Settings,
    db: Database,
    scheme: Scheme,
    registry: Registry,
    clock: Clock,
    *,
    worker: Inside | None = None,
    lasts: Lasts = USUAL,
) -> FastAPI:
    """Return the web application. The caller owns, and closes, the database and the registry.

    ``lasts``: how long sessions do.
    """
    hub = Hub(db, scheme.district.code)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await hub.start()
        if worker is not None:
            worker.start()
        try:
            yield
        finally:
            await hub.stop()
            if worker is not None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(STOP):
                        await worker.stop()

    app = FastAPI(
        title="叫应",
        version=_version(),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        description="A warning that was sent but not answered has not been delivered.",
        redirect_slashes=False,
    )
    app.state.parts = Parts(settings, db, scheme, registry, clock, hub, worker, lasts)
    problem.install(app)
    for module in (bureaus, desk, acts, gateways, rates, towns, stations, events):
        app.include_router(module.router, prefix=V1)
    for module in (session, operations):
        app.include_router(module.router)
    app.include_router(console.router, include_in_schema=False)
    app.mount(console.STATIC, console.static, name="static")
    app.state.page_error = console.page_error
    app.add_middleware(edge.Edge, secure=settings.secure)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # how FastAPI is told
    return app


def _version() -> str:
    try:
        return version("jiaoying")
    except PackageNotFoundError:
        return "0"


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The description of the API, with the one form of every error."""
    if app.openapi_schema is None:
        found = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        schemas = found.setdefault("components", {}).setdefault("schemas", {})
        made = problem.ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(made.pop("$defs"))
        schemas["Problem"] = made
        app.openapi_schema = found
    return app.openapi_schema
