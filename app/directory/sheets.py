"""The district's CSV files as they come: bytes to cells to typed rows, each fault with its file and line.

Read are UTF-8, with or without a byte order mark, and GB18030 (GBK and GB2312 with it). Spaces at the ends
go, full-width digits and letters become plain in everything but names and sentences. A fault says the
column and what is wrong, never the value: it may be a name or a number.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from app import phones
from app.clock import LOCAL

Values = dict[str, Any]

CODE = re.compile(r"[0-9A-Z][0-9A-Za-z-]{0,39}")
ROLE = re.compile(r"[a-z][a-z_-]*(\.[a-z][a-z_-]*)+")
TRUE, FALSE = {"true", "1", "yes", "y", "是"}, {"false", "0", "no", "n", "否", ""}


@dataclass(frozen=True, slots=True)
class RowFault:
    """One row (or, with line 1, one header) that cannot be taken."""

    file: str
    line: int
    code: str
    detail: str


class Bad(Exception):
    """A cell that cannot be read: a stable code and a sentence without the value."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


@dataclass(frozen=True, slots=True)
class Column:
    """A column. An empty cell is a fault if it is required; the header may lack an optional one."""

    read: Callable[[str], Any]
    required: bool = True
    optional: bool = False
    default: Any = None


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of file."""

    file: str
    columns: Mapping[str, Column]


@dataclass(slots=True)
class Row:
    """A typed row and the line it came from."""

    line: int
    values: dict[str, Any]


@dataclass(slots=True)
class Sheet:
    """One file, read: the good rows, how many lines it had, and what was wrong with the others."""

    file: str
    read: int = 0
    rows: list[Row] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)

    def refuse(self, line: int, code: str, detail: str) -> None:
        """Note a fault of a line."""
        self.faults.append(RowFault(self.file, line, code, detail))


def plain(cell: str) -> str:
    """A cell that is a code, a number or a word: full-width forms made plain, spaces at the ends gone."""
    return cell.strip() if cell.isascii() else unicodedata.normalize("NFKC", cell).strip()


def text(cell: str) -> str:
    """A name: as written, one line, no control characters, 80 at most. Raises Bad."""
    return sentence(cell, 80)


def sentence(cell: str, limit: int = 200) -> str:
    """A sentence: as written, one line, no control characters. Raises Bad."""
    cell = cell.strip()
    if any(unicodedata.category(c) in {"Cc", "Cs", "Co", "Cf"} for c in cell):
        raise Bad("bad-text", "holds a control or private character")
    if len(cell) > limit:
        raise Bad("bad-text", f"is longer than {limit} characters")
    return cell


def code(cell: str) -> str:
    """A code: digits, letters and hyphens, 40 at most. Raises Bad."""
    value = plain(cell)
    if value and not CODE.fullmatch(value):
        raise Bad("bad-code", "is not a code (digits, letters, hyphens)")
    return value


def role(cell: str) -> str:
    """A role code such as ``town.mayor``. Raises Bad."""
    value = plain(cell)
    if value and not ROLE.fullmatch(value):
        raise Bad("bad-role", "is not a role code such as town.mayor")
    return value


def word(*allowed: str) -> Callable[[str], str]:
    """One of a few words."""

    def read(cell: str) -> str:
        value = plain(cell)
        if value and value not in allowed:
            raise Bad("bad-word", f"is not one of: {', '.join(allowed)}")
        return value

    return read


def whole(low: int, high: int) -> Callable[[str], int | None]:
    """A whole number within bounds."""

    def read(cell: str) -> int | None:
        value = plain(cell)
        if not value:
            return None
        if not re.fullmatch(r"-?\d{1,9}", value) or not low <= int(value) <= high:
            raise Bad("bad-number", f"is not a whole number from {low} to {high}")
        return int(value)

    return read


def scaled(factor: int) -> Callable[[str], int | None]:
    """A decimal number as whole parts of ``1/factor``, exactly: 296.20 m is 296200 mm."""

    def read(cell: str) -> int | None:
        value = plain(cell)
        if not value:
            return None
        if not re.fullmatch(r"-?\d{1,7}(\.\d{1,6})?", value):
            raise Bad("bad-number", "is not a number")
        parts = Decimal(value) * factor
        if parts != parts.to_integral_value():
            raise Bad("bad-number", f"has more than {len(str(factor)) - 1} decimals")
        return int(parts)

    return read


def degrees(low: float, high: float) -> Callable[[str], float | None]:
    """A coordinate in degrees within bounds."""

    def read(cell: str) -> float | None:
        value = plain(cell)
        if not value:
            return None
        if not re.fullmatch(r"-?\d{1,3}(\.\d{1,8})?", value) or not low <= float(value) <= high:
            raise Bad("bad-coordinate", f"is not in degrees from {low} to {high} (lon and lat exchanged?)")
        return float(value)

    return read


def flag(cell: str) -> bool:
    """True or false; an empty cell is false. Raises Bad."""
    value = plain(cell).lower()
    if value not in TRUE | FALSE:
        raise Bad("bad-word", "is neither true nor false")
    return value in TRUE


def instant(cell: str) -> datetime | None:
    """A time: RFC 3339, or without an offset the district's own time. Raises Bad."""
    value = plain(cell)
    if not value:
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        raise Bad("bad-time", "is not a time such as 2026-07-15T08:30") from None
    return (parsed.replace(tzinfo=LOCAL) if parsed.tzinfo is None else parsed).astimezone(UTC)


