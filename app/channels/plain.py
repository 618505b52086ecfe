"""The plain channel (``kind: http``): our own small contract for gateways and outside checks.

``POST url`` with ``Idempotency-Key`` and ``Jiaoying-Signature: t=<unix>,v1=<hex HMAC-SHA256 of "t.body">``
is answered 200 ``{"ok": true, "id"}``. Receipts and replies come back signed the same way, one object or an
array. Source: docs/channels.md.
"""

import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from app.channels.adapter import (
    Entry,
    Options,
    Wiring,
    each,
    field_of,
    header,
    not_supported,
    rows,
    text_of,
    vendor_code,
)
from app.channels.contract import (
    Accepted,
    Answer,
    BadNumber,
    Capabilities,
    ChannelKind,
    Message,
    NotAccepted,
    Outcome,
    Receipt,
    ReceiptState,
    Reply,
)
from app.channels.http import read_json
from app.errors import BadSignature, MalformedBody, StaleSignature, Unauthenticated

WINDOW = timedelta(minutes=5)
STATES: dict[str, ReceiptState] = {
    "delivered": "delivered",
    "failed": "failed",
    "heard": "heard",
    "connected": "connected",
}
_SIGNATURE = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")


class PlainOptions(Options):
    """``at_once``: how many requests one ``send`` may have open."""

    at_once: int = 20


class PlainHttp:
    """One request, one recipient; the vendor promises that a repeated key is one message."""

    Options = PlainOptions

    def __init__(self, wiring: Wiring, options: PlainOptions) -> None:
        self._entry, self._secret, self._http = wiring.entry, wiring.secret, wiring.gateway
        self._at_once = options.at_once

    @property
    def entry(self) -> Entry:
        """What ``channels.yaml`` says of it."""
        return self._entry

    @property
    def capabilities(self) -> Capabilities:
        """One request, one recipient; repeats of a key are one message."""
        replies = bool(self._entry.carries - {ChannelKind.BROADCAST})
        return Capabilities(
            replies=replies,
            idempotent=True,
            rate=self._entry.rate,
            concurrency=self._at_once,
        )

    async def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        """Send each message; see ``contract.Channel.send``."""
        return await each(messages, lambda message: self._one(message, at), at_once=self._at_once)

    async def _one(self, message: Message, at: datetime) -> Outcome:
        body = json.dumps(
            {
                "key": message.key,
                "to": message.to,
                "kind": message.kind.value,
                "text": message.text,
                "reply_to": message.reply_to,
                "expires": message.expires.astimezone(UTC).isoformat(),
                "level": message.level,
                "exercise": message.exercise,
            }
            | ({"areas": list(message.areas)} if message.areas else {}),
            ensure_ascii=False,
        ).encode()
        answered = await self._http.post(
            body,
            {
                "content-type": "application/json",
                "idempotency-key": message.key,
                "jiaoying-signature": sign(self._secret, body, at),
            },
            at,
        )
        answer = read_json(answered.body)
        if answer.get("ok") is True:
            return Accepted(field_of(answer, "id"))
        if answer.get("ok") is not False:
            raise NotAccepted("no-ok", maybe_sent=True)
        code = vendor_code(answer.get("code", "none"))
        raise BadNumber(code) if code == "bad-number" else NotAccepted(code)

    def read(
        self, headers: Mapping[str, str], body: bytes, at: datetime, query: Mapping[str, str] | None = None
    ) -> list[Receipt | Reply]:
        """Read signed receipts and replies; ``state`` tells them apart. See ``contract.Channel.read``."""
        del query
        check_signature(self._secret, header(headers, "jiaoying-signature"), body, at)
        return [_receipt(row, at) if "state" in row else _reply(row, at) for row in rows(body)]

    def answer(self, body: bytes, at: datetime) -> Answer:
        """``{"ok": true}``."""
        del body, at
        return Answer(200, "application/json", b'{"ok":true}')

    async def cancel(self, gateway_id: str, at: datetime) -> Outcome:
        """The plain contract has no cancel: ``expires`` is all it has."""
        del gateway_id, at
        return not_supported()

    async def aclose(self) -> None:
        """Close connections."""
        await self._http.aclose()


def sign(secret: SecretStr, body: bytes, at: datetime) -> str:
    """The value of ``Jiaoying-Signature`` for these bytes at this instant."""
    t = str(int(at.timestamp()))
    mac = hmac.digest(secret.get_secret_value().encode(), t.encode() + b"." + body, "sha256")
    return f"t={t},v1={mac.hex()}"


def check_signature(secret: SecretStr, value: str, body: bytes, at: datetime) -> None:
    """Check it. Raises Unauthenticated (none), BadSignature or StaleSignature (outside ±5 min)."""
    if not value or not secret.get_secret_value():
        raise Unauthenticated("no Jiaoying-Signature, or no secret to check it with")
    found = _SIGNATURE.fullmatch(value.replace(" ", ""))
    if found is None:
        raise BadSignature("not of the form t=<unix>,v1=<hex>")
    signed = hmac.digest(secret.get_secret_value().encode(), found[1].encode() + b"." + body, "sha256").hex()
    if not hmac.compare_digest(signed, found[2]):
        raise BadSignature
    if abs(at.timestamp() - int(found[1])) > WINDOW.total_seconds():
        raise StaleSignature


def _receipt(row: Mapping[str, object], at: datetime) -> Receipt:
    word = text_of(row, "state") or ""
    key, gateway_id = text_of(row, "key"), text_of(row, "id")
    if key is None and gateway_id is None:
        raise MalformedBody("a receipt needs id or key")
    return Receipt(
        gateway_id=gateway_id,
        key=key,
        state=STATES.get(word, "unknown"),
        at=_time(row, at),
        event_id=_event_id(row),
        detail_code=vendor_code(text_of(row, "code") or word),
        final_for_number=text_of(row, "code") == "bad-number",
    )


def _reply(row: Mapping[str, object], at: datetime) -> Reply:
    number, key = text_of(row, "from"), text_of(row, "key")
    text, digit = text_of(row, "text", limit=2000), text_of(row, "digit", limit=32)
    if (number is None and key is None) or (text is None and digit is None):
        raise MalformedBody("a reply needs from or key, and text or digit")
    return Reply(
        from_number=number,
        key=key,
        text=text,
        digit=digit,
        at=_time(row, at),
        event_id=_event_id(row),
        gateway_id=text_of(row, "id"),
    )


def _event_id(row: Mapping[str, object]) -> str:
    found = text_of(row, "event_id")
    if found is None:
        raise MalformedBody("event_id is missing")
    return found


def _time(row: Mapping[str, object], at: datetime) -> datetime:
    value = text_of(row, "at")
    if value is None:
        return at
    try:
        found = datetime.fromisoformat(value)
        if found.tzinfo is None:
            raise MalformedBody("at has no offset")
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise MalformedBody("at is not a time") from None
