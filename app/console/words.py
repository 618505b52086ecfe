"""The words, glyphs and clocks that pages speak in: pure, so that board and map say the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.clock import local
from app.warning.level import Level

# The part of 4 (电话, 短信 …) by which an answer came, as the board's last column shows it.
VIA: Mapping[str, str] = {
    "voice": "按键",
    "sms": "短信码",
    "link": "点开",
    "page": "镇街页",
    "phone": "电话",
    "onsite": "上门",
    "door": "上门",
}
CHANNELS: Mapping[str, str] = {
    "voice": "外呼",
    "sms": "短信",
    "broadcast": "应急广播",
    "door": "上门",
    "wecom": "企业微信",
    "dingtalk": "钉钉",
    "app": "应用推送",
    "email": "邮件",
}
PARTS: Mapping[str, str] = {"responsible": "责任人", "public": "公众发布", "orders": "转移令与管控"}
PART_STATES: Mapping[str, str] = {
    "proposed": "待放行",
    "pending-approval": "待第二人",
    "released": "已放行",
    "held": "已暂缓",
    "refused": "未放行",
    "withdrawn": "已撤回",
}
WARNING_STATES: Mapping[str, str] = {
    "needs-review": "须核对",
    "waiting": "等前文",
    "in-force": "生效",
    "superseded": "已更新",
    "cancelled": "已取消",
    "expired": "已过期",
    "closed": "已解除",
}
ROLES: Mapping[str, str] = {
    "viewer": "观看",
    "duty": "值班员",
    "chief": "值班长",
    "leader": "指挥长",
    "supervisor": "督导",
    "operator": "运维",
    "auditor": "审计",
    "town": "镇街",
    "department": "部门",
}
RUNGS = ("已叫", "受理", "送达", "听完", "已应", "行动中", "完成")
DELIVERY_STATES: Mapping[str, str] = {
    "queued": "待发",
    "sending": "正在发",
    "cancelled": "已撤",
    "accepted": "受理",
    "expired": "过时未发",
    "failed": "未达",
    "delivered": "送达",
}
FORMS: Mapping[str, str] = {
    "json": "JSON",
    "cap": "CAP 1.2",
    "12379": "12379",
    "observed": "实测",
    "raised": "提级",
}
FAMILIES: Mapping[str, str] = {
    "flood": "防汛",
    "geology": "地灾",
    "fire": "森林火险",
    "wind": "大风",
    "heat": "高温",
    "drought": "抗旱",
    "cold": "低温雨雪",
    "other": "其他",
}
ORIGINS: Mapping[str, str] = {"real": "实战", "exercise": "演练", "simulated": "模拟", "canary": "自测"}
WEEKDAYS = "一二三四五六日"
_NUMERALS = "零一二三四五六七八九十"
_LEVEL_SHORT: Mapping[Level, str] = {
    Level.RED: "红",
    Level.ORANGE: "橙",
    Level.YELLOW: "黄",
    Level.BLUE: "蓝",
    Level.HINT: "提示",
}


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock of the person looking. ``kind``: left (counts down to ``due``), took, late, word, none."""

    kind: str
    text: str
    due: datetime | None = None


def short(level: Level | None) -> str:
    """One character for a level, as beside a mark on the board."""
    return "" if level is None else _LEVEL_SHORT[level]


def numeral(count: int) -> str:
    """A small count in Chinese, as in 三轮未接."""
    return _NUMERALS[count] if 0 <= count <= 10 else str(count)


def span(by: timedelta | float, *, pad: bool = True) -> str:
    """A duration as a clock: ``02:32``, ``1:04:09`` from an hour on; ``pad=False``: ``3:20``."""
    seconds = abs(int(by.total_seconds() if isinstance(by, timedelta) else by))
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    if hours:
        return f"{hours}:{minutes:02d}:{seconds:02d}"
    return f"{minutes:02d}:{seconds:02d}" if pad else f"{minutes}:{seconds:02d}"


def spoken(by: timedelta) -> str:
    """A duration as said: 40 秒, 14 分, 6 时 18 分, 3 天."""
    seconds = abs(int(by.total_seconds()))
    if seconds < 60:
        return f"{seconds} 秒"
    if seconds < 3600:
        return f"{seconds // 60} 分"
    if seconds < 86400:
        hours, minutes = seconds // 3600, seconds % 3600 // 60
        return f"{hours} 时 {minutes} 分" if minutes else f"{hours} 时"
    return f"{seconds // 86400} 天"


def left(due: datetime | None, at: datetime) -> Clock:
    """The time left to an instant, or how long it has been past."""
    if due is None:
        return Clock("none", "")
    return Clock("left", f"剩 {span(due - at)}" if due > at else f"超 {span(at - due)}", due)


def hms(at: datetime | None) -> str:
    """Local time with seconds, where somebody may be judged by them."""
    return "—" if at is None else f"{local(at):%H:%M:%S}"


def hm(at: datetime | None) -> str:
    """Local time to the minute."""
    return "—" if at is None else f"{local(at):%H:%M}"


def day(at: datetime) -> str:
    """The local day as people say it: 7月16日 周四."""
    here = local(at)
    return f"{here.month}月{here.day}日 周{WEEKDAYS[here.weekday()]}"


def stamp(at: datetime | None) -> str:
    """Day and minute in short, for rows of several days: 7-16 02:35."""
    if at is None:
        return "—"
    here = local(at)
    return f"{here.month}-{here.day:02d} {here:%H:%M}"


def bare(name: str) -> str:
    """A town's name without its kind, as on the map: 昌元 for 昌元街道."""
    for tail in ("街道", "镇", "乡"):
        if name.endswith(tail) and len(name) > len(tail) + 1:
            return name.removesuffix(tail)
    return name


def channels(kinds: list[str] | tuple[str, ...]) -> str:
    """Channel kinds as people name them: 外呼 + 短信."""
    return " + ".join(CHANNELS.get(kind, kind) for kind in kinds)
