"""The national warning XML (12379, GB/T 34283-2017) as its writers really produce it.

Two independent writers disagree on the root, the namespace, the length of codes and the spelling of some
elements; both are read. What is authentic but cannot be acted on becomes a blocking problem and goes before
the duty officer; only what cannot be read as a message at all (no identifier, no time, a status nobody
defined) is refused.
"""

import re
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from lxml import etree

from app.errors import Fault, Validation
from app.intake import levels, times, words
from app.intake.geometry import Shape, circle_text, polygon_text
from app.intake.message import (
    LONGEST_IDENTIFIER,
    LONGEST_SENDER,
    Area,
    MeansText,
    Message,
    MsgType,
    Problem,
    Reference,
    Scope,
    Status,
    digest,
)
from app.intake.xml_gate import canonical, children, leaf, name_of, parse, pointer, text
from app.warning.level import Level

_EVENT = re.compile(r"[0-9A-Z]{5}")
_CODE = re.compile(r"\d{6}|\d{9}|\d{12}|\d{14}")
_LISTS = re.compile(r"[,，;；、\s]+")

_ALERT = {
    "identifier",
    "sender",
    "sendercode",
    "phone",
    "sendtime",
    "status",
    "msgtype",
    "scope",
    "code",
    "secclassification",
    "note",
    "references",
    "info",
}
_INFO = {
    "language",
    "eventtype",
    "urgency",
    "severity",
    "certainty",
    "effective",
    "onset",
    "expires",
    "sendername",
    "headline",
    "description",
    "instruction",
    "web",
    "resource",
    "area",
}

Word = TypeVar("Word", Status, MsgType)


def read(body: bytes, charset: str | None = None) -> Message:
    """Read a 12379 document. Raises the errors of ``xml_gate.parse``, and Validation with paths."""
    return from_root(parse(body, charset))


def from_root(root: etree._Element) -> Message:
    """Read a 12379 document that has passed the gate. Raises Validation."""
    return _Reader(root).message()


