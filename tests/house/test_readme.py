"""What the README tells a bureau to send is what the intake reads, in all three forms."""

import os
import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from app.intake.message import Message
from app.intake.read import read
from app.warning.level import Level

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
HELPER = next(line for block in BLOCKS for line in block.splitlines() if line.startswith("at()"))
REQUESTS = [block[block.index("curl ") :] for block in BLOCKS if "/api/v1/warnings" in block]


def sent(request: str, folder: Path) -> Message:
    """Run the block in a shell, with a curl that only shows what it was given, and read that."""
    shim = folder / "curl"
    shim.write_text("#!/bin/sh\nexec cat\n", encoding="utf-8")
    shim.chmod(0o755)
    run = subprocess.run(
        ["bash", "-euc", f"{HELPER}\n{request}"],
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "KEY": "x"},
        capture_output=True,
        check=True,
    )
    form = re.search(r"Content-Type: ([^']+)'", request)
    assert form
    return read(run.stdout, form[1])


def test_there_is_one_example_for_each_form() -> None:
    assert len(REQUESTS) == 3


@pytest.mark.parametrize("request_", REQUESTS, ids=["json", "national", "cap"])
def test_an_example_is_read_as_a_red_rainstorm_for_two_streets(request_: str, tmp_path: Path) -> None:
    message = sent(request_, tmp_path)
    assert message.level is Level.RED
    assert message.event_code == "11B03"
    assert [code[:9] for area in message.areas for code in area.codes] == ["500153004", "500153005"]
    assert message.expires
    assert message.expires - message.sent == timedelta(hours=3)
    assert message.problems == ()
