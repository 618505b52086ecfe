"""Make a warning's plan and its parts: what goes at once goes, what needs a person is put before one.

Only the difference to what is out already is called.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, events
from app.activation import absorb, kept, let_out, lineage, said
from app.activation.let_out import line_key
from app.activation.situation import gather
from app.activation.states import UNDECIDED, check_part
from app.activation.tables import Part, PlanRow, Warning, ends_at
from app.audit import Actor
from app.channels.registry import Registry
from app.dispatch import permit
from app.ids import new_id
from app.scheme.models import Scheme
from app.warning.level import Level
from app.warning.plan import Plan, PlanLine, Reason
from app.warning.planner import plan as make_plan

PARTS = ("responsible", "public", "orders")


@dataclass(frozen=True, slots=True)
class Made:
    """A plan and its row; ``new`` is false when nothing that it does has changed."""

    plan: Plan
    row: PlanRow | None
    new: bool


async def make(
    session: AsyncSession,
    row: Warning,
    *,
    scheme: Scheme,
    at: datetime,
    cause: str,
    by: Actor,
    replaces: Sequence[Warning] = (),
) -> Made:
    """Plan a warning as of ``at`` and keep the plan if it does anything else than the last one."""
    situation = await gather(session, row, scheme=scheme, at=at, replaces=[other.id for other in replaces])
    plan = make_plan(situation, scheme.ruleset)
    digest = plan.digest(scheme.digest)
    row.next_advance_at = min(cut for cut in (plan.next_cut, ends_at(row)) if cut is not None)
    if digest == row.plan_hash:
        return Made(plan, None, new=False)
    if row.plan_id is None:
        await permit.grant(
            session,
            row.id,
            district=row.district,
            origin=row.origin,
            hazard=row.event_code,
            title=said.title(scheme, row),
            expires_at=ends_at(row),
        )
    last = (
        await session.scalar(sa.select(sa.func.max(PlanRow.version)).where(PlanRow.warning_id == row.id)) or 0
    )
    plan_row = PlanRow(
        id=new_id(),
        district=row.district,
        warning_id=row.id,
        warning_version=row.version,
        version=last + 1,
        scheme_version=scheme.version,
        scheme_digest=scheme.digest,
        plan_hash=digest,
        segment=plan.segment,
        level=int(plan.level),
        response_level=plan.response_level,
        cause=cause,
        made_at=at,
        body=body(plan, at),
        made_for=kept.pack(situation),
    )
    await kept.keep(session, row.district, scheme, at=at)
    session.add(plan_row)
    row.plan_id, row.plan_hash, row.segment = plan_row.id, digest, plan.segment
    await session.flush()
    audit.record(
        session,
        "planned",
        row.id,
        district=row.district,
        by=by,
        at=at,
        reason=cause,
        plan=plan_row.id,
        version=plan_row.version,
        segment=plan.segment,
        hash=digest,
    )
    events.publish(session, "plan", plan_row.id, district=row.district, warning=row.id, at=at)
    return Made(plan, plan_row, new=True)


async def let_out_new(
    session: AsyncSession,
    row: Warning,
    made: Made,
    *,
    scheme: Scheme,
    registry: Registry,
    at: datetime,
    by: Actor,
) -> None:
    """Open the parts of a new plan: the responsible are called at once, the rest waits for a person.

    They are called for what is new to them.
    """
    if made.row is None:
        return
    await said.brief(session, row, made.row, scheme=scheme)
    parts = list(
        await session.scalars(
            sa.select(Part)
            .where(Part.warning_id == row.id)
            .order_by(Part.name, Part.serial)
            .with_for_update()
        )
    )
    for name in PARTS:
        lines = [line for line in made.plan.lines if line.part == name]
        mine = [part for part in parts if part.name == name]
        out = {key for part in mine if part.state == "released" for key in part.lines}
        if row.raised_from is None:
            out |= await lineage.out_above(session, row, name)
            out |= await absorb.out_above(session, row, name)
        wanted = [line for line in lines if line_key(line) not in out]
        pending = next((part for part in mine if part.state in UNDECIDED), None)
        held = next((part for part in mine if part.state == "held"), None)
        keys = sorted(line_key(line) for line in wanted)
        if pending is not None:
            _renew(pending, keys, made.row, at, session, by)
            continue
        if not wanted or (held is not None and set(keys) <= set(held.lines)):
            continue
        rule = scheme.release.rule(name, Level(row.level or 0))  # type: ignore[arg-type]
        serial = max((part.serial for part in mine), default=0) + 1
        part = Part(
            id=new_id(),
            district=row.district,
            origin=row.origin,
            warning_id=row.id,
            name=name,
            serial=serial,
            level=int(row.level or 0),
            plan_id=made.row.id,
            plan_hash=made.row.plan_hash,
            lines=keys,
            state="proposed",
            proposed_at=at,
            decide_by=at + rule.limit if rule.limit else None,
            first_by=None,
            first_at=None,
            released_at=None,
            released_by=None,
            alarms=0,
            next_alarm_at=at + rule.limit if rule.limit else None,
        )
        session.add(part)
        await session.flush()
        if rule.persons == 0:
            await let_out.let_out(session, row, part, wanted, scheme=scheme, registry=registry, at=at, by=by)
        else:
            audit.record(
                session, "proposed", part.id, district=row.district, by=by, at=at, part=name, lines=len(keys)
            )
            events.publish(session, "plan", part.id, district=row.district, warning=row.id, at=at)


def _renew(
    part: Part, keys: list[str], plan_row: PlanRow, at: datetime, session: AsyncSession, by: Actor
) -> None:
    """Put the newest plan before whoever is deciding.

    A first approval of other lines lapses; the limit does not start anew.
    """
    if part.lines != keys:
        if not keys:
            check_part(part.state, "withdrawn")
            part.state, part.next_alarm_at = "withdrawn", None
            audit.record(session, "withdrawn", part.id, district=part.district, by=by, at=at, part=part.name)
        elif part.state == "pending-approval":
            check_part(part.state, "proposed")
            part.state, part.first_by, part.first_at = "proposed", None, None
            audit.record(
                session, "approval-lapsed", part.id, district=part.district, by=by, at=at, part=part.name
            )
        part.lines = keys
    part.plan_id, part.plan_hash = plan_row.id, plan_row.plan_hash
    events.publish(session, "plan", part.id, district=part.district, warning=part.warning_id, at=at)


def body(plan: Plan, at: datetime) -> dict[str, Any]:
    """Return a plan as it is stored and shown (the contract's shape).

    ``answer_by`` is as if it were let out at ``at``.
    """

    def because(reasons: Any) -> list[dict[str, Any]]:
        return [{"rule": r.rule, "text": r.text, "values": dict(r.values)} for r in reasons]

    def plain(item: Any) -> dict[str, Any]:
        fields = {f.name: getattr(item, f.name) for f in dataclasses.fields(item)}
        fields["because"] = because(item.because)
        if isinstance(fields.get("level"), Level):
            fields["level"] = fields["level"].word
        return fields

    lines = []
    for line in plan.lines:
        fields = plain(line)
        within: timedelta | None = fields.pop("answer_within")
        fields["channels"] = list(line.channels)
        fields["answer_within_s"] = int(within.total_seconds()) if within is not None else None
        fields["answer_by"] = (at + within).isoformat() if within is not None else None
        lines.append(fields)
    return {
        "segment": plan.segment,
        "segment_from": plan.segment_from,
        "level": plan.level.word,
        "response_level": plan.response_level,
        "because": because(plan.because),
        "lines": lines,
        "not_chosen": [plain(n) for n in plan.not_chosen],
        "not_asked": [plain(n) for n in plan.not_asked],
        "measures": [plain(m) for m in plan.measures],
        "suggestions": [plain(s) for s in plan.suggestions],
        "controls": [plain(c) for c in plan.controls],
        "actions": [plain(a) for a in plan.actions],
        "next_cut": plan.next_cut.isoformat() if plan.next_cut else None,
    }


def lines_of(body_: dict[str, Any], keys: Sequence[str]) -> list[PlanLine]:
    """Rebuild the lines of a stored plan that a part lets out."""
    wanted = set(keys)
    found = []
    for one in body_["lines"]:
        line = PlanLine(
            part=one["part"],
            place=one["place"],
            layer=one["layer"],
            duty=one["duty"],
            channels=tuple(one["channels"]),
            answer_within=timedelta(seconds=one["answer_within_s"])
            if one["answer_within_s"] is not None
            else None,
            units=one["units"],
            people=one["people"],
            no_contact=one["no_contact"],
            because=tuple(Reason(r["rule"], r["text"], r["values"]) for r in one["because"]),
        )
        if line_key(line) in wanted:
            found.append(line)
    return found
