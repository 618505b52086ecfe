"""Checks of the texts: every case has one, no blank is misspelt, what was measured claims to be no signal."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.scheme.faults import Fault
from app.scheme.folder import Folder
from app.scheme.known import hazard_ids
from app.scheme.lines import Document
from app.scheme.running import TemplateRow

BLANK = re.compile(r"\{([^{}]*)\}")
BLANKS = frozenset(
    {
        *("signature", "district", "hazard", "level", "places", "time", "what", "do", "desk"),
        *("reply", "link", "version", "headline", "issuer", "duties"),
    }
)
KINDS = ("alert", "correction", "clear")
CHANNELS = ("sms", "voice", "broadcast", "page")
SIGNAL = "预警信号"
MEASURED = "实测"


def check(folder: Folder) -> Iterator[Fault]:
    """Every fault in the texts."""
    hazards = hazard_ids(folder)
    shape = folder.layers.shape
    duties = None if shape is None else {duty.id for duty in shape.duties}
    seen: set[tuple[object, ...]] = set()
    for held in folder.wording:
        for index, row in enumerate(held.shape.templates if held.shape else ()):
            here = ("templates", index)
            key = (*_selectors(row), row.kind, row.channel, _observed(row))
            if key in seen:
                yield held.document.fault("同样条件的文字已有一条", *here)
            seen.add(key)
            yield from _text(row, held.document, here)
            if row.hazard is not None and hazards is not None and row.hazard not in hazards:
                yield held.document.fault(f"没有灾种 {row.hazard}", *here, "hazard")
            if row.duty is not None and duties is not None and row.duty not in duties:
                yield held.document.fault(f"没有职责 {row.duty}", *here, "duty")
    if folder.wording and all(held.shape for held in folder.wording):
        yield from _gaps(folder)


def _selectors(row: TemplateRow) -> tuple[object, ...]:
    return (row.hazard, row.family, row.level, row.layer, row.duty)


def _observed(row: TemplateRow) -> bool | None:
    """A text that does not say is for signals; what to do is the same for both."""
    return row.observed if row.kind == "do" else bool(row.observed)


def _text(row: TemplateRow, document: Document, here: tuple[str, int]) -> Iterator[Fault]:
    if (row.channel is None) != (row.kind == "do"):
        yield document.fault("除 kind: do 外都要写 channel", *here)
    for blank in BLANK.findall(row.text):
        if blank not in BLANKS or (row.kind == "do" and blank == "do"):
            yield document.fault(f"没有可填的 {{{blank}}}", *here, "text")
    if "{" in BLANK.sub("", row.text) or "}" in BLANK.sub("", row.text):
        yield document.fault("花括号不成对", *here, "text")
    if (row.observed or row.kind == "do") and SIGNAL in row.text:
        yield document.fault(f"实测提醒不得写“{SIGNAL}”", *here, "text")
    if row.observed and row.kind != "do" and MEASURED not in row.text:
        yield document.fault(f"实测提醒要写明“{MEASURED}”", *here, "text")


def _gaps(folder: Folder) -> Iterator[Fault]:
    """The most general text must exist, so that there is never nothing to say."""
    plain = {
        (row.kind, row.channel, _observed(row))
        for held in folder.wording
        if held.shape
        for row in held.shape.templates
        if not any(part is not None for part in _selectors(row))
    }
    for kind in KINDS:
        for channel in CHANNELS:
            for observed in (False, True):
                if (kind, channel, observed) not in plain:
                    which = "实测" if observed else "预警"
                    yield Fault("wording/", 1, f"缺少通用文字：{kind} {channel}（{which}）")
    if ("do", None, None) not in plain:
        yield Fault("wording/", 1, "缺少通用文字：do")
