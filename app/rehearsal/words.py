"""A difference in the words of the field, for the command line and the page alike. Pure."""

from typing import Any

from app.warning.level import Level

CHANGES = {
    "added": "多叫",
    "removed": "不叫",
    "earlier": "早叫",
    "later": "晚叫",
    "clock": "时限变",
    "other": "变",
}
KINDS = {
    "segment": "时段",
    "action": "指挥",
    "measure": "行业措施",
    "control": "断禁停撤疏",
    "response": "建议响应",
    "uplift": "建议提级",
}


def level(row: dict[str, Any]) -> str:
    """Tell a level a town reached otherwise."""
    return (
        f"{row['name']} {row['hazard_name']}{Level.of(row['level']).zh}"
        f" 原 {span(row['old'])} 新 {span(row['new'])}"
    )


def span(span: dict[str, Any] | None) -> str:
    """Tell from when to when, and by which gauge."""
    if span is None:
        return "不到级"
    until = short(span["until"]) if span["until"] else "末"
    return f"{short(span['since'])}–{until}（{span['station']}）"


def short(at: str) -> str:
    """Tell a time without its year."""
    return f"{at[5:10]} {at[11:16]}"


def call(row: dict[str, Any]) -> str:
    """Tell a call that would be otherwise."""
    was, would = row["old"], row["new"]
    said = f"{CHANGES[row['change']]} {row['name']} {row['layer']} {row['duty_name']}（{row['warning']}）"
    return f"{said} 原 {when(was)} 新 {when(would)}"


def when(call: dict[str, Any] | None) -> str:
    """Tell when, how and how many are called."""
    if call is None:
        return "不叫"
    limit = "" if call["within_s"] is None else f"，限 {call['within_s'] // 60} 分"
    return f"{short(call['at'])} {' '.join(call['channels'])}{limit}，{call['people']} 人"


def plan(row: dict[str, Any]) -> str:
    """Tell what a plan would hold otherwise."""
    was, would = (moment(row[side]) for side in ("old", "new"))
    return f"{row['warning']} {KINDS.get(row['kind'], row['kind'])} {row['text']}：原 {was} 新 {would}"


def moment(at: str | None) -> str:
    """Tell since when, or that it never was."""
    return short(at) if at else "无"
