"""YAML read so that every value knows its line, and so that YAML's traps are faults and not surprises.

Plain `08:30` or `22:00` may become a number and plain `NO` becomes false: both are refused unquoted. A key
given twice, an alias, or a key that is no text is refused too. Numbers with a point become Decimal, so that
85.3 mm is exactly 853 tenths.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from app.scheme.faults import Fault

Where = tuple[str | int, ...]

_CLOCK = re.compile(r"^\d{1,2}:\d{2}(:\d{2})?$")
_TRAPS = frozenset(
    word for base in ("yes", "no", "on", "off", "y", "n") for word in (base, base.title(), base.upper())
)


@dataclass(slots=True)
class Document:
    """One file: its text and data, the line of every value in it, and what was wrong with the YAML itself."""

    file: str
    data: Any = None
    text: str = ""
    lines: dict[Where, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def line(self, *path: str | int) -> int:
        """The line of a value. What is not there (a missing key, a union's tag) is looked for further out."""
        known: Where = ()
        for step in path:
            if (*known, step) in self.lines:
                known = (*known, step)
        return self.lines.get(known, 1)

    def fault(self, text: str, *path: str | int) -> Fault:
        """A fault at the line of a value."""
        return Fault(self.file, self.line(*path), text)


def load(path: Path, file: str) -> Document:
    """Read one file. Never raises for what is in it: the faults stand in the document."""
    document = Document(file)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        document.faults.append(Fault(file, 1, "不是 UTF-8 编码"))
        return document
    document.text = text
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        document.faults.append(Fault(file, line, f"YAML 写法有误：{error.problem or error.context}"))
        return document
    except yaml.YAMLError:
        document.faults.append(Fault(file, 1, "YAML 写法有误：有不允许的字符"))
        return document
    if node is None:
        document.faults.append(Fault(file, 1, "文件是空的"))
        return document
    _Reader(document).read(node)
    return document


class _Reader:
    """Walks the nodes of one document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._seen: set[int] = set()

    def read(self, node: yaml.Node) -> None:
        self._document.data = self._value(node, ())

    def _value(self, node: yaml.Node, path: Where) -> Any:
        line = node.start_mark.line + 1
        self._document.lines.setdefault(path, line)
        if not isinstance(node, yaml.ScalarNode):
            if id(node) in self._seen:
                self._document.faults.append(
                    Fault(self._document.file, line, "不支持 YAML 别名（*），请写全")
                )
                return None
            self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, line)
        return [self._value(item, (*path, index)) for index, item in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, path: Where) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._document.faults.append(Fault(self._document.file, line, "键必须是文字"))
                continue
            key = str(key_node.value)
            if key in result:
                self._document.faults.append(Fault(self._document.file, line, f"键“{key}”写了两次"))
                continue
            self._document.lines[(*path, key)] = line
            result[key] = self._value(value_node, (*path, key))
        return result

    def _scalar(self, node: yaml.ScalarNode, line: int) -> Any:
        text = str(node.value)
        if node.style in {"'", '"', "|", ">"}:  # quoted, or a block: text as it stands
            return text
        trap = _trap(text)
        if trap:
            self._document.faults.append(Fault(self._document.file, line, trap))
            return text
        return self._typed(text, node.tag.rpartition(":")[2], line)

    def _typed(self, text: str, tag: str, line: int) -> Any:
        if tag == "null":
            return None
        if tag == "bool":
            return text.lower() == "true"
        if tag == "int" and re.fullmatch(r"[-+]?(0|[1-9][0-9]*)", text):
            return int(text)
        if tag == "float" and re.fullmatch(r"[-+]?[0-9]+\.[0-9]+", text):
            return Decimal(text)
        if tag == "timestamp" and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return self._date(text, line)
        if tag in {"int", "float", "timestamp"}:
            fault = f"“{text}”会被 YAML 读成别的数；是文字请加引号"
            self._document.faults.append(Fault(self._document.file, line, fault))
        return text

    def _date(self, text: str, line: int) -> date | None:
        try:
            return date.fromisoformat(text)
        except ValueError:
            self._document.faults.append(Fault(self._document.file, line, f"没有 {text} 这一天"))
            return None


def _trap(text: str) -> str | None:
    if _CLOCK.match(text):
        return f'“{text}”没加引号，YAML 可能读成数字；请写成 "{text}"'
    if text in _TRAPS:
        return f"“{text}”没加引号，YAML 会读成真假值；请加引号，或写 true / false"
    return None
