"""Bytes to text, strictly: what a body declares must be what it is. Mojibake must never reach a phone.

Read are UTF-8, UTF-16, GB18030 (also declared as GBK or GB2312: senders write one and mean the other),
US-ASCII and ISO-8859-1. Everything else is refused by name.
"""

import codecs
import re

from app.errors import BadEncoding

_DECLARATION = re.compile(
    r"""\s*<\?xml\s[^>]{0,200}?\bencoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["'][^>]{0,100}?\?>"""
)
_ANY_DECLARATION = re.compile(r"<\?xml\s[^>]{0,300}?\?>")

_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)

_GB = {"gb18030", "gbk", "gb2312", "gb_2312-80", "cp936", "windows-936", "x-gbk", "ms936"}
_UTF8 = {"utf-8", "utf8"}
_UTF16 = {"utf-16", "utf16", "utf-16le", "utf-16be", "ucs-2", "iso-10646-ucs-2"}
_LATIN = {"iso-8859-1", "latin1", "latin-1", "windows-1252", "cp1252"}
_ASCII = {"us-ascii", "ascii"}

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

# Chinese text that claims to be Latin-1 comes as long runs of high bytes; Latin text has one or two at a
# time.
_HIGH_RUN = re.compile(rb"[\x80-\xff]{4}")
_C1 = re.compile(rb"[\x80-\x9f]")


def decode_xml(body: bytes, charset: str | None = None) -> str:
    """Return the document's text without its XML declaration.

    ``charset`` is the parameter of the Content-Type; it counts only where the document itself says nothing,
    because clients add ``utf-8`` there without looking. Raises BadEncoding.
    """
    bom, body = _bom(body)
    if bom is None and body[:2] in {b"<\x00", b"\x00<"}:
        bom = "utf-16-le" if body[:2] == b"<\x00" else "utf-16-be"
    if bom is not None and bom.startswith("utf-16"):
        text = _strict(body, bom)
        said = _declared(text)
        if said is None or said in _UTF16:
            return _bare(text)
        raise BadEncoding(f"The document is UTF-16 but declares {said}.")
    said = _declared(body[:400].decode("latin-1"))
    if bom is not None and said is not None and said not in _UTF8:
        raise BadEncoding(f"The document begins as UTF-8 but declares {said}.")
    return _bare(_as_declared(body, said or (charset or "utf-8").strip().strip("\"'").lower()))


def decode_utf8(body: bytes) -> str:
    """Return the text of JSON or CSV, read as UTF-8 alone, byte order mark or not. Raises BadEncoding."""
    if body[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        raise BadEncoding("The body is UTF-16; send UTF-8.")
    return _strict(body.removeprefix(codecs.BOM_UTF8), "utf-8")


def decode_text(body: bytes, parameters: str = "") -> str:
    """Return the text of CSV or NDJSON: UTF-8, or as ``charset`` says. Raises BadEncoding."""
    found = _CHARSET.search(parameters)
    name = found.group(1).lower() if found else "utf-8"
    if name in _UTF8:
        return decode_utf8(body)
    return _as_declared(body, name)


def _bom(body: bytes) -> tuple[str | None, bytes]:
    for mark, name in _BOMS:
        if body.startswith(mark):
            return name, body[len(mark) :]
    return None, body


def _declared(head: str) -> str | None:
    found = _DECLARATION.match(head[:400])
    return found.group(1).lower() if found else None


def _bare(text: str) -> str:
    found = _ANY_DECLARATION.match(text)
    return text[found.end() :] if found else text


def _as_declared(body: bytes, name: str) -> str:
    if name in _UTF8:
        return _strict(body, "utf-8")
    if name in _ASCII:
        return _strict(body, "ascii")
    if name in _GB:
        # Real GB18030 of a message's length is never valid UTF-8 as well; UTF-8 that says GBK would read as
        # mojibake.
        if not body.isascii() and _is(body, "utf-8"):
            raise BadEncoding(f"The document declares {name} but is UTF-8.")
        return _strict(body, "gb18030")
    if name in _LATIN:
        if _C1.search(body) or _HIGH_RUN.search(body):
            raise BadEncoding(f"The document declares {name} but is something else.")
        return _strict(body, "latin-1")
    if name in _UTF16:
        raise BadEncoding("The document declares UTF-16 but is not.")
    raise BadEncoding("This text encoding is not read. Send UTF-8 or GB18030.")


def _is(body: bytes, codec: str) -> bool:
    try:
        body.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _strict(body: bytes, codec: str) -> str:
    try:
        return body.decode(codec)
    except UnicodeDecodeError as error:
        raise BadEncoding(f"Byte {error.start} is not {codec}.") from None
