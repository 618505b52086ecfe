"""The files of a config folder, each read into its shape; missing, unknown and misshapen ones are faults."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from app.scheme.basin import BasinFile
from app.scheme.faults import Fault
from app.scheme.files import (
    ControlsFile,
    DistrictFile,
    HazardFile,
    IndustryFile,
    LayersFile,
    MatrixFile,
    ResponseFile,
    SegmentsFile,
    TownFile,
    UpliftFile,
)
from app.scheme.lines import Document, load
from app.scheme.running import ChannelsFile, EscalationFile, ReleaseFile, WordingFile

Shape = TypeVar("Shape", bound=BaseModel)


@dataclass(slots=True)
class Held(Generic[Shape]):
    """One file: its document, and its shape where it has the right one."""

    document: Document
    shape: Shape | None


@dataclass(slots=True)
class Folder:
    """All files. A file that could not be read has no shape, and checks that need it are left out."""

    district: Held[DistrictFile]
    segments: Held[SegmentsFile]
    layers: Held[LayersFile]
    matrix: Held[MatrixFile]
    response: Held[ResponseFile]
    uplift: Held[UpliftFile]
    controls: Held[ControlsFile]
    release: Held[ReleaseFile]
    escalation: Held[EscalationFile]
    channels: Held[ChannelsFile]
    hazards: list[Held[HazardFile]]
    industries: list[Held[IndustryFile]]
    towns: list[Held[TownFile]]
    wording: list[Held[WordingFile]]
    basin: Held[BasinFile]
    faults: list[Fault] = field(default_factory=list)

    def documents(self) -> list[Document]:
        """Every file, in no order."""
        single = (
            self.district,
            self.segments,
            self.layers,
            self.matrix,
            self.response,
            self.uplift,
            self.controls,
            self.release,
            self.escalation,
            self.channels,
        )
        many = (self.hazards, self.industries, self.towns, self.wording)
        rivers = [] if self.basin.document.data is None else [self.basin.document]
        return [
            *(held.document for held in single),
            *rivers,
            *(held.document for group in many for held in group),
        ]


_SINGLE = frozenset(
    f"{name}.yaml"
    for name in (
        [
            "district",
            "segments",
            "layers",
            "matrix",
            "response",
            "uplift",
            "controls",
            "release",
            "escalation",
            "channels",
            "basin",
        ]
    )
)
_MANY = frozenset({"hazards", "industries", "towns", "wording"})


def open_folder(path: Path) -> Folder:
    """Read every file. Faults are collected, never raised."""
    faults: list[Fault] = []
    if not path.is_dir():
        faults.append(Fault(str(path), 1, "没有这个配置目录"))
    else:
        faults += _strangers(path)

    def one(name: str, shape: type[Shape]) -> Held[Shape]:
        return _held(path, f"{name}.yaml", shape, faults)

    def many(name: str, shape: type[Shape]) -> list[Held[Shape]]:
        found = sorted((path / name).glob("*.yaml")) if (path / name).is_dir() else []
        if not found:
            faults.append(Fault(f"{name}/", 1, "缺少文件：目录里没有 .yaml"))
        return [_held(path, f"{name}/{file.name}", shape, faults) for file in found]

    return Folder(
        district=one("district", DistrictFile),
        segments=one("segments", SegmentsFile),
        layers=one("layers", LayersFile),
        matrix=one("matrix", MatrixFile),
        response=one("response", ResponseFile),
        uplift=one("uplift", UpliftFile),
        controls=one("controls", ControlsFile),
        release=one("release", ReleaseFile),
        escalation=one("escalation", EscalationFile),
        channels=one("channels", ChannelsFile),
        hazards=many("hazards", HazardFile),
        industries=many("industries", IndustryFile),
        towns=many("towns", TownFile),
        wording=many("wording", WordingFile),
        # A district without rivers has no neighbours to ring; a scheme of before 流域联防 reads as it did.
        basin=one("basin", BasinFile)
        if (path / "basin.yaml").is_file()
        else Held(Document("basin.yaml"), None),
        faults=faults,
    )


def _strangers(path: Path) -> list[Fault]:
    """A misspelt file name must not be passed over in silence: its rules would simply not hold."""
    faults = []
    for file in sorted(path.rglob("*")):
        name = file.relative_to(path).as_posix()
        if not file.is_file() or file.suffix not in {".yaml", ".yml"}:
            continue
        folder, _, rest = name.rpartition("/")
        known = name in _SINGLE or (folder in _MANY and "/" not in rest)
        if not known or file.suffix == ".yml":
            faults.append(Fault(name, 1, "不认识的文件，不会被读取；请改名或移走"))
    return faults


def _held(path: Path, file: str, shape: type[Shape], faults: list[Fault]) -> Held[Shape]:
    if not (path / file).is_file():
        faults.append(Fault(file, 1, "缺少文件"))
        return Held(Document(file), None)
    document = load(path / file, file)
    faults += document.faults
    if document.data is None:
        return Held(document, None)
    if not isinstance(document.data, dict):
        faults.append(document.fault("整个文件要写成“键: 值”"))
        return Held(document, None)
    try:
        return Held(document, shape.model_validate(document.data))
    except ValidationError as error:
        faults += [document.fault(_sentence(detail), *detail["loc"]) for detail in error.errors()]
        return Held(document, None)


_SENTENCES = {
    "extra_forbidden": "不认识的键“{key}”",
    "missing": "缺少“{key}”",
    "string_type": "“{key}”要写文字（数字样的文字请加引号）",
    "int_type": "“{key}”要写整数",
    "bool_type": "“{key}”要写 true 或 false",
    "date_type": "“{key}”要写日期，例如 2026-01-01",
    "dict_type": "“{key}”要写成“键: 值”",
    "list_type": "“{key}”要写成列表",
    "model_type": "“{key}”要写成“键: 值”",
    "too_short": "“{key}”不能是空的",
    "string_too_short": "“{key}”不能是空的",
}


def _sentence(detail: ErrorDetails) -> str:
    """Pydantic's error as a sentence; the wrong value is not repeated, the line shows it."""
    steps = [str(step) for step in detail["loc"] if step != "[key]"]
    key = steps[-1] if steps else ""
    kind = detail["type"]
    context: dict[str, Any] = detail.get("ctx") or {}
    if kind in _SENTENCES:
        return _SENTENCES[kind].format(key=key)
    if kind == "value_error":
        return f"“{key}”{context.get('error', '')}"
    if kind in {"literal_error", "union_tag_invalid"}:
        allowed = context.get("expected") or context.get("expected_tags", "")
        return f"“{key}”只能是 {allowed}"
    if kind == "string_pattern_mismatch":
        return f"“{key}”写法不对，应符合 {context.get('pattern', '')}"
    return f"“{key}”不对：{detail['msg']}"
