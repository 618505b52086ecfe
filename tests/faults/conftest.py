"""Fixtures of this room: a gateway on a socket, and processes of their own that do one piece of work each."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import pytest

from app import sealed
from tests.faults.gateway import Recorder, listening

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Processes:
    """Makes processes, one at a time; see ``process.py``."""

    maker: subprocess.Popen[str]

    def line(self) -> str:
        assert self.maker.stdout is not None
        return self.maker.stdout.readline()

    def start(self, **ask: Any) -> Self:
        """Start a piece of work."""
        assert self.maker.stdin is not None
        self.maker.stdin.write(json.dumps(ask) + "\n")
        self.maker.stdin.flush()
        self.pid = int(self.line())
        return self

    def end(self) -> tuple[int, float]:
        """Wait for it; return its exit code (-9: killed) and how long it ran."""
        code, seconds = self.line().split()
        return int(code), float(seconds)

    def works(self, url: str, port: int, at: datetime, *, die_at: str | None = None) -> Self:
        """Start a worker that does what is due at a moment."""
        return self.start(do="drain", url=url, port=port, at=at.isoformat(), die_at=die_at)


@pytest.fixture(scope="session")
def processes(tmp_path_factory: pytest.TempPathFactory, _process: None) -> Iterator[Processes]:
    keys = tmp_path_factory.mktemp("keys") / "jiaoying.keys"
    sealed.keys().write(keys)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults.process", str(keys)],
        cwd=keys.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as maker:
        yield Processes(maker)
        assert maker.stdin is not None
        maker.stdin.close()


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with listening() as gateway:
        yield gateway
