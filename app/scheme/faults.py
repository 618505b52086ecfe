"""What is wrong with a `config/`: every fault at once, each with the file and the line to look at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault. `file` is relative to the config folder, `line` counts from 1, `text` is Chinese."""

    file: str
    line: int
    text: str

    @property
    def sentence(self) -> str:
        """The fault as one line that an editor can jump to."""
        return f"{self.file}:{self.line}: {self.text}"


class SchemeFaults(ValueError):
    """A config that cannot be used. `faults` lists all of them, in order of file and line."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: list[Fault] = sorted(set(faults))
        super().__init__("\n".join(fault.sentence for fault in self.faults))
