"""The acts of the call card: dial (shows a number, on record), answered by phone, escalate now.

Each is one verb in one transaction.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Response
from starlette.requests import Request
from starlette.responses import RedirectResponse

from app import audit
from app.access.officer import Officer
from app.access.rights import require
from app.answer import record, urge
from app.api.deps import OfficerDep, Parts, PartsDep
from app.console import desk, pages
from app.console.board import alarms as standing
from app.console.board import card
from app.directory import people
from app.errors import NotFound, WrongState
from app.origin import Origin
from app.tasks import alarms

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=200)]


async def _again(
    request: Request, has: Parts, officer: Officer, town: str, status: int = 200, **more: Any
) -> Response:
    """Show the desk once more with that town's card, and what there is to say on it."""
    async with has.db.reading() as session:
        context = await desk.build(session, request, has, officer, town=town)
    # The address of a form is nowhere to come back to: the desk with this town is.
    return pages.render(request, "desk/desk.html", {**context, "here_url": f"/?town={town}", **more}, status)


@router.post("/obligations/{obligation_id}/dial", response_class=Response)
async def dial(
    request: Request,
    obligation_id: str,
    has: PartsDep,
    officer: OfficerDep,
    who: Annotated[str, Form(max_length=10)],
) -> Response:
    """Show one person's full number, for a call by hand; the look is audited before it is shown."""
    require(officer, "read-number")
    at = has.clock.now()
    async with has.db.transaction() as session:
        one = await card.target(session, officer.district, obligation_id)
        person = card.person_of(one, who) if one else None
        if one is None or person is None:
            raise NotFound
        address = (await people.addresses(session, [person])).get(person)
        if address is None or not address.phone:
            raise NotFound
        audit.record(
            session,
            "number-shown",
            person,
            district=officer.district,
            by=officer.actor,
            at=at,
            obligation=one.id,
            who=who,
        )
    shown = {"label": card.WHO[who], "name": address.name, "number": address.phone}
    return await _again(request, has, officer, one.town, full=shown)


@router.post("/obligations/{obligation_id}/answered", response_class=Response)
async def answered(
    request: Request,
    obligation_id: str,
    has: PartsDep,
    officer: OfficerDep,
    rung: Annotated[str, Form(max_length=10)] = "confirmed",
    words: Text = "",
    back: Annotated[str, Form(max_length=400)] = "/",
    named: Text = "",
    hazard: Text = "",
    area: Text = "",
) -> Response:
    """Enter an answer taken by phone. Without name, hazard and area said back it is none, and not saved."""
    require(officer, "answer-by-phone")
    async with has.db.reading() as session:
        one = await card.target(session, officer.district, obligation_id)
    if one is None:
        raise NotFound
    lacks = [
        word for word, given in (("报姓名", named), ("复述灾种", hazard), ("复述区域", area)) if not given
    ]
    if lacks:
        given = {"named": named, "hazard": hazard, "area": area, "rung": rung, "words": words}
        fault = f"没有记。对方还没有{'、'.join(lacks)}，三样都有才算应。"
        return await _again(request, has, officer, one.town, 422, form="answered", given=given, fault=fault)
    async with has.db.transaction() as session:
        await record.by_phone(
            session,
            one.warning_id,
            one.place_id,
            one.duty,
            rung,
            words.strip() or None,
            by=officer,
            scheme=has.scheme,
            at=has.clock.now(),
        )
    return RedirectResponse(pages.without_form(back), status_code=303)


@router.post("/obligations/{obligation_id}/escalate", response_class=Response)
async def escalate(
    request: Request,
    obligation_id: str,
    has: PartsDep,
    officer: OfficerDep,
) -> Response:
    """Call the next of the chain now, without waiting for its time."""
    async with has.db.reading() as session:
        one = await card.target(session, officer.district, obligation_id)
    if one is None:
        raise NotFound
    try:
        async with has.db.transaction() as session:
            who = await urge.urge(
                session,
                obligation_id,
                by=officer,
                scheme=has.scheme,
                registry=has.registry,
                at=has.clock.now(),
            )
    except WrongState:
        fault = "没有升级：已经有人应了，或链上的人都叫过了，只剩派人上门。"
        return await _again(request, has, officer, one.town, 409, fault=fault)
    return await _again(request, has, officer, one.town, done=f"已叫{card.WHO.get(who, who)}。")


@router.post("/alarms/take", response_class=Response)
async def take(
    has: PartsDep,
    officer: OfficerDep,
    key: Annotated[str, Form(max_length=80)],
    back: Annotated[str, Form(max_length=400)] = "/",
) -> Response:
    """我来: this officer takes the alarms of one kind and warning, and their bell stops."""
    require(officer, "claim")
    at = has.clock.now()
    async with has.db.transaction() as session:
        groups = await standing.load(session, officer.district, tuple(Origin))
        for one in next((group.ids for group in groups if group.key == key), ()):
            await alarms.take(session, one, by=officer, at=at)
    return RedirectResponse(pages.safe_next(back), status_code=303)
