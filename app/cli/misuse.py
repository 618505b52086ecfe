"""Help and wrong use of the command line in Chinese, with the name of the option: typer speaks English."""

import difflib
import re
from typing import Any

_HELP = (
    (re.compile(r"^Usage: ", re.MULTILINE), "用法："),
    (re.compile(r"^Options:$", re.MULTILINE), "选项："),
    (re.compile(r"^Arguments:$", re.MULTILINE), "参数："),
    (re.compile(r"^Commands:$", re.MULTILINE), "命令："),
    (re.compile(r"Show this message and\s+exit\."), "这段说明"),
    (re.compile(r"\[required\]"), "（必写）"),
    (re.compile(r"\[default:\s+([^\]]*)\]"), r"（默认 \1）"),
    (re.compile(r"\[OPTIONS\]"), "[选项]"),
    (re.compile(r"COMMAND \[ARGS\]\.\.\."), "命令 …"),
)
_EXTRA = re.compile(r"extra argument\(s\) \((.*)\)$")


def told(wrong: Any) -> str:
    """Return what was wrong with the words of a command, as a sentence without its full stop."""
    kind = type(wrong).__name__
    if kind == "NoSuchOption":
        near = difflib.get_close_matches(wrong.option_name, wrong.possibilities or [], 1)
        return f"没有选项 {wrong.option_name}{f'（是不是 {near[0]}？）' if near else ''}"
    if kind == "BadOptionUsage":
        return f"选项 {wrong.option_name} {'要带一个值' if 'requires' in wrong.message else '不带值'}"
    param = getattr(wrong, "param", None)
    if kind == "MissingParameter" and param is not None:
        return f"缺少 {_name(param)}{_help(param)}"
    if param is not None:
        return f"{_name(param)} {_value(wrong.__cause__)}{_help(param)}"
    message = str(wrong)
    if message.startswith("No such command"):
        return f"没有命令 {message.split(chr(39))[1]}"
    if (extra := _EXTRA.search(message)) is not None:
        return f"多出的词：{extra[1]}"
    return "少写了命令" if message.startswith("Missing command") else "写法不对"


def chinese(command: Any) -> Any:
    """Return a command whose help, and that of those below it, has headings in Chinese."""
    plain = command.get_help

    def said(context: Any) -> str:
        text = str(plain(context))
        for pattern, ours in _HELP:
            text = pattern.sub(ours, text)
        return text

    command.get_help = said
    for below in getattr(command, "commands", {}).values():
        chinese(below)
    return command


def _name(param: Any) -> str:
    """Return an option as it is typed, an argument as the help calls it."""
    options = [one for one in param.opts if one.startswith("--")]
    if options:
        return str(max(options, key=len))
    return str(param.metavar or param.name).upper()


def _help(param: Any) -> str:
    return f"（{param.help}）" if getattr(param, "help", None) else ""


def _value(cause: Any) -> str:
    """Say what is wrong with a value, from what checked it; the value itself is on the screen already."""
    errors = cause.errors() if hasattr(cause, "errors") else []
    kind, limits = (str(errors[0]["type"]), errors[0].get("ctx", {})) if errors else ("", {})
    if kind == "greater_than_equal":
        return f"不能小于 {limits['ge']}"
    if kind == "less_than_equal":
        return f"不能大于 {limits['le']}"
    if kind.startswith("int"):
        return "要写整数"
    return "要写数" if kind.startswith("float") else "写得不对"
