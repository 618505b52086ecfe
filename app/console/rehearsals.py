"""改规则: what a change of rules would have done in the past, and the signature under exactly that."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Response
from starlette.requests import Request
from starlette.responses import RedirectResponse

from app.access.officer import Officer
from app.access.rights import HELD_BY, require
from app.api.deps import MaybeOfficer, OfficerDep, Parts, PartsDep
from app.console import pages, words
from app.console.board import accounts
from app.errors import Forbidden, PlanChanged, WrongState
from app.rehearsal import keep
from app.rehearsal import words as told
from app.warning.level import Level

router = APIRouter(include_in_schema=False)
SHOWN = 200


@router.get("/rehearsals", response_class=Response)
async def listed(request: Request, has: PartsDep, officer: MaybeOfficer) -> Response:
    """List what was rehearsed, the newest first, and which of it is signed."""
    if officer is None:
        return pages.to_login(request)
    if not officer.may("read-desk"):
        raise Forbidden(right="read-desk")
    async with has.db.reading() as session:
        _, context = await pages.frame(session, request, has, officer, "rates", "改规则")
        rows = await keep.listed(session, officer.district)
        names = await accounts.names_of(session, [row.signed_by for row in rows if row.signed_by])
    context.update(rows=rows, names=names, used=has.scheme.digest, used_version=has.scheme.version)
    return pages.render(request, "desk/rehearsals.html", context)


@router.get("/rehearsals/{rehearsal_id}", response_class=Response)
async def shown(request: Request, rehearsal_id: str, has: PartsDep, officer: MaybeOfficer) -> Response:
    """Show a difference; ``?all=1`` every row of it."""
    if officer is None:
        return pages.to_login(request)
    if not officer.may("read-desk"):
        raise Forbidden(right="read-desk")
    return await _show(request, has, officer, rehearsal_id)


@router.post("/rehearsals/{rehearsal_id}/sign", response_class=Response)
async def sign(
    request: Request,
    rehearsal_id: str,
    has: PartsDep,
    officer: OfficerDep,
    digest: Annotated[str, Form(max_length=64)],
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Sign exactly the difference whose digest the page showed."""
    require(officer, "sign-rules")
    if not reason.strip():
        return await _show(request, has, officer, rehearsal_id, 422, fault="没有签。请写明理由。")
    try:
        async with has.db.transaction() as session:
            await keep.sign(session, rehearsal_id, digest, reason, by=officer, at=has.clock.now())
    except WrongState:
        return await _show(request, has, officer, rehearsal_id, 409, fault="没有签。已经有人签过了。")
    except PlanChanged:
        fault = "没有签。您看到的不是存档的这份差别，请重看。"
        return await _show(request, has, officer, rehearsal_id, 409, fault=fault)
    return RedirectResponse(f"/rehearsals/{rehearsal_id}", status_code=303)


async def _show(
    request: Request, has: Parts, officer: Officer, rehearsal_id: str, status: int = 200, **more: Any
) -> Response:
    every = request.query_params.get("all") == "1"
    async with has.db.reading() as session:
        _, context = await pages.frame(session, request, has, officer, "rates", "改规则")
        one = await keep.one(session, officer.district, rehearsal_id)
        names = await accounts.names_of(session, [one.signed_by] if one.signed_by else [])
    body = one.body
    cut = None if every else SHOWN
    context.update(
        one=one,
        body=body,
        signer=names.get(one.signed_by or "", ""),
        levels=[_level(row) for row in body["levels"][:cut]],
        calls=[_call(row) for row in body["calls"][:cut]],
        plans=[_plan(row) for row in body["plans"][:cut]],
        left=sum(max(0, len(body[name]) - SHOWN) for name in ("levels", "calls", "plans")) if cut else 0,
        towns=sorted(
            {row["name"] for row in (*body["levels"], *body["calls"]) if row["place"] in body["towns"]}
        ),
        may=officer.may("sign-rules") and one.signed_at is None,
        who="、".join(words.ROLES[role] for role in words.ROLES if role in HELD_BY["sign-rules"]),
        used=has.scheme.digest,
        fault="",
        span=(told.moment(body["since"]), told.moment(body["until"])),
    )
    return pages.render(request, "desk/rehearsal.html", {**context, **more}, status)


def _level(row: dict[str, Any]) -> dict[str, str]:
    what = f"{row['hazard_name']}{Level.of(row['level']).zh}"
    return {"town": row["name"], "what": what, "old": told.span(row["old"]), "new": told.span(row["new"])}


def _call(row: dict[str, Any]) -> dict[str, str]:
    return {
        "change": told.CHANGES[row["change"]],
        "town": row["name"],
        "duty": f"{row['layer']} {row['duty_name']}",
        "warning": row["warning"],
        "old": told.when(row["old"]),
        "new": told.when(row["new"]),
    }


def _plan(row: dict[str, Any]) -> dict[str, str]:
    return {
        "warning": row["warning"],
        "what": f"{told.KINDS.get(row['kind'], row['kind'])} {row['text']}",
        "old": told.moment(row["old"]),
        "new": told.moment(row["new"]),
    }
