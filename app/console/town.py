"""The town's page on a phone: one question, then the ladder, and what is to be done below."""

import hashlib
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Response
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse

from app.access import csrf
from app.access.officer import Officer
from app.access.rights import require
from app.answer import record
from app.api.deps import MaybeOfficer, OfficerDep, Parts, PartsDep
from app.console import pages, phone, tap, town_report
from app.console.board import people, townside
from app.db import Session
from app.disaster import look
from app.disaster.facts import HOUR
from app.disaster.form import KINDS
from app.errors import NotFound, Validation
from app.tasks import orders

router = APIRouter(include_in_schema=False)
router.include_router(town_report.router)

SHOWN_EVENTS = timedelta(days=3)


@router.get("/phone-sw.js", response_class=Response)
async def worker() -> Response:
    """Return the service worker; from the root, so that it may serve ``/town`` without signal."""
    return FileResponse(
        pages.HERE / "static" / "phone-sw.js",
        media_type="text/javascript",
        headers={"Cache-Control": "no-cache"},
    )


@router.get("/town", response_class=Response)
async def town(request: Request, has: PartsDep, officer: MaybeOfficer) -> Response:
    """Show the town's page."""
    if officer is None:
        return pages.to_login(request)
    code, at = phone.place_of(request, officer), has.clock.now()
    async with has.db.reading() as session:
        view = await townside.by_town(
            session, code, officer, has.scheme, at, request.query_params.get("warning")
        )
        events = await look.listing(session, officer.district, place=code, since=at - SHOWN_EVENTS, limit=10)
        who = await _who(has, session, officer, code)
    main = view.main
    context: dict[str, Any] = {
        "title": view.name,
        "view": view,
        "who": who,
        "events": events,
        "kinds": KINDS,
        "hour": HOUR,
        "may_answer": officer.may("answer"),
        "place_query": "" if officer.place else f"&place={code}",
        **(tap.correcting(request, main, at) if main else {"correct_until": None, "again": False}),
    }
    if main is not None:
        context["origin"] = main.origin
    return phone.render(request, has, "town", context, officer=officer)


@router.get("/town/now")
async def now(request: Request, has: PartsDep, officer: OfficerDep) -> Response:
    """Tell a page that stays open the time, its form token, and by ``stamp`` whether it is still true."""
    code, at = phone.place_of(request, officer), has.clock.now()
    async with has.db.reading() as session:
        view = await townside.by_town(session, code, officer, has.scheme, at)
    asked = [
        (one.warning_id, one.state, one.rung, one.cannot, one.version)
        for one in (view.main, *view.others)
        if one
    ]
    tasks = [(one.id, one.state) for one in view.orders]
    lists = [(one.name, one.list.counts) for one in view.lists]
    stamp = hashlib.sha256(repr((asked, tasks, lists, view.groups)).encode()).hexdigest()[:16]
    token = csrf.token(officer.session_id) if officer.session_id else ""
    return JSONResponse({"at": at.timestamp(), "csrf": token, "stamp": stamp}, headers=phone.HEADERS)


@router.post("/town/answer", response_class=Response)
async def answer(request: Request, has: PartsDep, officer: OfficerDep) -> Response:
    """Take a town's answer, for what its page asked under a warning. Twice is once."""
    form, at = await request.form(), has.clock.now()
    require(officer, "answer")
    code, warning = phone.place_of(request, officer), phone.text(form, "warning", 36)
    occurred_at, event = phone.instant(form) or at, phone.event_of(form)
    async with has.db.transaction() as session:
        ids = await townside.mine_under(session, code, warning, officer)
        if not ids:
            raise NotFound("Nothing is asked of this town under that warning.")
        await record.by_page(
            session,
            ids,
            phone.text(form, "rung", 12),
            phone.text(form, "words", 500) or None,
            by=officer,
            occurred_at=min(occurred_at, at),
            event_id=event,
            scheme=has.scheme,
            at=at,
        )
    return phone.done(request, "/town", at=at.isoformat())


@router.get("/town/below/{key}", response_class=Response)
async def below(request: Request, key: str, has: PartsDep, officer: MaybeOfficer) -> Response:
    """Show whom the town calls itself: villages, grids, sites."""
    if officer is None:
        return pages.to_login(request)
    code, at = phone.place_of(request, officer), has.clock.now()
    title = next((title for name, title, _ in townside.BELOW if name == key), None)
    if title is None:
        raise NotFound
    warning = request.query_params.get("warning", "")
    async with has.db.reading() as session:
        units = await townside.below(session, code, warning, key, has.scheme, at)
        names = await people.places(session, [code])
    context = {
        "title": title,
        "town": names.get(code, code),
        "units": units,
        "key": key,
        "warning": warning,
        "may_answer": officer.may("answer-by-phone"),
        "place_query": "" if officer.place else f"?place={code}",
    }
    return phone.render(request, has, "below", context, officer=officer)


@router.post("/town/below/{key}", response_class=Response)
async def answered_below(request: Request, key: str, has: PartsDep, officer: OfficerDep) -> Response:
    """Enter what a unit said on the phone; without name, hazard and area said back it is no answer."""
    form, at = await request.form(), has.clock.now()
    warning, rung = phone.text(form, "warning", 36), phone.text(form, "rung", 12)
    said = [phone.text(form, name, 1) for name in ("named", "hazard", "area")]
    if rung != "cannot" and not all(said):
        raise Validation("Not an answer: name, hazard and area must be said back.")
    async with has.db.transaction() as session:
        await record.by_phone(
            session,
            warning,
            phone.text(form, "place", 40),
            phone.text(form, "duty", 30),
            rung,
            None,
            by=officer,
            scheme=has.scheme,
            at=at,
        )
    return phone.done(request, f"/town/below/{key}?warning={warning}", at=at.isoformat())


@router.post("/town/orders/{task_id}", response_class=Response)
async def order(request: Request, task_id: str, has: PartsDep, officer: OfficerDep) -> Response:
    """Say that an order is in hand, carried out, or cannot be carried out and why."""
    form, at = await request.form(), has.clock.now()
    act, words = phone.text(form, "act", 10), phone.text(form, "words")
    given: dict[str, Any] = {
        "by": officer,
        "at": at,
        "occurred_at": phone.instant(form) or at,
        "event_id": phone.event_of(form),
    }
    async with has.db.transaction() as session:
        if act == "taken":
            await orders.take(session, task_id, **given)
        elif act == "done":
            await orders.confirm(session, task_id, evidence=words or None, **given)
        elif act == "refused" and words:
            await orders.refuse(session, task_id, reason=words, **given)
        else:
            raise Validation("An order is taken, done, or refused with a reason.")
    return phone.done(request, "/town", at=at.isoformat())


async def _who(has: Parts, session: Session, officer: Officer, code: str) -> str:
    if officer.person_id is None:
        return ""
    found = (await people.contacts(session, [officer.person_id])).get(officer.person_id)
    return f"{found.post(has.scheme.roles, [code])} {found.name}".strip() if found else ""
