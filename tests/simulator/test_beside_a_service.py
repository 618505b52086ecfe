"""``python -m app.simulator`` as the README starts it: from any folder, with the secrets or a clear word."""

import os
import subprocess
import sys
from pathlib import Path

from app.simulator.__main__ import arguments, secretless

ROOT = Path(__file__).resolve().parents[2]
SMS = {"name": "sms-main"}


def test_a_secret_that_is_missing_is_named_before_anything_starts(tmp_path: Path) -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("JIAOYING_CHANNEL_")
    }
    run = subprocess.run(
        [sys.executable, "-m", "app.simulator", "--port", "0"],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 1
    assert "JIAOYING_CHANNEL_SMS_MAIN_SECRET" in run.stderr
    assert "Traceback" not in run.stderr


def test_only_what_is_missing_is_asked_for() -> None:
    assert secretless([SMS], {"JIAOYING_CHANNEL_SMS_MAIN_SECRET": "x"}) == []
    assert secretless([SMS], {"JIAOYING_CHANNEL_SMS_MAIN_SECRET": ""}) == ["JIAOYING_CHANNEL_SMS_MAIN_SECRET"]


def test_it_finds_the_shipped_channels_and_the_storm_wherever_it_is_started() -> None:
    asked = arguments([])
    assert (asked.config / "channels.yaml").is_file()
    assert (asked.data / "storm.csv").is_file()
