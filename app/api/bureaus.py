"""Where bureaus hand over warnings and what their gauges measured, and where the desk sees what was kept.

What cannot be taken is answered precisely and kept all the same (``kept`` names the raw body): a message
that is refused stands before the duty officer. Sending the same thing twice is always safe.
"""

from typing import Annotated, Any, Literal

import anyio.to_thread
from fastapi import APIRouter, Depends
from fastapi.params import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app import logs
from app.activation.receive import Outcome
from app.api import body
from app.api.body import In, StrictRoute
from app.api.deps import Needs, OfficerDep, PartsDep, SourceDep
from app.api.problem import declared
from app.api.shapes import PageOut, PageQuery, WarningId, without_query
from app.db import Session
from app.intake import kept, observations, pace, xml_gate
from app.intake.accept import Desk, accept
from app.intake.read import family

log = logs.get(__name__)

router = APIRouter(tags=["bureaus"])

V1 = "/api/v1"


def _desk(has: PartsDep) -> Desk:
    return Desk(has.db, has.clock, has.scheme, has.registry)


DeskDep = Annotated[Desk, Depends(_desk)]


class ProblemNote(BaseModel):
    """Something about the message that a person should know; ``detail`` is Chinese."""

    code: str
    detail: str


class PartNote(BaseModel):
    """A part of the plan: where it stands and by when somebody must decide."""

    part: str
    state: str
    decide_by: AwareDatetime | None


class WarningTaken(BaseModel):
    """What became of a warning message. ``plan`` is null where nothing is planned."""

    id: str
    identifier: str
    state: str
    disposition: str
    level: str | None
    places: list[str]
    problems: list[ProblemNote]
    affects: list[str]
    parts: list[PartNote]
    plan: str | None

    @classmethod
    def of(cls, out: Outcome) -> "WarningTaken":
        """Return an outcome as sent."""
        return cls(
            id=out.warning_id,
            identifier=out.identifier,
            state=out.state,
            disposition=out.disposition,
            level=out.level.word if out.level is not None else None,
            places=list(out.places),
            problems=[ProblemNote(code=code, detail=detail) for code, detail in out.problems],
            affects=list(out.affects),
            parts=[PartNote(part=part, state=state, decide_by=by) for part, state, by in out.parts],
            plan=f"{V1}/warnings/{out.warning_id}/plan" if out.plan_hash else None,
        )


class RowNote(BaseModel):
    """A row that was not taken; ``row`` counts from 0."""

    row: int
    code: str
    detail: str


class RowsTaken(BaseModel):
    """What became of a batch of observations."""

    accepted: int
    duplicates: int
    rejected: list[RowNote]


class ObservationQuery(BaseModel):
    """``table`` is needed for CSV and NDJSON."""

    model_config = ConfigDict(extra="forbid")

    table: str | None = Field(None, max_length=20, pattern="^[A-Z_]+$")


_WARNING_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "12379 XML, CAP 1.2 XML (any XML media type) or the JSON form; at most 1 MiB.",
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "application/xml": {"schema": {"type": "string"}},
            "application/cap+xml": {"schema": {"type": "string"}},
        },
    }
}
_ROWS_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "Rows of one table; at most 16 MiB and 200,000 rows.",
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "application/x-ndjson": {"schema": {"type": "string"}},
            "text/csv": {"schema": {"type": "string"}},
        },
    }
}


@router.post(
    "/warnings",
    status_code=201,
    response_model=WarningTaken,
    responses={
        200: {"model": WarningTaken, "description": "The same message came before; nothing was done again."},
        202: {"model": WarningTaken, "description": "Kept and shown, not planned; see disposition."},
        **declared(400, 401, 403, 409, 413, 415, 422, 429),
    },
    openapi_extra=_WARNING_BODY,
    dependencies=[without_query],
)
async def take_warning(request: Request, source: SourceDep, desk: DeskDep) -> Response:
    """Hand over a warning."""
    pace.check(source.id, "warnings", desk.clock.now())
    content_type = request.headers.get("content-type", "")
    family(content_type)
    raw = await body.read(request, xml_gate.MAX_BYTES)
    accepted = await accept(desk, source, raw, content_type)
    told = WarningTaken.of(accepted.outcome)
    status = 200 if accepted.repeated else 201 if accepted.outcome.planned else 202
    return JSONResponse(
        told.model_dump(mode="json"),
        status,
        headers={"Location": f"{V1}/warnings/{accepted.outcome.warning_id}"},
    )


