"""灾情 from a town's phone: 首报 within the hour, 续报, 终报; what nobody knows stays unknown."""

from datetime import datetime, time, timedelta
from typing import Any, Literal

from fastapi import APIRouter, Response
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.requests import Request

from app.access.officer import Officer
from app.access.rights import require
from app.api.deps import MaybeOfficer, OfficerDep, Parts, PartsDep
from app.clock import LOCAL, local
from app.console import pages, phone
from app.console.board import people, townside
from app.console.board.phone import Asked
from app.db import Session
from app.directory import people as directory
from app.disaster import look, report
from app.disaster.facts import HOUR
from app.disaster.form import KINDS, PEOPLE, ReportIn
from app.errors import JiaoyingError, Validation

router = APIRouter(include_in_schema=False)

SOURCES = {
    "occurrence": "发生时间",
    "alarm": "报警",
    "119": "119",
    "110": "110",
    "grid": "网格",
    "media": "媒体",
    "check": "检查",
}
WORDS = (
    "houses",
    "roads",
    "power",
    "cause",
    "trend",
    "measures",
    "leaders",
    "source",
    "reporter",
    "signer",
    "words",
    "requests",
)
SEVERAL_VILLAGES = 24


@router.get("/town/report", response_class=Response)
async def report_form(request: Request, has: PartsDep, officer: MaybeOfficer) -> Response:
    """Show the form of a first report, or (``event``) of the next report on an event."""
    if officer is None:
        return pages.to_login(request)
    require(officer, "report-disaster")
    return await _form(request, has, officer, {}, "")


@router.post("/town/report", response_class=Response)
async def report_first(request: Request, has: PartsDep, officer: OfficerDep) -> Response:
    """Take a first report."""
    form, at = await request.form(), has.clock.now()
    code, event = phone.place_of(request, officer), phone.event_of(form)
    written = min(phone.instant(form) or at, at)
    try:
        said = _report_in(form, code, written)
    except Validation as error:
        return await _refused(request, has, officer, form, error)
    known = phone.text(form, "disaster", 36) or None
    async with has.db.transaction() as session:
        exercise, under = await _under(has, session, officer, code, phone.text(form, "exercise", 3), at)
        disaster = await report.first(
            session,
            said,
            origin="exercise" if exercise else "real" if has.registry.any_live else "simulated",
            by=officer,
            at=at,
            event_id=event,
            occurred_at=written,
            disaster_id=known,
            warning_id=under.warning_id if under else None,
            hazard=under.hazard if under else None,
        )
    return phone.done(request, f"/town/disasters/{disaster}", id=disaster, at=at.isoformat())


@router.get("/town/disasters/{disaster_id}", response_class=Response)
async def disaster(request: Request, disaster_id: str, has: PartsDep, officer: MaybeOfficer) -> Response:
    """Show an event of the town and its reports."""
    if officer is None:
        return pages.to_login(request)
    require(officer, "read-town")
    async with has.db.reading() as session:
        one = await look.one(session, disaster_id, by=officer)
        names = await people.places(session, [one.place])
    context = {
        "title": "灾情",
        "one": one,
        "town": names.get(one.place, one.place),
        "kinds": KINDS,
        "people": PEOPLE,
        "hour": HOUR,
        "sources": SOURCES,
        "origin": one.origin,
    }
    return phone.render(request, has, "event", context, officer=officer)


@router.post("/town/disasters/{disaster_id}", response_class=Response)
async def report_more(request: Request, disaster_id: str, has: PartsDep, officer: OfficerDep) -> Response:
    """Take a follow-up or the final report."""
    form, at = await request.form(), has.clock.now()
    event, kind = phone.event_of(form), phone.text(form, "kind", 10)
    written = min(phone.instant(form) or at, at)
    async with has.db.reading() as session:
        place = (await look.one(session, disaster_id, by=officer)).place
    try:
        said = _report_in(form, place, written)
    except Validation as error:
        return await _refused(request, has, officer, form, error, disaster_id)
    async with has.db.transaction() as session:
        take = report.final if kind == "final" else report.followup
        await take(session, disaster_id, said, by=officer, at=at, event_id=event, occurred_at=written)
    return phone.done(request, f"/town/disasters/{disaster_id}", at=at.isoformat())


