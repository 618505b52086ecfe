"""A message not taken: its text, what is wrong with it, an officer's word that it stands on its own."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Response
from starlette.requests import Request
from starlette.responses import RedirectResponse

from app.access.officer import Officer
from app.api.deps import MaybeOfficer, OfficerDep, Parts, PartsDep
from app.console import pages
from app.console.board import waiting
from app.errors import Forbidden, WrongState
from app.intake import kept

router = APIRouter(include_in_schema=False)
SHOWN = 20_000  # characters of a body that a page shows


async def _show(
    request: Request, has: Parts, officer: Officer, raw_id: str, status: int = 200, **more: Any
) -> Response:
    async with has.db.reading() as session:
        _, context = await pages.frame(session, request, has, officer, "desk", "须核对")
        found = await kept.look(session, officer.district, raw_id)
    text = found.text or ""
    context.update(
        kept=found,
        text=text[:SHOWN],
        cut=len(text) > SHOWN,
        word=waiting.RAW.get(found.state, found.state),
        problem=waiting.PROBLEMS.get(found.problem or "", found.problem or "未说明"),
        may=officer.may("review") and found.state == "conflict",
        fault="",
    )
    return pages.render(request, "desk/kept.html", {**context, **more}, status)


@router.get("/kept/{raw_id}", response_class=Response)
async def shown(request: Request, raw_id: str, has: PartsDep, officer: MaybeOfficer) -> Response:
    """Show a body as it came and why nobody was called for it."""
    if officer is None:
        return pages.to_login(request)
    if not officer.may("read-desk"):
        raise Forbidden(right="read-desk")
    return await _show(request, has, officer, raw_id)


@router.post("/kept/{raw_id}", response_class=Response)
async def adopt(
    request: Request,
    raw_id: str,
    has: PartsDep,
    officer: OfficerDep,
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Take a conflict as a message of its own, with a reason that stays on record."""
    if not reason.strip():
        return await _show(request, has, officer, raw_id, 422, fault="没有做。请写明为什么它是另一条预警。")
    try:
        async with has.db.transaction() as session:
            outcome = await kept.adopt(
                session,
                raw_id,
                by=officer,
                reason=reason.strip(),
                scheme=has.scheme,
                registry=has.registry,
                at=has.clock.now(),
            )
    except WrongState:
        return await _show(
            request, has, officer, raw_id, 409, fault="没有做。它已经处理过了，或来报方已停用。"
        )
    return RedirectResponse(f"/warnings/{outcome.warning_id}", status_code=303)
