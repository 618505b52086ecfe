"""The documentation names everything that the code offers, and nothing that it does not.

Read from the code itself, so that a new setting, command, problem or metric is red until it is described.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from prometheus_client import Metric
from prometheus_client.metrics import MetricWrapperBase
from pydantic import BaseModel

from app import bundled, metrics
from app.channels.adapter import Entry
from app.errors import JiaoyingError
from app.scheme import files, running
from app.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PREFIX = "JIAOYING_"
BY_CHANNEL = re.compile(r"JIAOYING_CHANNEL_(?:<NAME>|[A-Z0-9_]+)_SECRET")


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def everything() -> str:
    """All that a reader may be told: docs/, the README, the changelog."""
    files = [*sorted(DOCS.rglob("*.md")), ROOT / "README.md"]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def settings() -> set[str]:
    """What the product reads, and what the simulated outside world reads beside it."""
    world = (file.read_text(encoding="utf-8") for file in (ROOT / "app/simulator").glob("*.py"))
    return {PREFIX + name.upper() for name in Settings.model_fields} | {
        name for text in world for name in re.findall(r"\bJIAOYING_SIM_[A-Z_]+[A-Z]\b", text)
    }


def commands() -> Iterator[str]:
    """Every command as one types it: `source add`, `scheme check` …"""
    from app.cli import app  # noqa: PLC0415 (so that the other tests here need no command line)

    def walk(command: Any, words: tuple[str, ...]) -> Iterator[str]:
        below = getattr(command, "commands", None)
        if below is None:
            yield " ".join(words)
            return
        for name, child in below.items():
            yield from walk(child, (*words, name))

    yield from walk(typer.main.get_command(app), ())


def keys() -> Iterator[str]:
    """Every key that a file of the scheme may have."""
    models = [*vars(files).values(), *vars(running).values(), Entry]
    for model in models:
        if isinstance(model, type) and issubclass(model, BaseModel):
            yield from (field.alias or name for name, field in model.model_fields.items())


def problems(kind: type[JiaoyingError] = JiaoyingError) -> Iterator[type[JiaoyingError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from problems(below)


def counted() -> Iterator[Metric]:
    for value in vars(metrics).values():
        if isinstance(value, MetricWrapperBase):
            yield from value.describe()


def test_every_setting_is_in_the_settings_page() -> None:
    page = read("settings.md")
    assert sorted(name for name in settings() if f"`{name}`" not in page) == []


def test_no_page_names_a_setting_that_does_not_exist() -> None:
    named = set(re.findall(r"\bJIAOYING_[A-Z0-9_]+\b", BY_CHANNEL.sub("", everything())))
    assert sorted(named - settings()) == []


def test_every_command_is_in_the_commands_page_and_no_other() -> None:
    heads = set(
        re.findall(r"^#+ `jiaoying ([a-z -]+?)(?: [A-Z\[.<-][^`]*)?`", read("commands.md"), re.MULTILINE)
    )
    assert heads == set(commands())


def test_every_key_of_the_scheme_is_in_the_scheme_page() -> None:
    page = read("scheme.md")
    assert sorted({key for key in keys() if not re.search(rf"`{key}[`:]", page)}) == []


def test_every_file_of_the_scheme_has_its_section() -> None:
    page = read("scheme.md")
    names = [
        file.name if file.is_file() else f"{file.name}/*.yaml" for file in bundled.path("config").iterdir()
    ]
    assert sorted(name for name in names if f"## `{name}`" not in page) == []


def test_every_problem_has_its_section_with_its_status() -> None:
    page = read("problems.md")
    missing = [
        kind.code
        for kind in problems()
        if not re.search(rf"^## `{re.escape(kind.code)}` — {kind.status}$", page, re.MULTILINE)
    ]
    assert missing == []


def test_no_section_is_left_of_a_problem_that_is_gone() -> None:
    named = set(re.findall(r"^## `([a-z-]+)` —", read("problems.md"), re.MULTILINE))
    assert named == {kind.code for kind in problems()}


def test_every_metric_is_in_the_operating_page() -> None:
    page = read("operating.md")
    missing = [m.name for m in counted() if not re.search(rf"`{m.name}(?:_total)?`", page)]
    assert missing == []


@pytest.mark.parametrize("file", sorted(DOCS.rglob("*.md"), key=str), ids=lambda file: file.name)
def test_every_link_to_a_file_leads_somewhere(file: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", file.read_text(encoding="utf-8"))
    assert [link for link in links if not (file.parent / link).exists()] == []


def test_every_page_is_in_the_index() -> None:
    index = read("README.md")
    pages = [file.relative_to(DOCS).as_posix() for file in DOCS.rglob("*.md")]
    assert [page for page in pages if page != "README.md" and f"({page})" not in index] == []
