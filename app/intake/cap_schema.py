"""The first gate of CAP: the official schema (``schemas/CAP-v1.2.xsd``), with readable paths.

CAP 1.0 and 1.1 have the same elements but for a few (1.0: certainty "Very Likely", codes as ``name=value``,
a password; both: mimeType optional). They are read against the 1.2 schema after being renamed, and told so.
"""

import copy
import re
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

from app.errors import Fault, Validation
from app.intake.message import Problem
from app.intake.xml_gate import name_of, namespace_of, pointer

CAP = "urn:oasis:names:tc:emergency:cap:1.2"
OLDER = {"urn:oasis:names:tc:emergency:cap:1.1": "1.1", "http://www.incident.com/cap/1.0": "1.0"}
NAMESPACES = frozenset({CAP, *OLDER})

MAX_FAULTS = 20

_PARENTS = {
    "alert": (
        "identifier",
        "sender",
        "sent",
        "status",
        "msgType",
        "source",
        "scope",
        "restriction",
        "addresses",
        "code",
        "note",
        "references",
        "incidents",
        "info",
        "Signature",
    ),
    "info": (
        "language",
        "category",
        "event",
        "responseType",
        "urgency",
        "severity",
        "certainty",
        "audience",
        "eventCode",
        "effective",
        "onset",
        "expires",
        "senderName",
        "headline",
        "description",
        "instruction",
        "web",
        "contact",
        "parameter",
        "resource",
        "area",
    ),
    "area": ("areaDesc", "polygon", "circle", "geocode", "altitude", "ceiling"),
    "resource": ("resourceDesc", "mimeType", "size", "uri", "derefUri", "digest"),
}
_STEP = re.compile(r"/(?:[^/:\[]*:)?([^/\[]+)(?:\[(\d+)\])?")


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(Path(__file__).parent / "schemas" / "CAP-v1.2.xsd"))


def check(root: etree._Element) -> tuple[etree._Element, tuple[Problem, ...]]:
    """Return the alert in the 1.2 namespace and the schema's order, and what had to be told.

    Raises Validation: a path and the schema's rule for each fault, never a value.
    """
    if namespace_of(root) not in NAMESPACES or name_of(root) != "alert":
        raise Validation(
            "Not a CAP alert.", errors=[Fault("/" + name_of(root), "namespace", f"Expected alert in {CAP}.")]
        )
    problems: list[Problem] = []
    older = OLDER.get(namespace_of(root))
    if older:
        root = _renamed(root)
        problems.append(Problem("old-cap", f"来文是CAP {older}，按1.2读取"))
    faults = _faults(root)
    if faults:
        ordered = _ordered(root)
        again = _faults(ordered)
        if again:
            raise Validation("The message does not follow the CAP 1.2 schema.", errors=faults)
        problems.append(Problem("element-order", "来文的元素顺序不合CAP规定，已理顺"))
        root = ordered
    return root, tuple(problems)


def _faults(root: etree._Element) -> list[Fault]:
    schema = _schema()
    if schema.validate(root):
        return []
    found: dict[str, Fault] = {}
    log: Any = schema.error_log  # the stubs do not know that it is a list of entries
    for error in log:
        path = _path(root, error.path or "")
        found.setdefault(path, Fault(path, "schema", _rule(str(error.type_name))))
    return list(found.values())[:MAX_FAULTS]


def _path(root: etree._Element, libxml: str) -> str:
    """Turn libxml2's path, ``/*/*[7]/*[4]`` or ``/ns0:alert/ns0:info``, into ``/alert/info/urgency``."""
    at = root
    for name, index in _STEP.findall(libxml)[1:]:
        fitting = [child for child in at if name in {"*", name_of(child)}]
        if len(fitting) < int(index or "1"):
            break
        at = fitting[int(index or "1") - 1]
    return pointer(at)


def _rule(kind: str) -> str:
    """Say which kind of rule was broken; libxml2's own sentence would quote the value."""
    for part, sentence in (
        ("ELEMENT_CONTENT", "An element is missing, unknown, repeated or in a wrong place."),
        ("ENUMERATION", "Not one of the allowed words."),
        ("PATTERN", "Not written in the form CAP asks for."),
        ("DATATYPE", "Not a value of the right type."),
    ):
        if part in kind:
            return sentence
    return "Does not follow the schema."


def _renamed(root: etree._Element) -> etree._Element:
    old = namespace_of(root)
    renamed = copy.deepcopy(root)
    for element in list(renamed.iter(etree.Element)):
        if namespace_of(element) == old:
            element.tag = f"{{{CAP}}}{name_of(element)}"
        parent = element.getparent()
        if name_of(element) == "certainty" and (element.text or "").strip() == "Very Likely":
            element.text = "Likely"
        elif name_of(element) in {"eventCode", "parameter", "geocode"} and len(element) == 0:
            name, _, value = (element.text or "").partition("=")
            element.text = None
            etree.SubElement(element, f"{{{CAP}}}valueName").text = name.strip()
            etree.SubElement(element, f"{{{CAP}}}value").text = value.strip()
        elif name_of(element) == "resource" and not any(name_of(child) == "mimeType" for child in element):
            kind = etree.Element(f"{{{CAP}}}mimeType")
            kind.text = "application/octet-stream"
            element.insert(1, kind)
        elif name_of(element) == "password" and parent is not None:
            parent.remove(element)
    return renamed


def _ordered(root: etree._Element) -> etree._Element:
    ordered = copy.deepcopy(root)
    for element in list(ordered.iter(etree.Element)):
        order = _PARENTS.get(name_of(element))
        if order is not None and namespace_of(element) == CAP:
            # Names nobody knows keep their place at the end; the schema then refuses them.
            element[:] = sorted(
                element,
                key=lambda child: order.index(name_of(child)) if name_of(child) in order else len(order),
            )
    return ordered
