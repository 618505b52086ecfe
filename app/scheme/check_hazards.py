"""Checks of 分段 and 分类: segments without gap or overlap, hazards that do not claim each other's codes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from app.scheme.faults import Fault
from app.scheme.files import HazardFile, SegmentsFile
from app.scheme.folder import Folder, Held
from app.scheme.lines import Document
from app.warning.level import Level


def check(folder: Folder) -> Iterator[Fault]:
    """Every fault among segments and hazards."""
    if folder.segments.shape is not None:
        yield from _segments(folder.segments.shape, folder.segments.document)
        yield from _no_onset(folder.segments.shape, folder.segments.document)
    yield from _claims(folder)
    for held in folder.hazards:
        yield from _observed(held)


def _segments(shape: SegmentsFile, document: Document) -> Iterator[Fault]:
    rows = shape.segments
    for index, row in enumerate(rows):
        if row.from_hours <= row.to_hours:
            yield document.fault(f"{row.id} 的 from_hours 要大于 to_hours", "segments", index)
        if any(row.id == other.id for other in rows[:index]):
            yield document.fault(f"时段 {row.id} 写了两次", "segments", index)
        if index and rows[index - 1].to_hours != row.from_hours:
            word = "有空档" if rows[index - 1].to_hours > row.from_hours else "重叠"
            text = f"{rows[index - 1].id} 与 {row.id} 之间{word}"
            yield document.fault(text, "segments", index, "from_hours")
    if rows[-1].to_hours != 0:
        yield document.fault("最后一个时段要到 0 小时", "segments", len(rows) - 1, "to_hours")


def _no_onset(shape: SegmentsFile, document: Document) -> Iterator[Fault]:
    known = {row.id for row in shape.segments}
    for index, window in enumerate(shape.no_onset):
        if window.segment not in known:
            yield document.fault(f"没有时段 {window.segment}", "no_onset", index, "segment")
        if index and shape.no_onset[index - 1].at_least_hours <= window.at_least_hours:
            yield document.fault("要由长到短排列", "no_onset", index, "at_least_hours")
    if shape.no_onset[-1].at_least_hours != 0:
        yield document.fault("最后一行要从 0 小时起", "no_onset", len(shape.no_onset) - 1, "at_least_hours")
    for key, value in (("observed", shape.observed), ("default", shape.default)):
        if value not in known:
            yield document.fault(f"没有时段 {value}", key)
    if shape.reported.segment not in known:
        yield document.fault(f"没有时段 {shape.reported.segment}", "reported", "segment")


def _claims(folder: Folder) -> Iterator[Fault]:
    """One code, one hazard, at any one time. The same hazard may stand in several files for several years."""
    earlier: list[HazardFile] = []
    for held in folder.hazards:
        shape, document = held.shape, held.document
        if shape is None:
            continue
        since, until = shape.effective.since, shape.effective.until
        if until and until < since:
            yield document.fault("until 早于 from", "effective", "until")
        for other in (other for other in earlier if _together(shape, other)):
            if other.id == shape.id:
                yield document.fault(f"灾种 id “{shape.id}”同一时期写了两次", "id")
            for index, code in enumerate(shape.codes):
                if code in other.codes:
                    yield document.fault(f"{code} 同一时期已在灾种“{other.id}”里", "codes", index)
        yield from _names(shape, document)
        earlier.append(shape)
    if folder.hazards and not any("any" in shape.codes for shape in earlier):
        yield Fault("hazards/", 1, "没有一个灾种的 codes 是 any：不认识的代码会无规则可用")


def _names(shape: HazardFile, document: Document) -> Iterator[Fault]:
    """A name for a code that the hazard never sees says nothing; a hazard that nothing leads to is none."""
    for code in shape.names:
        if not {code, code[:3], "any"} & set(shape.codes):
            yield document.fault(f"{code} 不归“{shape.id}”，给它起名不起作用", "names", code)
    if not shape.codes and not shape.observed:
        yield document.fault(f"灾种“{shape.id}”没有代码也没有实测标准，永远用不到", "codes")


def _together(one: HazardFile, other: HazardFile) -> bool:
    start = max(one.effective.since, other.effective.since)
    end = min(one.effective.until or date.max, other.effective.until or date.max)
    return start <= end


def _observed(held: Held[HazardFile]) -> Iterator[Fault]:
    """Among thresholds of one measure, a higher level must ask for more."""
    shape, document = held.shape, held.document
    if shape is None:
        return
    if shape.observed and not shape.reported_as and not any(len(code) == 5 for code in shape.codes):
        yield document.fault("有 observed 而没有五位代码，要写 reported_as", "observed")
    seen: dict[tuple[str, ...], list[tuple[Level, int]]] = {}
    for index, row in enumerate(shape.observed):
        if row.level not in shape.signal:
            yield document.fault(f"该灾种没有{row.level.zh}这一级", "observed", index, "level")
        asked = row.when.asks()
        if asked is None:
            continue
        key, value = asked
        for level, other in seen.get(key, []):
            if (row.level > level and value <= other) or (row.level < level and value >= other):
                yield document.fault(f"{row.level.zh}与{level.zh}的标准次序颠倒", "observed", index, "when")
        seen.setdefault(key, []).append((row.level, value))
