"""Checks of the texts: every case has one, no blank is misspelt, what was measured claims to be no signal."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.scheme.basin import WORDED
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
        *("effect", "was", "ask", "also"),
    }
)
KINDS = ("alert", "correction", "lowered", "clear")
WORDS = ("do", "effect")  # put into the texts of every channel
CHANNELS = ("sms", "voice", "broadcast", "page")
SIGNAL = "预警信号"
MEASURED = "实测"
FIGURES = re.compile(r"毫米|mm", re.IGNORECASE)
LONGEST = {"do": 22, "effect": 20}  # characters, so that an SMS of one part has room for the rest
# Characters beside the blanks: an SMS has 70 for all, a call is heard for half a minute.
ROOM = {"sms": 34, "voice": 70, "broadcast": 90, "page": 120}


def check(folder: Folder) -> Iterator[Fault]:
    """Every fault in the texts."""
    hazards = hazard_ids(folder)
    shape = folder.layers.shape
    duties = None if shape is None else {duty.id for duty in shape.duties}
    if duties is not None and folder.basin.shape is not None:
        duties |= set(WORDED.values())
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
    return row.observed if row.kind in WORDS else bool(row.observed)


def _text(row: TemplateRow, document: Document, here: tuple[str, int]) -> Iterator[Fault]:
    if (row.channel is None) != (row.kind in WORDS):
        yield document.fault("除 kind: do、effect 外都要写 channel", *here)
    for blank in BLANK.findall(row.text):
        if blank not in BLANKS or (row.kind in WORDS and blank in WORDS):
            yield document.fault(f"没有可填的 {{{blank}}}", *here, "text")
    if "{" in BLANK.sub("", row.text) or "}" in BLANK.sub("", row.text):
        yield document.fault("花括号不成对", *here, "text")
    if (row.observed or row.kind in WORDS) and SIGNAL in row.text:
        yield document.fault(f"实测提醒不得写“{SIGNAL}”", *here, "text")
    if row.observed and row.kind not in WORDS and MEASURED not in row.text:
        yield document.fault(f"实测提醒要写明“{MEASURED}”", *here, "text")
    for fault in _style(row):
        yield document.fault(fault, *here, "text")


def _style(row: TemplateRow) -> Iterator[str]:
    """What a text must say, by kind and channel, and what the public need not work out for itself."""
    if row.kind in WORDS:
        if len(row.text) > LONGEST[row.kind]:
            yield f"太长：{row.kind} 最多 {LONGEST[row.kind]} 字"
        if FIGURES.search(row.text):
            yield "不要写毫米：说成会怎样、做什么"
        return
    said = set(BLANK.findall(row.text))
    yield from _lacking(row, said)
    to_public = row.layer == "L6" or row.channel == "broadcast"
    if to_public and (FIGURES.search(row.text) or (row.kind == "alert" and said & {"what", "headline"})):
        yield "给公众的话不写毫米数：用 {effect}，不用 {what}"
    fixed = len(BLANK.sub("", row.text))
    if row.channel and fixed > ROOM[row.channel]:
        yield f"太长：{row.channel} 除填空外最多 {ROOM[row.channel]} 字，现有 {fixed} 字"


def _lacking(row: TemplateRow, said: set[str]) -> Iterator[str]:
    alert = row.kind == "alert"
    musts = (
        (True, {"places"}, "没有写地方 {places}"),
        (True, {"time", "ask"}, "没有写时间 {time}（短信写 {ask}）"),
        (alert and row.duty != "orders", {"what", "effect"}, "没有写会怎样 {what} 或 {effect}"),
        (alert, {"do"}, "没有写做什么 {do}"),
        (
            alert and "按2" not in row.text,
            {"desk", "ask"},
            "没有写找谁：{desk}，短信写 {ask}，外呼写“按2有困难”",
        ),
        (
            alert and row.channel in {"sms", "voice"},
            {"also"},
            "没有写一并确认的另一件 {also}：按键和回复也算应了它",
        ),
        (alert and row.channel == "sms", {"reply"}, "短信没有写怎么回 {reply}"),
        (row.kind == "lowered", {"was"}, "降级没有写从哪一级 {was}"),
        (row.kind == "lowered", {"level"}, "降级没有写到哪一级 {level}"),
    )
    for holds, any_of, fault in musts:
        if holds and not said & any_of:
            yield fault


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
    for kind in WORDS:
        if (kind, None, None) not in plain:
            yield Fault("wording/", 1, f"缺少通用文字：{kind}")
