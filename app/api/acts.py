"""What the desk decides: release, hold, raise, review, correct, close, response levels, answers by phone.

Each is one verb below, in one transaction.

A body may carry `password` (and `code`): then the officer has confirmed with this very request, which some
acts ask for.
"""

from dataclasses import asdict
from typing import Annotated, Literal, TypeAlias

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field
from starlette.requests import Request

from app.access.officer import Officer
from app.activation import close, correct, release, response, review, uplift
from app.answer import record
from app.answer.settle import Effect
from app.api import deps
from app.api.body import In, StrictRoute
from app.api.deps import Needs, OfficerDep, PartsDep
from app.api.problem import declared
from app.api.shapes import PartOut, WarningId, without_query
from app.origin import Origin
from app.warning.level import Level

router = APIRouter(
    tags=["desk"],
    route_class=StrictRoute,
    dependencies=[without_query],
    responses=declared(400, 401, 403, 404, 409, 413, 415, 422, 429),
)


LevelWord: TypeAlias = Literal["hint", "blue", "yellow", "orange", "red"]
Towns: TypeAlias = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=12)]],
    Field(max_length=100, description="Nine-digit codes"),
]


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


class RaiseIn(In):
    """Raise a warning by one level for some towns, or decide not to (`accept` false)."""

    places: Towns
    to_level: LevelWord
    accept: bool
    reason: str = Field(min_length=1, max_length=500)


class ReviewIn(In):
    """Place a message that could not be placed, or dismiss it (`accept` false).

    `level` is for a message that came without one.
    """

    places: Towns
    level: LevelWord | None = None
    accept: bool
    reason: str = Field(min_length=1, max_length=500)


class CorrectIn(ConfirmingIn):
    """Take a false or wrong warning back. `text`: what is said instead of the prepared correction."""

    text: str | None = Field(None, min_length=1, max_length=300)
    reason: str = Field(min_length=1, max_length=500)


class ResponseIn(In):
    """Decide on the response level of a family of hazards. `exercise`: of the exercise, not of what is."""

    family: str = Field(min_length=1, max_length=12)
    level: Literal["I", "II", "III", "IV", "none"]
    decision: Literal["start", "raise", "lower", "end", "not-raised"]
    reason: str = Field(min_length=1, max_length=500)
    exercise: bool = False


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


class RaisedOut(StateOut):
    """What was decided about a raise: `raised`, `not-raised` or `pending-approval`.

    `raised`: the id of the district's own warning at the higher level.
    """

    raised: str | None


class ResponseOut(BaseModel):
    """A decision on a response level.

    `level` is what holds with it, or what it asks for while it waits; `signed_by` the office that signs it.
    """

    id: str
    family: str
    level: str
    decision: str
    state: str
    origin: str
    reason: str
    decided_at: AwareDatetime
    in_force_at: AwareDatetime | None
    first_by: str
    second_by: str | None
    signed_by: str | None


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
    """End a warning, with a reason; whom it reached is told. Two at red: the first waits for the second."""
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


@router.post("/warnings/{warning_id}/raise", status_code=202)
async def lift(
    warning_id: WarningId, ask: RaiseIn, has: PartsDep, who: Annotated[Officer, Depends(Needs("raise"))]
) -> RaisedOut:
    """Raise a warning by one level for some towns, or decide not to: to orange and red by two names."""
    async with has.db.transaction() as session:
        raised = await uplift.raise_(
            session,
            warning_id,
            ask.places,
            Level.of(ask.to_level),
            ask.accept,
            ask.reason,
            by=who,
            scheme=has.scheme,
            registry=has.registry,
            at=has.clock.now(),
        )
    return RaisedOut(id=warning_id, state=raised.state, raised=raised.warning_id)


@router.post("/warnings/{warning_id}/review", status_code=202)
async def place(
    warning_id: WarningId, ask: ReviewIn, has: PartsDep, who: Annotated[Officer, Depends(Needs("review"))]
) -> StateOut:
    """Place a message that the machine could not, or dismiss it."""
    async with has.db.transaction() as session:
        outcome = await review.review(
            session,
            warning_id,
            ask.places,
            None if ask.level is None else Level.of(ask.level),
            ask.accept,
            ask.reason,
            by=who,
            scheme=has.scheme,
            registry=has.registry,
            at=has.clock.now(),
        )
    return StateOut(id=warning_id, state="pending-approval" if outcome is None else outcome.state)


@router.post("/warnings/{warning_id}/correct", status_code=202)
async def take_back(
    warning_id: WarningId,
    ask: CorrectIn,
    request: Request,
    has: PartsDep,
    who: Annotated[Officer, Depends(Needs("correct"))],
) -> StateOut:
    """Take a false or wrong warning back: calls stop, whom it may have reached is told, the chief too."""
    by = await confirmed(request, has, who, ask)
    async with has.db.transaction() as session:
        closing = await correct.correct(
            session,
            warning_id,
            ask.text,
            ask.reason,
            by=by,
            scheme=has.scheme,
            registry=has.registry,
            at=has.clock.now(),
        )
    return StateOut(id=closing.id, state=closing.state)


@router.post("/responses", status_code=202)
async def respond(
    ask: ResponseIn, has: PartsDep, who: Annotated[Officer, Depends(Needs("respond", "sign-response"))]
) -> ResponseOut:
    """Start, raise, lower or end a response level, or decide not to raise it; by signature.

    An officer without the right to sign proposes; where two sign, the first waits (`pending-approval`).
    """
    actual = Origin.REAL if has.registry.any_live else Origin.SIMULATED
    async with has.db.transaction() as session:
        decided = await response.decide(
            session,
            ask.family,
            ask.level,
            ask.decision,
            ask.reason,
            by=who,
            scheme=has.scheme,
            at=has.clock.now(),
            origin=Origin.EXERCISE if ask.exercise else actual,
        )
    return ResponseOut(**asdict(decided))


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
