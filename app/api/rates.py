"""GET /rates: the one-hour rates, each figure with the address of its rows."""

from dataclasses import asdict
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app.access.officer import Officer
from app.api.body import StrictRoute
from app.api.deps import Needs, Parts, PartsDep
from app.api.problem import declared
from app.api.shapes import PageOut
from app.origin import Origin
from app.reports import rates, rows
from app.reports.lists import MOST, USUAL
from app.reports.rates import By, Kind
from app.reports.rows import Asked

router = APIRouter(tags=["rates"], route_class=StrictRoute, responses=declared(401, 403, 422))

RateReader = Annotated[Officer, Depends(Needs("read-rates"))]


class RatesQuery(BaseModel):
    """Which rate, by what, of which period (`from` included, `to` not; release or T0 counts) and origin."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    kind: Kind = "answered_in_time"
    by: By = "town"
    since: AwareDatetime | None = Field(None, alias="from")
    until: AwareDatetime | None = Field(None, alias="to")
    origin: Literal["real", "exercise", "simulated"] | None = None


class RowsQuery(RatesQuery):
    """Which figure's rows."""

    key: str = Field(max_length=40)
    limit: int = Field(USUAL, ge=1, le=MOST)
    cursor: str | None = Field(None, max_length=200, pattern="^[0-9A-Za-z_-]+$")


class GroupOut(BaseModel):
    """The figures of one group; `rate` null where nothing is due.

    `cannot`, `no_contact` are "of which" of due.
    """

    key: str
    due: int
    open: int
    met: int
    late: int
    missed: int
    cannot: int
    excluded: int
    no_contact: int
    rate: float | None
    p50_s: float | None
    p90_s: float | None
    rows: str


class RatesOut(BaseModel):
    """The groups by key, and what they were asked of.

    By channel, groups overlap: a target may be called by several.
    """

    kind: Kind
    by: By
    origin: str
    as_of: AwareDatetime
    groups: list[GroupOut]


def _asked(ask: RatesQuery, who: Officer, has: Parts) -> Asked:
    """Real where any channel is live, else simulated; never both."""
    origin = Origin(ask.origin) if ask.origin else Origin.REAL if has.registry.any_live else Origin.SIMULATED
    return Asked(who.district, origin, ask.since, ask.until)


def _rows(ask: RatesQuery, origin: Origin, key: str) -> str:
    query = {"kind": ask.kind, "by": ask.by, "key": key, "origin": origin.value}
    if ask.since is not None:
        query["from"] = ask.since.isoformat()
    if ask.until is not None:
        query["to"] = ask.until.isoformat()
    return f"/api/v1/rates/rows?{urlencode(query)}"


@router.get("/rates")
async def all_groups(ask: Annotated[RatesQuery, Query()], who: RateReader, has: PartsDep) -> RatesOut:
    """Return a rate by town, hazard, level or channel."""
    asked, at = _asked(ask, who, has), has.clock.now()
    async with has.db.reading() as session:
        held = await rows.due(session, asked, ask.kind, at=at)
    groups = [
        GroupOut(**asdict(one), rows=_rows(ask, asked.origin, one.key))
        for one in rates.grouped(held, ask.kind, ask.by)
    ]
    return RatesOut(kind=ask.kind, by=ask.by, origin=asked.origin.value, as_of=at, groups=groups)


@router.get("/rates/rows")
async def behind(ask: Annotated[RowsQuery, Query()], who: RateReader, has: PartsDep) -> PageOut:
    """List the rows behind one figure."""
    async with has.db.reading() as session:
        return PageOut.of(
            await rows.behind(
                session,
                _asked(ask, who, has),
                ask.kind,
                ask.by,
                ask.key,
                at=has.clock.now(),
                limit=ask.limit,
                cursor=ask.cursor,
            )
        )
