"""What towns report: 首报, 续报, 终报.

`Idempotency-Key` makes a repeat harmless: the same key, the same event.
"""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from app.access.officer import Officer
from app.api.body import StrictRoute
from app.api.deps import OfficerDep, Parts, PartsDep, Reader, bound_to
from app.api.problem import declared
from app.api.shapes import PageOut, PageQuery, WarningId, without_query
from app.db import Session
from app.disaster import look, report
from app.disaster.form import ReportIn
from app.ids import new_id
from app.origin import Origin
from app.reports import lists, warnings

router = APIRouter(tags=["disasters"], route_class=StrictRoute, responses=declared(401, 403, 404, 422))

Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=120)]


class FirstIn(ReportIn):
    """A first report.

    `disaster` names an event that is known already (119 had it first); `warning` what it fell under.
    """

    disaster: str | None = Field(None, max_length=36)
    warning: str | None = Field(None, max_length=36)


class FollowupIn(ReportIn):
    """A follow-up or the final report; `corrects` names a report that was wrong."""

    kind: Literal["followup", "final"] = "followup"
    corrects: str | None = Field(None, max_length=36)


class ReportedOut(BaseModel):
    """The event, and the report where it is not the first."""

    id: str
    report: str | None = None


class DisastersQuery(PageQuery):
    """Which events: of one town, since."""

    place: str | None = Field(None, pattern="^[0-9]{9}$")
    since: AwareDatetime | None = None


def _content(ask: ReportIn) -> ReportIn:
    """The form alone, without what the door adds to it."""
    return ReportIn.model_validate(ask.model_dump(include=set(ReportIn.model_fields)))


async def _fell_under(
    session: Session, who: Officer, warning: str | None, has: Parts
) -> tuple[str, str | None]:
    """Origin and hazard: the warning's; without one, ours.

    Raises NotFound for a warning that is no matter of theirs.
    """
    if warning is None:
        return (Origin.REAL if has.registry.any_live else Origin.SIMULATED).value, None
    found = await warnings.one(session, who.district, warning, place=bound_to(who))
    return found["origin"], found["hazard"]


@router.post("/disasters", status_code=201, responses=declared(400, 413, 415))
async def first(
    ask: FirstIn, who: OfficerDep, has: PartsDep, response: Response, key: Key = None
) -> ReportedOut:
    """Take a first report; its hour runs from what happened, not from what was typed."""
    async with has.db.transaction() as session:
        origin, hazard = await _fell_under(session, who, ask.warning, has)
        event = await report.first(
            session,
            _content(ask),
            origin=origin,
            by=who,
            at=has.clock.now(),
            event_id=key or new_id(),
            disaster_id=ask.disaster,
            via="api",
            warning_id=ask.warning,
            hazard=hazard,
        )
    response.headers["Location"] = f"/api/v1/disasters/{event}"
    return ReportedOut(id=event)


@router.post("/disasters/{disaster_id}/followups", status_code=201, responses=declared(400, 413, 415))
async def followup(
    disaster_id: WarningId, ask: FollowupIn, who: OfficerDep, has: PartsDep, key: Key = None
) -> ReportedOut:
    """Take a follow-up, a correction or the final report. It moves no clock."""
    at, event_id = has.clock.now(), key or new_id()
    async with has.db.transaction() as session:
        if ask.kind == "final":
            told = await report.final(
                session, disaster_id, _content(ask), by=who, at=at, event_id=event_id, via="api"
            )
        else:
            told = await report.followup(
                session,
                disaster_id,
                _content(ask),
                by=who,
                at=at,
                event_id=event_id,
                corrects=ask.corrects,
                via="api",
            )
    return ReportedOut(id=disaster_id, report=told)


@router.get("/disasters")
async def listed(ask: Annotated[DisastersQuery, Query()], who: Reader, has: PartsDep) -> PageOut:
    """List events, the newest first."""
    async with has.db.reading() as session:
        found = await look.listing(
            session,
            who.district,
            place=bound_to(who) or ask.place,
            since=ask.since,
            before=lists.after(ask.cursor),
            limit=ask.limit + 1,
        )
    return PageOut.of(lists.page(found, ask.limit, lambda one: one.id, asdict))


@router.get("/disasters/{disaster_id}", dependencies=[without_query])
async def one(disaster_id: WarningId, who: Reader, has: PartsDep) -> dict[str, Any]:
    """Return an event with its reports."""
    async with has.db.reading() as session:
        return asdict(await look.one(session, disaster_id, by=who))