def phone(cell: str) -> str:
    """A number that is either of the invented form or could be dialled here. Raises Bad."""
    value = plain(cell)
    if value and not phones.is_synthetic(value) and not phones.is_dialable(value):
        raise Bad("bad-phone", "is no mobile number or landline with a listed area code, in digits only")
    return value


def decoded(raw: bytes) -> str:
    """The file's text. Raises Bad when it is neither UTF-8 nor GB18030."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Bad("bad-encoding", "is neither UTF-8 nor GBK")


def read(path: Path, form: Form) -> Sheet:
    """Read one file. Nothing is raised for its content: what is wrong stands in ``faults``."""
    sheet = Sheet(form.file)
    try:
        reader = csv.reader(io.StringIO(decoded(path.read_bytes()), newline=""), strict=True)
        header = [plain(cell).lower() for cell in next(reader, [])]
    except Bad as bad:
        sheet.refuse(1, bad.code, f"the file {bad.detail}")
        return sheet
    except csv.Error:
        sheet.refuse(1, "bad-csv", "the header is not CSV")
        return sheet
    missing = [name for name, column in form.columns.items() if name not in header and not column.optional]
    unknown = [str(i + 1) for i, name in enumerate(header) if name not in form.columns]
    if missing:
        sheet.refuse(1, "missing-column", f"columns missing: {', '.join(missing)}")
    if unknown:
        sheet.refuse(1, "unknown-column", f"columns by number that nothing reads: {', '.join(unknown)}")
    if len(set(header)) != len(header):
        sheet.refuse(1, "duplicate-column", "a column stands twice in the header")
    if sheet.faults:
        return sheet
    _rows(reader, header, form, sheet)
    return sheet


def _rows(reader: Any, header: list[str], form: Form, sheet: Sheet) -> None:
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            sheet.refuse(reader.line_num, "bad-csv", "the line is not CSV; the rest of the file is not read")
            return
        if cells is None:
            return
        if not any(cell.strip() for cell in cells):
            continue
        sheet.read += 1
        if len(cells) != len(header):
            sheet.refuse(reader.line_num, "wrong-width", f"{len(cells)} cells under {len(header)} columns")
            continue
        values = {name: column.default for name, column in form.columns.items()}
        for name, cell in zip(header, cells, strict=True):
            column = form.columns[name]
            try:
                value = column.read(cell)
            except Bad as bad:
                sheet.refuse(reader.line_num, bad.code, f"{name} {bad.detail}")
                break
            if value is None or value == "":
                if column.required:
                    sheet.refuse(reader.line_num, "empty", f"{name} is empty")
                    break
                value = column.default
            values[name] = value
        else:
            sheet.rows.append(Row(reader.line_num, values))
