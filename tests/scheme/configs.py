"""A copy of the bundled config to plant faults in."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from app import bundled
from app.scheme.faults import Fault, SchemeFaults
from app.scheme.models import Scheme
from app.scheme.read import read


@dataclass(frozen=True)
class Config:
    """A config folder of its own."""

    path: Path

    def edit(self, file: str, old: str, new: str) -> int:
        """Replace the first `old`; returns the line it begins on."""
        text = (self.path / file).read_text(encoding="utf-8")
        assert old in text, f"{file} no longer says {old!r}"
        (self.path / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        return text[: text.index(old)].count("\n") + 1

    def append(self, file: str, text: str) -> int:
        """Add at the end; returns the first added line."""
        before = (self.path / file).read_text(encoding="utf-8")
        (self.path / file).write_text(before + text, encoding="utf-8")
        return before.count("\n") + 1

    def read(self) -> Scheme:
        return read(self.path)

    def faults(self) -> list[Fault]:
        try:
            read(self.path)
        except SchemeFaults as error:
            return error.faults
        return []


def copied(to: Path) -> Config:
    shutil.copytree(bundled.path("config"), to)
    return Config(to)