class _Reader:
    """One reading: collects faults (refused together at the end) and problems (kept with the message)."""

    def __init__(self, root: etree._Element) -> None:
        self.root = root
        self.faults: list[Fault] = []
        self.problems: list[Problem] = []

    def message(self) -> Message:
        root = self.root
        infos = children(root, "info")
        info = infos[0] if infos else None
        self._strangers(infos)
        identifier = self._key(root, "identifier")
        sender = self._key(root, "sender", "senderCode")
        sent = self._time(root, "sendTime", needed=True)
        msg_type = self._msg_type()
        status = self._one_of(Status, "status")
        scope, restriction = self._scope()
        event = self._event(info, msg_type)
        references = self._references(msg_type, identifier)
        if info is None and msg_type is not MsgType.CANCEL:
            self.faults.append(Fault("/" + name_of(root), "missing", "info is missing."))
        effective, onset, expires = (self._time(info, name) for name in ("effective", "onset", "expires"))
        if self.faults or sent is None or status is None:
            raise Validation("The 12379 message cannot be taken.", errors=self.faults)
        read = Message(
            form="12379",
            identifier=identifier,
            sender=sender,
            sent=sent,
            status=status,
            msg_type=msg_type,
            scope=scope,
            restriction=restriction,
            event_code=event,
            level=self._level(info, msg_type),
            content_digest=digest(canonical(root)),
            references=references,
            effective=effective,
            onset=onset,
            expires=expires,
            headline=self._line(info, "headline"),
            description=self._block(info, "description"),
            instruction=self._block(info, "instruction"),
            note=self._block(root, "note"),
            issuer=self._line(info, "senderName") or self._line(root, "sender"),
            texts=self._texts(),
            areas=self._areas(info),
        )
        self._contradictions(read)
        return replace(read, problems=tuple(dict.fromkeys(self.problems)))

    def _strangers(self, infos: list[etree._Element]) -> None:
        if len(infos) > 1:
            self._problem("several-infos", "来文有多个info，只读了第一个，请核对原文", blocking=True)
        known = [(self.root, _ALERT), *((info, _INFO) for info in infos)]
        if any(name_of(child).lower() not in names for parent, names in known for child in parent):
            self._problem("unknown-element", "来文含有标准之外的内容，未采用，请看原文")
        if any(children(info, "resource") for info in infos):
            self._problem("attachment", "来文带有附件，附件未读取")

    def _key(self, parent: etree._Element, *names: str) -> str:
        for name in names:
            value = words.one_line(text(parent, name) or "")
            longest = LONGEST_IDENTIFIER if name == "identifier" else LONGEST_SENDER
            if len(value) > longest:
                self.faults.append(
                    Fault(f"{pointer(parent)}/{name}", "too-long", f"At most {longest} characters.")
                )
                return ""
            if value:
                return value
        self.faults.append(
            Fault(f"{pointer(parent)}/{names[0]}", "missing", "This element is missing or empty.")
        )
        return ""

    def _time(self, parent: etree._Element | None, name: str, *, needed: bool = False) -> datetime | None:
        if parent is None:
            return None
        at = f"{pointer(parent)}/{name}"
        written = text(parent, name)
        if written is None:
            if needed:
                self.faults.append(Fault(at, "missing", "This element is missing or empty."))
            return None
        try:
            return times.read(times.NATIONAL, written, at)
        except Validation as error:
            self.faults.extend(error.errors)
            return None

    def _msg_type(self) -> MsgType:
        written = text(self.root, "msgType") or ""
        if written.lower() == "cancle":
            self._problem("misspelt-cancel", "来文把Cancel写成了Cancle，按解除处理")
            return MsgType.CANCEL
        return self._one_of(MsgType, "msgType") or MsgType.ERROR

    def _one_of(self, kind: type[Word], name: str) -> Word | None:
        written = (text(self.root, name) or "").lower()
        found = next((value for value in kind if value.value.lower() == written), None)
        if found is None:
            self.faults.append(
                Fault(f"{pointer(self.root)}/{name}", "not-in-list", f"One of {', '.join(kind)}.")
            )
        return found

    def _scope(self) -> tuple[Scope, str | None]:
        written = text(self.root, "scope") or "Public"
        scope = next((value for value in Scope if value.value.lower() == written.lower()), None)
        if scope is None:
            self.faults.append(
                Fault(f"{pointer(self.root)}/scope", "not-in-list", f"One of {', '.join(Scope)}.")
            )
        classified = text(self.root, "secClassification")
        if classified and classified.lower() != "none":
            return Scope.RESTRICTED, words.one_line(classified)
        return scope or Scope.PRIVATE, None

    def _event(self, info: etree._Element | None, msg_type: MsgType) -> str:
        written = (text(info, "eventType") or "").upper() if info is not None else ""
        if _EVENT.fullmatch(written):
            return written
        if msg_type is not MsgType.CANCEL or written:
            self._problem("unknown-event", "来文没有可识别的事件类型编码", blocking=True)
        return ""

    def _level(self, info: etree._Element | None, msg_type: MsgType) -> Level | None:
        level = levels.colour(text(info, "severity") or "") if info is not None else None
        if level is None and msg_type is not MsgType.CANCEL:
            self._problem("unknown-severity", "来文没有可识别的预警级别（颜色）", blocking=True)
        return level

    def _references(self, msg_type: MsgType, own: str) -> tuple[Reference, ...]:
        written = _LISTS.split(text(self.root, "references") or "")
        found = tuple(
            Reference(words.one_line(each)) for each in written if each and len(each) <= LONGEST_IDENTIFIER
        )
        if own and any(reference.identifier == own for reference in found) and msg_type is not MsgType.ALERT:
            # "The first message of the event": some writers name the message itself when it is the first.
            self._problem("self-reference", "来文引用了自己的编号", blocking=True)
            found = tuple(reference for reference in found if reference.identifier != own)
        if not found and msg_type in {MsgType.UPDATE, MsgType.CANCEL}:
            self._problem("no-reference", "更新或解除没有写明针对哪条预警", blocking=True)
        return found

    def _texts(self) -> tuple[MeansText, ...]:
        said: list[MeansText] = []
        # B writes <code><method>…</method></code>; A repeats <code>. Either way the blocks are whatever
        # bears a methodName.
        for block in (
            each for code in children(self.root, "code") for each in (*children(code, "method"), code)
        ):
            means = words.one_line(text(block, "methodName") or "") if children(block, "methodName") else ""
            if not means:
                continue
            told = words.block(text(block, "message") or "")
            if told:
                said.append(MeansText(means, told))
            for name in ("audienceGrp", "audiencePrt", "audencePrt", "audenceprt"):
                if any((leaf(each) or "").strip(", \t\r\n") for each in children(block, name)):
                    self._problem("audience-not-used", "来文指定了接收对象；本区按预案确定对象，未采用")
        return tuple(said)

    def _areas(self, info: etree._Element | None) -> tuple[Area, ...]:
        return tuple(self._area(each) for each in children(info, "area")) if info is not None else ()

    def _area(self, area: etree._Element) -> Area:
        description = words.one_line(text(area, "areaDesc") or "")
        codes: list[str] = []
        for written in (leaf(each) for each in children(area, "geocode")):
            for code in filter(None, _LISTS.split(written)):
                if _CODE.fullmatch(code):
                    codes.append(code)
                else:
                    self._problem("bad-code", "来文的区域编码不是6、9、12或14位数字", blocking=True)
        shapes = [
            polygon_text(leaf(each), "either") for each in children(area, "polygon") if leaf(each).strip()
        ]
        shapes += [
            circle_text(leaf(each), "either", metres=1)
            for each in children(area, "circle")
            if leaf(each).strip()
        ]
        # Where codes say which places, a shape that fails is only told; it stands in nobody's way.
        self.problems.extend(replace(each, blocking=not codes) for shape in shapes for each in shape.problems)
        return _area_of(description, codes, shapes)

    def _contradictions(self, read: Message) -> None:
        told = levels.headline_colour(read.headline)
        if told is not None and read.level is not None and told is not read.level:
            self._problem("colour-differs", "标题写的颜色与级别字段不一致，按级别字段处理")
        if not read.headline and read.msg_type in {MsgType.ALERT, MsgType.UPDATE}:
            self._problem("no-headline", "来文没有标题", blocking=True)
        if any(words.has_hidden(each.text or "") for each in self.root.iter(etree.Element)):
            self._problem("hidden-marks", "来文含有不可见的方向或连接符，已去掉")

    def _line(self, parent: etree._Element | None, name: str) -> str:
        return words.one_line(text(parent, name) or "") if parent is not None else ""

    def _block(self, parent: etree._Element | None, name: str) -> str:
        return words.block(text(parent, name) or "") if parent is not None else ""

    def _problem(self, code: str, detail: str, *, blocking: bool = False) -> None:
        self.problems.append(Problem(code, detail, blocking))


def _area_of(description: str, codes: list[str], shapes: list[Shape]) -> Area:
    names = tuple(filter(None, _LISTS.split(description)))
    return Area(
        description=description,
        names=names,
        codes=tuple(codes),
        polygons=tuple(shape.ring for shape in shapes if shape.ring is not None),
        circles=tuple(shape.circle for shape in shapes if shape.circle is not None),
    )
