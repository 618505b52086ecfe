"""Door lists on a phone: one row a household, four buttons, works in the rain and without signal."""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Response
from starlette.datastructures import FormData
from starlette.requests import Request

from app.answer import record
from app.api.deps import MaybeOfficer, OfficerDep, PartsDep
from app.console import pages, phone
from app.console.board import accounts, people
from app.db import Session
from app.directory import homes
from app.directory.homes import Home
from app.errors import NotFound, Validation
from app.tasks import doors
from app.tasks.doors import Counts, DoorRow

router = APIRouter(include_in_schema=False)

FILTERS = (
    ("all", "全部"),
    ("none", "没到"),
    ("told", "已告知"),
    ("nobody", "没人"),
    ("refused", "不走"),
    ("help", "要帮"),
)
MARKS = {"told": "已告知", "nobody": "没人", "refused": "不走", "help": "要帮"}
NEEDS = ("抬人", "车", "医生", "药 氧气", "劝不动")
BESIDE = ("我留下等", "十户长在", "没人")
VULNERABLE = {
    "alone-over-65": "独居老人",
    "disabled": "残疾",
    "pregnant": "孕妇",
    "child-left-behind": "留守儿童",
}


@dataclass(frozen=True, slots=True)
class HouseholdRow:
    """A household as its row shows it."""

    id: str
    position: int
    name: str
    about: str
    mark: str
    at: Any
    needs: str


@router.get("/town/doors/{name}", response_class=Response)
async def door_list(request: Request, name: str, has: PartsDep, officer: MaybeOfficer) -> Response:
    """Show a list; ``?show=`` one kind of mark alone."""
    if officer is None:
        return pages.to_login(request)
    code = phone.place_of(request, officer)
    async with has.db.reading() as session:
        found = await _rows(session, name, code)
        counts = Counts(**{mark: sum(row.mark == mark for row in found) for mark in ("none", *MARKS)})
        context: dict[str, Any] = {
            **await _where(session, name, code),
            "homes": [one for one, _ in await _households(session, name, found)],
        }
    shown = request.query_params.get("show", "all")
    context |= {
        "title": "逐户名单",
        "list": name,
        "counts": counts,
        "filters": [(key, word, getattr(counts, key)) for key, word in FILTERS],
        "show": shown if shown in dict(FILTERS) else "all",
        "may_mark": officer.may("visit"),
        "place_query": "" if officer.place else f"&place={code}",
    }
    if found:
        context["origin"] = found[0].origin
    return phone.render(request, has, "doors", context, officer=officer)


@router.get("/town/doors/{name}/help", response_class=Response)
async def help_form(request: Request, name: str, has: PartsDep, officer: MaybeOfficer) -> Response:
    """Ask what kind of help a household needs; that it does was recorded with the tap."""
    if officer is None:
        return pages.to_login(request)
    code, door = phone.place_of(request, officer), request.query_params.get("door", "")
    async with has.db.reading() as session:
        found = [row for row in await _rows(session, name, code) if row.id == door]
        if not found:
            raise NotFound
        (one, home), *_ = await _households(session, name, found)
        helper = (await people.contacts(session, [home.helper])).get(home.helper or "") if home else None
        who = await accounts.names_of(session, [mark.by for mark in found[0].marks])
        context: dict[str, Any] = {**await _where(session, name, code)}
    marks = [
        {"occurred_at": mark.occurred_at, "word": MARKS[mark.mark], "who": who.get(mark.by, "")}
        for mark in found[0].marks
    ]
    context |= {
        "title": "要什么帮",
        "list": name,
        "one": one,
        "needs": NEEDS,
        "beside": BESIDE,
        "detail": found[0].detail,
        "helper": helper.name if helper else "",
        "marks": marks,
        "origin": found[0].origin,
    }
    return phone.render(request, has, "help", context, officer=officer)


@router.post("/town/doors/{name}", response_class=Response)
async def mark(request: Request, name: str, has: PartsDep, officer: OfficerDep) -> Response:
    """Record what was found at a door. Told is an answer of the household, too."""
    form, at = await request.form(), has.clock.now()
    code, door, said = (
        phone.place_of(request, officer),
        phone.text(form, "door", 36),
        phone.text(form, "mark", 10),
    )
    occurred_at, event = phone.instant(form) or at, phone.event_of(form)
    async with has.db.transaction() as session:
        holds = await doors.mark(
            session,
            door,
            said,
            by=officer,
            occurred_at=occurred_at,
            event_id=event,
            at=at,
            detail=_detail(form),
        )
        row = next((row for row in await doors.rows(session, name, town=code) if row.id == door), None)
        if said == "told" and row is not None:
            await record.told_at_the_door(
                session,
                row.household,
                "confirmed",
                by=officer,
                occurred_at=min(occurred_at, at),
                event_id=event,
                scheme=has.scheme,
                at=at,
                warning_id=row.warning_id,
            )
    place = "" if officer.place else f"?place={code}"
    if said == "help" and "needs_form" not in form:
        back = f"/town/doors/{name}/help?door={door}" + place.replace("?", "&")
    else:
        back = f"/town/doors/{name}{place}#d-{door}"
    return phone.done(request, back, mark=holds, at=at.isoformat())


async def _rows(session: Session, name: str, town: str) -> list[DoorRow]:
    """The doors of a list under the newest warning that has it. Raises NotFound."""
    found = await doors.rows(session, name, town=town)
    if not found and not any(one.list == name for one in await doors.lists(session, town)):
        raise NotFound("There is no such list, or its warning is over.")
    newest = max((row.warning_id for row in found), default="")
    return [row for row in found if row.warning_id == newest]


async def _where(session: Session, name: str, town: str) -> dict[str, str]:
    names = await people.places(session, [name, town])
    return {"where": f"{names.get(town, town)} {names.get(name, name)}", "name": names.get(name, name)}


async def _households(
    session: Session, name: str, found: list[DoorRow]
) -> list[tuple[HouseholdRow, Home | None]]:
    known = {home.place_id: home for home in await homes.households_of(session, name)}
    contacts = await people.contacts(session, [home.contact for home in known.values()])
    groups = await people.places(session, {home.group for home in known.values()} | {name})
    village = groups.get(name, name)
    rows = []
    for row in found:
        home = known.get(row.household)
        contact = contacts.get(home.contact or "") if home else None
        said = []
        if home:
            said = [groups.get(home.group, "").removeprefix(village), f"{home.people} 人"]
            if home.vulnerable:
                said.append(
                    VULNERABLE.get(home.vulnerable, home.vulnerable) + (f" {home.age} 岁" if home.age else "")
                )
        title = contact.name if contact else home.name.removeprefix(village) if home else row.household
        needs = "、".join(str(need) for need in row.detail.get("needs", ()))
        rows.append(
            (
                HouseholdRow(
                    row.id, row.position, title, " · ".join(filter(None, said)), row.mark, row.at, needs
                ),
                home,
            )
        )
    return rows


def _detail(form: FormData) -> dict[str, Any]:
    """What kind of help, in the form's own words alone. Raises Validation."""
    needs = [str(need) for need in form.getlist("needs")]
    beside, carry = phone.text(form, "beside", 20), phone.text(form, "carry", 3)
    if any(need not in NEEDS for need in needs) or (beside and beside not in BESIDE):
        raise Validation("This is none of the form's words.")
    if carry and not (carry.isascii() and carry.isdigit()):
        raise Validation("没有记。要抬几个人要填数字，不知道就空着。")
    if not (needs or beside or carry):
        return {}
    return {"needs": needs, "carry": int(carry) if carry else None, "beside": beside or None}
