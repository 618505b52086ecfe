"""What is amiss with the channels and their secrets, told to whoever stands at the machine."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from app.channels import registry as channels
from app.channels.adapter import Entry
from app.cli.use import Failure
from app.errors import Fault

_TOLD = {
    "duplicate-name": "这个名字写了两次",
    "unknown-kind": f"没有这种通道，有：{'、'.join(channels.ADAPTERS)}",
    "not-carried": "这种通道不会传 carries 里写的全部：删去它传不了的",
    "address-not-allowed": "地址是本机或内网；确是本意就写 allow_loopback 或 allow_private",
    "real-but-not-live": "只有 live: true 的通道收真实号码",
    "real-on-loopback": "本机上的实战通道只会是模拟或试验：写 numbers: synthetic",
    "not-encrypted": "真实号码出网只能走 https",
    "not-a-mapping": "每个通道是一组键和值",
    "missing": "缺这一项",
    "extra-forbidden": "没有这一项",
}


def told(fault: Fault) -> str:
    """Return a fault of ``channels.yaml`` as a sentence without its full stop, after its pointer."""
    return f"{fault.pointer} {_TOLD.get(fault.code, '写得不对，见 docs/channels.md')}"


def secretless(entries: Sequence[Mapping[str, Any]], secrets: Mapping[str, str]) -> list[tuple[Entry, str]]:
    """Return the channels without a secret, each with the environment variable that is to hold it."""
    return [
        (entry, entry.secret_variable) for entry in _read(entries) if not secrets.get(entry.secret_variable)
    ]


def strays(entries: Sequence[Mapping[str, Any]], secrets: Mapping[str, str]) -> list[str]:
    """Return the variables that hold a secret of no channel: a slip of the pen leaves one without."""
    wanted = {entry.secret_variable for entry in _read(entries)}
    return sorted(
        name
        for name in secrets
        if name.startswith("JIAOYING_CHANNEL_") and name.endswith("_SECRET") and name not in wanted
    )


def _read(entries: Sequence[Mapping[str, Any]]) -> list[Entry]:
    """Those that can be read; ``channels.check`` tells of the others."""
    found = []
    for raw in entries:
        try:
            found.append(Entry.model_validate(dict(raw)))
        except (ValidationError, TypeError, ValueError):
            continue
    return found


def amiss(entries: Sequence[Mapping[str, Any]], secrets: Mapping[str, str]) -> list[tuple[bool, str]]:
    """Return a sentence for each secret that is missing or nobody's; True: a live channel is dumb by it."""
    found = []
    for entry, variable in secretless(entries, secrets):
        named = f"{'实战' if entry.live else ''}通道 {entry.name} 缺密钥：环境变量 {variable} 没有设"
        found.append((entry.live, f"{named}，它的网关不会认我们的呼叫，我们也不认它的回执。"))
    found += [
        (False, f"{name} 不是哪个通道的密钥：channels.yaml 里没有这个名字的通道。")
        for name in strays(entries, secrets)
    ]
    return found


def build(entries: Sequence[Mapping[str, Any]], secrets: Mapping[str, str]) -> channels.Registry:
    """Return the channels. Raises Failure: one is wrong, or a live one's secret is missing."""
    faults = [one for one in channels.check(entries) if one.code not in channels.ADVICE]
    if faults:
        raise Failure(f"通道配置有误：{'；'.join(map(told, faults))}。")
    dumb = [sentence for live, sentence in amiss(entries, secrets) if live]
    if dumb:
        raise Failure("".join(dumb))
    return channels.build(entries, secrets)
