"""What a demo's night came to: the document, the checks of what must be true, and both in a few lines."""

from datetime import datetime
from typing import Any

from app.cli.stage import START, Stage
from app.origin import Origin
from app.reports import invariants, night


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
    lines = [
        "镇街雨量到级（分钟，镇街数）："
        + "，".join(
            f"{level} {min(minutes)}/{len(minutes)}" for level, minutes in reached.items() if minutes
        ),
        "河流过警戒、保证（分钟）："
        + "，".join(
            f"{row['name']} {row['warning']}/{row['guarantee']}"
            for row in document["rivers"]
            if row["warning"] is not None
        ),
        f"预警 {len(document['warnings'])} 条；发出 {sum(sent.values())} 条：{sent}",
        f"及时叫应率 {share(document['rates'])}",
        f"叫应率 {share(by_kind['answered'])}",
        f"1小时回告率 {share(by_kind['answered_in_hour'])}",
        f"首呼应答率 {share(by_kind['first_call'])}",
        f"1小时报送率 {share(by_kind['reported_in_hour'])}",
        *(f"{'✓' if one['ok'] else '✗'} {one['name']}：{one['detail']}" for one in document["invariants"]),
    ]
    if "seconds" in document:
        seconds = document["seconds"]
        lines.append(f"用时 {seconds['product']} 秒，另模拟器 {seconds['simulator']} 秒")
    return lines
