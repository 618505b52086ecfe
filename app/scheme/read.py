"""Read a district's config folder: a frozen Scheme, or every fault at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.scheme import check_hazards, check_layers, check_running, check_signs, check_towns, check_wording
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


def _across(folder: Folder) -> Iterator[Fault]:
    yield from _zone(folder)
    for check in (
        check_hazards.check,
        check_layers.check,
        check_signs.check,
        check_towns.check,
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
