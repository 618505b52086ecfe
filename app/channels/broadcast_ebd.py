"""Village loudspeakers through the county's emergency broadcast platform (``kind: broadcast-ebd``).

The platform's HTTP answer is only "received"; what was played comes later, posted to our receipts door as
EBMStateResponse. A state answer that names no terminal proves no sound: it is kept as unproven. A cancel is
a new message of MsgType 2 that names the old one.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from lxml import etree
from pydantic import Field

from app.channels import ebd
from app.channels.adapter import Entry, Options, Wiring, beijing, check_token, each, vendor_code
from app.channels.contract import (
    Accepted,
    Answer,
    Capabilities,
    Message,
    NotAccepted,
    Outcome,
    Receipt,
    ReceiptState,
    Rejected,
    Reply,
    SendError,
)
from app.errors import MalformedBody

BOUNDARY = "jiaoying-ebd-packet"
# ResultCode of an EBDResponse: 0 got, 1 parsed and checked; the rest are refusals.
TAKEN = frozenset({"0", "1"})
REFUSALS: dict[str, type[SendError]] = {"2": Rejected, "3": Rejected, "4": Rejected, "5": NotAccepted}
PLAYED, FAILED, CANCELLED, PLAYING = "3", "4", "5", "2"


class BroadcastEbdOptions(Options):
    """``source`` and ``dest``: 18-digit resource codes (EBRID) of this system and of the platform."""

    source: str = Field(pattern=r"^\d{18}$")
    dest: str = Field(pattern=r"^\d{18}$")
    sender_name: str
    sender_code: str = Field(pattern=r"^\w{1,20}$")
    signer: Literal["none", "hmac"] = "none"
    play_minutes: int = Field(15, gt=0, le=240, description="How long a message may be repeated")
    at_once: int = Field(8, gt=0)


class BroadcastEbd:
    """One platform.

    The message's id is made from its key: a repeat names the same EBMID and is not played twice.
    """

    Options = BroadcastEbdOptions

    def __init__(
        self, wiring: Wiring, options: BroadcastEbdOptions, signer: ebd.Signer | None = None
    ) -> None:
        self._entry, self._secret, self._http, self._options = (
            wiring.entry,
            wiring.secret,
            wiring.gateway,
            options,
        )
        self._signer = signer or (
            ebd.HmacSigner(wiring.secret) if options.signer == "hmac" else ebd.NoSigner()
        )

    @property
    def entry(self) -> Entry:
        """What ``channels.yaml`` says of it."""
        return self._entry

    @property
    def capabilities(self) -> Capabilities:
        """Receipts and cancel; nobody can answer a loudspeaker."""
        return Capabilities(
            cancel=True,
            idempotent=True,
            rate=self._entry.rate,
            concurrency=self._options.at_once,
        )

    async def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        """Hand over each message; see ``contract.Channel.send``."""
        return await each(messages, lambda message: self._one(message, at), at_once=self._options.at_once)

    async def _one(self, message: Message, at: datetime) -> Outcome:
        if not message.areas:
            raise Rejected("no-area")  # an empty area is never everywhere
        said = ebd.Broadcast(
            ebm_id=self._options.source + ebd.digits(message.key, 12),
            sender=self._options.sender_name,
            sender_code=self._options.sender_code,
            event=message.event,
            severity=message.level,
            start=at,
            end=min(message.expires, at + timedelta(minutes=self._options.play_minutes)),
            title=message.title,
            text=message.audio_text or message.text,
            areas=message.areas,
            exercise=message.exercise,
        )
        return await self._hand_over(message.key, said, at)

    async def cancel(self, gateway_id: str, at: datetime) -> Outcome:
        """Stop a broadcast by its EBMID."""
        key = f"cancel {gateway_id}"
        said = ebd.Broadcast(
            ebm_id=self._options.source + ebd.digits(key, 12),
            sender=self._options.sender_name,
            sender_code=self._options.sender_code,
            event="",
            severity="",
            start=at,
            end=at,
            title="",
            text="",
            areas=(),
            cancels=gateway_id,
        )
        try:
            return await self._hand_over(key, said, at)
        except SendError as error:
            return error

    async def _hand_over(self, key: str, said: ebd.Broadcast, at: datetime) -> Outcome:
        ebd_id = f"01{self._options.source}{ebd.digits(key, 16)}"
        document = ebd.ebm(ebd.packet("EBM", ebd_id, self._options.source, self._options.dest, at), said, at)
        packed = ebd.tar(ebd_id, document, self._signer.signature(ebd_id, document, at))
        answered = await self._http.post(
            ebd.multipart(f"EBDT_{ebd_id}.tar", packed, BOUNDARY),
            {"content-type": f"multipart/form-data; boundary={BOUNDARY}"},
            at,
        )
        try:
            code = ebd.read_result(ebd.parse(ebd.untar(answered.body)[0]))
        except MalformedBody:
            raise NotAccepted("no-ebd-response", maybe_sent=True) from None
        if code in TAKEN:
            return Accepted(said.ebm_id)
        raise REFUSALS.get(code, NotAccepted)(f"result-{vendor_code(code)}")

    def read(
        self, headers: Mapping[str, str], body: bytes, at: datetime, query: Mapping[str, str] | None = None
    ) -> list[Receipt | Reply]:
        """Read EBMStateResponse; other packets (heartbeats, device lists, logs) hold no fact."""
        check_token(self._secret, headers, query)
        document, signature = ebd.untar(ebd.unwrap(body))
        root = ebd.parse(document)
        kind = (root.findtext("EBDType") or "").strip()
        if kind != "ConnectionCheck":  # peers do not sign their heartbeat
            self._signer.check(document, signature)
        if kind != "EBMStateResponse":
            return []
        return [fact for one in root.iterfind("EBMStateResponse") if (fact := _fact(root, one, at))]

    def answer(self, body: bytes, at: datetime) -> Answer:
        """Answer with a tar holding an EBDResponse "parsed and checked" for the packet in ``body``."""
        try:
            related = ebd.identifier(ebd.parse(ebd.untar(ebd.unwrap(body))[0]), "EBDID") or ""
        except MalformedBody:
            related = ""
        ebd_id = f"01{self._options.source}{ebd.digits(f'answer {related}', 16)}"
        root = ebd.packet("EBDResponse", ebd_id, self._options.source, self._options.dest, at)
        document = ebd.response(root, related, "1", "已接收")
        return Answer(
            200, "application/x-tar", ebd.tar(ebd_id, document, self._signer.signature(ebd_id, document, at))
        )

    async def aclose(self) -> None:
        """Close connections."""
        await self._http.aclose()


def _fact(root: etree._Element, one: etree._Element, at: datetime) -> Receipt | None:
    ebm_id, code = ebd.identifier(one, "EBM/EBMID"), (one.findtext("BrdStateCode") or "").strip()
    if ebm_id is None:
        raise MalformedBody("a state response names no EBMID")
    if code in {"0", "1"}:  # not handled yet, waiting for its start: nothing happened
        return None
    proven = any(
        (item.findtext("StartTime") or "").strip()
        and (item.findtext("ResultCode") or "").strip() not in {"4", "5"}
        for item in one.iterfind("ResBrdInfo/ResBrdItem")
    )
    state: ReceiptState = "unknown"
    word = f"state-{vendor_code(code)}"
    if code == PLAYED and proven:
        state = "delivered"
    elif code == PLAYING and proven:
        state = "connected"
    elif code in {PLAYED, PLAYING}:
        word += "-unproven"
    elif code == FAILED and proven:
        word += "-in-part"
    elif code in {FAILED, CANCELLED}:
        state = "failed"
    event = ebd.identifier(root, "EBDID") or f"{ebm_id}{code}"
    return Receipt(
        gateway_id=ebm_id,
        key=None,
        state=state,
        at=beijing(one.findtext("RptTime"), at),
        event_id=f"{event}-{ebm_id}"[:120],
        detail_code=word,
    )
