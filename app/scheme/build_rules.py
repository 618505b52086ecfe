"""From checked files to the frozen Ruleset the planner works with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from app.scheme import basin
from app.scheme.files import (
    DutyRow,
    HazardFile,
    IndustryFile,
    LayersFile,
    ResponseRow,
    SegmentsFile,
    TownFile,
    UpliftFile,
)
from app.scheme.folder import Folder
from app.scheme.signs import ManualRow
from app.warning.hazard import HazardRules, ObservedRule, SignalRule
from app.warning.level import Level
from app.warning.ruleset import (
    AlsoCall,
    Cell,
    ControlRule,
    DutyRules,
    IndustryMeasure,
    RemindedFrom,
    Reported,
    ResponseRule,
    Ruleset,
    Segment,
    Sensitive,
    StageRules,
    TownMeasure,
    TownRules,
    UpliftRules,
)

BY_RESPONSE = {level.response: level for level in Level if level.response}


def ruleset(folder: Folder, zone: ZoneInfo) -> Ruleset:
    """The rules of a folder that passed every check. Raises ValueError for one that did not."""
    district, segments, layers = folder.district.shape, folder.segments.shape, folder.layers.shape
    matrix, uplift, response = folder.matrix.shape, folder.uplift.shape, folder.response.shape
    controls = folder.controls.shape
    if not (district and segments and layers and matrix and uplift and response and controls):
        raise ValueError("a file of the config could not be read")
    order = [row.id for row in segments.segments]
    families = {held.shape.id: held.shape.family for held in folder.hazards if held.shape}
    return Ruleset(
        district=district.code,
        zone=zone,
        stage=_stage(segments),
        hazards=tuple(_hazard(held.shape) for held in folder.hazards if held.shape),
        duties=MappingProxyType(
            {(row.layer, row.id): _duty(row, layers) for row in layers.duties}
            | basin.duty_rules(folder.basin.shape, families)
        ),
        cells=tuple(
            Cell(
                segment, level, tuple(_reference(name) for name in row[level].call), tuple(row[level].actions)
            )
            for segment, row in sorted(matrix.cells.items(), key=lambda item: order.index(item[0]))
            for level in sorted(row)
        ),
        reminder=tuple(_reference(name) for name in layers.reminder),
        reminder_from=tuple(
            RemindedFrom(_reference(row.duty), row.since, frozenset(row.hazards), row.why)
            for row in layers.reminder_from
        ),
        uplift=_uplift(uplift),
        responses=tuple(_response(row) for row in response.responses),
        measures=tuple(m for held in folder.industries if held.shape for m in _measures(held.shape)),
        controls=tuple(
            ControlRule(
                id=row.id,
                kind=row.kind,
                text=row.text,
                ordered_by=row.ordered_by,
                confirmed_by=row.confirmed_by,
                fuse=row.fuse,
                level=row.level,
                families=frozenset(row.families),
                segments=frozenset(row.segments),
            )
            for row in controls.controls
        ),
        towns=MappingProxyType({held.shape.code: _town(held.shape) for held in folder.towns if held.shape}),
        basin=basin.rules(folder.basin.shape),
    )


def _reference(name: str) -> tuple[str, str]:
    layer, _, duty = name.partition("/")
    return layer, duty


def _clock(times: Mapping[Level, timedelta | None]) -> Mapping[Level, timedelta]:
    return MappingProxyType({level: time for level, time in times.items() if time is not None})


def _channels(rows: Mapping[Level, Sequence[str]]) -> Mapping[Level, tuple[str, ...]]:
    return MappingProxyType({level: tuple(kinds) for level, kinds in rows.items()})


def _stage(file: SegmentsFile) -> StageRules:
    return StageRules(
        segments=tuple(
            Segment(
                row.id,
                row.name,
                timedelta(hours=row.from_hours),
                timedelta(hours=row.to_hours),
                row.purpose,
            )
            for row in file.segments
        ),
        by_window=tuple((timedelta(hours=row.at_least_hours), row.segment) for row in file.no_onset),
        observed=file.observed,
        default=file.default,
        reported=Reported(
            file.reported.segment,
            file.reported.within,
            MappingProxyType({family: frozenset(kinds) for family, kinds in file.reported.kinds.items()}),
        ),
        outlived=file.outlived.after,
    )


def _hazard(file: HazardFile) -> HazardRules:
    plain = [code for code in file.codes if len(code) == 5]
    return HazardRules(
        id=file.id,
        name=file.name,
        codes=frozenset(plain),
        prefixes=tuple(code for code in file.codes if len(code) == 3 and code != "any"),
        anything="any" in file.codes,
        family=file.family,
        issuer=file.issuer,
        reported_as=file.reported_as or (plain[0] if plain else ""),
        since=file.effective.since,
        until=file.effective.until,
        signal=MappingProxyType(
            {
                level: SignalRule(None if row.hours is None else timedelta(hours=row.hours), row.text)
                for level, row in file.signal.items()
            }
        ),
        observed=tuple(ObservedRule(row.level, row.when.build()) for row in file.observed),
        names=MappingProxyType(dict(file.names)),
    )


def _duty(row: DutyRow, layers: LayersFile) -> DutyRules:
    hop = layers.hops.get(row.hop or "")
    return DutyRules(
        id=row.id,
        layer=row.layer,
        name=row.name,
        part=row.part,
        from_level=row.from_level,
        families=frozenset(row.families),
        holders=row.holders or row.id,
        clocks=_clock(hop.clock) if hop and not row.coverage else MappingProxyType({}),
        clock_rule=row.hop or "",
        channels=_channels(row.channels),
        coverage=row.coverage,
    )


def _uplift(file: UpliftFile) -> UpliftRules:
    return UpliftRules(file.from_level, tuple(row.build() for row in file.conditions))


def _response(row: ResponseRow) -> ResponseRule:
    return ResponseRule(
        family=row.family,
        level=BY_RESPONSE[row.level],
        any_of=tuple(sign for sign in (one.build() for one in row.any_of) if sign is not None),
        manual=tuple(sign.text for sign in row.any_of if isinstance(sign, ManualRow)),
        signed_by=row.signed_by,
    )


def _measures(file: IndustryFile) -> Iterator[IndustryMeasure]:
    for row in file.measures:
        yield IndustryMeasure(
            industry=file.name,
            department=file.department,
            level=row.level,
            families=frozenset(row.families),
            segments=frozenset(row.segments),
            text=row.text,
            rule=f"industry.{file.id}.{row.level.word}",
        )
    if file.fuse:
        least = min(row.level for row in file.measures)
        yield IndustryMeasure(
            industry=file.name,
            department=file.department,
            level=least,
            families=frozenset(family for row in file.measures for family in row.families),
            segments=frozenset(),
            text=f"熔断：{'、'.join(file.fuse)}，不等指令先停先撤",
            rule=f"industry.{file.id}.fuse",
        )


def _town(file: TownFile) -> TownRules:
    return TownRules(
        code=file.code,
        name=file.name,
        clocks=MappingProxyType({_reference(name): _clock(row) for name, row in file.clocks.items()}),
        channels=MappingProxyType({_reference(name): _channels(row) for name, row in file.channels.items()}),
        also=tuple(
            AlsoCall(
                _reference(row.duty), row.level, frozenset(row.families), frozenset(row.segments), row.why
            )
            for row in file.also
        ),
        measures=tuple(
            TownMeasure(row.level, frozenset(row.families), row.department, row.text) for row in file.measures
        ),
        why=file.why or "",
        sensitive=tuple(Sensitive(frozenset(row.hazards), row.level, row.why) for row in file.sensitive),
        transfer=file.transfer or "",
    )
