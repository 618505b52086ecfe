"""What the desk decides: release, hold, close, answers by phone. Each is one verb below, in one transaction.

A body may carry `password` (and `code`): then the officer has confirmed with this very request, which some
acts ask for.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.requests import Request

from app.access.officer import Officer
from app.activation import close, release
from app.answer import record
from app.answer.record import Effect
from app.api import deps
from app.api.body import In, StrictRoute
from app.api.deps import Needs, OfficerDep, PartsDep
from app.api.problem import declared
from app.api.shapes import PartOut, WarningId, without_query

router = APIRouter(
    tags=["desk"],
    route_class=StrictRoute,
    dependencies=[without_query],
    responses=declared(400, 401, 403, 404, 409, 413, 415, 422, 429),
)


class ConfirmingIn(In):
    """An act that may ask to prove oneself again."""

    password: str | None = Field(None, min_length=1, max_length=200)
    code: str | None = Field(None, max_length=12)


class ReleaseIn(ConfirmingIn):
    """Let a part out.

    `plan_hash` is the plan that was seen; `break_glass`: no second person can be reached.
    """

    part: Literal["public", "orders"]
    plan_hash: str = Field(min_length=1, max_length=64)
    reason: str | None = Field(None, min_length=1, max_length=500)
    break_glass: bool = False


class HoldIn(ConfirmingIn):
    """Hold a part back."""

    part: Literal["public", "orders"]
    plan_hash: str = Field(min_length=1, max_length=64)
    reason: str = Field(min_length=1, max_length=500)


class CloseIn(ConfirmingIn):
    """End a warning."""

    reason: str = Field(min_length=1, max_length=500)


class AnswerIn(In):
    """What somebody said on the phone. `place` is a town's code, or the code of a unit below it."""

    place: str = Field(min_length=1, max_length=40)
    duty: str = Field(min_length=1, max_length=30)
    rung: Literal["confirmed", "acting", "done", "cannot"]
    words: str | None = Field(None, max_length=1000)


class StateOut(BaseModel):
    """Where a warning stands now."""

    id: str
    state: str


class EffectOut(BaseModel):
    """What an answer did to one obligation; `why_not` where it does not count."""

    obligation: str
    counts: bool
    why_not: str | None
    state: str

    @classmethod
    def of(cls, effect: Effect) -> "EffectOut":
        """Return it as sent."""
        return cls(
            obligation=effect.obligation_id, counts=effect.counts, why_not=effect.why_not, state=effect.state
        )


class AnsweredOut(BaseModel):
    """Every obligation the answer was for."""

    items: list[EffectOut]


async def confirmed(request: Request, has: PartsDep, who: Officer, ask: ConfirmingIn) -> Officer:
    """Return the officer, as one who has just confirmed where the body carries a password."""
    return await deps.confirmed(has, who, ask.password, ask.code, address=deps.address(request))


@router.post("/warnings/{warning_id}/release", status_code=202)
async def let_out(
    warning_id: WarningId,
    ask: ReleaseIn,
    request: Request,
    has: PartsDep,
    who: Annotated[Officer, Depends(Needs("release", "second"))],
) -> PartOut:
    """Let a part out, or be the first of the two it takes (`pending-approval`)."""
    by = await confirmed(request, has, who, ask)
    async with has.db.transaction() as session:
        part = await release.release(
            session,
            warning_id,
            ask.part,
            ask.plan_hash,
            by=by,
            scheme=has.scheme,
            registry=has.registry,
            at=has.clock.now(),
            reason=ask.reason,
            break_glass=ask.break_glass,
        )
    return PartOut.of(part)


@router.post("/warnings/{warning_id}/hold", status_code=202)
async def hold(
    warning_id: WarningId,
    ask: HoldIn,
    request: Request,
    has: PartsDep,
    who: Annotated[Officer, Depends(Needs("hold"))],
) -> PartOut:
    """Hold a part back, with a reason."""
    by = await confirmed(request, has, who, ask)
    async with has.db.transaction() as session:
        part = await release.hold(
            session, warning_id, ask.part, ask.plan_hash, ask.reason, by=by, at=has.clock.now()
        )
    return PartOut.of(part)


@router.post("/warnings/{warning_id}/close", status_code=202)
async def end(
    warning_id: WarningId,
    ask: CloseIn,
    request: Request,
    has: PartsDep,
    who: Annotated[Officer, Depends(Needs("close"))],
) -> StateOut:
    """End a warning, with a reason; whom it reached is told that it is over."""
    by = await confirmed(request, has, who, ask)
    async with has.db.transaction() as session:
        row = await close.close(
            session,
            warning_id,
            ask.reason,
            by=by,
            scheme=has.scheme,
            registry=has.registry,
            at=has.clock.now(),
        )
    return StateOut(id=row.id, state=row.state)


@router.post("/warnings/{warning_id}/answers", status_code=201)
async def by_phone(warning_id: WarningId, ask: AnswerIn, who: OfficerDep, has: PartsDep) -> AnsweredOut:
    """Enter an answer taken by phone: the desk for anybody, a town for those below it, never for itself."""
    async with has.db.transaction() as session:
        effects = await record.by_phone(
            session,
            warning_id,
            ask.place,
            ask.duty,
            ask.rung,
            ask.words,
            by=who,
            scheme=has.scheme,
            at=has.clock.now(),
        )
    return AnsweredOut(items=[EffectOut.of(effect) for effect in effects])
