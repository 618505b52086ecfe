"""The guards bite: a copy of the product with one planted fault turns the check red that should see it.

That the tree itself is green is the business of `make check`.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent

IMPORTS = [
    ("app/dispatch/planted.py", "from app.intake import message", "Imports point the way the data goes"),
    ("app/planted_room/__init__.py", "", "Imports point the way the data goes"),
    ("app/clock.py", "from app.warning import level", "the ground knows no room"),
    ("app/warning/planted.py", "import sqlalchemy", "The rules and the words are functions of values"),
    ("app/wording/planted.py", "from app import clock", "The rules and the words are functions of values"),
    ("app/intake/planted.py", "from fastapi import Request", "Only the doors know the web framework"),
    (
        "app/simulator/planted.py",
        "from app.warning import level",
        "The simulated outside world knows the product",
    ),
    (
        "app/console/planted.py",
        "from app.directory import tables",
        "Only the room that owns a table writes it",
    ),
    ("app/channels/planted.py", "from app.channels import sms_aliyun", "A vendor is known to its own files"),
    ("app/dispatch/planted.py", "from app.channels import plain", "A vendor is known to its own files"),
]
LINES = [
    ("from datetime import datetime\n\nNOW = datetime.now()\n", "TID251"),
    ("from datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n", "TID251"),
    ("import time\n\nNOW = time.time()\n", "TID251"),
    ("import asyncio\n\n\nasync def wait() -> None:\n    await asyncio.sleep(1)\n", "TID251"),
    ("from datetime import datetime\n\nDAY = datetime(2026, 7, 1)\n", "DTZ001"),
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The product and what checks it, in a folder of its own."""
    leave = shutil.ignore_patterns("__pycache__", "static", "templates")
    for folder in ("app", "scripts"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=leave)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def plant(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    if not (file.parent / "__init__.py").exists():
        (file.parent / "__init__.py").touch()
    with file.open("a", encoding="utf-8") as out:
        out.write(f"\n{text}\n")


@pytest.mark.parametrize(("file", "line", "contract"), IMPORTS)
def test_an_import_against_the_arrow_turns_the_contract_red(
    copy: Path, file: str, line: str, contract: str
) -> None:
    plant(copy / file, line)
    run = subprocess.run(
        [BIN / "lint-imports", "--no-logo", "--no-cache"],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )
    broken = [said for said in run.stdout.splitlines() if said.endswith("BROKEN")]
    assert run.returncode == 1, run.stdout + run.stderr
    assert any(contract in said for said in broken), run.stdout


@pytest.mark.parametrize(("text", "rule"), LINES)
def test_a_clock_of_ones_own_turns_the_linter_red(copy: Path, text: str, rule: str) -> None:
    (copy / "app/warning/planted.py").write_text(f'"""Planted."""\n\n{text}', encoding="utf-8")
    run = subprocess.run(
        [BIN / "ruff", "check", "--no-cache", "--output-format=concise", "app/warning/planted.py"],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    assert rule in run.stdout
