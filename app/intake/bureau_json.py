"""The contract's JSON warning, read strictly: an unknown field is refused by name, nothing is guessed.

JSON senders write code against our contract, so what XML senders get as a review they get as a refusal:
geometry that encloses nothing is 422 here.
"""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.errors import Fault, InvalidGeometry, Validation
from app.intake import geometry, levels, times, words
from app.intake.json_gate import faults, loads
from app.intake.message import (
    LONGEST_IDENTIFIER,
    LONGEST_SENDER,
    Area,
    Message,
    MsgType,
    Problem,
    Reference,
    Scope,
    Status,
    digest,
)
from app.warning.level import Level

Code = Annotated[str, Field(pattern=r"^(\d{6}|\d{9}|\d{12}|\d{14})$")]
Time = Annotated[str, Field(max_length=40)]
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_SENDER)]
Identifier = Annotated[str, Field(min_length=1, max_length=LONGEST_IDENTIFIER)]
Text = Annotated[str, Field(max_length=20_000)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Pair = Annotated[list[Number], Field(min_length=2, max_length=2)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class CircleIn(_Strict):
    """A centre as [lon, lat] in WGS84 degrees and a radius in kilometres."""

    centre: Pair
    radius_km: Annotated[float, Field(ge=0, le=2000, allow_inf_nan=False)]


class AreaIn(_Strict):
    """Division codes of the source's list, or a ring of [lon, lat], or a circle."""

    codes: list[Code] = Field(default=[], max_length=1000)
    polygon: Annotated[list[Pair], Field(max_length=geometry.MAX_POINTS)] | None = None
    circle: CircleIn | None = None


class WarningIn(_Strict):
    """A warning as the contract writes it; times with an offset. A Cancel may leave out what it ends."""

    identifier: Identifier
    sender: Name
    sent: Time
    status: Literal["Actual", "Exercise", "Test"]
    msg_type: Literal["Alert", "Update", "Cancel"]
    references: list[Identifier] = Field(default=[], max_length=100)
    event_code: Annotated[str, Field(pattern=r"^[0-9A-Z]{5}$")] | None = None
    level: Literal["red", "orange", "yellow", "blue", "hint"] | None = None
    onset: Time | None = None
    expires: Time | None = None
    headline: Annotated[str, Field(min_length=1, max_length=10_000)] | None = None
    description: Text | None = None
    instruction: Text | None = None
    areas: list[AreaIn] = Field(default=[], max_length=1000)


def read(body: bytes) -> Message:
    """Read a JSON warning. Raises the errors of ``json_gate.loads``, Validation, InvalidGeometry."""
    value = loads(body)
    if not isinstance(value, dict):
        raise Validation(errors=[Fault("", "wrong-type", "A warning is one object.")])
    try:
        said = WarningIn.model_validate(value)
    except ValidationError as error:
        raise Validation("The warning cannot be taken.", errors=faults(error)) from None
    _whole(said)
    problems: list[Problem] = []
    level = Level.of(said.level) if said.level else None
    headline = words.one_line(said.headline or "")
    told = levels.headline_colour(headline)
    if told is not None and level is not None and told is not level:
        problems.append(Problem("colour-differs", "标题写的颜色与级别字段不一致，按级别字段处理"))
    if any(words.has_hidden(text or "") for text in (said.headline, said.description, said.instruction)):
        problems.append(Problem("hidden-marks", "来文含有不可见的方向或连接符，已去掉"))
    return Message(
        form="json",
        identifier=words.one_line(said.identifier),
        sender=words.one_line(said.sender),
        sent=times.read(times.RFC3339, said.sent, "/sent"),
        status=Status(said.status),
        msg_type=MsgType(said.msg_type),
        scope=Scope.PUBLIC,
        event_code=said.event_code or "",
        level=level,
        content_digest=digest([_canonical(value)]),
        references=tuple(Reference(words.one_line(each)) for each in said.references),
        onset=times.read(times.RFC3339, said.onset, "/onset") if said.onset is not None else None,
        expires=times.read(times.RFC3339, said.expires, "/expires") if said.expires is not None else None,
        headline=headline,
        description=words.block(said.description or ""),
        instruction=words.block(said.instruction or ""),
        issuer=words.one_line(said.sender),
        areas=tuple(_area(index, area) for index, area in enumerate(said.areas)),
        problems=tuple(problems),
    )


def _whole(said: WarningIn) -> None:
    """Refuse what each type of message must say. Raises Validation."""
    missing: list[Fault] = []
    if said.msg_type == "Cancel":
        needed: dict[str, object] = {"references": said.references}
    else:
        needed = {
            "event_code": said.event_code,
            "level": said.level,
            "headline": said.headline,
            "areas": said.areas,
        }
        if said.msg_type == "Update":
            needed["references"] = said.references
    missing += [
        Fault(f"/{name}", "missing", "This field is missing or empty.")
        for name, given in needed.items()
        if not given
    ]
    missing += [
        Fault(f"/areas/{index}", "empty-area", "An area needs codes, a polygon or a circle.")
        for index, area in enumerate(said.areas)
        if not area.codes and area.polygon is None and area.circle is None
    ]
    missing += [
        Fault(f"/{name}", "missing", "This field is blank.")
        for name, given in (("identifier", said.identifier), ("sender", said.sender))
        if not words.one_line(given)
    ]
    if said.identifier in said.references:
        missing.append(Fault("/references", "self-reference", "A message cannot refer to itself."))
    if missing:
        raise Validation("The warning cannot be taken.", errors=missing)


def _area(index: int, area: AreaIn) -> Area:
    shapes: list[tuple[str, geometry.Shape]] = []
    if area.polygon is not None:
        points = [(pair[0], pair[1]) for pair in area.polygon]
        shapes.append(("polygon", geometry.polygon(points, "lon,lat")))
    if area.circle is not None:
        lon, lat = area.circle.centre
        shapes.append(("circle", geometry.circle(lon, lat, area.circle.radius_km * 1000, "lon,lat")))
    wrong = [
        Fault(f"/areas/{index}/{name}", problem.code, _ENGLISH[problem.code])
        for name, shape in shapes
        for problem in shape.problems
    ]
    if wrong:
        raise InvalidGeometry(errors=wrong)
    return Area(
        description="",
        codes=tuple(area.codes),
        polygons=tuple(shape.ring for _, shape in shapes if shape.ring is not None),
        circles=tuple(shape.circle for _, shape in shapes if shape.circle is not None),
    )


_ENGLISH = {
    "bad-polygon": "Fewer than three points, no area, too many points, or a place that is not on earth.",
    "open-polygon": "The last point must equal the first.",
    "self-crossing": "The ring crosses itself.",
    "swapped-coordinates": "Longitude comes first, then latitude.",
    "bad-circle": "The centre is not on earth, or the radius is not 0 to 2000 km.",
}


def _canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
