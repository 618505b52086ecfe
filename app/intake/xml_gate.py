"""The gate in front of both XML readers: size, encoding, DOCTYPE, depth, leaves that hold text alone.

A DOCTYPE is refused outright: with entities left unresolved, libxml2 turns ``<headline>&x;</headline>``
into an empty headline, and a red warning without words would pass in silence.
"""

import re
from collections.abc import Iterator

from lxml import etree

from app.errors import Fault, MalformedBody, TooDeep, TooLarge, Validation, XmlDoctypeForbidden
from app.intake.encoding import decode_xml

MAX_BYTES = 1 << 20
MAX_DEPTH = 32
"""An honest message is 5 deep, a signed one 9."""

_PROLOG = re.compile(r"(?:\s+|<!--.*?-->|<\?.*?\?>)*", re.DOTALL)


def parse(body: bytes, charset: str | None = None) -> etree._Element:
    """Return the root of a document that is safe to walk; comments and processing instructions are gone.

    Raises TooLarge, BadEncoding, XmlDoctypeForbidden, TooDeep, MalformedBody.
    """
    if len(body) > MAX_BYTES:
        raise TooLarge("A warning is at most 1 MiB.")
    text = decode_xml(body, charset)
    prolog = _PROLOG.match(text)
    if prolog and text[prolog.end() : prolog.end() + 9].upper() == "<!DOCTYPE":
        raise XmlDoctypeForbidden
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        encoding="utf-8",
    )
    try:
        root = etree.fromstring(text.encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        if "depth" in str(error.msg).lower():
            raise TooDeep from None
        line, column = error.position
        raise MalformedBody(f"Not well-formed XML: line {line}, column {column}.") from None
    except (ValueError, UnicodeError):
        raise MalformedBody("Not well-formed XML.") from None
    if root.getroottree().docinfo.doctype:  # type: ignore[union-attr]
        raise XmlDoctypeForbidden
    _shallow(root)
    return root


def _shallow(root: etree._Element) -> None:
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise TooDeep(f"Nested deeper than {MAX_DEPTH} elements.")


def name_of(element: etree._Element) -> str:
    """Return the element's name without its namespace; ``""`` for what is no element."""
    tag = element.tag
    return etree.QName(tag).localname if isinstance(tag, str) else ""


def namespace_of(element: etree._Element) -> str:
    """Return the element's namespace, ``""`` where it has none."""
    return etree.QName(element).namespace or ""


def pointer(element: etree._Element) -> str:
    """Return the element's path, such as ``/alert/info[2]/area/polygon``; never its text."""
    steps: list[str] = []
    at: etree._Element | None = element
    while at is not None:
        name, parent = name_of(at), at.getparent()
        twins = [child for child in parent if name_of(child) == name] if parent is not None else [at]
        steps.append(f"{name}[{twins.index(at) + 1}]" if len(twins) > 1 else name)
        at = parent
    return "/" + "/".join(reversed(steps))


def children(element: etree._Element, name: str) -> list[etree._Element]:
    """Return the child elements of that local name, in any namespace and letter case."""
    wanted = name.lower()
    return [child for child in element if name_of(child).lower() == wanted]


def leaf(element: etree._Element) -> str:
    """Return an element's text. Raises Validation when it holds elements: part of it would be lost."""
    if len(element):
        raise Validation(errors=[Fault(pointer(element), "not-text", "This element holds text only.")])
    return element.text or ""


def text(element: etree._Element, name: str) -> str | None:
    """Return the text of the one child of that name, outer white space stripped; None when absent or empty.

    Raises Validation when the child comes twice: which one was meant cannot be known.
    """
    found = children(element, name)
    if len(found) > 1:
        raise Validation(errors=[Fault(pointer(found[1]), "repeated", "This element may come only once.")])
    return (leaf(found[0]).strip() or None) if found else None


def canonical(root: etree._Element) -> Iterator[str]:
    """Yield the document's content for :func:`app.intake.message.digest`: paths, attributes and texts.

    Namespaces count through the root alone; white space around text and between elements does not.
    """
    yield namespace_of(root)
    path: list[str] = []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            path.pop()
            continue
        path.append(name_of(element))
        yield "/".join(path)
        yield from (f"@{name}={element.get(name)}" for name in sorted(str(key) for key in element.attrib))
        yield (element.text or "").strip()
        yield (element.tail or "").strip()