@router.post(
    "/observations",
    responses=declared(400, 401, 403, 413, 415, 422, 429),
    openapi_extra=_ROWS_BODY,
)
async def take_observations(
    request: Request, source: SourceDep, desk: DeskDep, query: Annotated[ObservationQuery, Query()]
) -> RowsTaken:
    """Hand over what gauges measured, or a forecast. Good rows are kept when others are bad."""
    pace.check(source.id, "observations", desk.clock.now())
    raw = await body.read(request, observations.MAX_BYTES)
    content_type = request.headers.get("content-type")
    batch = await anyio.to_thread.run_sync(observations.read, raw, content_type, query.table)
    done = await observations.take(desk, source, batch)
    log.info(
        "observations.taken",
        source=source.id,
        table=batch.table,
        accepted=done.accepted,
        duplicates=done.duplicates,
        rejected=len(done.rejected),
    )
    return RowsTaken(
        accepted=done.accepted,
        duplicates=done.duplicates,
        rejected=[RowNote(row=each.row, code=each.code, detail=each.detail) for each in done.rejected],
    )


class KeptOut(BaseModel):
    """A body that was kept. `text` only where one is looked at, as well as it can be read."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    source: str
    received_at: AwareDatetime
    content_type: str
    size: int
    state: str
    problem: str | None
    pointers: list[str]
    identifier: str | None
    warning_id: str | None
    text: str | None


class KeptQuery(PageQuery):
    """Which kept bodies."""

    state: Literal["received", "taken", "repeated", "conflict", "refused", "adopted"] | None = None


class AdoptIn(In):
    """Why a conflict is a message of its own."""

    reason: str = Field(min_length=1, max_length=500)


desk = APIRouter(
    tags=["desk"], route_class=StrictRoute, responses=declared(400, 401, 403, 404, 409, 413, 415, 422)
)


@desk.get("/kept", dependencies=[Depends(Needs("read-desk"))])
async def kept_bodies(who: OfficerDep, has: PartsDep, query: Annotated[KeptQuery, Query()]) -> PageOut:
    """List what came in, newest first, without its text: taken or not, and why."""
    async with has.db.reading() as session:
        found = await kept.page(
            session, who.district, state=query.state, before=query.cursor, limit=query.limit + 1
        )
    items = [
        KeptOut.model_validate(each).model_dump(mode="json", exclude={"text"})
        for each in found[: query.limit]
    ]
    return PageOut(items=items, next=found[query.limit - 1].id if len(found) > query.limit else None)


@desk.get("/kept/{body_id}", dependencies=[Depends(Needs("read-desk")), without_query])
async def kept_body(body_id: WarningId, who: OfficerDep, has: PartsDep) -> KeptOut:
    """Show one body with its text."""
    async with has.db.reading() as session:
        return KeptOut.model_validate(await kept.look(session, who.district, body_id))


@desk.post("/kept/{body_id}/accept", status_code=202, dependencies=[without_query])
async def adopt(body_id: WarningId, said: AdoptIn, who: OfficerDep, has: PartsDep) -> WarningTaken:
    """Take a conflict as a message of its own; it is planned as any other."""
    at = has.clock.now()

    async def work(session: Session) -> Outcome:
        return await kept.adopt(
            session, body_id, by=who, reason=said.reason, scheme=has.scheme, registry=has.registry, at=at
        )

    return WarningTaken.of(await has.db.run(work))


router.include_router(desk)
