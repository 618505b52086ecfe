"""Checks of release, escalation and channels: no level without a rule, no chain out of order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.scheme.faults import Fault
from app.scheme.folder import Folder
from app.scheme.known import carried, longer, segment_ids
from app.scheme.lines import Document
from app.scheme.running import ChainRow, EscalationFile, ReleaseFile, ReleaseRow
from app.warning.level import Level

DECIDERS = frozenset({"duty", "chief", "leader"})


def check(folder: Folder) -> Iterator[Fault]:
    """Every fault among release, escalation and channels."""
    release, escalation = folder.release, folder.escalation
    if release.shape is not None:
        yield from _release(release.shape, release.document, segment_ids(folder))
    if escalation.shape is not None:
        hops = set(folder.layers.shape.hops) if folder.layers.shape else None
        if hops is not None and folder.basin.shape is not None:
            hops.add(folder.basin.shape.hop.id)
        yield from _escalation(escalation.shape, escalation.document, hops, carried(folder))
    yield from _channels(folder)


def _release(shape: ReleaseFile, document: Document, segments: set[str] | None) -> Iterator[Fault]:
    for part, rows in (("public", shape.public), ("orders", shape.orders), ("close", shape.close)):
        for level in Level:
            if level not in rows:
                yield document.fault(f"没有写{level.zh}由谁放行", part)
        for level, row in rows.items():
            yield from _rule(row, document, part, level.word)
        if part != "close":
            yield from _limits(rows, document, part)
    yield from _decisions(shape, document)
    for index, segment in enumerate(shape.auto_only_in):
        if segments is not None and segment not in segments:
            yield document.fault(f"没有时段 {segment}", "auto_only_in", index)
    for index, overdue in enumerate(shape.overdue):
        if overdue.who not in DECIDERS:
            yield document.fault(f"{overdue.who} 无权决定", "overdue", index, "who")


def _decisions(shape: ReleaseFile, document: Document) -> Iterator[Fault]:
    for name, row in (("review", shape.review), ("uplift", shape.uplift), ("response", shape.response)):
        yield from _rule(row, document, name)
        if row.limit is None:
            yield document.fault("要写限时 limit", name)


def _rule(row: ReleaseRow, document: Document, *here: str) -> Iterator[Fault]:
    for key, held in (("who", row.who), ("second", row.second)):
        for role in held:
            if role not in DECIDERS:
                yield document.fault(f"{role} 无权决定，只能是 duty、chief、leader", *here, key)
    if row.persons == 2 and not row.second:
        yield document.fault("要两个人，却没写第二个人是谁（second）", *here)
    if row.auto_at_limit and row.limit is None:
        yield document.fault("没有限时，不能到时自动放行", *here, "auto_at_limit")


def _limits(rows: Mapping[Level, ReleaseRow], document: Document, part: str) -> Iterator[Fault]:
    level = longer({level: row.limit for level, row in rows.items()})
    if level is not None:
        yield document.fault(f"{level.zh}的限时比低一级的还长", part, level.word, "limit")
    before = 0
    for level in sorted(rows):
        if rows[level].persons < before:
            yield document.fault(f"{level.zh}要的人比低一级的还少", part, level.word, "persons")
        before = rows[level].persons


def _escalation(
    shape: EscalationFile, document: Document, hops: set[str] | None, kinds: set[str] | None
) -> Iterator[Fault]:
    claimed: set[tuple[Level, str]] = set()
    for index, chain in enumerate(shape.chains):
        for hop in chain.hops:
            if hops is not None and hop not in hops:
                yield document.fault(f"没有 {hop}", "chains", index, "hops")
        for level in chain.levels:
            for hop in chain.hops or [""]:
                if (level, hop) in claimed:
                    yield document.fault(f"{level.zh}{hop} 已有一条链", "chains", index, "levels")
                claimed.add((level, hop))
        yield from _steps(chain, document, index, kinds)
    for level in Level:
        if (level, "") not in claimed:
            yield document.fault(f"{level.zh}没有通用的升级链", "chains")


def _steps(chain: ChainRow, document: Document, index: int, kinds: set[str] | None) -> Iterator[Fault]:
    first = chain.steps[0]
    if first.after.total_seconds() != 0 or first.who != "A":
        yield document.fault("第一步要在 0s 叫 A", "chains", index, "steps", 0)
    for i, step in enumerate(chain.steps):
        if i and step.after < chain.steps[i - 1].after:
            yield document.fault("步骤要按时间先后", "chains", index, "steps", i, "after")
        for kind in step.channels:
            if kinds is not None and kind not in kinds:
                yield document.fault(f"没有通道能承载 {kind}", "chains", index, "steps", i, "channels")


def _channels(folder: Folder) -> Iterator[Fault]:
    """Only what the rules need of an entry; its options are checked by the room that calls the vendor."""
    shape, document = folder.channels.shape, folder.channels.document
    names: set[str] = set()
    for index, entry in enumerate(shape.channels if shape else ()):
        name = entry.get("name")
        if not isinstance(name, str) or not name:
            yield document.fault("通道要有名字 name", "channels", index)
            continue
        if name in names:
            yield document.fault(f"通道 {name} 写了两次", "channels", index, "name")
        names.add(name)
        carries = entry.get("carries")
        if not isinstance(carries, list) or not carries or not all(isinstance(c, str) for c in carries):
            yield document.fault(f"通道 {name} 要写承载什么 carries", "channels", index, "carries")
