"""GET /stations: what is registered, and which of them are silent."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict

from app.access.officer import Officer
from app.api.body import StrictRoute
from app.api.deps import ClockDep, Db, Needs
from app.api.problem import declared
from app.observations import stations

router = APIRouter(tags=["stations"], route_class=StrictRoute, responses=declared(401, 403, 422))


class StationsQuery(BaseModel):
    """Only the silent ones, only the others, or all."""

    model_config = ConfigDict(extra="forbid")

    silent: bool | None = None


class StationOut(BaseModel):
    """A station; `completeness` is the share of the last hour's rows that came."""

    code: str
    name: str
    kind: str
    place: str | None
    last_at: AwareDatetime | None
    silent: bool
    completeness: float


class StationsOut(BaseModel):
    """Every station asked for; the list has one page."""

    items: list[StationOut]
    next: None = None


@router.get("/stations")
async def listed(
    ask: Annotated[StationsQuery, Query()],
    who: Annotated[Officer, Depends(Needs("read-desk"))],
    db: Db,
    clock: ClockDep,
) -> StationsOut:
    """List the stations with their last sign of life."""
    async with db.reading() as session:
        found = await stations.states(session, who.district, clock.now(), silent=ask.silent)
    return StationsOut(
        items=[
            StationOut(
                code=one.code,
                name=one.name,
                kind=one.kind,
                place=one.place,
                last_at=one.last_at,
                silent=one.silent,
                completeness=one.completeness,
            )
            for one in found
        ]
    )
