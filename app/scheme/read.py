"""Read a district's config folder: a frozen Scheme, or every fault at once."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.scheme import (
    check_basin,
    check_hazards,
    check_layers,
    check_running,
    check_signs,
    check_towns,
    check_wording,
)
from app.scheme.build import build
from app.scheme.faults import Fault, SchemeFaults
from app.scheme.folder import Folder, open_folder
from app.scheme.models import Scheme


def read(path: Path) -> Scheme:
    """The Scheme written in `path`. Raises SchemeFaults with every fault, each with its file and line."""
    folder = open_folder(path)
    faults = [*folder.faults, *_across(folder)]
    if faults:
        raise SchemeFaults(faults)
    return build(folder)


def read_files(files: Mapping[str, str]) -> Scheme:
    """The Scheme that was once read from these files (`Scheme.files`). Raises SchemeFaults.

    A later version of the product may ask for more than an old scheme says; then the faults tell it.
    """
    with tempfile.TemporaryDirectory(prefix="jiaoying-scheme-") as folder:
        for name, text in files.items():
            file = Path(folder) / name
            if not file.resolve().is_relative_to(Path(folder).resolve()):
                raise SchemeFaults([Fault(name, 1, "文件名越出目录")])
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return read(Path(folder))


def _across(folder: Folder) -> Iterator[Fault]:
    yield from _zone(folder)
    for check in (
        check_hazards.check,
        check_layers.check,
        check_signs.check,
        check_towns.check,
        check_basin.check,
        check_running.check,
        check_wording.check,
    ):
        yield from check(folder)


def _zone(folder: Folder) -> Iterator[Fault]:
    shape, document = folder.district.shape, folder.district.document
    if shape is None:
        return
    try:
        ZoneInfo(shape.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        yield document.fault(f"没有时区 {shape.time_zone}", "time_zone")
