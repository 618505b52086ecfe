"""scheme diff and explain --plan as they are typed: wrong use is told, an empty past is no difference."""

from pathlib import Path

from app import bundled
from tests.cli.conftest import Cli
from tests.scheme.configs import copied

CONFIG = str(bundled.path("config"))


def test_an_empty_past_is_said_and_a_changed_file_is_shown(cli: Cli, tmp_path: Path) -> None:
    changed = copied(tmp_path / "new")
    changed.edit("hazards/rain.yaml", "hours: 3, mm: 100}", "hours: 3, mm: 90}")
    done = cli("scheme", "diff", CONFIG, str(changed.path), "--json")
    assert done.code == 0
    assert (done.json["moments"], done.json["levels"], done.json["calls"]) == (0, [], [])
    assert [one["file"] for one in done.json["files"]] == ["hazards/rain.yaml"]
    assert "没有可重演" in cli("scheme", "diff", CONFIG, str(changed.path)).out


def test_a_difference_that_is_kept_says_where_it_is_and_a_kept_scheme_has_its_digest_for_a_name(
    cli: Cli, tmp_path: Path
) -> None:
    changed = copied(tmp_path / "new")
    changed.edit("hazards/rain.yaml", "hours: 3, mm: 100}", "hours: 3, mm: 90}")
    kept = cli("scheme", "diff", CONFIG, str(changed.path), "--keep", "--json").json
    assert len(kept["id"]) == 36
    again = cli("scheme", "diff", CONFIG, kept["new"]["digest"], "--json").json
    assert (again["new"], again["digest"]) == (kept["new"], kept["digest"])
    assert "已存档" in cli("scheme", "diff", CONFIG, str(changed.path), "--keep").out


def test_what_is_no_scheme_is_told(cli: Cli, tmp_path: Path) -> None:
    assert cli("scheme", "diff", CONFIG, str(tmp_path / "nowhere")).code == 2
    assert cli("scheme", "diff", CONFIG, "0" * 64).code == 1
    broken = copied(tmp_path / "broken")
    broken.edit("hazards/rain.yaml", "id: rain", "id: 3")
    told = cli("scheme", "diff", CONFIG, str(broken.path))
    assert told.code == 1
    assert "hazards/rain.yaml" in told.err


def test_explain_takes_files_or_a_plan_and_says_when_there_is_none(cli: Cli) -> None:
    assert cli("explain").code == 2
    assert cli("explain", "x.json", "--plan", "y").code == 2
    told = cli("explain", "--plan", "01900000-0000-7000-8000-000000000001")
    assert told.code == 1
    assert "没有这份预案" in told.err
