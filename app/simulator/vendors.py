"""The vendors: how each is asked, how it answers and in which words it reports.

Written from the vendors' pages, not from the product's adapters, so that a test of both is a test.
"""

import hashlib
import hmac
import io
import json
import re
import tarfile
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lxml import etree
from typing_extensions import override

from app.clock import LOCAL
from app.simulator.asgi import Request, Response
from app.simulator.gateway import Asked, Gateway, Got, Told

CANONICAL = re.compile("(?:[A-Za-z0-9_.~=&-]++|(?:%[0-9A-F]{2})++)*+")
CALL_FAILED = {"none": "200004", "off": "200010", "out": "200007", "no-answer": "200003"}
SMS_FAILED = {"none": "MOBILE_NOT_ON_SERVICE", "off": "MOBILE_SHUT_DOWN"}


def _json(value: Mapping[str, Any], status: int = 200) -> Response:
    return Response(status, json.dumps(value, ensure_ascii=False).encode())


def _beijing(at: datetime) -> str:
    return at.astimezone(LOCAL).isoformat(" ", "seconds")[:19]


class Plain(Gateway):
    """The plain contract (``kind: http``)."""

    idempotent = True

    @override
    def asked(self, request: Request) -> Asked | Response:
        found = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", request.headers.get("jiaoying-signature", ""))
        if found is None or not hmac.compare_digest(self._mac(found[1], request.body), found[2]):
            return _json({"ok": False, "code": "bad-signature"}, 401)
        body = json.loads(request.body)
        if request.headers.get("idempotency-key") != body["key"]:
            return _json({"ok": False, "code": "no-key"}, 400)
        return Asked(
            to=body["to"],
            kind=body["kind"],
            text=body["text"],
            key=body["key"],
            out_id=body["key"],
            areas=tuple(body.get("areas") or ()),
            level=body.get("level", ""),
            exercise=body.get("exercise", False),
        )

    @override
    def accepted(self, got: Got) -> Response:
        return _json({"ok": True, "id": got.id})

    @override
    def refused(self, code: str) -> Response:
        return _json({"ok": False, "code": code})

    @override
    def report(self, told: Told) -> tuple[str, Any] | None:
        got = told.got
        words: dict[str, Any] = {
            "key": got.asked.key,
            "at": told.happened.isoformat(),
            "event_id": told.event_id,
        }
        if told.what == "reply":
            return "replies", words | {"from": got.asked.to, "text": told.digit}
        if told.what == "key":
            return "replies", words | {"from": got.asked.to, "digit": told.digit}
        words["id"] = got.id
        if told.what in {"delivered", "ended"}:
            return "receipts", words | {"state": "delivered"}
        if told.what == "played":
            silent = self.people.silent_area(got.asked.to, got.at)
            return "receipts", words | {"state": "failed" if silent else "delivered"}
        if told.what == "failed":
            code = "bad-number" if told.code == "none" else told.code
            return "receipts", words | {"state": "failed", "code": code}
        return None

    @override
    def headers(self, body: bytes) -> dict[str, str]:
        t = str(int(self.world.now().timestamp()))
        return {"content-type": "application/json", "jiaoying-signature": f"t={t},v1={self._mac(t, body)}"}

    def _mac(self, t: str, body: bytes) -> str:
        return hmac.digest(self.secret.encode(), t.encode() + b"." + body, "sha256").hex()


class _Aliyun(Gateway):
    """What SMS and voice of Alibaba Cloud share: signature version 3, checked from the request alone."""

    def authentic(self, request: Request) -> bool:
        """Recompute the signature over what arrived."""
        found = re.fullmatch(
            r"ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})",
            request.headers.get("authorization", ""),
        )
        if found is None or found[1] != self.options.get("access_key_id", ""):
            return False
        names = found[2].split(";")
        if not CANONICAL.fullmatch(request.raw_query):
            return False  # signed is the one canonical form; who sends another may have signed another
        query = "&".join(sorted(request.raw_query.split("&")))
        lines = "".join(f"{name}:{request.headers.get(name, '')}\n" for name in names)
        payload = hashlib.sha256(request.body).hexdigest()
        canonical = f"POST\n{request.path}\n{query}\n{lines}\n{found[2]}\n{payload}"
        to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
        mac = hmac.digest(self.secret.encode(), to_sign.encode(), "sha256").hex()
        return hmac.compare_digest(mac, found[3])

    @override
    def refused(self, code: str) -> Response:
        word = "isv.MOBILE_NUMBER_ILLEGAL" if code == "bad-number" else "isp.SYSTEM_ERROR"
        return _json({"Code": word, "Message": code, "RequestId": "0"})


