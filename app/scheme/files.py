"""What each file of rules in `config/` may say: one model a file, refusing every key it does not know."""

# ruff: noqa: RUF012  (Pydantic copies a default; nothing is shared)

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from app.scheme.conditions import ConditionRow
from app.scheme.fields import (
    Day,
    Duration,
    Hours,
    LevelMap,
    LevelWord,
    Model,
    Name,
    Role,
    Sourced,
    Text,
    TownCode,
)
from app.scheme.signs import ResponseSign, UpliftSign

PartName = Literal["responsible", "public", "orders"]
ChannelKind = Literal["voice", "sms", "broadcast", "door"]
MANUAL = frozenset(
    {"gong", "door", "onsite", "radio", "page"}
)  # done by hand or by us: no gateway carries them
EventCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{5}$")]
Family = Literal["flood", "geology", "storm", "cold", "heat", "air", "fire", "other"]
DutyRef = Annotated[str, StringConstraints(pattern=r"^(L[1-6]|key)/[a-z][a-z-]*$")]


class DistrictFile(Model):
    """district.yaml."""

    version: Text
    code: Annotated[str, StringConstraints(pattern=r"^\d{6}$")]
    name: Text
    short: Text
    aliases: list[Annotated[str, StringConstraints(pattern=r"^\d{6}$")]] = []
    city_code: Annotated[str, StringConstraints(pattern=r"^\d{4}$")]
    time_zone: Text
    code_systems: Annotated[list[Literal["nbs", "mca"]], Field(min_length=1)]
    desk: Text
    signature: Text


class SegmentRow(Sourced):
    """One segment of segments.yaml."""

    id: Annotated[str, StringConstraints(pattern=r"^T[1-9]$")]
    name: Text
    from_hours: Annotated[int, Field(ge=1, le=720)]
    to_hours: Annotated[int, Field(ge=0, le=720)]
    inputs: Text
    purpose: Text


class WindowRow(Sourced):
    """A signal's window → its segment."""

    at_least_hours: Annotated[int, Field(ge=0, le=720)]
    segment: Text


class ReportedKinds(Sourced):
    """Field reports (灾情) that mean it has begun: kinds by family, not older than `within`."""

    segment: Text
    within: Duration
    kinds: dict[Family, Annotated[list[Name], Field(min_length=1)]]


class Outlived(Sourced):
    """After how long a signal that promises no time is asked after."""

    after: Duration


class SegmentsFile(Model):
    """segments.yaml."""

    segments: Annotated[list[SegmentRow], Field(min_length=1)]
    no_onset: Annotated[list[WindowRow], Field(min_length=1)]
    observed: Text
    default: Text
    reported: ReportedKinds
    outlived: Outlived


class SignalRow(Sourced):
    """What a signal of one level promises."""

    hours: Hours | None = None
    text: Text


class ObservedRow(Sourced):
    """What must be measured for a level."""

    level: LevelWord
    when: ConditionRow


class Effective(Sourced):
    """From and until which day the rules of a hazard hold."""

    since: Day = Field(alias="from")
    until: Day | None = None


class HazardFile(Model):
    """hazards/*.yaml."""

    id: Name
    name: Text
    codes: list[Annotated[str, StringConstraints(pattern=r"^(any|[0-9A-Z]{3}|[0-9A-Z]{5})$")]] = []
    family: Family
    issuer: Text
    reported_as: EventCode | None = None
    names: dict[EventCode, Text] = {}
    effective: Effective
    signal: dict[LevelWord, SignalRow]
    observed: list[ObservedRow] = []


class HopRow(Sourced):
    """A clock by level; null: no answer is owed at that level."""

    name: Text
    clock: LevelMap


