"""What all adapters share: their entry in ``channels.yaml``, how they call, how they read."""

import asyncio
import hmac
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from app.channels.contract import ChannelKind, Message, NotAccepted, Outcome, Rejected, SendError
from app.channels.http import Gateway, host_is_allowed
from app.clock import LOCAL
from app.errors import MalformedBody, Unauthenticated

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m)?")
_USUAL_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d")
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*(s|m|h)")
_UNIT = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}
MAX_INCOMING = 10_000


class Entry(BaseModel):
    """One channel as ``channels.yaml`` states it; ``options`` belongs to the kind."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$", description="Path segment of its gateway doors")
    kind: str = Field(description="The adapter: http, sms-aliyun, voice-aliyun, broadcast-ebd")
    carries: frozenset[ChannelKind] = Field(min_length=1, description="What it is given")
    url: str = Field(pattern=r"^https?://", description="Where the vendor listens")
    live: bool = Field(
        description="Reaches real people; real warnings use live channels only, exercises never"
    )
    numbers: Literal["real", "synthetic"] = Field("real", description="Default: real where live")
    timeout: float = Field(8.0, ge=0.1, le=60, description="Total time of one call, such as 8s")
    rate: float | None = Field(None, gt=0, description="Most messages a second, such as 200/s")
    allow_loopback: bool = Field(default=False, description="The vendor may be on this machine")
    allow_private: bool = Field(default=False, description="The vendor may be in a private network")
    ca_file: str | None = Field(None, description="Certificates to trust instead of the usual roots")
    options: dict[str, Any] = Field(default_factory=dict, description="What only this kind of vendor needs")

    @field_validator("timeout", mode="before")
    @classmethod
    def _seconds(cls, value: object) -> object:
        if isinstance(value, str) and (m := _DURATION.fullmatch(value.strip())):
            return float(m[1]) * _UNIT[m[2]]
        return value

    @field_validator("rate", mode="before")
    @classmethod
    def _a_second(cls, value: object) -> object:
        if isinstance(value, str) and (m := _RATE.fullmatch(value.strip())):
            return float(m[1]) / _UNIT[m[2]]
        return value

    @model_validator(mode="before")
    @classmethod
    def _real_where_live(cls, value: Any) -> Any:
        if isinstance(value, dict) and "numbers" not in value and not value.get("live", False):
            return {**value, "numbers": "synthetic"}
        return value

    @model_validator(mode="after")
    def _door_is_not_a_channel(self) -> Self:
        if ChannelKind.DOOR in self.carries:
            raise ValueError("door is carried by people, not by a channel")
        return self

    @property
    def secret_variable(self) -> str:
        """The environment variable that holds this channel's secret."""
        return f"JIAOYING_CHANNEL_{self.name.upper().replace('-', '_')}_SECRET"

    @property
    def host_allowed(self) -> bool:
        """Whether the host of ``url`` may be called, as far as its spelling tells."""
        host = re.sub(r"^https?://(?:[^/?#]*@)?(\[[^\]]*\]|[^/:?#]*).*$", r"\1", self.url)
        return host_is_allowed(host, loopback=self.allow_loopback, private=self.allow_private)


class Options(BaseModel):
    """Base of an adapter's own options: unknown ones are refused by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Wiring:
    """What an adapter is built from: its entry, its secret and its endpoint."""

    entry: Entry
    secret: SecretStr
    gateway: Gateway


async def each(
    messages: Sequence[Message], one: Callable[[Message], Awaitable[Outcome]], *, at_once: int
) -> list[Outcome]:
    """Call ``one`` for every message, at most ``at_once`` together; a SendError becomes its outcome."""

    async def tried(message: Message) -> Outcome:
        try:
            return await one(message)
        except SendError as error:
            return error

    if len(messages) == 1:
        return [await tried(messages[0])]
    gate = asyncio.Semaphore(at_once)

    async def guarded(message: Message) -> Outcome:
        async with gate:
            return await tried(message)

    return list(await asyncio.gather(*(guarded(message) for message in messages)))


def not_supported() -> Outcome:
    """The outcome of ``cancel`` where the vendor knows no cancel."""
    return Rejected("not-supported")


def field_of(answer: Mapping[str, Any], name: str) -> str:
    """Return a vendor's id from its answer; NotAccepted when missing: unknown is not accepted."""
    value = answer.get(name)
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "" or len(str(value)) > 200:
        raise NotAccepted(f"no-{name.lower()}", maybe_sent=True)
    return str(value)


def vendor_code(value: object) -> str:
    """Return a vendor's error word fit for a log: short, one line, no run of digits like a number."""
    word = re.sub(r"[^A-Za-z0-9_.:-]", "?", str(value))[:60]
    return re.sub(r"\d{7,}", "#", word)


def rows(body: bytes) -> list[dict[str, Any]]:
    """Read one JSON object or an array of objects. Raises MalformedBody."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedBody("not JSON") from None
    found = value if isinstance(value, list) else [value]
    if len(found) > MAX_INCOMING or not all(isinstance(row, dict) for row in found):
        raise MalformedBody("neither an object nor an array of objects")
    return found


def text_of(row: Mapping[str, Any], name: str, *, limit: int = 200) -> str | None:
    """Return a member as text, None when absent, empty or null. Raises MalformedBody on any other type."""
    value = row.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise MalformedBody(f"{name} is not a text")
    text = str(value)
    if len(text) > limit or any(ord(c) < 32 and c not in "\t\n\r" for c in text) or not _encodable(text):
        raise MalformedBody(f"{name} cannot be kept")
    return text


def beijing(value: str | None, at: datetime) -> datetime:
    """Read a vendor's ``2026-06-01 08:00:00`` (Beijing, no offset) as UTC; ``at`` when it cannot be read."""
    if value and _USUAL_TIME.fullmatch(value):  # strptime takes ten times as long
        with suppress(ValueError):
            return datetime.fromisoformat(value).replace(tzinfo=LOCAL).astimezone(UTC)
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y%m%d%H%M%S"):
        try:
            return datetime.strptime(value or "", form).replace(tzinfo=LOCAL).astimezone(UTC)
        except ValueError:
            continue
    return at


def check_token(secret: SecretStr, headers: Mapping[str, str], query: Mapping[str, str] | None) -> None:
    """For vendors that sign nothing: a secret in ``X-Jiaoying-Token`` or ``?token=``. Raises Unauthenticated.

    The token is derived from the channel's secret, so that a leaked callback URL does not give the account
    away.
    """
    if not secret.get_secret_value():
        raise Unauthenticated("this channel has no secret: nothing that comes in can be believed")
    given = header(headers, "x-jiaoying-token") or (query or {}).get("token", "")
    if not hmac.compare_digest(given.encode(), callback_token(secret).encode()):
        raise Unauthenticated("the callback token is missing or wrong")


def callback_token(secret: SecretStr) -> str:
    """The token to put into the callback URL at a vendor's console: 128 bit, hex."""
    return hmac.digest(secret.get_secret_value().encode(), b"jiaoying callback token", "sha256").hex()[:32]


def header(headers: Mapping[str, str], name: str) -> str:
    """Return a header whatever the case of its name, or an empty text."""
    return next((value for key, value in headers.items() if key.lower() == name), "")


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate: no database and no page takes it
        return False
    return True
