"""All pages as one router; the phone's pages are taken in where they are there."""

import importlib
import importlib.util
from pathlib import Path

from fastapi import APIRouter
from starlette.staticfiles import StaticFiles

from app.console import acts, desk, disasters, gaps, kept, login, pages, plan, rates, rehearsals, release

page_error = pages.problem_page
"""How a problem becomes a page: ``app.state.page_error``."""

STATIC = pages.STATIC
static = StaticFiles(directory=Path(__file__).parent / "static")
"""The files that ship, to be mounted at ``STATIC``."""

router = APIRouter(include_in_schema=False)
for module in (login, desk, acts, release, plan, rates, rehearsals, disasters, gaps, kept):
    router.include_router(module.router)
for name in ("town", "tap", "doors"):
    if importlib.util.find_spec(f"app.console.{name}") is not None:
        router.include_router(importlib.import_module(f"app.console.{name}").router)
