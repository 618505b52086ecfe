"""CAP 1.2 (1.0 and 1.1 are read too): the official schema is the first gate, the standard's text the second.

What the schema or a mandatory rule forbids is refused by name (422, with the element's path). What is
allowed but cannot be acted on (no code for the event, an area in words alone, a ring that is open) becomes
a blocking problem for the duty officer. Elements in a wrong order are put right and told: agencies do write
them so.

Several ``info`` blocks are one event in several languages, or several events. They are grouped by event,
level, times and area first, and only then a language is chosen: zh-CN before any other Chinese, before the
first. Never are all infos sent to all people.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lxml import etree

from app.errors import Fault, Validation
from app.intake import levels, times, words
from app.intake.cap_schema import check
from app.intake.geometry import circle_text, polygon_text
from app.intake.message import (
    LONGEST_IDENTIFIER,
    LONGEST_SENDER,
    Area,
    Message,
    MsgType,
    Problem,
    Reference,
    Scope,
    Status,
    digest,
)
from app.intake.xml_gate import canonical, children, leaf, parse, pointer, text
from app.warning.level import Level

_EVENT = re.compile(r"1[1-4][0-9A-Z]\d\d")
_CODE = re.compile(r"\d{6}|\d{9}|\d{12}|\d{14}")
_NO_NAME = re.compile(r"[\s,<&]")

# Six digits may as well be an American SAME code: only these names promise a Chinese division code.
_DIVISIONS = ("cpeas", "gb/t 2260", "gb2260", "adcode", "行政区划", "统计用区划", "区划代码")
_COLOURS = ("color", "colour", "颜色", "预警级别", "预警颜色", "awareness_level")


def read(body: bytes, charset: str | None = None) -> Message:
    """Read a CAP document. Raises the errors of ``xml_gate.parse``, and Validation with paths."""
    return from_root(parse(body, charset))


def from_root(root: etree._Element) -> Message:
    """Read a CAP document that has passed the XML gate. Raises Validation."""
    document = digest(canonical(root))
    root, order = check(root)
    return _Reader(root, document, list(order)).message()


@dataclass(frozen=True, slots=True)
class _Info:
    """One info block, as far as it decides grouping."""

    element: etree._Element
    language: str
    event: str
    event_code: str
    level: Level | None
    span: tuple[datetime | None, datetime | None, datetime | None]
    areas: tuple[Area, ...]

    @property
    def where(self) -> frozenset[object]:
        """What tells its area from another's, in any language: codes and shapes, never words."""
        return frozenset(
            each
            for area in self.areas
            for each in (*area.codes, *area.polygons, *area.circles, *(() if _placed(area) else ("?",)))
        )


def _placed(area: Area) -> bool:
    return bool(area.codes or area.polygons or area.circles)


