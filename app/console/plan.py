"""预警: the list, and one warning's page, which explains its plan to a leader and to an auditor."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Response
from starlette.requests import Request

from app.api.deps import MaybeOfficer, PartsDep
from app.console import pages, words
from app.console.board import accounts, gaps, heads, plans, timeline, towns, waiting
from app.errors import Forbidden, NotFound
from app.scheme.models import Scheme
from app.warning.level import Level

router = APIRouter(include_in_schema=False)

STATES = ("in-force", "needs-review", "waiting", "superseded", "cancelled", "expired", "closed")


@dataclass(frozen=True, slots=True)
class Filter:
    """One choice of a list: its words, its address, and whether it is the one chosen."""

    name: str
    href: str
    chosen: bool


def filters(
    path: str, query: Mapping[str, str], key: str, choices: Mapping[str, str], usual: str
) -> tuple[Filter, ...]:
    """Return the choices of one parameter; the address keeps all other parameters."""
    now = query.get(key, usual)
    found = []
    for value, name in choices.items():
        kept = {**query, key: value}
        kept.pop("key", None)
        if value == usual:
            kept.pop(key)
        found.append(Filter(name, f"{path}?{urlencode(kept)}" if kept else path, value == now))
    return tuple(found)


@router.get("/warnings", response_class=Response)
async def listed(request: Request, has: PartsDep, officer: MaybeOfficer) -> Response:
    """List the warnings, the newest first; what is chosen stands in the address."""
    if officer is None:
        return pages.to_login(request)
    if not officer.may("read-desk"):
        raise Forbidden(right="read-desk")
    query = {key: value for key, value in request.query_params.items() if key in {"state", "level", "origin"}}
    state, level, origin = query.get("state", "all"), query.get("level", "all"), query.get("origin", "all")
    async with has.db.reading() as session:
        _, context = await pages.frame(session, request, has, officer, "warnings", "预警")
        names = await heads.towns_of(session, has.scheme)
        rows, total = await heads.listed(
            session,
            officer.district,
            states=[state] if state in STATES else [],
            level=next((int(one) for one in Level if one.word == level), None),
            origins=[origin] if origin in words.ORIGINS else [],
        )
        found = await heads.in_force(session, rows, has.scheme, names)
    context.update(
        rows=found,
        total=total,
        by_state=filters("/warnings", query, "state", {"all": "全部", **words.WARNING_STATES}, "all"),
        by_level=filters(
            "/warnings",
            query,
            "level",
            {"all": "全部", **{one.word: one.zh for one in reversed(Level)}},
            "all",
        ),
        by_origin=filters("/warnings", query, "origin", {"all": "全部", **words.ORIGINS}, "all"),
        live="warnings",
    )
    return pages.render(request, "desk/warnings.html", context)


@router.get("/warnings/{warning_id}", response_class=Response)
async def one(request: Request, warning_id: str, has: PartsDep, officer: MaybeOfficer) -> Response:
    """Show one warning: from the message to the people, each line with its rule and value."""
    if officer is None:
        return pages.to_login(request)
    if not officer.may("read-desk"):
        raise Forbidden(right="read-desk")
    scheme = has.scheme
    async with has.db.reading() as session:
        warning = await heads.one(session, officer.district, warning_id)
        if warning is None:
            raise NotFound
        above, context = await pages.frame(session, request, has, officer, "warnings", "预警")
        names = await heads.towns_of(session, scheme)
        head = heads.head_of(warning, scheme, names)
        parts = await heads.parts(session, warning, scheme, above.now)
        versions = await plans.versions(session, warning_id)
        wanted = request.query_params.get("version")
        plan = next(
            (row for row in versions if str(row.version) == wanted), versions[0] if versions else None
        )
        done = await plans.progress(session, warning_id)
        body = plan.body if plan else {}
        live = await towns.in_force(session, officer.district, (warning.origin,))
        queue = await waiting.load(session, scheme, live, names, above.now)
        lines = plans.lines(body, scheme, done, {part.name: part.state for part in parts}, by_duty=True)
        decided = await heads.decisions(session, [warning_id, *await heads.part_ids(session, warning_id)])
        context.update(
            title=head.title,
            head=head,
            parts_of=parts,
            pressing=next((part for part in parts if part.open), None),
            plan=plan,
            versions=versions,
            before=await gaps.before(session, scheme, has.registry, names, warning, above.now),
            latest=versions[0].version if versions else 0,
            lines=lines,
            persons={part.name: part.persons for part in parts},
            whole=_whole(head, lines, parts),
            not_chosen=_not_chosen(body, names, live, head),
            not_asked=_not_asked(body, scheme),
            measures=body.get("measures", ()),
            controls=body.get("controls", ()),
            actions=body.get("actions", ()),
            segment_why=plans.reasons([body]) if body else (),
            suggestions=[item for item in queue if item.warning == warning_id and item.kind != "release"],
            deliveries=await plans.deliveries(session, warning_id),
            obligations=await plans.obligations(session, warning_id),
            duty_names={key: value.name for key, value in scheme.layers.items()},
            decisions=decided,
            deciders=await accounts.names_of(session, (row.by for row in decided)),
            acts=timeline.ACTS,
            part_words=words.PARTS,
            told=await timeline.load(session, scheme, names, (warning.origin,), limit=20, warning=warning_id),
            difference=plans.difference(scheme, names, versions, plan),
            live="warning",
        )
    return pages.render(request, "desk/plan.html", context)


def _whole(head: heads.Head, lines: tuple[plans.Line, ...], parts: tuple[heads.PartView, ...]) -> str:
    """The whole plan in one sentence."""
    if not lines:
        return f"{words.hms(head.received)} 收到，没有预案，没有呼叫任何人。"
    why = next((one.text for line in lines for one in line.why), "")
    called = sum(line.people for line in lines if line.auto)
    colour = head.level.zh if head.level is not None else ""
    sentence = f"{why}；{head.issuer or '来报方'} {words.hms(head.sent)} 发{colour}；"
    sentence += (
        f"系统 {words.hms(head.received)} 按 {head.segment or '—'} × {words.short(head.level)}叫 {called} 人"
    )
    for part in parts:
        if part.open and part.decide_by:
            need = "两人" if part.persons == 2 else "一人"
            sentence += f"；{part.word}等{need}放行，{words.hms(part.decide_by)} 前无人决定即告警"
    return sentence + "。"


@dataclass(frozen=True, slots=True)
class Unchosen:
    """A town this warning does not call, and why."""

    name: str
    level: Level | None
    why: str


def _not_asked(body: Mapping[str, Any], scheme: Scheme) -> tuple[Unchosen, ...]:
    """流域联防: the duty rooms up and down the river that this does not concern, and why."""
    return tuple(
        Unchosen(
            heads.duty_name(scheme, line["layer"], line["duty"]),
            None,
            "；".join(str(one["text"]) for one in line["because"]),
        )
        for line in body.get("not_asked", ())
    )


def _not_chosen(
    body: Mapping[str, Any], names: Mapping[str, str], live: list[Any], head: heads.Head
) -> tuple[Unchosen, ...]:
    found = []
    for line in body.get("not_chosen", ()):
        covers = [
            row for row in live if line["place"] in row.places and row.id != head.id and row.level is not None
        ]
        level = Level(covers[0].level) if covers else None
        why = "；".join(str(one["text"]) for one in line["because"])
        found.append(Unchosen(names.get(line["place"], line["place"]), level, why))
    return tuple(sorted(found, key=lambda one: -int(one.level if one.level is not None else -1)))
