"""What may not be in this repository, looked for in every committed text file."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
THIS = "tests/house/test_hygiene.py"
GENERATED = ("requirements.lock", "requirements-dev.lock", "scripts/vendor/package-lock.json")
VENDORED = "app/console/static/vendor/"

MOBILE = re.compile(r"(?<![0-9A-Za-z.])(?:\+?86)?1[3-9][0-9]{9}(?![0-9A-Za-z])")
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|home|Users|root|tmp)/(?=\w)|[A-Z]:\\Users\\")
REGISTRY = re.compile(r"\bpypi\b|pythonhosted|npmjs|npmmirror|deb\.debian", re.IGNORECASE)
SECRET = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}")
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX)\b|NotImplementedError")
SKIPPED = re.compile(r"pytest\.(?:mark\.)?(?:skip|skipif|xfail|importorskip)\b")
BUCKETS = {
    "utils.py",
    "util.py",
    "helpers.py",
    "common.py",
    "service.py",
    "services.py",
    "schemas.py",
    "manager.py",
    "misc.py",
}

# file: {find: why it may stand there}
MAY_HOLD: dict[str, dict[str, str]] = {}
# file over 400 lines: why it is one piece
LONG: dict[str, str] = {
    "migrations/versions/0001_first.py": "the whole first schema is one step: it stands or falls together",
}


def committed() -> Iterator[str]:
    """The path of every file that git holds."""
    yield from (
        subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
        .stdout.strip("\0")
        .split("\0")
    )


def text_of(name: str) -> str:
    """The file's text; empty for what is no text, or is not there (deleted, not yet committed)."""
    try:
        return (ROOT / name).read_text(encoding="utf-8")
    except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
        return ""


def lines_with(pattern: re.Pattern[str], *, under: str = "") -> list[str]:
    """Where the pattern stands, as `file:line`: the find itself is not printed, it may be a secret."""
    return [
        f"{name}:{number}"
        for name in committed()
        if name.startswith(under) and not name.startswith((*GENERATED, VENDORED, THIS))
        for number, line in enumerate(text_of(name).splitlines(), start=1)
        for found in [pattern.search(line)]
        if found and found[0] not in MAY_HOLD.get(name, {})
    ]


def test_no_digits_that_could_be_somebodys_mobile() -> None:
    assert lines_with(MOBILE) == []


def test_no_path_of_a_developers_machine() -> None:
    assert lines_with(MACHINE_PATH) == []


@pytest.mark.parametrize("name", GENERATED)
def test_a_lock_names_no_host(name: str) -> None:
    assert "://" not in text_of(name)


def test_no_package_registry_is_named() -> None:
    assert lines_with(REGISTRY) == []


def test_no_secret() -> None:
    assert lines_with(SECRET) == []


def test_nothing_is_left_for_later() -> None:
    assert lines_with(UNFINISHED) == []


def test_no_file_is_named_for_a_layer_or_for_nothing() -> None:
    assert [name for name in committed() if Path(name).name in BUCKETS] == []


def test_a_file_over_400_lines_says_why() -> None:
    long = {name for name in committed() if name.endswith(".py") and text_of(name).count("\n") > 400}
    assert long == set(LONG)


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    assert lines_with(SKIPPED, under="tests/") == []


def test_files_end_with_a_line_end_and_carry_no_carriage_return() -> None:
    wrong = [
        name
        for name in committed()
        if name.endswith((".py", ".md", ".yaml", ".toml", ".html", ".css", ".sh", "Makefile", "Dockerfile"))
        and text_of(name)
        and (not text_of(name).endswith("\n") or "\r" in text_of(name))
    ]
    assert wrong == []
