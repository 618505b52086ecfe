"""How bureaus write: the weather bureau's national XML, the water bureau's JSON. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lxml import etree

from app.clock import LOCAL

ZH = {"blue": "蓝色", "yellow": "黄色", "orange": "橙色", "red": "红色"}
SEVERITY = {"blue": "Blue", "yellow": "Yellow", "orange": "Orange", "red": "Red"}
GRADE = {"blue": "IV级/一般", "yellow": "III级/较重", "orange": "II级/严重", "red": "I级/特别严重"}


@dataclass(frozen=True, slots=True)
class Bulletin:
    """One message of a bureau.

    ``first`` is the identifier of the event's first message, for Update and Cancel.
    """

    identifier: str
    msg_type: str
    event: str
    event_zh: str
    level: str
    sent: datetime
    towns: tuple[str, ...]
    description: str
    instruction: str = ""
    first: str | None = None
    earlier: tuple[str, ...] = ()


def headline(sender: str, said: Bulletin) -> str:
    """``…发布暴雨红色预警[I级/特别严重]``, ``…解除…``."""
    verb = "解除" if said.msg_type == "Cancel" else "发布"
    return f"{sender}{verb}{said.event_zh}{ZH[said.level]}预警[{GRADE[said.level]}]"


def national(said: Bulletin, *, sender: str, sender_code: str, names: Mapping[str, str]) -> bytes:
    """The 12379 XML as one of its writers makes it: no namespace, a space in ``sendTime``.

    Names and codes stand in parallel. ``names``: town code to name. Area codes are written with twelve
    digits.
    """
    root = etree.Element("alert")

    def add(parent: etree._Element, name: str, text: str = "") -> etree._Element:
        found = etree.SubElement(parent, name)
        found.text = text or None
        return found

    sent = said.sent.astimezone(LOCAL)
    for name, text in (
        ("identifier", said.identifier),
        ("sender", sender),
        ("senderCode", sender_code),
        ("sendTime", f"{sent:%Y-%m-%d %H:%M:%S}+08:00"),
        ("status", "Actual"),
        ("msgType", said.msg_type),
        ("scope", "Public"),
    ):
        add(root, name, text)
    method = add(add(root, "code"), "method")
    for name, text in (("methodName", "SMS"), ("message", ""), ("audienceGrp", ""), ("audencePrt", ",")):
        add(method, name, text)
    add(root, "secClassification", "None")
    add(root, "note", "降雨结束" if said.msg_type == "Cancel" else "")
    add(root, "references", said.first or "")
    info = add(root, "info")
    for name, text in (
        ("language", "zh-CN"),
        ("eventType", said.event),
        ("urgency", "Unknown"),
        ("severity", SEVERITY[said.level]),
        ("certainty", "Unknown"),
        ("effective", f"{sent:%Y-%m-%d %H:%M:%S}+08:00"),
        ("onset", ""),
        ("expires", ""),
        ("senderName", sender),
        ("headline", headline(sender, said)),
        ("description", said.description),
        ("instruction", said.instruction),
        ("web", ""),
    ):
        add(info, name, text)
    area = add(info, "area")
    add(area, "areaDesc", ",".join(names[town] for town in said.towns))
    for name in ("polygon", "circle"):
        add(area, name)
    add(area, "geocode", ",".join(town.ljust(12, "0") for town in said.towns))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def water(said: Bulletin, *, sender: str) -> dict[str, Any]:
    """The product's own JSON form, which the water bureau was given."""
    found: dict[str, Any] = {
        "identifier": said.identifier,
        "sender": sender,
        "sent": said.sent.astimezone(LOCAL).isoformat(timespec="seconds"),
        "status": "Actual",
        "msg_type": said.msg_type,
        "references": list(said.earlier),
        "event_code": said.event,
        "level": said.level,
        "headline": headline(sender, said),
        "description": said.description,
        "areas": [{"codes": list(said.towns)}],
    }
    if said.instruction:
        found["instruction"] = said.instruction
    return found


def together(names: Mapping[str, str], towns: Sequence[str], most: int = 6) -> str:
    """``昌元街道、昌州街道等8个镇街``."""
    shown = "、".join(names[town] for town in towns[:most])
    return shown if len(towns) <= most else f"{shown}等{len(towns)}个镇街"
