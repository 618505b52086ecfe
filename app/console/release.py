"""The release dialog: who is called, in which words, and two people who let it out.

It works as a page without scripts too.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Response
from starlette.requests import Request
from starlette.responses import RedirectResponse

from app.access import sessions, users
from app.access.officer import Officer
from app.activation import release as activation
from app.api import deps
from app.api.deps import MaybeOfficer, OfficerDep, Parts, PartsDep
from app.console import desk, pages, words
from app.console.board import heads
from app.console.board import release as dialog
from app.db import Session
from app.errors import Forbidden, NotFound, PlanChanged, Reauthenticate, Refused, SamePerson, WrongState

router = APIRouter(include_in_schema=False)
Short = Annotated[str, Form(max_length=200)]
DONE = ("released", "held")


def _looker(officer: Officer) -> dialog.Looker:
    return dialog.Looker(
        officer.id, officer.role, officer.may("release"), officer.may("second"), officer.may("hold")
    )


async def _show(
    request: Request, has: Parts, officer: Officer, warning_id: str, part: str, status: int = 200, **more: Any
) -> Response:
    """Show the desk with the dialog over its middle column."""
    async with has.db.reading() as session:
        warning = await heads.one(session, officer.district, warning_id)
        at = has.clock.now()
        found = (
            await dialog.load(session, has.scheme, warning, part, _looker(officer), at) if warning else None
        )
        if warning is None or found is None:
            raise NotFound
        seen = more.pop("seen", None)
        changed = await dialog.change(session, has.scheme, warning, part, seen) if seen else None
        context = await desk.build(session, request, has, officer, warning_id=warning_id)
    context.update(
        dialog=found, refusal="", changed=changed, act=request.query_params.get("act", ""), typed={}
    )
    return pages.render(request, "desk/desk.html", {**context, **more}, status)


@router.get("/warnings/{warning_id}/release/{part}", response_class=Response)
async def show(
    request: Request, warning_id: str, part: str, has: PartsDep, officer: MaybeOfficer
) -> Response:
    """Show what a release would do."""
    if officer is None:
        return pages.to_login(request)
    if not officer.may("read-desk"):
        raise Forbidden(right="read-desk")
    return await _show(request, has, officer, warning_id, part)


@router.post("/warnings/{warning_id}/release/{part}", response_class=Response)
async def decide(
    request: Request,
    warning_id: str,
    part: str,
    has: PartsDep,
    officer: OfficerDep,
    plan_hash: Annotated[str, Form(max_length=64)],
    act: Annotated[str, Form(max_length=20)] = "release",
    password: Short = "",
    code: Short = "",
    second: Short = "",
    second_password: Short = "",
    second_code: Short = "",
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Let the part out, be the first of two, hold it back, or go alone; a refusal is said in the dialog."""
    why = reason.strip()

    async def refused(status: int, text: str, **more: Any) -> Response:
        shown = "hold" if act == "hold" else "break-glass" if act == "break-glass" else ""
        return await _show(
            request,
            has,
            officer,
            warning_id,
            part,
            status,
            refusal=text,
            act=shown,
            typed={"second": second, "reason": reason},
            **more,
        )

    if act in {"hold", "break-glass"} and not why:
        return await refused(422, "没有做。请写明理由，它会留在记录里。")
    try:
        sure = await deps.confirmed(
            has, officer, password or None, code or None, address=deps.address(request)
        )
        other = await _other(request, has, officer, second, second_password, second_code)
        async with has.db.transaction() as session:
            state = await _decide(session, has, act, (warning_id, part, plan_hash), sure, other, why)
    except PlanChanged:
        return await refused(409, "没有做。预案变了，请看清差别再决定。", seen=plan_hash)
    except (Reauthenticate, SamePerson, Forbidden, WrongState) as error:
        if isinstance(error, WrongState) and error.facts.get("state") in DONE:
            # By this hand's other press, or another's.
            return RedirectResponse(f"/?warning={warning_id}", status_code=303)
        return await refused(error.status, f"没有做。{_said(error)}")
    if state == "pending-approval":
        return RedirectResponse(request.url.path, status_code=303)
    return RedirectResponse(f"/?warning={warning_id}", status_code=303)


async def _decide(
    session: Session,
    has: Parts,
    act: str,
    about: tuple[str, str, str],
    officer: Officer,
    other: Officer | None,
    reason: str,
) -> str:
    """Carry the act out and return the part's state: one person after the other.

    In one transaction: either both have said so, or neither has.
    """
    at = has.clock.now()
    if act == "hold":
        return (await activation.hold(session, *about, reason, by=officer, at=at)).state
    state = ""
    first = await heads.first_by(session, about[0], about[1])
    for by in (officer, other) if other is not None and first is None else (other or officer,):
        done = await activation.release(
            session,
            *about,
            by=by,
            scheme=has.scheme,
            registry=has.registry,
            at=at,
            reason=reason or None,
            break_glass=act == "break-glass",
        )
        state = done.state
    return state


async def _other(
    request: Request, has: Parts, officer: Officer, login: str, password: str, code: str
) -> Officer | None:
    """Return the second person, who has proved to be that in this dialog; None when nobody signed.

    Raises Reauthenticate when name, password or code are wrong (which, is not told).
    """
    if not login.strip():
        return None
    async with has.db.reading() as session:
        user = await users.find(session, login, district=officer.district)
    if user is None or user.disabled_at is not None:
        await sessions.prove(None, password, code or None, has.clock.now())  # as slow as a wrong password
        raise Reauthenticate
    return await deps.confirmed(
        has, users.officer_of(user), password, code or None, address=deps.address(request)
    )


def _said(error: Refused) -> str:
    """What a refusal means for the people in front of the dialog."""
    if isinstance(error, Reauthenticate):
        return "密码或动态码不对，请再输一次。"
    if isinstance(error, SamePerson):
        return "第二人必须是另一个人。"
    if isinstance(error, Forbidden):
        return "这个账号没有这项权限。"
    if "opens_at" in error.facts:
        return "单人紧急放行还没到时候：先等第二人。"
    state = str(error.facts.get("state", ""))
    return f"这一部分现在是：{words.PART_STATES.get(state, state)}。" if state else "情况已经变了。"
