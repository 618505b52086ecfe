"""The packet of the emergency broadcast platforms (GD/J 082, 083; now GY/T 384, 385), pure.

An ``EBD`` document and its signature file lie in a plain tar ``EBDT_<EBDID>.tar``, posted as one multipart
file. Field names and codes are those that docking software in use writes (docs/channels.md); what is only
assumed is marked there.
"""

import base64
import hmac
import io
import re
import tarfile
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from lxml import etree
from pydantic import SecretStr

from app.clock import LOCAL
from app.errors import BadSignature, MalformedBody

MAX_MEMBERS, MAX_MEMBER = 20, 1024 * 1024
SEVERITY = {"red": "1", "orange": "2", "yellow": "3", "blue": "4"}
_ID = re.compile(r"[0-9A-Za-z_-]{1,60}")


class Signer(Protocol):
    """Signs and checks packets.

    The standard's SM2 keys live in a hardware box: such a signer is the district's own.
    """

    def signature(self, ebd_id: str, document: bytes, at: datetime) -> bytes | None:
        """The ``EBDS_EBDB_<EBDID>.xml`` for a document, or None to send without."""
        ...

    def check(self, document: bytes, signature: bytes | None) -> None:
        """Raises BadSignature when the signature is missing or does not fit."""
        ...


class NoSigner:
    """Packets without a signature, for platforms that ask for none; the callback token remains."""

    def signature(self, ebd_id: str, document: bytes, at: datetime) -> bytes | None:
        """None."""
        del ebd_id, document, at
        return None

    def check(self, document: bytes, signature: bytes | None) -> None:
        """Nothing to check."""
        del document, signature


class HmacSigner:
    """The standard's file layout with HMAC-SHA256 for SM2 over SM3: for tests and private agreements."""

    def __init__(self, secret: SecretStr) -> None:
        self._key = secret.get_secret_value().encode()

    def signature(self, ebd_id: str, document: bytes, at: datetime) -> bytes | None:
        """Sign the document's bytes."""
        root = etree.Element("Signature")
        _add(root, "Version", "1.0")
        _add(etree.SubElement(root, "RelatedEBD"), "EBDID", ebd_id)
        _add(root, "SignatureTime", f"{int(at.timestamp()):08x}")
        _add(root, "DigestAlgorithm", "SHA256")
        _add(root, "SignatureAlgorithm", "HMAC")
        _add(root, "SignatureValue", base64.b64encode(hmac.digest(self._key, document, "sha256")).decode())
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8")

    def check(self, document: bytes, signature: bytes | None) -> None:
        """Compare in constant time."""
        if signature is None:
            raise BadSignature("the packet has no signature file")
        value = parse(signature).findtext("SignatureValue") or ""
        expected = base64.b64encode(hmac.digest(self._key, document, "sha256")).decode()
        if not hmac.compare_digest(value.strip().encode(), expected.encode()):
            raise BadSignature


@dataclass(frozen=True, slots=True)
class Broadcast:
    """What an ``EBM`` says.

    ``start`` and ``end`` bound the play; ``cancels`` names the message to be stopped.
    """

    ebm_id: str
    sender: str
    sender_code: str
    event: str
    severity: str
    start: datetime
    end: datetime
    title: str
    text: str
    areas: tuple[str, ...]
    exercise: bool = False
    cancels: str | None = None


def digits(key: str, n: int) -> str:
    """``n`` decimal digits made from a key: the same try after try, so that a repeat is the same packet."""
    return f"{int.from_bytes(sha256(key.encode()).digest()) % 10**n:0{n}d}"


def packet(kind: str, ebd_id: str, source: str, dest: str, at: datetime) -> etree._Element:
    """An ``EBD`` without its body element. ``source`` and ``dest`` are 18-digit resource codes."""
    root = etree.Element("EBD")
    _add(root, "EBDVersion", "1.0")
    _add(root, "EBDID", ebd_id)
    _add(root, "EBDType", kind)
    _add(etree.SubElement(root, "SRC"), "EBRID", source)
    _add(etree.SubElement(root, "DEST"), "EBRID", dest)
    _add(root, "EBDTime", _beijing(at))
    return root


