"""What Alibaba Cloud's SMS and voice have in common: the signature and the reading of an answer.

Signature version 3, ``ACS3-HMAC-SHA256``. Source: help.aliyun.com, "V3 request structure and signature"; the
test reproduces the signature printed in its example.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from app.channels.adapter import vendor_code
from app.channels.contract import BadNumber, NotAccepted, Rejected, SendError, Throttled, Unreachable
from app.channels.http import Gateway, read_json

ERRORS: dict[str, type[SendError]] = {
    "isv.MOBILE_NUMBER_ILLEGAL": BadNumber,
    "isv.INVALID_PARAMETERS_CALLEDNUMBER": BadNumber,
    "isv.BUSINESS_LIMIT_CONTROL": Throttled,
    "isv.DAY_LIMIT_CONTROL": Throttled,
    "isv.MONTH_LIMIT_CONTROL": Throttled,
    "isp.SYSTEM_ERROR": Unreachable,
    "isp.UNKNOWN_ERR_CODE": Unreachable,
    "InternalError": Unreachable,
    "ServiceUnavailable": Unreachable,
    "SignatureNonceUsed": Unreachable,
}


_EMPTY = hashlib.sha256(b"").hexdigest()  # of the body: everything goes in the query
_NAMES = "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version"
_PLAIN = re.compile(r"[A-Za-z0-9\-_.~]*")
_ENCODED = re.compile(rb"[^A-Za-z0-9\-_.~]+")


def headers(
    *,
    action: str,
    version: str,
    host: str,
    query: str,
    key_id: str,
    secret: SecretStr,
    at: datetime,
    nonce: str,
    path: str = "/",
) -> dict[str, str]:
    """The signed headers of one call without a body. ``query`` is canonical: sorted and encoded as sent."""
    signed = {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": _EMPTY,
        "x-acs-date": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    lines = "".join(f"{name}:{value}\n" for name, value in signed.items())  # in the order of _NAMES, sorted
    request = f"POST\n{path}\n{query}\n{lines}\n{_NAMES}\n{_EMPTY}"
    to_sign = f"ACS3-HMAC-SHA256\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.digest(secret.get_secret_value().encode(), to_sign.encode(), "sha256").hex()
    return signed | {
        "authorization": f"ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={_NAMES},Signature={signature}"
    }


def canonical(parameters: Mapping[str, str]) -> str:
    """Parameters as a query: sorted by name, everything but ``A-Za-z0-9-_.~`` encoded."""
    return "&".join(f"{encoded(k)}={encoded(v)}" for k, v in sorted(parameters.items()))


def encoded(text: str) -> str:
    """Percent-encode as ``urllib.parse.quote(text, safe="")`` does, by runs and not by bytes.

    A warning is some six hundred bytes of it, twice in a call.
    """
    if _PLAIN.fullmatch(text):
        return text
    return _ENCODED.sub(lambda run: b"%%%b" % run[0].hex("%").upper().encode(), text.encode()).decode()


async def call(
    http: Gateway, action: str, parameters: Mapping[str, str], *, key_id: str, secret: SecretStr, at: datetime
) -> dict[str, Any]:
    """Call an action; its answer when ``Code`` is ``OK``. Raises the SendError that its code stands for.

    The parameters go as a query, as the vendor's own clients send them: so no URL is ever logged.
    """
    query = canonical(parameters)
    host = http.url.netloc.decode()
    signed = headers(
        action=action,
        version="2017-05-25",
        host=host,
        query=query,
        key_id=key_id,
        secret=secret,
        at=at,
        nonce=secrets.token_hex(16),
        path=http.url.path,
    )
    answered = await http.post(b"", signed, at, query=query, read_refusals=True)
    try:
        answer = read_json(answered.body)
    except NotAccepted:
        if answered.status >= 400:
            raise Rejected(f"http-{answered.status}") from None
        raise
    code = answer.get("Code")
    if code == "OK" and answered.status < 300:
        return answer
    raise error_of(code)


def error_of(code: object) -> SendError:
    """The error for a vendor's code: by table, else ``isv.`` and its like are final, the rest a try."""
    word = vendor_code(code)
    if word.startswith("Throttling"):
        return Throttled(word)
    if (known := ERRORS.get(word)) is not None:
        return known(word)
    if word.startswith(("isv.", "isp.", "Invalid", "Forbidden", "SignatureDoesNotMatch", "NoPermission")):
        return Rejected(word)
    return NotAccepted(word)
