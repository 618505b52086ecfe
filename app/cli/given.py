"""Files from the command line, each read as what it is: a warning in any form, or rows of observations."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from app.cli import sentences
from app.cli.installation import Failure, instant
from app.errors import JiaoyingError
from app.intake import observations
from app.intake.message import Message
from app.intake.observations import TABLES, Batch
from app.intake.read import read as read_warning


@dataclass(slots=True)
class Given:
    """What the files hold."""

    warnings: list[tuple[str, Message]] = field(default_factory=list)
    sheets: list[tuple[str, Batch]] = field(default_factory=list)


def _table(columns: set[str]) -> str | None:
    """Tell a table by its columns, where nobody said."""
    if "ELEM" in columns:
        return "FORECAST" if "town" in columns else "ELEMENT"
    if "DRP" in columns:
        return "ST_PPTN_R"
    if "RZ" in columns:
        return "ST_RSVR_R"
    return "ST_RIVER_R" if "Z" in columns else None


def _columns(body: bytes, media: str) -> set[str]:
    first = body.decode("utf-8-sig", "replace").split("\n", 1)[0].strip()
    if media == "text/csv":
        return {cell.strip().strip('"') for cell in first.split(",")}
    try:
        row = json.loads(first)
    except ValueError:
        return set()
    return set(row) if isinstance(row, dict) else set()


def read_files(files: Sequence[Path], table: str | None) -> Given:
    """Read every file as what it is. Raises Failure (no such file) and what the readers raise."""
    given = Given()
    for file in files:
        try:
            body = file.read_bytes()
        except OSError:
            raise Failure(f"读不到文件 {file}。", 2) from None
        suffix, start = file.suffix.lower(), body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        try:
            if suffix in (".csv", ".ndjson", ".jsonl"):
                media = "text/csv" if suffix == ".csv" else "application/x-ndjson"
                known = table or _table(_columns(body, media))
                if known is None:
                    raise Failure(
                        f"{file.name}：看列名不知道是哪张表，用 --table 写明：{'、'.join(TABLES)}。"
                    )
                given.sheets.append((file.name, observations.read(body, media, known)))
            elif start == b"<":
                given.warnings.append((file.name, read_warning(body, "application/xml")))
            elif b'"rows"' in body and b'"identifier"' not in body:
                given.sheets.append((file.name, observations.read(body, "application/json", table)))
            else:
                given.warnings.append((file.name, read_warning(body, "application/json")))
        except JiaoyingError as error:
            raise Failure(f"{file.name}：{sentences.of_error(error)}。") from None
    return given


def newest(given: Given) -> datetime | None:
    """The last moment the files speak of: a file of last year is explained as of then."""
    times = [message.sent for _, message in given.warnings]
    for _, batch in given.sheets:
        for row in batch.rows:
            text = (row or {}).get("TM") or (row or {}).get("issued")
            if isinstance(text, str):
                try:
                    times.append(instant(text.strip(), "TM") or times[0])
                except Failure:
                    continue
    return max(times, default=None)