class DutyRow(Model):
    """One duty of layers.yaml."""

    id: Name
    layer: Literal["L1", "L2", "L3", "L4", "L5", "L6", "key"]
    name: Text
    part: PartName = "responsible"
    a: list[Role] = []
    b: list[Role] = []
    superior: list[Role] = []
    on_duty: bool = False
    target: Literal[
        "district",
        "bureau",
        "town",
        "village",
        "risk_point",
        "reservoir",
        "facility",
        "grid",
        "group",
        "household",
        "area",
    ]
    holders: Name | None = None
    from_level: LevelWord
    families: list[Family] = []
    hop: Text | None = None
    channels: dict[LevelWord, Annotated[list[ChannelKind], Field(min_length=1)]]
    coverage: bool = False


class ReminderRow(Sourced):
    """Whom a text made from measurements calls besides: from a level on, for these hazards."""

    duty: DutyRef
    since: LevelWord = Field(alias="from")
    hazards: Annotated[list[Name], Field(min_length=1)]
    why: Text


class LayersFile(Model):
    """layers.yaml."""

    roles: dict[Role, Text]
    layers: dict[Literal["L1", "L2", "L3", "L4", "L5", "L6", "key"], Text]
    hops: dict[Annotated[str, StringConstraints(pattern=r"^[HF]\d[a-z]?$")], HopRow]
    duties: Annotated[list[DutyRow], Field(min_length=1)]
    reminder: Annotated[list[DutyRef], Field(min_length=1)]
    reminder_from: list[ReminderRow] = []


class CellRow(Model):
    """One cell of the matrix: what it adds."""

    call: list[DutyRef] = []
    actions: list[Text] = []


class MatrixFile(Sourced):
    """matrix.yaml: segment → level → cell."""

    cells: dict[str, dict[LevelWord, CellRow]]


class ResponseRow(Sourced):
    """One response level of one family."""

    family: Family
    level: Literal["I", "II", "III", "IV"]
    signed_by: Text
    any_of: Annotated[
        list[ResponseSign],
        Field(min_length=1),
    ]


class ResponseFile(Model):
    """response.yaml."""

    responses: list[ResponseRow]


class UpliftFile(Model):
    """uplift.yaml."""

    from_level: LevelWord
    conditions: list[UpliftSign]


class MeasureRow(Model):
    """One measure of an industry."""

    level: LevelWord
    families: Annotated[list[Family], Field(min_length=1)]
    segments: list[Text] = []
    text: Text


class IndustryFile(Sourced):
    """industries/*.yaml."""

    id: Name
    name: Text
    department: Text
    fuse: list[Text] = []
    measures: Annotated[list[MeasureRow], Field(min_length=1)]


class ControlRow(Sourced):
    """One order of controls.yaml."""

    id: Name
    kind: Literal["断", "禁", "停", "撤", "疏"]
    text: Text
    ordered_by: Text
    confirmed_by: Text
    fuse: Text
    level: LevelWord
    families: Annotated[list[Family], Field(min_length=1)]
    segments: list[Text] = []


class ControlsFile(Model):
    """controls.yaml."""

    controls: list[ControlRow]


class AlsoRow(Model):
    """A duty a town calls earlier than the district."""

    duty: DutyRef
    level: LevelWord
    families: list[Family] = []
    segments: list[Text] = []
    why: Text


class SensitiveRow(Model):
    """Kinds of warning for which the town's people are called a segment ahead."""

    hazards: Annotated[list[Name], Field(min_length=1)]
    level: LevelWord
    why: Text


class TownMeasureRow(Model):
    """A measure of the town's own plan."""

    level: LevelWord
    families: list[Family] = []
    department: Text
    text: Text


class TownFile(Model):
    """towns/*.yaml."""

    code: TownCode
    name: Text
    why: Text | None = None
    source: Text | None = None
    clocks: dict[DutyRef, LevelMap] = {}
    channels: dict[DutyRef, dict[LevelWord, Annotated[list[ChannelKind], Field(min_length=1)]]] = {}
    also: list[AlsoRow] = []
    sensitive: list[SensitiveRow] = []
    measures: list[TownMeasureRow] = []
    transfer: Text | None = None
