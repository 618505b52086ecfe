"""Automated calls through Alibaba Cloud (``kind: voice-aliyun``): IvrCall, VoiceReport and VoiceCallReport.

A key press is the only answer; picking up is not hearing (voicemail and assistant apps pick up too).
``OutId`` takes 15 bytes, too few for a delivery's key: reports are matched by ``call_id``. Sources:
help.aliyun.com documents 393521 (IvrCall), 112804 and 55085 (status codes), VoiceReport, VoiceCallReport,
smart_status_code.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

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
    Limit,
    Message,
    Outcome,
    Receipt,
    ReceiptState,
    Rejected,
    Reply,
)
from app.errors import MalformedBody

# One callee: 1 a minute, 5 an hour, 20 a day (vendor's page on voice notices).
PER_NUMBER = (Limit(1, timedelta(minutes=1)), Limit(5, timedelta(hours=1)), Limit(20, timedelta(days=1)))
PICKED_UP = timedelta(seconds=8)  # shorter is a hang-up or an assistant, not a delivery
CALLING, RINGING, ANSWERED, ENDED, KEY = "200101", "200201", "200102", "200100", "300000"
HEARD_ALL, HUNG_UP_EARLY, NO_KEY, NO_SUCH = "200000", "200001", "200008", "200004"
FAILED = frozenset(
    {
        "200002",
        "200003",
        NO_SUCH,
        "200005",
        "200006",
        "200007",
        "200010",
        "200011",
        "200012",
        "200104",
        "200105",
        "200117",
        "200118",
        "200119",
        "200121",
        "200130",
        "400",
        "476",
        "482",
        "500",
        "999999",
    }
)


class VoiceAliyunOptions(Options):
    """``start_code``: the approved TTS template; ``variable`` takes the text.

    ``bye_code`` is of the same type.
    """

    access_key_id: str
    show_number: str = Field(description="The calling number, bought from the vendor")
    start_code: str = Field(pattern=r"^TTS_\w+$")
    variable: str = "content"
    text_limit: int = Field(300, gt=0, description="Characters the template may hold")
    confirm_code: str = Field(pattern=r"^TTS_\w+$", description="Played after key 1")
    cannot_code: str = Field(pattern=r"^TTS_\w+$", description="Played after key 2")
    bye_code: str | None = Field(None, pattern=r"^TTS_\w+$")
    play_times: int = Field(3, ge=1, le=3)
    key_timeout_ms: int = Field(8000, ge=1000, le=60000)
    at_once: int = Field(50, gt=0, le=100)


class VoiceAliyun:
    """One vendor account; one call, one callee."""

    Options = VoiceAliyunOptions

    def __init__(self, wiring: Wiring, options: VoiceAliyunOptions) -> None:
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
        """IvrCall: 100 a second for one user, and the limits of one callee."""
        return Capabilities(
            replies=True,
            per_number=PER_NUMBER,
            rate=self._entry.rate or 100.0,
            concurrency=self._options.at_once,
        )

    async def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        """Call each number; see ``contract.Channel.send``."""
        return await each(messages, lambda message: self._one(message, at), at_once=self._options.at_once)

    async def _one(self, message: Message, at: datetime) -> Outcome:
        spoken = message.audio_text or message.text
        if len(spoken) > self._options.text_limit:
            raise Rejected("text-too-long")
        content = json.dumps({self._options.variable: spoken}, ensure_ascii=False)
        parameters = {
            "CalledShowNumber": self._options.show_number,
            "CalledNumber": message.to,
            "StartCode": self._options.start_code,
            "StartTtsParams": content,
            "PlayTimes": str(self._options.play_times),
            "Timeout": str(self._options.key_timeout_ms),
            "MenuKeyMap.1.Key": "1",
            "MenuKeyMap.1.Code": self._options.confirm_code,
            "MenuKeyMap.2.Key": "2",
            "MenuKeyMap.2.Code": self._options.cannot_code,
            "MenuKeyMap.3.Key": "*",
            "MenuKeyMap.3.Code": self._options.start_code,
            "MenuKeyMap.3.TtsParams": content,
        }
        if self._options.bye_code:
            parameters["ByeCode"] = self._options.bye_code
        answer = await aliyun.call(
            self._http, "IvrCall", parameters, key_id=self._options.access_key_id, secret=self._secret, at=at
        )
        return Accepted(field_of(answer, "CallId"))

    def read(
        self, headers: Mapping[str, str], body: bytes, at: datetime, query: Mapping[str, str] | None = None
    ) -> list[Receipt | Reply]:
        """Read VoiceCallReport (while it rings and plays) and VoiceReport (at the end) arrays."""
        check_token(self._secret, headers, query)
        return [fact for row in rows(body) for fact in _facts(row, at)]

    def answer(self, body: bytes, at: datetime) -> Answer:
        """What the vendor waits for."""
        del body, at
        return Answer(200, "application/json", '{"code":0,"msg":"成功"}'.encode())

    async def cancel(self, gateway_id: str, at: datetime) -> Outcome:
        """A call that rings is not taken back: it would end in the middle of a sentence."""
        del gateway_id, at
        return not_supported()

    async def aclose(self) -> None:
        """Close connections."""
        await self._http.aclose()


def _facts(row: Mapping[str, Any], at: datetime) -> list[Receipt | Reply]:
    """One report is up to two facts: how the call went, and which key was pressed last."""
    call, code = text_of(row, "call_id"), text_of(row, "status_code")
    if call is None or code is None:
        raise MalformedBody("a report needs call_id and status_code")
    when = beijing(text_of(row, "status_time") or text_of(row, "end_time"), at)
    found: list[Receipt | Reply] = []
    state = _state(row, code)
    if state is not None:
        found.append(
            Receipt(
                gateway_id=call,
                key=None,
                state=state,
                at=when,
                event_id=f"{call}-{code}-{state}"[:120],
                detail_code=vendor_code(text_of(row, "smart_status_code") or code),
                final_for_number=code == NO_SUCH or row.get("smart_status_code") == "INVALID_NUMBER",
            )
        )
    keys = [digit for digit in text_of(row, "dtmf") or "" if digit in "0123456789"]
    if keys:
        # Both reports carry the key: the same id makes it one fact.
        found.append(
            Reply(
                from_number=None,
                key=None,
                text=None,
                digit=keys[-1],
                at=when,
                event_id=f"{call}-key-{keys[-1]}"[:120],
                gateway_id=call,
            )
        )
    return found


def _state(row: Mapping[str, Any], code: str) -> ReceiptState | None:
    if code in {CALLING, RINGING, ENDED, KEY}:
        return None
    if code == ANSWERED:
        return "connected"
    if code == HEARD_ALL:
        return "heard"
    if code in {HUNG_UP_EARLY, NO_KEY}:
        seconds = (text_of(row, "duration") or "0").removesuffix("秒")
        long_enough = seconds.isdecimal() and int(seconds) >= PICKED_UP.total_seconds()
        return "delivered" if long_enough else "connected"
    return "failed" if code in FAILED else "unknown"
