"""Fixture ``cli``: the command line run in this process, in an installation of its own, on both databases."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.cli import main
from tests.support.database import serial


@dataclass
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its output as JSON."""
        return json.loads(self.out)


@dataclass
class Cli:
    """The command line in a folder."""

    folder: Path
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def __call__(self, *words: str, stdin: str = "") -> Ran:
        """Run a command; a traceback is a failure of the test."""
        self.capsys.readouterr()
        self.monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        out, err = self.capsys.readouterr()
        assert "Traceback" not in err
        return Ran(int(ended.value.code or 0), out, err)

    def env(self, **values: str) -> None:
        """Set settings."""
        for name, value in values.items():
            self.monkeypatch.setenv(f"JIAOYING_{name}", value)


@pytest.fixture
def bare_cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Nothing is installed yet. SQLite, as it is by default."""
    monkeypatch.chdir(tmp_path)
    return Cli(tmp_path, capsys, monkeypatch)


@pytest.fixture
def pg_cli(bare_cli: Cli, postgres: str) -> Iterator[Cli]:
    """The same on an empty PostgreSQL database."""
    name = f"cli_{next(serial)}"
    with psycopg.connect(postgres.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    bare_cli.env(DATABASE_URL=postgres.format(name=name))
    yield bare_cli
    with psycopg.connect(postgres.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "pg"])
def cli(request: pytest.FixtureRequest) -> Cli:
    """A migrated installation, once on each engine."""
    made: Cli = request.getfixturevalue("bare_cli" if request.param == "sqlite" else "pg_cli")
    assert made("migrate").code == 0
    return made
