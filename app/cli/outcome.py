"""What a demo's night came to: the document, the checks of what must be true, and both in a few lines."""

import re
from datetime import datetime
from typing import Any

from app.cli.stage import START, Stage
from app.origin import Origin
from app.reports import invariants, night
from app.warning.level import Level

_STATES = {
    "queued": "待发",
    "sending": "正在发",
    "accepted": "受理",
    "delivered": "送达",
    "failed": "未达",
    "expired": "过时未发",
    "cancelled": "已撤",
}
INVARIANTS = {
    "every delivery ends, and says why it failed": (
        "每条发送都有结局，未达的写明原因",
        "{} 条，待发 {}，卡住 {}，未达没有原因 {}",
    ),
    "no send starts after its warning has ended": ("预警结束后不再开始发", "试 {} 次，结束之后 {} 次"),
    "live channels carry real warnings only, the others never": ("实战通道只发真实预警，别的通道不发", ""),
    "every obligation ends met, late or missed": ("每个应答任务终有按时、迟或未应", ""),
    "states are what their facts say": ("状态与事实一致", "重算 {} 个，不同 {} 个"),
    "everybody who can be reached was called": ("有号码的都叫过", "有号码 {} 个，没叫过 {} 个"),
    "two persons let a red out": ("红色由两人放行", "由人放行 {} 个部分，一人放行的红色 {} 个"),
    "every message went to a person of the directory": ("每条都发给通讯录里的人", "{} 人，通讯录里有 {} 人"),
    "the audit log is unbroken": ("审计日志没有断", "{} 行"),
    "the gateways took each key once": ("网关每个编号只收到一次", "{} 条，重复 {}，外部出错 {}"),
}
"""What must be true, as people read it: its name, and its detail with the numbers in their order."""


async def result(set_: Stage, seed: int, at: datetime) -> dict[str, Any]:
    """Return what the night came to and whether all that must be true is."""
    district = set_.scheme.district.code
    origin = Origin.REAL if set_.registry.any_live else Origin.SIMULATED
    live = frozenset(channel.name for channel in set_.registry if channel.live)
    async with set_.db.reading() as session:
        document = await night.document(session, district, origin, start=START, at=at)
        found = await invariants.check(session, district, at=at, ended=True, live=live)
    got = set_.gateways.messages
    keyed = [(one.channel, one.asked.key) for one in got if one.asked.key]
    twice = len(keyed) - len(set(keyed))
    failures = len(set_.world.failures)
    found.append(
        invariants.Finding(
            "the gateways took each key once",
            not twice and not failures,
            f"{len(got)} messages, {twice} twice, {failures} failures outside",
        )
    )
    return {
        "seed": seed,
        **document,
        "invariants": [{"name": one.name, "ok": one.ok, "detail": one.detail} for one in found],
    }


def summary(document: dict[str, Any]) -> list[str]:
    """Return the document in a few lines for people."""

    def share(figures: dict[str, Any]) -> str:
        if figures["rate"] is None:
            return "无应报"
        counts = f"{figures['due']} 应，{figures['met']} 及时，{figures['late']} 迟，{figures['missed']} 漏"
        return f"{figures['rate']:.1%}（{counts}）"

    reached = {
        level: [town["reached"][level] for town in document["towns"] if level in town["reached"]]
        for level in ("blue", "yellow", "orange", "red")
    }
    sent = document["deliveries"]["by_state"]
    by_kind = document["rates_by_kind"]
    ways = "，".join(f"{_STATES.get(state, state)} {count}" for state, count in sent.items())
    lines = [
        "镇街雨量到级（分钟，镇街数）："
        + "，".join(
            f"{Level.of(level).zh} {min(minutes)}/{len(minutes)}"
            for level, minutes in reached.items()
            if minutes
        ),
        "河流过警戒、保证（分钟）："
        + "，".join(
            f"{row['name']} {row['warning']}/{row['guarantee']}"
            for row in document["rivers"]
            if row["warning"] is not None
        ),
        f"预警 {len(document['warnings'])} 条；发出 {sum(sent.values())} 条：{ways}",
        f"及时叫应率 {share(document['rates'])}",
        f"叫应率 {share(by_kind['answered'])}",
        f"1小时回告率 {share(by_kind['answered_in_hour'])}",
        f"首呼应答率 {share(by_kind['first_call'])}",
        f"1小时报送率 {share(by_kind['reported_in_hour'])}",
        *map(_invariant, document["invariants"]),
    ]
    if "seconds" in document:
        seconds = document["seconds"]
        lines.append(f"用时 {seconds['product']} 秒，另模拟器 {seconds['simulator']} 秒")
    return lines


def _invariant(found: dict[str, Any]) -> str:
    name, form = INVARIANTS.get(found["name"], (found["name"], ""))
    numbers = re.findall(r"\d+", found["detail"])
    if found["detail"].startswith("broken at line"):
        detail = f"第 {numbers[0]} 行起断了"
    elif form and form.count("{}") == len(numbers):
        detail = form.format(*numbers)
    else:
        detail = "" if found["ok"] else found["detail"]
    return f"{'✓' if found['ok'] else '✗'} {name}{'：' if detail else ''}{detail}"
