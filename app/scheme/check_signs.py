"""Checks of 提级, response levels, industries and controls: what they refer to must exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.scheme.faults import Fault
from app.scheme.folder import Folder
from app.scheme.known import family_tops, hazard_ids, hazard_levels, segment_ids, unreached
from app.scheme.lines import Document
from app.scheme.signs import DroughtToFloodRow, HolidayRow, NightRow, OverlapRow, UpstreamRow, WarnedTownsRow
from app.warning.level import Level

Here = tuple[str, int]


def check(folder: Folder) -> Iterator[Fault]:
    """Every fault among uplift, response, industries and controls."""
    yield from _uplift(folder)
    yield from _response(folder)
    yield from _industries(folder)
    yield from _controls(folder)


def _uplift(folder: Folder) -> Iterator[Fault]:
    shape, document = folder.uplift.shape, folder.uplift.document
    towns = {held.shape.code for held in folder.towns if held.shape}
    for index, row in enumerate(shape.conditions if shape else ()):
        here = ("conditions", index)
        match row:
            case OverlapRow():
                yield from _overlap(row, hazard_ids(folder), document, here)
            case UpstreamRow():
                yield from _upstream(row, towns, document, here)
            case HolidayRow():
                if row.until < row.since:
                    yield document.fault("until 早于 from", *here, "until")
            case DroughtToFloodRow():
                yield from _turn(row, hazard_ids(folder), document, here)
            case NightRow():
                if row.until == row.since:
                    yield document.fault("夜间起止相同", *here, "until")
            case _:  # what names nothing cannot name it wrongly
                pass


def _overlap(row: OverlapRow, hazards: set[str] | None, document: Document, here: Here) -> Iterator[Fault]:
    for index, pair in enumerate(row.pairs):
        for name in pair:
            if hazards is not None and name not in hazards:
                yield document.fault(f"没有灾种 {name}", *here, "pairs", index)


def _turn(
    row: DroughtToFloodRow, hazards: set[str] | None, document: Document, here: Here
) -> Iterator[Fault]:
    for key, names in (("drought", row.drought), ("flood", row.flood)):
        for index, name in enumerate(names):
            if hazards is not None and name not in hazards:
                yield document.fault(f"没有灾种 {name}", *here, key, index)


def _upstream(row: UpstreamRow, towns: set[str], document: Document, here: Here) -> Iterator[Fault]:
    for town, above in row.above.items():
        for code in sorted({town, *above} - towns):
            yield document.fault(f"没有镇街 {code}", *here, "above", town)
        if town in above:
            yield document.fault("自己不能是自己的上游", *here, "above", town)


def _response(folder: Folder) -> Iterator[Fault]:
    shape, document = folder.response.shape, folder.response.document
    hazards = hazard_ids(folder)
    seen: set[tuple[str, str]] = set()
    for index, row in enumerate(shape.responses if shape else ()):
        if (row.family, row.level) in seen:
            yield document.fault(f"{row.family} 的 {row.level} 级写了两次", "responses", index)
        seen.add((row.family, row.level))
        for i, condition in enumerate(row.any_of):
            if isinstance(condition, WarnedTownsRow):
                here = ("responses", index, "any_of", i)
                yield from _towns(
                    condition, hazards, hazard_levels(folder), len(folder.towns), document, here
                )


def _towns(
    row: WarnedTownsRow,
    hazards: set[str] | None,
    levels: Mapping[str, set[Level]] | None,
    towns: int,
    document: Document,
    here: tuple[str | int, ...],
) -> Iterator[Fault]:
    if hazards is not None and row.hazard not in hazards:
        yield document.fault(f"没有灾种 {row.hazard}", *here, "hazard")
    elif levels is not None and row.level > max(levels[row.hazard]):
        yield document.fault(f"{row.hazard} 没有{row.level.zh}，这条永远用不到", *here, "level")
    if row.towns > towns:
        yield document.fault(f"全区只有{towns}个镇街，到不了{row.towns}个", *here, "towns")


def _industries(folder: Folder) -> Iterator[Fault]:
    segments, tops = segment_ids(folder), family_tops(folder)
    seen: set[str] = set()
    for held in folder.industries:
        if held.shape is None:
            continue
        if held.shape.id in seen:
            yield held.document.fault(f"行业 {held.shape.id} 写了两次", "id")
        seen.add(held.shape.id)
        for index, measure in enumerate(held.shape.measures):
            yield from _segments(measure.segments, segments, held.document, ("measures", index))
            idle = unreached(measure.level, measure.families, tops)
            if idle:
                yield held.document.fault(idle, "measures", index)


def _controls(folder: Folder) -> Iterator[Fault]:
    shape, document = folder.controls.shape, folder.controls.document
    segments = segment_ids(folder)
    seen: set[str] = set()
    for index, row in enumerate(shape.controls if shape else ()):
        if row.id in seen:
            yield document.fault(f"措施 {row.id} 写了两次", "controls", index)
        seen.add(row.id)
        yield from _segments(row.segments, segments, document, ("controls", index))
        idle = unreached(row.level, row.families, family_tops(folder))
        if idle:
            yield document.fault(idle, "controls", index)


def _segments(named: list[str], known: set[str] | None, document: Document, here: Here) -> Iterator[Fault]:
    for segment in named:
        if known is not None and segment not in known:
            yield document.fault(f"没有时段 {segment}", *here, "segments")
