"""All pages as one router; the phone's pages are taken in where they are there."""

import importlib
import importlib.util
import os
from pathlib import Path
from urllib.parse import parse_qs

from fastapi import APIRouter
from starlette.responses import Response
from starlette.staticfiles import PathLike, StaticFiles
from starlette.types import Scope
from typing_extensions import override

from app.console import acts, desk, disasters, gaps, kept, login, pages, plan, rates, rehearsals, release

page_error = pages.problem_page
"""How a problem becomes a page: ``app.state.page_error``."""

STATIC = pages.STATIC
KEPT = "public, max-age=31536000, immutable"


class Shipped(StaticFiles):
    """The files that ship. What is asked for by its version need never be asked for again."""

    @override
    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Answer with a file; without its version, or with another's, the browser must ask each time."""
        answer = super().file_response(full_path, stat_result, scope, status_code)
        if parse_qs(scope["query_string"]).get(b"v") == [pages.version(Path(full_path)).encode()]:
            answer.headers["Cache-Control"] = KEPT
        return answer


static = Shipped(directory=pages.HERE / "static")
"""To be mounted at ``STATIC``."""

router = APIRouter(include_in_schema=False)
for module in (login, desk, acts, release, plan, rates, rehearsals, disasters, gaps, kept):
    router.include_router(module.router)
for name in ("town", "tap", "doors"):
    if importlib.util.find_spec(f"app.console.{name}") is not None:
        router.include_router(importlib.import_module(f"app.console.{name}").router)
