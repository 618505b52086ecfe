"""The guards bite: a copy of the product with one planted fault turns the check red that should see it.

That the tree itself is green is the business of `make check`.
"""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent

IMPORTS = [
    # what is planted where, and what the check must say of it
    ("app/answer/planted.py", "from app.intake import message", "app.answer.planted -> app.intake.message"),
    ("app/planted_room/__init__.py", "", "app.planted_room"),
    ("app/clock.py", "from app.warning import level", "app.clock -> app.warning.level"),
    (
        "app/scheme/planted.py",
        "from app.scheme import planted_too",
        "No cycles are allowed in app.scheme.",
    ),
    (
        "app/scheme/planted_too.py",
        "from app.scheme import planted",
        "No circle inside a room BROKEN",
    ),
    ("app/warning/planted.py", "import sqlalchemy", "app.warning.planted -> sqlalchemy"),
    ("app/wording/planted.py", "from app import clock", "app.wording.planted -> app.clock"),
    ("app/rehearsal/planted.py", "from app.tasks import alarms", "app.rehearsal.planted -> app.tasks.alarms"),
    ("app/intake/planted.py", "from fastapi import Request", "app.intake.planted -> fastapi"),
    (
        "app/simulator/planted.py",
        "from app.warning import level",
        "app.simulator.planted -> app.warning.level",
    ),
    (
        "app/console/planted.py",
        "from app.directory import tables",
        "app.console.planted imports app.directory.tables",
    ),
    (
        "app/channels/planted.py",
        "from app.channels import sms_aliyun",
        "app.channels.planted imports app.channels.sms_aliyun",
    ),
    (
        "app/dispatch/planted.py",
        "from app.channels import plain",
        "app.dispatch.planted imports app.channels.plain",
    ),
]
LINES = [
    ("from datetime import datetime\n\nNOW = datetime.now()\n", "TID251"),
    ("from datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n", "TID251"),
    ("import time\n\nNOW = time.time()\n", "TID251"),
    ("import asyncio\n\n\nasync def wait() -> None:\n    await asyncio.sleep(1)\n", "TID251"),
    ("from datetime import datetime\n\nDAY = datetime(2026, 7, 1)\n", "DTZ001"),
]


def copied(folder: Path) -> Path:
    """The product and what checks it, in a folder of its own."""
    leave = shutil.ignore_patterns("__pycache__", "static", "templates")
    for name in ("app", "scripts"):
        shutil.copytree(ROOT / name, folder / name, ignore=leave)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def plant(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    if not (file.parent / "__init__.py").exists():
        (file.parent / "__init__.py").touch()
    with file.open("a", encoding="utf-8") as out:
        out.write(f"\n{text}\n")


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter says of a copy with every fault in it, on lines without wrapping."""
    folder = copied(tmp_path_factory.mktemp("planted"))
    for file, line, _ in IMPORTS:
        plant(folder / file, line)
    run = subprocess.run(
        [BIN / "lint-imports", "--no-logo", "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    return run.stdout


@pytest.mark.parametrize("said", [said for _, _, said in IMPORTS])
def test_an_import_against_the_arrow_turns_the_check_red(verdict: str, said: str) -> None:
    assert said in verdict


def test_every_contract_was_broken_by_one_of_them(verdict: str) -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    assert [contract["name"] for contract in contracts if f"{contract['name']} BROKEN" not in verdict] == []


@pytest.mark.parametrize(("text", "rule"), LINES)
def test_a_clock_of_ones_own_turns_the_linter_red(tmp_path: Path, text: str, rule: str) -> None:
    (tmp_path / "app/warning").mkdir(parents=True)
    for package in ("app", "app/warning"):
        (tmp_path / package / "__init__.py").touch()
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "app/warning/planted.py").write_text(f'"""Planted."""\n\n{text}', encoding="utf-8")
    run = subprocess.run(
        [BIN / "ruff", "check", "--no-cache", "--output-format=concise", "app/warning/planted.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    assert rule in run.stdout
