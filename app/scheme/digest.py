"""The digest of a config: the same for the same content, whatever its comments, order of keys or spacing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from app.scheme.lines import Document


def digest(documents: Iterable[Document]) -> str:
    """SHA-256 (hex) over the content of all files, each under its own name."""
    content = {document.file: document.data for document in documents}
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no canonical form for {type(value).__name__}")
