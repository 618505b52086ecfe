"""Checks of 一乡镇一方案: a town's own rules must change something, and may not turn a level into less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from app.scheme.faults import Fault
from app.scheme.files import DutyRow, LayersFile, TownFile
from app.scheme.folder import Folder
from app.scheme.known import carried, duties, fewer, hazard_levels, longer, segment_ids
from app.scheme.lines import Document
from app.warning.level import Level

NOTHING = "与全区相同，等于没改；请删去"


def check(folder: Folder) -> Iterator[Fault]:
    """Every fault in the towns' files."""
    known, layers, segments, kinds = duties(folder), folder.layers.shape, segment_ids(folder), carried(folder)
    district = folder.district.shape.code if folder.district.shape else None
    seen: set[str] = set()
    for held in folder.towns:
        shape, document = held.shape, held.document
        if shape is None:
            continue
        if shape.code in seen:
            yield document.fault(f"镇街 {shape.code} 写了两次", "code")
        seen.add(shape.code)
        if document.file != f"towns/{shape.code}.yaml":
            yield document.fault(f"文件名应为 {shape.code}.yaml", "code")
        if district is not None and not shape.code.startswith(district):
            yield document.fault(f"{shape.code} 不属于本区 {district}", "code")
        if _differs(shape) and not (shape.why and shape.source):
            yield document.fault("与全区不同，要写 why 和 source")
        yield from _sensitive(shape, document, hazard_levels(folder))
        if known is None or layers is None:
            continue
        yield from _clocks(shape, document, known, layers)
        yield from _channels(shape, document, known, kinds)
        yield from _also(shape, document, known, segments)
        yield from _called_anyway(shape, document, folder)


def _differs(shape: TownFile) -> bool:
    return bool(shape.clocks or shape.channels or shape.also or shape.sensitive or shape.measures)


def _sensitive(
    shape: TownFile, document: Document, hazards: Mapping[str, set[Level]] | None
) -> Iterator[Fault]:
    for index, row in enumerate(shape.sensitive):
        for i, name in enumerate(row.hazards):
            if hazards is None:
                continue
            if name not in hazards:
                yield document.fault(f"没有灾种 {name}", "sensitive", index, "hazards", i)
            elif row.level > max(hazards[name]):
                text = f"{name} 没有{row.level.zh}及以上，不起作用"
                yield document.fault(text, "sensitive", index, "level")


def _clocks(
    shape: TownFile, document: Document, known: Mapping[str, DutyRow], layers: LayersFile
) -> Iterator[Fault]:
    for reference, clock in shape.clocks.items():
        here = ("clocks", reference)
        duty = known.get(reference)
        if duty is None:
            yield document.fault(f"改的是没有的职责 {reference}", *here)
            continue
        hop = layers.hops.get(duty.hop or "")
        base: Mapping[Level, timedelta | None] = hop.clock if hop else {}
        for level, value in clock.items():
            if level in base and base[level] == value:
                yield document.fault(NOTHING, *here, level.word)
            if level < _called_from(reference, duty, shape):
                yield document.fault(f"{reference} 在{level.zh}不叫，改时限不起作用", *here, level.word)
        level_over = longer({**base, **clock})
        if level_over is not None:
            yield document.fault(f"改后{level_over.zh}时限比低一级的还长", *here, level_over.word)


def _channels(
    shape: TownFile, document: Document, known: Mapping[str, DutyRow], kinds: set[str] | None
) -> Iterator[Fault]:
    for reference, channels in shape.channels.items():
        here = ("channels", reference)
        duty = known.get(reference)
        if duty is None:
            yield document.fault(f"改的是没有的职责 {reference}", *here)
            continue
        for level, held in channels.items():
            if duty.channels.get(level) == held:
                yield document.fault(NOTHING, *here, level.word)
            if level < _called_from(reference, duty, shape):
                yield document.fault(f"{reference} 在{level.zh}不叫，改方式不起作用", *here, level.word)
            for kind in held:
                if kinds is not None and kind not in kinds:
                    yield document.fault(f"没有通道能承载 {kind}", *here, level.word)
        dropped = fewer({**duty.channels, **channels})
        if dropped is not None:
            yield document.fault(f"改后{dropped.zh}比低一级少了方式", *here, dropped.word)


def _also(
    shape: TownFile, document: Document, known: Mapping[str, DutyRow], segments: set[str] | None
) -> Iterator[Fault]:
    for index, also in enumerate(shape.also):
        duty = known.get(also.duty)
        if duty is None:
            yield document.fault(f"加叫的是没有的职责 {also.duty}", "also", index, "duty")
        elif also.level not in duty.channels:
            yield document.fault(f"{also.duty} 没写{also.level.zh}用什么方式叫", "also", index, "level")
        for segment in also.segments:
            if segments is not None and segment not in segments:
                yield document.fault(f"没有时段 {segment}", "also", index, "segments")


def _called_anyway(shape: TownFile, document: Document, folder: Folder) -> Iterator[Fault]:
    """An earlier call that is none: the district calls that duty by then in each segment it names."""
    matrix, segments = folder.matrix.shape, folder.segments.shape
    if matrix is None or segments is None:
        return
    order = [row.id for row in segments.segments]
    for index, also in enumerate(shape.also):
        named = also.segments or order

        def by_then(segment: str, duty: str = also.duty, level: Level = also.level) -> bool:
            reached = order[: order.index(segment) + 1] if segment in order else []
            return any(
                duty in cell.call
                for earlier in reached
                for at, cell in matrix.cells.get(earlier, {}).items()
                if at <= level
            )

        if all(by_then(segment) for segment in named):
            yield document.fault(f"{also.duty} 在{also.level.zh}本来就叫，{NOTHING}", "also", index)


def _called_from(reference: str, duty: DutyRow, shape: TownFile) -> Level:
    """The lowest level at which the town calls a duty."""
    return min([duty.from_level, *(also.level for also in shape.also if also.duty == reference)])