class _Reader:
    """One reading: collects faults (refused together) and problems (kept with the message)."""

    def __init__(self, root: etree._Element, document: str, problems: list[Problem]) -> None:
        self.root, self.document, self.problems = root, document, problems
        self.faults: list[Fault] = []

    def message(self) -> Message:
        root = self.root
        msg_type, status, scope = (
            MsgType(self._said("msgType")),
            Status(self._said("status")),
            Scope(self._said("scope")),
        )
        identifier, sender = (
            self._name("identifier", LONGEST_IDENTIFIER),
            self._name("sender", LONGEST_SENDER),
        )
        sent = self._time(root, "sent")
        references = self._references(msg_type, identifier, sender, sent)
        self._addressed(scope)
        infos = [self._info(each) for each in children(root, "info")]
        if not infos and msg_type in {MsgType.ALERT, MsgType.UPDATE}:
            self._problem("no-info", "来文没有info，不知道是什么预警", blocking=True)
        if self.faults or sent is None:
            raise Validation("The CAP message cannot be taken.", errors=self.faults)
        chosen, areas, level = self._choose(infos, msg_type)
        said = chosen.element if chosen else None
        effective, onset, expires = chosen.span if chosen else (None, None, None)
        read = Message(
            form="cap",
            identifier=identifier,
            sender=sender,
            sent=sent,
            status=status,
            msg_type=msg_type,
            scope=scope,
            restriction=text(root, "restriction"),
            references=references,
            event_code=chosen.event_code if chosen else "",
            level=level,
            effective=effective,
            onset=onset,
            expires=expires,
            event=chosen.event if chosen else "",
            headline=self._line(said, "headline") or (chosen.event if chosen else ""),
            description=self._block(said, "description"),
            instruction=self._block(said, "instruction"),
            issuer=self._line(said, "senderName")[:120] or sender,
            note=self._block(root, "note"),
            areas=areas,
            content_digest=self.document,
        )
        self._notes(read)
        return replace(read, problems=tuple(dict.fromkeys(self.problems)))

    # --- the
    # alert block
    def _said(self, name: str) -> str:
        return (text(self.root, name) or "").strip()

    def _name(self, name: str, longest: int) -> str:
        said = words.one_line(self._said(name))
        if not said or len(said) > longest:
            self._fault(self.root, name, "missing" if not said else "too-long", f"1 to {longest} characters.")
        elif _NO_NAME.search(said):
            # CAP 1.2, 3.2.1. A sender with a blank is common and harmless; it is the reference list that
            # cannot name it.
            self._problem("bad-name", f"{name}里有空格、逗号或尖括号，CAP不许这样写")
        return said

    def _time(self, parent: etree._Element, name: str) -> datetime | None:
        written = text(parent, name)
        if written is None:
            return None
        try:
            return times.read(times.CAP, written, f"{pointer(parent)}/{name}")
        except Validation as error:
            self.faults.extend(error.errors)
            return None

    def _references(
        self, msg_type: MsgType, own: str, sender: str, sent: datetime | None
    ) -> tuple[Reference, ...]:
        found: list[Reference] = []
        for triple in (text(self.root, "references") or "").split():
            parts = triple.split(",")
            try:
                who, which, when = (part.strip() for part in parts)
                reference = Reference(which, who, times.read(times.CAP, when, "/alert/references"))
            except (ValueError, Validation):
                self._fault(self.root, "references", "bad-reference", "Each is sender,identifier,sent.")
                return ()
            if (reference.identifier, reference.sender) == (own, sender) and reference.sent == sent:
                self._fault(self.root, "references", "self-reference", "A message cannot refer to itself.")
            elif sent is not None and reference.sent is not None and reference.sent > sent:
                self._problem("later-reference", "来文引用了一条比它更晚的消息", blocking=True)
            found.append(reference)
        if not found and msg_type in {MsgType.UPDATE, MsgType.CANCEL}:
            self._fault(
                self.root, "references", "no-reference", f"{msg_type} must name the message it is about."
            )
        return tuple(dict.fromkeys(found))

    def _addressed(self, scope: Scope) -> None:
        if scope is Scope.RESTRICTED and not text(self.root, "restriction"):
            self._fault(self.root, "restriction", "missing", "Scope Restricted needs it.")
        if scope is Scope.PRIVATE and not text(self.root, "addresses"):
            self._fault(self.root, "addresses", "missing", "Scope Private needs it.")

    # --- the
    # info block
    def _info(self, info: etree._Element) -> _Info:
        pairs = [(name, value) for kind in ("eventCode", "parameter") for name, value in _pairs(info, kind)]
        codes = [
            value.upper() for name, value in _pairs(info, "eventCode") if _EVENT.fullmatch(value.upper())
        ]
        colours = [
            level
            for name, value in pairs
            if any(word in name.lower() for word in _COLOURS)
            for part in re.split(r"[;,\s]+", value)
            if (level := levels.colour(part)) is not None
        ]
        severity = levels.SEVERITIES.get((text(info, "severity") or "").strip())
        level = colours[0] if colours else severity
        if colours and severity is not None and severity is not level:
            self._problem("colour-differs", "来文写的颜色与severity不一致，按颜色处理")
        if children(info, "resource"):
            self._problem("attachment", "来文带有附件，附件未读取")
        if any((leaf(each) or "").strip() == "AllClear" for each in children(info, "responseType")):
            self._problem("all-clear", "来文表示危险已过（AllClear），请核对是否应解除", blocking=True)
        return _Info(
            element=info,
            language=(text(info, "language") or "en-US").lower(),
            event=self._line(info, "event"),
            event_code=codes[0] if codes else "",
            level=level,
            span=(self._time(info, "effective"), self._time(info, "onset"), self._time(info, "expires")),
            areas=tuple(self._area(each) for each in children(info, "area")),
        )

    def _area(self, area: etree._Element) -> Area:
        description = words.one_line(text(area, "areaDesc") or "")
        codes: list[str] = []
        strange = False
        for name, value in _pairs(area, "geocode"):
            named = any(word in name.lower() for word in _DIVISIONS)
            parts = [part for part in re.split(r"[,，;\s]+", value) if part]
            if named and parts and all(_CODE.fullmatch(part) for part in parts):
                codes += parts
            else:
                strange = True
        shapes = [
            polygon_text(leaf(each), "lat,lon") for each in children(area, "polygon") if leaf(each).strip()
        ]
        shapes += [
            circle_text(leaf(each), "lat,lon", metres=1000)
            for each in children(area, "circle")
            if leaf(each).strip()
        ]
        # Where codes say which places, a shape that fails is only told; it stands in nobody's way.
        self.problems.extend(replace(each, blocking=not codes) for shape in shapes for each in shape.problems)
        if strange and not codes:
            self._problem("unknown-geocode", "来文的区域编码不是行政区划代码，未采用")
        if text(area, "altitude") or text(area, "ceiling"):
            self._problem("altitude", "来文限定了高度范围，未采用")
        names = tuple(part for part in re.split(r"[,，;；、]+", description) if part.strip())
        return Area(
            description=description,
            names=tuple(name.strip() for name in names),
            codes=tuple(codes),
            polygons=tuple(shape.ring for shape in shapes if shape.ring is not None),
            circles=tuple(shape.circle for shape in shapes if shape.circle is not None),
        )

    def _choose(
        self, infos: Sequence[_Info], msg_type: MsgType
    ) -> tuple[_Info | None, tuple[Area, ...], Level | None]:
        """Return the info whose words are used, the areas of its event, and the level."""
        if not infos:
            return None, (), None
        chosen = min(infos, key=lambda info: (_rank(info.language), -(info.level or 0)))
        group = [info for info in infos if info.language == chosen.language]
        covered = frozenset().union(*(info.where for info in group))
        meanings = {(info.event_code or info.event, info.level, info.span) for info in group}
        # The same event in another language has the same code and level, and lies in the same places.
        others = [
            info
            for info in infos
            if (info.event_code, info.level) not in {(each.event_code, each.level) for each in group}
            or not info.where <= covered
        ]
        level = chosen.level
        if len(meanings) > 1 or others:
            self._problem("several-events", "一份来文里有几个不同的预警或级别，须由人分开处理", blocking=True)
            # Shown at the highest of its levels; at none if one of them is not known.
            level = (
                max(each for info in infos if (each := info.level) is not None)
                if all(info.level is not None for info in infos)
                else None
            )
        elif any(info.span != chosen.span for info in infos):
            self._problem("times-differ", "各语言写的时间不一致，按中文部分处理")
        if msg_type not in {MsgType.CANCEL, MsgType.ACK, MsgType.ERROR}:
            if level is None:
                self._problem("unknown-severity", "来文没有可识别的预警级别（颜色）", blocking=True)
            if not chosen.event_code:
                self._problem("unknown-event", "来文没有可识别的事件类型编码", blocking=True)
        areas = tuple(dict.fromkeys(area for info in (*group, *others) for area in info.areas))
        return chosen, areas, level

    # --- notes
    def _notes(self, read: Message) -> None:
        if any(
            isinstance(each.tag, str) and etree.QName(each).localname == "Signature" for each in self.root
        ):
            self._problem("signature-not-checked", "来文带有数字签名，未校验；来源以接入密钥为准")
        told = levels.headline_colour(read.headline)
        if told is not None and read.level is not None and told is not read.level:
            self._problem("colour-differs", "标题写的颜色与级别不一致，按级别处理")
        if any(words.has_hidden(each.text or "") for each in self.root.iter(etree.Element)):
            self._problem("hidden-marks", "来文含有不可见的方向或连接符，已去掉")

    def _line(self, parent: etree._Element | None, name: str) -> str:
        return words.one_line(text(parent, name) or "") if parent is not None else ""

    def _block(self, parent: etree._Element | None, name: str) -> str:
        return words.block(text(parent, name) or "") if parent is not None else ""

    def _fault(self, parent: etree._Element, name: str, code: str, detail: str) -> None:
        self.faults.append(Fault(f"{pointer(parent)}/{name}", code, detail))

    def _problem(self, code: str, detail: str, *, blocking: bool = False) -> None:
        self.problems.append(Problem(code, detail, blocking))


def _pairs(parent: etree._Element, kind: str) -> list[tuple[str, str]]:
    """Return (valueName, value) of each; CAP 1.0 wrote ``name=value`` as plain text."""
    found: list[tuple[str, str]] = []
    for each in children(parent, kind):
        if len(each):
            found.append(((text(each, "valueName") or "").strip(), (text(each, "value") or "").strip()))
        else:
            name, _, value = (each.text or "").partition("=")
            found.append((name.strip(), value.strip()))
    return found


def _rank(language: str) -> int:
    if language in {"zh-cn", "zh-hans", "zh-hans-cn"}:
        return 0
    return 1 if language.startswith("zh") else 2
