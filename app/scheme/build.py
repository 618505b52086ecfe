"""From checked files to the frozen Scheme."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import TypeVar
from zoneinfo import ZoneInfo

from app.scheme import basin
from app.scheme.basin import BasinFile
from app.scheme.build_rules import ruleset
from app.scheme.digest import digest
from app.scheme.files import DistrictFile, LayersFile
from app.scheme.folder import Folder
from app.scheme.models import (
    Chain,
    District,
    Duty,
    Escalation,
    Overdue,
    Release,
    ReleaseRule,
    Scheme,
    Step,
    Template,
    Templates,
)
from app.scheme.running import EscalationFile, ReleaseFile, ReleaseRow, TemplateRow
from app.warning.level import Level

Shape = TypeVar("Shape")


def build(folder: Folder) -> Scheme:
    """The Scheme of a folder that passed every check. Raises ValueError for one that did not."""
    layers = _whole(folder.layers.shape)
    district = _district(_whole(folder.district.shape))
    rules = ruleset(folder, district.zone)
    return Scheme(
        version=_whole(folder.district.shape).version,
        digest=digest(folder.documents()),
        district=district,
        ruleset=rules,
        layers=MappingProxyType(_duties(layers) | basin.duties(folder.basin.shape)),
        layer_names=MappingProxyType({str(layer): name for layer, name in layers.layers.items()}),
        roles=MappingProxyType(dict(layers.roles)),
        clocks=MappingProxyType(_clocks(layers, folder.basin.shape)),
        escalation=_escalation(_whole(folder.escalation.shape)),
        release=_release(_whole(folder.release.shape)),
        channels=tuple(MappingProxyType(dict(entry)) for entry in _whole(folder.channels.shape).channels),
        templates=Templates(
            _templates(held for file in folder.wording for held in _whole(file.shape).templates)
        ),
        towns=rules.towns,
        files=MappingProxyType({held.file: held.text for held in folder.documents()}),
    )


def _clock(times: Mapping[Level, timedelta | None]) -> Mapping[Level, timedelta]:
    """A clock without the levels at which no answer is owed."""
    return MappingProxyType({level: time for level, time in times.items() if time is not None})


def _clocks(layers: LayersFile, rivers: BasinFile | None) -> dict[str, Mapping[Level, timedelta]]:
    clocks = {hop: _clock(row.clock) for hop, row in layers.hops.items()}
    return clocks if rivers is None else {**clocks, rivers.hop.id: rivers.clock}


def _whole(shape: Shape | None) -> Shape:
    if shape is None:
        raise ValueError("a file of the config could not be read")
    return shape


def _district(row: DistrictFile) -> District:
    return District(
        code=row.code,
        name=row.name,
        short=row.short,
        aliases=tuple(row.aliases),
        city_code=row.city_code,
        zone=ZoneInfo(row.time_zone),
        code_systems=tuple(row.code_systems),
        desk=row.desk,
        signature=row.signature,
    )


def _duties(layers: LayersFile) -> dict[tuple[str, str], Duty]:
    return {
        (row.layer, row.id): Duty(
            id=row.id,
            layer=row.layer,
            name=row.name,
            part=row.part,
            a=tuple(row.a),
            b=tuple(row.b),
            superior=tuple(row.superior),
            target=row.target,
            holders=row.holders or row.id,
            hop=row.hop or "",
            from_level=row.from_level,
            coverage=row.coverage,
            on_duty=row.on_duty,
        )
        for row in layers.duties
    }


def _escalation(file: EscalationFile) -> Escalation:
    chains: list[Chain] = []
    for row in file.chains:
        steps: list[Step] = []
        rounds = 0
        for step in row.steps:
            rounds += step.who == "A"
            steps.append(
                Step(
                    after=step.after,
                    who=step.who,
                    round=rounds if step.who == "A" else 0,
                    spread=step.spread,
                    channels=tuple(step.channels),
                    voice_at_night=step.voice_at_night,
                )
            )
        chains.append(Chain(row.name, frozenset(row.levels), frozenset(row.hops), tuple(steps)))
    return Escalation(tuple(chains), file.cannot_skips, (file.night.since, file.night.until))


def _release(file: ReleaseFile) -> Release:
    at_once = ReleaseRule(frozenset(), frozenset(), 0, None, auto_at_limit=False)
    responsible: Mapping[Level, ReleaseRule] = MappingProxyType(dict.fromkeys(Level, at_once))
    return Release(
        parts=MappingProxyType(
            {
                "responsible": responsible,
                "public": _by_level(file.public),
                "orders": _by_level(file.orders),
            }
        ),
        auto_only_in=frozenset(file.auto_only_in),
        review=_rule(file.review),
        uplift=_rule(file.uplift),
        response=_rule(file.response),
        close=_by_level(file.close),
        overdue=tuple(Overdue(row.after, row.who) for row in file.overdue),
        break_glass=file.break_glass,
        approval_lapses=file.approval_lapses,
        reauthenticate=frozenset((row.act, row.level) for row in file.reauthenticate),
    )


def _by_level(rows: Mapping[Level, ReleaseRow]) -> Mapping[Level, ReleaseRule]:
    return MappingProxyType({level: _rule(row) for level, row in rows.items()})


def _rule(row: ReleaseRow) -> ReleaseRule:
    return ReleaseRule(
        who=frozenset(row.who),
        second=frozenset(row.second),
        persons=row.persons,
        limit=row.limit,
        auto_at_limit=row.auto_at_limit,
    )


def _templates(rows: Iterable[TemplateRow]) -> list[Template]:
    return [
        Template(
            kind=row.kind,
            channel=row.channel or "",
            text=row.text,
            observed=row.observed if row.kind in {"do", "effect"} else bool(row.observed),
            hazard=row.hazard or "",
            family=row.family or "",
            level=row.level,
            layer=row.layer or "",
            duty=row.duty or "",
        )
        for row in rows
    ]
