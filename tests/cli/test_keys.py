"""The keys of an installation: lost or mistaken for others', it says so and calls nobody in silence."""

from app.sealed import Keys
from tests.cli.conftest import Cli


def seeded(cli: Cli) -> None:
    assert cli("migrate").code == 0
    assert cli("seed", "--profile", "tiny").code == 0


def test_keys_that_are_lost_are_not_made_anew_beside_names_they_would_not_open(bare_cli: Cli) -> None:
    seeded(bare_cli)
    file = next(bare_cli.folder.glob("*keys*"))
    kept = file.read_bytes()
    file.unlink()
    ran = bare_cli("migrate")
    assert ran.code == 1
    assert "备份" in ran.err
    assert not file.exists()
    file.write_bytes(kept)
    assert bare_cli("migrate").code == 0


def test_with_the_keys_of_another_installation_nothing_starts_and_the_doctor_says_why(bare_cli: Cli) -> None:
    seeded(bare_cli)
    file = next(bare_cli.folder.glob("*keys*"))
    file.unlink()
    Keys.new().write(file)
    for words in (("serve", "--port", "0"), ("preflight",), ("source", "list")):
        ran = bare_cli(*words)
        assert ran.code == 1
        assert "打不开库里的姓名和号码" in ran.err
    said = bare_cli("doctor")
    assert said.code == 1
    assert "打不开库里的姓名和号码" in said.out
