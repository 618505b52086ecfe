"""Checks of 流域联防: rivers, rooms and towns exist, a clock never grows, every rule can hold."""

from __future__ import annotations

from collections.abc import Iterator

from app.scheme.basin import BasinFile, BasinRuleRow, RiverRow
from app.scheme.faults import Fault
from app.scheme.folder import Folder
from app.scheme.known import carried, fewer, hazard_levels, longer
from app.scheme.lines import Document
from app.warning.basin import SIDES
from app.warning.level import Level


def check(folder: Folder) -> Iterator[Fault]:
    """Every fault in basin.yaml, where there is one."""
    shape, document = folder.basin.shape, folder.basin.document
    if shape is None:
        return
    yield from _called(shape, document, folder)
    yield from _rooms(shape, document, folder)
    yield from _rivers(shape, document, folder)
    seen: set[str] = set()
    for index, row in enumerate(shape.rules):
        if row.id in seen:
            yield document.fault(f"规则 {row.id} 写了两次", "rules", index, "id")
        seen.add(row.id)
        yield from _holds(shape, row, document, folder, index)
        yield from _adds(shape, row, document, index)


def _called(shape: BasinFile, document: Document, folder: Folder) -> Iterator[Fault]:
    layers, kinds = folder.layers.shape, carried(folder)
    level = longer(shape.hop.clock)
    if level is not None:
        yield document.fault(f"{shape.hop.id} 的{level.zh}时限比低一级的还长", "hop", "clock", level.word)
    if layers is not None and shape.hop.id in layers.hops:
        yield document.fault(f"时限 {shape.hop.id} 在 layers.yaml 已有", "hop", "id")
    for key, held in (("a", shape.a), ("b", shape.b)):
        for role in held:
            if layers is not None and role not in layers.roles:
                yield document.fault(f"没有角色 {role}：邻区没有人担任", key)
    yield from _ways(shape, document, kinds)


def _ways(shape: BasinFile, document: Document, kinds: set[str] | None) -> Iterator[Fault]:
    least = min(row.level for row in shape.rules)
    for level in Level:
        if level >= least and level not in shape.channels:
            yield document.fault(f"没写{level.zh}用什么方式叫", "channels")
        if level >= least and level not in shape.clock:
            yield document.fault(f"{level.zh}要应答，却没写时限", "hop", "clock")
    dropped = fewer(shape.channels)
    if dropped is not None:
        yield document.fault(f"{dropped.zh}比低一级少了方式", "channels", dropped.word)
    for level, names in shape.channels.items():
        for kind in names:
            if kinds is not None and kind not in kinds:
                yield document.fault(f"没有通道能承载 {kind}", "channels", level.word)


def _rooms(shape: BasinFile, document: Document, folder: Folder) -> Iterator[Fault]:
    district = folder.district.shape.code if folder.district.shape else None
    used = {name for river in shape.rivers for name in (*river.up, *river.down)}
    ids: set[str] = set()
    codes: set[str] = set()
    for index, row in enumerate(shape.rooms):
        if row.id in ids:
            yield document.fault(f"邻区 {row.id} 写了两次", "rooms", index, "id")
        if row.code in codes:
            yield document.fault(f"邻区代码 {row.code} 写了两次", "rooms", index, "code")
        ids.add(row.id)
        codes.add(row.code)
        if district is not None and not row.code.startswith(f"{district}-"):
            yield document.fault(f"{row.code} 不是本区 {district} 通讯录的代码", "rooms", index, "code")
        if row.id not in used:
            yield document.fault(f"没有哪条河用到邻区 {row.id}，永远不会叫", "rooms", index)


def _rivers(shape: BasinFile, document: Document, folder: Folder) -> Iterator[Fault]:
    rooms = {row.id for row in shape.rooms}
    towns = {held.shape.code for held in folder.towns if held.shape}
    seen: set[str] = set()
    for index, row in enumerate(shape.rivers):
        here = ("rivers", index)
        if row.name in seen:
            yield document.fault(f"河流 {row.name} 写了两次", *here, "name")
        seen.add(row.name)
        for i, code in enumerate(row.towns):
            if code not in towns:
                yield document.fault(f"没有镇街 {code}", *here, "towns", i)
            if code in row.towns[:i]:
                yield document.fault(f"镇街 {code} 写了两次", *here, "towns", i)
        yield from _sides(row, rooms, document, index)


def _sides(row: RiverRow, rooms: set[str], document: Document, index: int) -> Iterator[Fault]:
    here = ("rivers", index)
    for side, names in (("up", row.up), ("down", row.down)):
        for i, name in enumerate(names):
            if name not in rooms:
                yield document.fault(f"没有邻区 {name}", *here, side, i)
            if name in names[:i] or (side == "down" and name in row.up):
                yield document.fault(f"邻区 {name} 在{row.name}写了两次", *here, side, i)
    if not (row.up or row.down):
        yield document.fault(f"{row.name}没有上下游邻区，永远用不到", *here)


def _holds(
    shape: BasinFile, row: BasinRuleRow, document: Document, folder: Folder, index: int
) -> Iterator[Fault]:
    """What would keep a rule from ever calling anybody."""
    here = ("rules", index)
    levels = hazard_levels(folder)
    coded = {held.shape.id for held in folder.hazards if held.shape and held.shape.codes}
    for i, name in enumerate(row.hazards):
        if levels is None:
            break
        if name not in levels:
            yield document.fault(f"没有灾种 {name}", *here, "hazards", i)
        elif name not in coded:
            yield document.fault(f"{name} 没有代码，来报不会是它，永远用不到", *here, "hazards", i)
        elif row.level > max(levels[name], default=Level.HINT):
            yield document.fault(f"{name} 没有{row.level.zh}及以上，永远用不到", *here, "hazards", i)
    for i, side in enumerate(row.sides):
        if not any(getattr(river, side) for river in shape.rivers):
            yield document.fault(f"没有哪条河有{SIDES[side]}邻区，永远用不到", *here, "sides", i)


def _adds(shape: BasinFile, row: BasinRuleRow, document: Document, index: int) -> Iterator[Fault]:
    """A rule behind another that calls the same rooms at least as early says nothing."""
    for i, other in enumerate(shape.rules):
        wider = (
            i != index
            and (other.mark is None or other.mark == row.mark)
            and set(row.hazards) <= set(other.hazards)
            and set(row.sides) <= set(other.sides)
            and other.level <= row.level
            and other.measured >= row.measured
        )
        alike = wider and _same(row, other)
        if wider and (not alike or i < index):
            yield document.fault(f"{other.id} 已经都叫到，{row.id} 永远用不到", "rules", index)
            return


def _same(row: BasinRuleRow, other: BasinRuleRow) -> bool:
    """Whether two rules call the very same, so that only the later is too much."""
    return (set(row.hazards), set(row.sides), row.level, row.mark, row.measured) == (
        set(other.hazards),
        set(other.sides),
        other.level,
        other.mark,
        other.measured,
    )