def ebm(root: etree._Element, said: Broadcast, at: datetime) -> bytes:
    """Add the broadcast message and return the document's bytes. Text without audio: the peer speaks it."""
    body = etree.SubElement(root, "EBM")
    _add(body, "EBMVersion", "1.0")
    _add(body, "EBMID", said.ebm_id)
    if said.cancels:
        _add(etree.SubElement(body, "RelatedEBM"), "EBMID", said.cancels)
    if said.exercise:
        _add(body, "TestType", "1")
    info = etree.SubElement(body, "MsgBasicInfo")
    for name, value in (
        ("MsgType", "2" if said.cancels else "1"),
        ("SenderName", said.sender),
        ("SenderCode", said.sender_code),
        ("SendTime", _beijing(at)),
        ("EventType", said.event),
        ("Severity", SEVERITY.get(said.severity, "0")),
        ("StartTime", _beijing(said.start)),
        ("EndTime", _beijing(said.end)),
    ):
        _add(info, name, value)
    content = etree.SubElement(body, "MsgContent")
    for name, value in (
        ("LanguageCode", "zho"),
        ("MsgTitle", said.title),
        ("MsgDesc", said.text),
        ("AreaCode", ",".join(code.ljust(12, "0") for code in said.areas)),
    ):
        _add(content, name, value)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def response(root: etree._Element, related: str, code: str, words: str) -> bytes:
    """Add an ``EBDResponse`` to a packet and return the document's bytes."""
    _add(etree.SubElement(root, "RelatedEBD"), "EBDID", related)
    body = etree.SubElement(root, "EBDResponse")
    _add(body, "ResultCode", code)
    _add(body, "ResultDesc", words)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def tar(ebd_id: str, document: bytes, signature: bytes | None) -> bytes:
    """Pack a document, and its signature where there is one. The same input gives the same bytes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in ((f"EBDB_{ebd_id}.xml", document), (f"EBDS_EBDB_{ebd_id}.xml", signature)):
            if data is not None:
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def untar(body: bytes) -> tuple[bytes, bytes | None]:
    """Return document and signature of a packet. Raises MalformedBody for anything but a small plain tar."""
    document = signature = None
    try:
        with tarfile.open(fileobj=io.BytesIO(body), mode="r:") as archive:
            for count, member in enumerate(archive):
                if count >= MAX_MEMBERS or member.size > MAX_MEMBER:
                    raise MalformedBody("the tar is too large")
                name = member.name.rpartition("/")[2].upper()
                if member.type not in {tarfile.REGTYPE, tarfile.AREGTYPE} or not name.endswith(".XML"):
                    continue
                source = archive.extractfile(member)
                data = source.read() if source else b""
                if name.startswith("EBDS_"):
                    signature = data
                elif name.startswith("EBDB_"):
                    document = data
    except (tarfile.TarError, ValueError, OverflowError, EOFError):
        raise MalformedBody("not a plain tar") from None
    if document is None:
        raise MalformedBody("the tar holds no EBDB document")
    return document, signature


def parse(document: bytes) -> etree._Element:
    """Parse XML without entities, network or DOCTYPE. Raises MalformedBody."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise MalformedBody("not XML") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise MalformedBody("XML with a DOCTYPE is not read")
    return root


def identifier(root: etree._Element, path: str) -> str | None:
    """An id in a packet, or None when it is missing or no id."""
    found = (root.findtext(path) or "").strip()
    return found if _ID.fullmatch(found) else None


def multipart(filename: str, body: bytes, boundary: str) -> bytes:
    """One file as ``multipart/form-data``, the part named ``file``."""
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return head.encode() + body + f"\r\n--{boundary}--\r\n".encode()


def unwrap(body: bytes) -> bytes:
    """The file in a ``multipart/form-data`` body, known by its first line; else the body itself."""
    found = re.match(rb"\s*--([^\r\n]{1,70})\r\n", body)
    if found is None:
        return body
    for part in (b"\r\n" + body.lstrip()).split(b"\r\n--" + found[1]):
        head, blank, data = part.partition(b"\r\n\r\n")
        if blank and b"filename=" in head:
            return data
    raise MalformedBody("no file in the form")


def read_result(root: etree._Element) -> str:
    """``ResultCode`` of an EBDResponse; empty when there is none."""
    return (root.findtext("EBDResponse/ResultCode") or "").strip()


def _beijing(at: datetime) -> str:
    return at.astimezone(LOCAL).strftime("%Y-%m-%d %H:%M:%S")


def _add(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, name).text = text
