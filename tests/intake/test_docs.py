"""Every code that a bureau or the desk may read stands in the page on warnings, and no other."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_note_code_is_explained() -> None:
    code = "".join(file.read_text("utf-8") for file in sorted((ROOT / "app" / "intake").glob("*.py")))
    given = set(re.findall(r'(?:Problem|_problem|[a-z]+\._problem|_fault)\(\s*"([a-z-]+)"', code))
    page = (ROOT / "docs" / "warnings.md").read_text("utf-8")
    named = set(re.findall(r"`([a-z0-9-]+)`", page[page.index("## Dispositions") :]))
    assert given - {"references"} <= named
    dispositions = {"waiting", "not-applicable", "expired", "needs-review", "applies"}
    assert {code for code in named if "-" in code} - dispositions <= given
