"""From bytes and a media type to a Message: JSON by its type, XML by its root (any XML media type)."""

import re

from app.errors import Fault, UnsupportedMediaType, Validation
from app.intake import bureau_json, cap, national
from app.intake.cap_schema import NAMESPACES
from app.intake.message import Message
from app.intake.xml_gate import children, name_of, namespace_of, parse

_XML = re.compile(r"(application|text)/xml|[\w.-]+/[\w.-]+\+xml", re.ASCII)
_CHARSET = re.compile(r""";\s*charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)


def family(content_type: str | None) -> str:
    """Return ``json`` or ``xml`` for a Content-Type. Raises UnsupportedMediaType for any other."""
    media = (content_type or "").partition(";")[0].strip().lower()
    if media == "application/json" or re.fullmatch(r"application/[\w.-]+\+json", media):
        return "json"
    if _XML.fullmatch(media):
        return "xml"
    raise UnsupportedMediaType(
        "Send application/json, application/xml, text/xml, application/cap+xml or any +xml type."
    )


def read(body: bytes, content_type: str | None) -> Message:
    """Read a warning in whichever form it is.

    Takes a while for a large polygon (it is checked for crossings): call it off the event loop. Raises
    UnsupportedMediaType and what the three readers raise; nothing else, whatever the bytes.
    """
    if family(content_type) == "json":
        return bureau_json.read(body)
    charset = _CHARSET.search(content_type or "")
    root = parse(body, charset.group(1) if charset else None)
    # A 12379 writer may use any root and any namespace; only it says sendTime.
    if children(root, "sendTime") or children(root, "senderCode"):
        return national.from_root(root)
    if namespace_of(root) in NAMESPACES or (name_of(root) == "alert" and children(root, "sent")):
        return cap.from_root(root)
    raise Validation(
        "Neither a 12379 nor a CAP message.",
        errors=[
            Fault("/" + name_of(root), "unknown-form", "The root is neither a CAP alert nor a 12379 message.")
        ],
    )
