"""Warnings as the desk reads them: the list, one, its plan, calls and course.

A town sees what concerns it, no more.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, Field

from app.api.body import StrictRoute
from app.api.deps import Db, Reader, bound_to
from app.api.problem import declared
from app.api.shapes import PageOut, PageQuery, WarningId, without_query
from app.reports import calls, warnings

router = APIRouter(tags=["desk"], route_class=StrictRoute, responses=declared(401, 403, 404, 422))


class WarningsQuery(PageQuery):
    """Which warnings: by state, by event code (or its beginning), received since."""

    state: str | None = Field(None, max_length=20)
    hazard: str | None = Field(None, pattern="^[0-9A-Z]{1,6}$")
    since: AwareDatetime | None = None


class RowsQuery(PageQuery):
    """Which rows of a warning: of one place, in one state."""

    place: str | None = Field(None, pattern="^[0-9]{6,12}$")
    state: str | None = Field(None, max_length=20)


class PlanQuery(PageQuery):
    """Which version of the plan; the present one unless said."""

    version: int | None = Field(None, ge=1)


@router.get("/warnings")
async def listed(ask: Annotated[WarningsQuery, Query()], who: Reader, db: Db) -> PageOut:
    """List warnings, the newest first."""
    async with db.reading() as session:
        return PageOut.of(
            await warnings.listed(
                session,
                who.district,
                state=ask.state,
                hazard=ask.hazard,
                since=ask.since,
                place=bound_to(who),
                limit=ask.limit,
                cursor=ask.cursor,
            )
        )


@router.get("/warnings/{warning_id}", dependencies=[without_query])
async def one(warning_id: WarningId, who: Reader, db: Db) -> dict[str, Any]:
    """Return a warning with its parts."""
    async with db.reading() as session:
        return await warnings.one(session, who.district, warning_id, place=bound_to(who))


@router.get("/warnings/{warning_id}/plan")
async def plan(
    warning_id: WarningId, ask: Annotated[PlanQuery, Query()], who: Reader, db: Db
) -> dict[str, Any]:
    """Return a warning's plan: every line with its reasons, and who was not chosen and why."""
    async with db.reading() as session:
        return await warnings.plan(
            session, who.district, warning_id, place=bound_to(who), version=ask.version
        )


@router.get("/warnings/{warning_id}/obligations")
async def obligations(
    warning_id: WarningId, ask: Annotated[RowsQuery, Query()], who: Reader, db: Db
) -> PageOut:
    """List who must answer, until when, and how it stands."""
    async with db.reading() as session:
        await warnings.one(session, who.district, warning_id, place=bound_to(who))
        return PageOut.of(
            await calls.obligations(
                session,
                warning_id,
                place=bound_to(who) or ask.place,
                state=ask.state,
                limit=ask.limit,
                cursor=ask.cursor,
            )
        )


@router.get("/warnings/{warning_id}/deliveries")
async def deliveries(
    warning_id: WarningId, ask: Annotated[RowsQuery, Query()], who: Reader, db: Db
) -> PageOut:
    """List what was sent, over which channel, and what became of it."""
    async with db.reading() as session:
        await warnings.one(session, who.district, warning_id, place=bound_to(who))
        return PageOut.of(
            await calls.deliveries(
                session,
                warning_id,
                place=bound_to(who) or ask.place,
                state=ask.state,
                limit=ask.limit,
                cursor=ask.cursor,
            )
        )


@router.get("/warnings/{warning_id}/timeline")
async def timeline(warning_id: WarningId, ask: Annotated[PageQuery, Query()], who: Reader, db: Db) -> PageOut:
    """List what happened to a warning, oldest first."""
    async with db.reading() as session:
        return PageOut.of(
            await warnings.timeline(
                session, who.district, warning_id, place=bound_to(who), limit=ask.limit, cursor=ask.cursor
            )
        )


@router.get("/responses", dependencies=[without_query])
async def responses(who: Reader, db: Db) -> PageOut:
    """List the response levels that hold or wait for a second name."""
    async with db.reading() as session:
        return PageOut(items=await warnings.responses(session, who.district), next=None)