class AliyunSms(_Aliyun):
    """SendSms, SmsReport, SmsUp. No idempotency, as the vendor says of itself."""

    @override
    def asked(self, request: Request) -> Asked | Response:
        if not self.authentic(request):
            return _json({"Code": "SignatureDoesNotMatch", "RequestId": "0"}, 400)
        q = request.query
        text = "".join(json.loads(q["TemplateParam"]).values())
        return Asked(to=q["PhoneNumbers"], kind="sms", text=text, out_id=q.get("OutId"))

    @override
    def accepted(self, got: Got) -> Response:
        return _json({"Code": "OK", "Message": "OK", "BizId": got.id, "RequestId": "0"})

    @override
    def report(self, told: Told) -> tuple[str, Any] | None:
        asked = told.got.asked
        if told.what == "reply":
            sequence = int(hashlib.sha256(told.event_id.encode()).hexdigest()[:12], 16)
            return "replies", {
                "phone_number": asked.to,
                "content": told.digit,
                "send_time": _beijing(told.happened),
                "dest_code": "1",
                "sequence_id": sequence,
            }
        if told.what not in {"delivered", "failed"}:
            return None
        good = told.what == "delivered"
        return "receipts", {
            "phone_number": asked.to,
            "send_time": _beijing(told.got.at),
            "report_time": _beijing(told.happened),
            "success": good,
            "err_code": "DELIVERED" if good else SMS_FAILED.get(told.code, "UNDELIVERED"),
            "err_msg": "",
            "sms_size": str(-(-len(asked.text) // 67)),
            "biz_id": told.got.id,
            "out_id": asked.out_id,
        }


class AliyunVoice(_Aliyun):
    """IvrCall; VoiceCallReport on the way, VoiceReport at the end."""

    @override
    def asked(self, request: Request) -> Asked | Response:
        if not self.authentic(request):
            return _json({"Code": "SignatureDoesNotMatch", "RequestId": "0"}, 400)
        q = request.query
        text = "".join(json.loads(q["StartTtsParams"]).values())
        return Asked(to=q["CalledNumber"], kind="voice", text=text)

    @override
    def accepted(self, got: Got) -> Response:
        return _json({"Code": "OK", "Message": "OK", "CallId": got.id, "RequestId": "0"})

    @override
    def report(self, told: Told) -> tuple[str, Any] | None:
        words = {"call_id": told.got.id, "out_id": "", "status_time": _beijing(told.happened)}
        if told.what == "picked-up":
            return "receipts", words | {"status_code": "200102"}
        if told.what == "key":
            return "replies", words | {"status_code": "300000", "dtmf": told.digit}
        words |= {"caller": "", "callee": told.got.asked.to, "end_time": _beijing(told.happened)}
        if told.what == "ended":
            return "receipts", words | {"status_code": "200000", "duration": "20", "dtmf": told.digit}
        if told.what == "failed":
            return "receipts", words | {"status_code": CALL_FAILED[told.code], "duration": "0"}
        return None


class Ebd(Gateway):
    """An emergency broadcast platform: EBM in, EBDResponse at once, EBMStateResponse later."""

    idempotent = True
    arrays = False
    terminals = 10

    @override
    def asked(self, request: Request) -> Asked | Response:
        try:
            document, signature = self._unpack(request.body)
            root = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True))
        except (tarfile.TarError, etree.XMLSyntaxError, KeyError, ValueError):
            return self._response("", "2")
        if self.options.get("signer") == "hmac" and not self._signed(document, signature):
            return self._response(root.findtext("EBDID") or "", "4")
        ebm = root.find("EBM")
        if ebm is None:
            return self._response(root.findtext("EBDID") or "", "3")
        areas = tuple(filter(None, (ebm.findtext("MsgContent/AreaCode") or "").split(",")))
        return Asked(
            to=areas[0] if areas else "",
            kind="broadcast",
            text=ebm.findtext("MsgContent/MsgDesc") or "",
            key=ebm.findtext("EBMID"),
            out_id=root.findtext("EBDID"),
            areas=areas,
            level=ebm.findtext("MsgBasicInfo/Severity") or "",
            exercise=ebm.find("TestType") is not None,
            cancels=ebm.findtext("RelatedEBM/EBMID"),
        )

    @override
    def identity(self, asked: Asked, digest: str) -> str:
        return asked.key or digest[:30]

    @override
    def accepted(self, got: Got) -> Response:
        return self._response(got.asked.out_id or "", "1")

    @override
    def refused(self, code: str) -> Response:
        return self._response("", "5")

    @override
    def report(self, told: Told) -> tuple[str, Any] | None:
        if told.what not in {"playing", "played"} or (
            told.what == "played" and told.got.id in self.cancelled
        ):
            return None
        return "receipts", told

    @override
    def body(self, words: list[Any]) -> bytes:
        told: Told = words[0]
        dark = [self.people.silent_area(code, told.got.at) for code in told.got.asked.areas]
        state = "4" if any(dark) else "3" if told.what == "played" else "2"
        start, result = _beijing(told.got.at), "2" if state == "2" else "3"
        items = [
            f"<ResBrdItem><EBRPS><EBRID>{area}{n:06d}</EBRID></EBRPS><StartTime>{start}</StartTime>"
            f"<EndTime>{_beijing(told.at)}</EndTime><ResultCode>{result}</ResultCode></ResBrdItem>"
            for area, silent in zip(told.got.asked.areas, dark, strict=True)
            if not silent
            for n in range(self.terminals)
        ]
        coverage = round(100 * (1 - sum(dark) / len(dark))) if dark else 0
        ebd_id = self._id(f"{told.event_id}")
        document = self._packet(
            ebd_id,
            "EBMStateResponse",
            (
                f"<EBMStateResponse><RptTime>{_beijing(told.at)}</RptTime><EBM><EBMID>{told.got.id}</EBMID></EBM>"
                f"<BrdStateCode>{state}</BrdStateCode><BrdStateDesc></BrdStateDesc>"
                f"<Coverage><CoveragePercent>{coverage}</CoveragePercent></Coverage>"
                f"<ResBrdInfo>{''.join(items)}</ResBrdInfo></EBMStateResponse>"
            ),
        )
        packed = self._pack(ebd_id, document)
        head = f'--ebd\r\nContent-Disposition: form-data; name="file"; filename="EBDT_{ebd_id}.tar"\r\n'
        return f"{head}Content-Type: application/octet-stream\r\n\r\n".encode() + packed + b"\r\n--ebd--\r\n"

    @override
    def headers(self, body: bytes) -> dict[str, str]:
        return super().headers(body) | {"content-type": "multipart/form-data; boundary=ebd"}

    def _response(self, related: str, code: str) -> Response:
        ebd_id = self._id(f"response {related} {code}")
        document = self._packet(
            ebd_id,
            "EBDResponse",
            (
                f"<RelatedEBD><EBDID>{related}</EBDID></RelatedEBD>"
                f"<EBDResponse><ResultCode>{code}</ResultCode><ResultDesc></ResultDesc></EBDResponse>"
            ),
        )
        return Response(200, self._pack(ebd_id, document), "application/x-tar")

    def _id(self, key: str) -> str:
        number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % 10**16
        return f"01{self.options.get('dest', '0' * 18)}{number:016d}"

    def _packet(self, ebd_id: str, kind: str, body: str) -> bytes:
        return (
            '<?xml version="1.0" encoding="utf-8"?>'
            f"<EBD><EBDVersion>1.0</EBDVersion><EBDID>{ebd_id}</EBDID><EBDType>{kind}</EBDType>"
            f"<SRC><EBRID>{self.options.get('dest', '')}</EBRID></SRC>"
            f"<DEST><EBRID>{self.options.get('source', '')}</EBRID></DEST>"
            f"<EBDTime>{_beijing(self.world.now())}</EBDTime>{body}</EBD>"
        ).encode()

    def _pack(self, ebd_id: str, document: bytes) -> bytes:
        value = b64encode(hmac.digest(self.secret.encode(), document, "sha256")).decode()
        signature = f"<Signature><SignatureValue>{value}</SignatureValue></Signature>".encode()
        files = [(f"EBDB_{ebd_id}.xml", document)]
        if self.options.get("signer") == "hmac":
            files.append((f"EBDS_EBDB_{ebd_id}.xml", signature))
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w:") as archive:
            for name, data in files:
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
        return out.getvalue()

    def _signed(self, document: bytes, signature: bytes) -> bool:
        value = re.search(rb"<SignatureValue>([^<]+)</SignatureValue>", signature)
        mac = b64encode(hmac.digest(self.secret.encode(), document, "sha256"))
        return value is not None and hmac.compare_digest(value[1], mac)

    @staticmethod
    def _unpack(body: bytes) -> tuple[bytes, bytes]:
        start = body.index(b"\r\n\r\n") + 4
        files: dict[str, bytes] = {}
        with tarfile.open(fileobj=io.BytesIO(body[start:]), mode="r:") as archive:
            for member in archive:
                source = archive.extractfile(member)
                files[member.name[:5]] = source.read() if source else b""
        return files["EBDB_"], files.get("EBDS_", b"")


KINDS: dict[str, type[Gateway]] = {
    "http": Plain,
    "sms-aliyun": AliyunSms,
    "voice-aliyun": AliyunVoice,
    "broadcast-ebd": Ebd,
}
