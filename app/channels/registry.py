"""Builds the channels of ``channels.yaml`` and says which of them a message may use.

The only module that knows the adapters. Two locks stand in front of every send: which *origin* may use a
channel (``for_kind``) and which *numbers* it may be given (``live_lock``). Neither is left to a caller.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr, ValidationError

from app.channels.adapter import Entry, Options, Wiring
from app.channels.broadcast_ebd import BroadcastEbd
from app.channels.contract import (
    Channel,
    ChannelKind,
)
from app.channels.http import Gateway, host_is_allowed
from app.channels.live_lock import DIALLED, Adapter, Locked
from app.channels.plain import PlainHttp
from app.channels.sms_aliyun import SmsAliyun
from app.channels.voice_aliyun import VoiceAliyun
from app.errors import Fault, NotFound
from app.origin import Origin

ADAPTERS: dict[str, Any] = {
    "http": PlainHttp,
    "sms-aliyun": SmsAliyun,
    "voice-aliyun": VoiceAliyun,
    "broadcast-ebd": BroadcastEbd,
}
CARRIES = {
    "http": frozenset({ChannelKind.SMS, ChannelKind.VOICE, ChannelKind.BROADCAST}),
    "sms-aliyun": frozenset({ChannelKind.SMS}),
    "voice-aliyun": frozenset({ChannelKind.VOICE}),
    "broadcast-ebd": frozenset({ChannelKind.BROADCAST}),
}
# Wrong where people are served, meant where it is tried out: told by `scheme check`, no bar to a start.
ADVICE = frozenset({"real-on-loopback", "not-encrypted"})


class Registry:
    """The channels in the order of ``channels.yaml``, which is the order of failover."""

    def __init__(self, channels: Sequence[Channel]) -> None:
        self._channels = tuple(channels)

    def __iter__(self) -> Iterator[Channel]:
        return iter(self._channels)

    def __len__(self) -> int:
        return len(self._channels)

    def by_name(self, name: str) -> Channel:
        """Return a channel. Raises NotFound."""
        for channel in self._channels:
            if channel.name == name:
                return channel
        raise NotFound("there is no such channel")

    def for_kind(self, kind: ChannelKind | str, origin: Origin) -> tuple[Channel, ...]:
        """The channels a message of this kind and origin may use, first choice first; perhaps none.

        Real and canary use live channels only, exercises and simulated warnings only those that are not.
        """
        return tuple(c for c in self._channels if kind in c.carries and c.live == origin.live)

    @property
    def any_live(self) -> bool:
        """Whether an Actual warning reaches anybody: without a live channel it is ``simulated``."""
        return any(channel.live for channel in self._channels)

    @property
    def takes_real_numbers(self) -> bool:
        """Whether any channel may ring a real telephone."""
        return any(channel.numbers == "real" and channel.carries & DIALLED for channel in self._channels)

    async def aclose(self) -> None:
        """Close every channel's connections."""
        for channel in self._channels:
            await channel.aclose()


def build(
    entries: Sequence[Mapping[str, Any]],
    secrets: Mapping[str, str],
    transports: Mapping[str, httpx.AsyncBaseTransport] | None = None,
) -> Registry:
    """Build the registry from checked entries. ``secrets`` is the environment.

    ``transports`` by channel name replace the network (headless demo, tests). Raises ValueError, naming
    channel and fault, never a secret.
    """
    faults = [fault for fault in check(entries, secrets) if fault.code not in ADVICE]
    if faults:
        raise ValueError("; ".join(f"{fault.pointer}: {fault.detail}" for fault in faults))
    return Registry(
        [Locked(_adapter(Entry.model_validate(dict(raw)), secrets, transports or {})) for raw in entries]
    )


def _adapter(
    entry: Entry, secrets: Mapping[str, str], transports: Mapping[str, httpx.AsyncBaseTransport]
) -> Adapter:
    gateway = Gateway(
        entry.url,
        timeout=entry.timeout,
        allow_loopback=entry.allow_loopback,
        allow_private=entry.allow_private,
        ca_file=Path(entry.ca_file) if entry.ca_file else None,
        transport=transports.get(entry.name),
    )
    kind = ADAPTERS[entry.kind]
    wiring = Wiring(entry, SecretStr(secrets.get(entry.secret_variable, "")), gateway)
    adapter: Adapter = kind(wiring, kind.Options.model_validate(entry.options))
    return adapter


def check(entries: Sequence[Mapping[str, Any]], secrets: Mapping[str, str] | None = None) -> list[Fault]:
    """Every fault of ``channels.yaml``, with a JSON pointer. Without ``secrets`` they are not looked at."""
    faults: list[Fault] = []
    seen: set[str] = set()
    for index, raw in enumerate(entries):
        at = f"/channels/{index}"
        try:
            entry = Entry.model_validate(dict(raw))
        except (ValidationError, TypeError, ValueError) as error:
            faults += _validation(at, error)
            continue
        if entry.name in seen:
            faults.append(Fault(f"{at}/name", "duplicate-name", f"{entry.name} stands twice"))
        seen.add(entry.name)
        faults += _entry_faults(at, entry)
        if secrets is not None and entry.live and not secrets.get(entry.secret_variable):
            faults.append(Fault(f"{at}/name", "no-secret", f"a live channel needs {entry.secret_variable}"))
    return faults


def _entry_faults(at: str, entry: Entry) -> list[Fault]:
    faults: list[Fault] = []
    kind = ADAPTERS.get(entry.kind)
    if kind is None:
        return [Fault(f"{at}/kind", "unknown-kind", f"known kinds: {', '.join(ADAPTERS)}")]
    options: type[Options] = kind.Options
    try:
        options.model_validate(entry.options)
    except ValidationError as error:
        faults += _validation(f"{at}/options", error)
    if surplus := entry.carries - CARRIES[entry.kind]:
        faults.append(Fault(f"{at}/carries", "not-carried", f"{entry.kind} carries no {', '.join(surplus)}"))
    if not entry.host_allowed:
        faults.append(
            Fault(
                f"{at}/url",
                "address-not-allowed",
                "the host is local or private; allow_loopback or allow_private say that this is meant",
            )
        )
    local = not host_is_allowed(httpx.URL(entry.url).host)
    if entry.numbers == "real" and not entry.live:
        faults.append(Fault(f"{at}/numbers", "real-but-not-live", "only a live channel takes real numbers"))
    if entry.numbers == "real" and entry.live and entry.allow_loopback and local:
        faults.append(
            Fault(
                f"{at}/numbers",
                "real-on-loopback",
                "a live channel on this machine is a simulator or a test: say numbers: synthetic",
            )
        )
    if entry.live and entry.numbers == "real" and entry.url.startswith("http://") and not entry.allow_private:
        faults.append(Fault(f"{at}/url", "not-encrypted", "real numbers leave the network only over https"))
    return faults


def _validation(at: str, error: Exception) -> list[Fault]:
    if not isinstance(error, ValidationError):
        return [Fault(at, "not-a-mapping", "an entry is a mapping")]
    return [
        Fault("/".join((at, *map(str, one["loc"]))), one["type"].replace("_", "-"), one["msg"])
        for one in error.errors(include_url=False, include_input=False, include_context=False)
    ]