async def _under(
    has: Parts, session: Session, officer: Officer, code: str, said: str, at: datetime
) -> tuple[bool, Asked | None]:
    """Return whether a report belongs to an exercise, and the warning it falls under, if one is in force.

    While an exercise runs in the town the reporter says which it is: what is real must count, what is played
    must not.
    """
    view = await townside.by_town(session, code, officer, has.scheme, at)
    running = [one for one in (view.main, *view.others) if one is not None and one.state != "ended"]
    exercise = said == "yes"
    return exercise, next((one for one in running if one.exercise == exercise), None)


async def _form(
    request: Request,
    has: Parts,
    officer: Officer,
    given: dict[str, Any],
    fault: str,
    known_id: str | None = None,
) -> Response:
    known_id = known_id or request.query_params.get("event")
    async with has.db.reading() as session:
        known = await look.one(session, known_id, by=officer) if known_id else None
        code = known.place if known else phone.place_of(request, officer)
        names = await people.places(session, [code])
        view = await townside.by_town(session, code, officer, has.scheme, has.clock.now())
        villages = [one.name for one in await directory.villages_of(session, code)]
    kind: Literal["first", "followup"] = "followup" if known and known.state != "known" else "first"
    last = known.reports[-1] if known and known.reports else None
    blank: dict[str, Any] = dict.fromkeys(WORDS, "") | {"people": {}, "kinds": [], "place_text": ""}
    if known:
        blank |= {"kinds": list(known.kinds), "place_text": known.place_text}
    if last:
        blank |= {"people": last.people}
    context = {
        "title": "首报" if kind == "first" else "续报",
        "town": names.get(code, code),
        "kind": kind,
        "known": known,
        "action": "/town/report" if kind == "first" else f"/town/disasters/{known_id}",
        "kinds": KINDS,
        "people": PEOPLE,
        "villages": villages[:SEVERAL_VILLAGES] if kind == "first" else [],
        "hour": HOUR,
        "fault": fault,
        "exercising": kind == "first"
        and known is None
        and any(
            one.exercise for one in (view.main, *view.others) if one is not None and one.state != "ended"
        ),
        "given": {**blank, **given},
    }
    if known:
        context["origin"] = known.origin
    return phone.render(request, has, "report", context, officer=officer, status=422 if fault else 200)


async def _refused(
    request: Request,
    has: Parts,
    officer: Officer,
    form: FormData,
    error: JiaoyingError,
    known: str | None = None,
) -> Response:
    """Give the form back as it was filled in; a script gets the reason."""
    if "application/json" in request.headers.get("accept", ""):
        raise error
    given: dict[str, Any] = {name: str(form.get(name) or "") for name in (*WORDS, "place_text")}
    given["kinds"] = [str(kind) for kind in form.getlist("kinds")]
    given["people"] = {name: str(form.get(name) or "") or None for name in PEOPLE}
    known = known or phone.text(form, "disaster", 36) or None
    return await _form(request, has, officer, given, error.detail, known)


def _report_in(form: FormData, place: str, at: datetime) -> ReportIn:
    """Read the form. Raises Validation with a sentence for the person who filled it in."""
    kinds = [kind for kind in form.getlist("kinds") if isinstance(kind, str)]
    if not kinds:
        raise Validation("没有发。还没选是什么灾。")
    counts: dict[str, int | None] = {}
    for name, word in PEOPLE.items():
        value = phone.text(form, name, 7)
        if value and not (value.isascii() and value.isdigit() and len(value) <= 6):
            raise Validation(f"没有发。{word}要填数字，不知道就空着。")
        counts[name] = int(value) if value else None
    village, where = phone.text(form, "village", 80), phone.text(form, "place_text")
    try:
        return ReportIn.model_validate(
            {
                "place": place,
                "place_text": f"{village} {where}".strip()[:200],
                "kinds": kinds,
                "people": counts,
                "occurred_at": _when(form, at),
                **{
                    name: phone.text(
                        form, name, 1000 if name == "words" else 500 if name == "requests" else 200
                    )
                    for name in WORDS
                },
            }
        )
    except ValidationError as error:
        raise Validation("没有发。有一项填的内容不对。") from error


def _when(form: FormData, at: datetime) -> datetime | None:
    """When it happened, as the form says: now, unknown, or a time of the last day."""
    said = phone.text(form, "when", 10)
    if said == "unknown" or not said:
        return None
    if said == "now":
        return at
    try:
        clock = time.fromisoformat(phone.text(form, "time", 8))
    except ValueError:
        raise Validation("没有发。发生的时间没有填。") from None
    here = local(at)
    when = datetime.combine(here.date(), clock.replace(tzinfo=None), LOCAL)
    return when if when <= here else when - timedelta(days=1)
