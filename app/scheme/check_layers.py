"""Checks of 分层 and the matrix: every duty is held and called, and a higher level never does less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.scheme.faults import Fault
from app.scheme.files import DutyRow, HazardFile, LayersFile
from app.scheme.folder import Folder
from app.scheme.known import carried, duties, fewer, longer, segment_ids
from app.scheme.lines import Document
from app.warning.level import Level

Here = tuple[str, int]


def check(folder: Folder) -> Iterator[Fault]:
    """Every fault among layers and matrix."""
    shape, document = folder.layers.shape, folder.layers.document
    if shape is not None:
        yield from _hops(shape, document)
        yield from _unused(shape, document)
        yield from _reminder(shape, document)
        yield from _reminder_from(folder, shape, document)
        yield from _idle(folder, shape, document)
        seen: set[tuple[str, str]] = set()
        for index, row in enumerate(shape.duties):
            here = ("duties", index)
            if (row.layer, row.id) in seen:
                yield document.fault(f"职责 {row.layer}/{row.id} 写了两次", *here)
            seen.add((row.layer, row.id))
            yield from _held(row, shape, document, here)
            yield from _timed(row, shape, document, here)
            yield from _reached(row, carried(folder), document, here)
    yield from _matrix(folder)


def _hops(shape: LayersFile, document: Document) -> Iterator[Fault]:
    for hop, row in shape.hops.items():
        level = longer(row.clock)
        if level is not None:
            text = f"{hop} 的{level.zh}时限比低一级的还长"
            yield document.fault(text, "hops", hop, "clock", level.word)


def _unused(shape: LayersFile, document: Document) -> Iterator[Fault]:
    """A clock nobody runs by; F1 and F2 are those of feedback, which is no duty."""
    used = {row.hop for row in shape.duties} | {"F1", "F2"}
    for hop in shape.hops:
        if hop not in used:
            yield document.fault(f"没有职责用时限 {hop}，这条永远用不到", "hops", hop)


def _held(row: DutyRow, shape: LayersFile, document: Document, here: Here) -> Iterator[Fault]:
    if row.layer not in shape.layers:
        yield document.fault(f"没有层级 {row.layer}", *here, "layer")
    if row.holders is not None and row.holders not in {duty.id for duty in shape.duties}:
        yield document.fault(f"没有职责 {row.holders}", *here, "holders")
    if row.coverage and (row.a or row.b or row.superior):
        yield document.fault("只求覆盖的职责没有角色", *here)
    if not row.coverage and not row.a:
        yield document.fault(f"{row.id} 没有人担任：a 是空的", *here, "a")
    for key, held in (("a", row.a), ("b", row.b), ("superior", row.superior)):
        for role in held:
            if role not in shape.roles:
                yield document.fault(f"没有角色 {role}：{row.id} 没有人担任", *here, key)


def _timed(row: DutyRow, shape: LayersFile, document: Document, here: Here) -> Iterator[Fault]:
    if row.coverage and row.hop is not None:
        yield document.fault("只求覆盖的职责没有应答时限，去掉 hop", *here, "hop")
    if not row.coverage and (row.hop is None or row.hop not in shape.hops):
        yield document.fault(f"{row.id} 要写一个已有的 hop", *here, "hop")


def _reached(row: DutyRow, kinds: set[str] | None, document: Document, here: Here) -> Iterator[Fault]:
    for level in Level:
        if level >= row.from_level and level not in row.channels:
            yield document.fault(f"{row.id} 没写{level.zh}用什么方式叫", *here, "channels")
    dropped = fewer(row.channels)
    if dropped is not None:
        yield document.fault(f"{dropped.zh}比低一级少了方式", *here, "channels", dropped.word)
    for level, held in row.channels.items():
        for kind in held:
            if kinds is not None and kind not in kinds:
                yield document.fault(f"没有通道能承载 {kind}", *here, "channels", level.word)


def _reminder(shape: LayersFile, document: Document) -> Iterator[Fault]:
    known = {f"{duty.layer}/{duty.id}": duty for duty in shape.duties}
    for index, reference in enumerate(shape.reminder):
        if reference not in known:
            yield document.fault(f"没有职责 {reference}", "reminder", index)
        elif known[reference].part != "responsible":
            yield document.fault("实测提醒只叫责任人", "reminder", index)


def _reminder_from(folder: Folder, shape: LayersFile, document: Document) -> Iterator[Fault]:
    known = {f"{duty.layer}/{duty.id}": duty for duty in shape.duties}
    hazards = {held.shape.id: held.shape for held in folder.hazards if held.shape}
    whole = all(held.shape for held in folder.hazards)
    for index, row in enumerate(shape.reminder_from):
        here = ("reminder_from", index)
        duty = known.get(row.duty)
        if duty is None:
            yield document.fault(f"没有职责 {row.duty}", *here, "duty")
        elif duty.part != "responsible":
            yield document.fault("实测提醒只叫责任人", *here, "duty")
        elif row.duty in shape.reminder:
            yield document.fault(f"{row.duty} 每次实测提醒都叫，这条不起作用", *here, "duty")
        elif row.since < duty.from_level:
            text = f"{row.duty} 从{duty.from_level.zh}起才叫，写在{row.since.zh}不起作用"
            yield document.fault(text, *here, "from")
        for name in row.hazards if whole else ():
            if name not in hazards:
                yield document.fault(f"没有灾种 {name}", *here, "hazards")
            elif not _measured_as(name, row.since, hazards):
                yield document.fault(
                    f"{name} 没有{row.since.zh}以上的实测标准，这条永远用不到", *here, "hazards"
                )


def _measured_as(name: str, since: Level, hazards: Mapping[str, HazardFile]) -> bool:
    """Whether a reminder of this hazard may reach a level: by its own rules, or others reported as it."""
    codes = set(hazards[name].codes)
    return any(
        rule.level >= since
        for hazard in hazards.values()
        if hazard.id == name or hazard.reported_as in codes
        for rule in hazard.observed
    )


def _idle(folder: Folder, shape: LayersFile, document: Document) -> Iterator[Fault]:
    """A duty nobody calls looks like a rule and is none."""
    if folder.matrix.shape is None:
        return
    rows = folder.matrix.shape.cells.values()
    called = {reference for row in rows for cell in row.values() for reference in cell.call}
    reminded = {*shape.reminder, *(row.duty for row in shape.reminder_from)}
    called |= {also.duty for held in folder.towns if held.shape for also in held.shape.also}
    for index, duty in enumerate(shape.duties):
        name = f"{duty.layer}/{duty.id}"
        if name not in called and name not in reminded:
            yield document.fault(f"{name} 没有任何一格会叫到", "duties", index)


def _matrix(folder: Folder) -> Iterator[Fault]:
    shape, document = folder.matrix.shape, folder.matrix.document
    if shape is None:
        return
    segments, known = segment_ids(folder), duties(folder)
    for segment, row in shape.cells.items():
        if segments is not None and segment not in segments:
            yield document.fault(f"没有时段 {segment}", "cells", segment)
        for level, cell in row.items():
            for index, reference in enumerate(cell.call):
                text = None if known is None else _misplaced(reference, level, known)
                if text:
                    yield document.fault(text, "cells", segment, level.word, "call", index)
    for segment in sorted((segments or set()) - set(shape.cells)):
        yield document.fault(f"没有写时段 {segment} 的一行", "cells")


def _misplaced(reference: str, level: Level, known: dict[str, DutyRow]) -> str | None:
    if reference not in known:
        return f"没有职责 {reference}"
    least = known[reference].from_level
    return f"{reference} 从{least.zh}起才叫，写在这一格不起作用" if least > level else None
