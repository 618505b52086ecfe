"""SMS through Alibaba Cloud (``kind: sms-aliyun``): SendSms, SmsReport and SmsUp.

One call for one number, with the delivery's key as ``OutId``: batches share one BizId, come late by the
vendor's own word, and their receipts would have only the number to tell recipients apart. Texts go through
templates approved beforehand. Sources: help.aliyun.com documents 419273 (SendSms), 101867 (SmsReport),
101847 (SmsUp), 101347 (codes).
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.channels import aliyun
from app.channels.adapter import (
    Entry,
    Options,
    Wiring,
    beijing,
    check_token,
    each,
    field_of,
    not_supported,
    rows,
    text_of,
    vendor_code,
)
from app.channels.contract import (
    Accepted,
    Answer,
    Capabilities,
    Message,
    Outcome,
    Receipt,
    ReceiptState,
    Rejected,
    Reply,
)
from app.errors import MalformedBody

NO_SUCH_NUMBER = frozenset({"MOBILE_NOT_ON_SERVICE"})
_PREFIX = re.compile(r"(?:\+?86|0086)(\d{11})")


class Template(BaseModel):
    """An approved template; ``variables`` in the order in which the text fills them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str = Field(pattern=r"^SMS_\w+$")
    variables: tuple[str, ...] = Field(min_length=1)


class SmsAliyunOptions(Options):
    """``templates`` from short to long: the first whose variables can hold the text is used."""

    access_key_id: str
    sign_name: str
    templates: tuple[Template, ...] = Field(min_length=1)
    variable_limit: int = Field(35, gt=0, description="Characters of one variable")
    at_once: int = Field(50, gt=0)


class SmsAliyun:
    """One vendor account. The vendor knows no idempotency: a try that timed out may be a second message."""

    Options = SmsAliyunOptions

    def __init__(self, wiring: Wiring, options: SmsAliyunOptions) -> None:
        self._entry, self._secret, self._http, self._options = (
            wiring.entry,
            wiring.secret,
            wiring.gateway,
            options,
        )

    @property
    def entry(self) -> Entry:
        """What ``channels.yaml`` says of it."""
        return self._entry

    @property
    def capabilities(self) -> Capabilities:
        """Up to 5000 calls a second for one user, by the vendor's page."""
        return Capabilities(
            replies=True,
            rate=self._entry.rate or 5000.0,
            concurrency=self._options.at_once,
        )

    async def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        """Send each message; see ``contract.Channel.send``."""
        return await each(messages, lambda message: self._one(message, at), at_once=self._options.at_once)

    async def _one(self, message: Message, at: datetime) -> Outcome:
        template, parts = self._fit(message.text)
        answer = await aliyun.call(
            self._http,
            "SendSms",
            {
                "PhoneNumbers": message.to,
                "SignName": self._options.sign_name,
                "TemplateCode": template.code,
                "TemplateParam": json.dumps(
                    dict(zip(template.variables, parts, strict=True)), ensure_ascii=False
                ),
                "OutId": message.key,
            },
            key_id=self._options.access_key_id,
            secret=self._secret,
            at=at,
        )
        return Accepted(field_of(answer, "BizId"))

    def _fit(self, text: str) -> tuple[Template, list[str]]:
        """Cut the text over a template's variables, none of them empty.

        Raises Rejected when none can hold it.
        """
        for template in self._options.templates:
            n = len(template.variables)
            if n <= len(text) <= n * self._options.variable_limit:
                return template, [text[len(text) * i // n : len(text) * (i + 1) // n] for i in range(n)]
        raise Rejected("no-template-fits")

    def read(
        self, headers: Mapping[str, str], body: bytes, at: datetime, query: Mapping[str, str] | None = None
    ) -> list[Receipt | Reply]:
        """Read SmsReport and SmsUp arrays; the vendor signs nothing, so the URL carries a token."""
        check_token(self._secret, headers, query)
        return [_reply(row, at) if "content" in row else _receipt(row, at) for row in rows(body)]

    def answer(self, body: bytes, at: datetime) -> Answer:
        """What the vendor waits for; anything else and it pushes three times more."""
        del body, at
        return Answer(200, "application/json", '{"code":0,"msg":"成功"}'.encode())

    async def cancel(self, gateway_id: str, at: datetime) -> Outcome:
        """The vendor has no recall."""
        del gateway_id, at
        return not_supported()

    async def aclose(self) -> None:
        """Close connections."""
        await self._http.aclose()


def _receipt(row: Mapping[str, Any], at: datetime) -> Receipt:
    key, gateway_id = text_of(row, "out_id"), text_of(row, "biz_id")
    if key is None and gateway_id is None:
        raise MalformedBody("a report needs biz_id or out_id")
    success = row.get("success")
    state: ReceiptState = "delivered" if success is True else "failed" if success is False else "unknown"
    code = vendor_code(text_of(row, "err_code") or "none")
    reported = text_of(row, "report_time")
    # The vendor repeats itself with equal words: an id made of them makes the repeat the same fact.
    words = "|".join(
        (gateway_id or "", key or "", text_of(row, "phone_number") or "", str(success), code, reported or "")
    )
    return Receipt(
        gateway_id=gateway_id,
        key=key,
        state=state,
        at=beijing(reported, at),
        event_id=hashlib.sha256(words.encode()).hexdigest()[:32],
        detail_code=code,
        final_for_number=success is False and code in NO_SUCH_NUMBER,
    )


def _reply(row: Mapping[str, Any], at: datetime) -> Reply:
    number, sequence = text_of(row, "phone_number"), text_of(row, "sequence_id")
    if number is None or sequence is None:
        raise MalformedBody("a reply needs phone_number and sequence_id")
    plain = _PREFIX.fullmatch(number)
    return Reply(
        from_number=plain[1] if plain else number,
        key=None,
        text=text_of(row, "content", limit=2000) or "",
        digit=None,
        at=beijing(text_of(row, "send_time"), at),
        event_id=f"up-{sequence}",
    )
