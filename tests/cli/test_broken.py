"""What cannot be used is named in one sentence, by whatever command meets it first."""

import pytest

from tests.cli.conftest import Cli

COMMANDS = (("serve", "--port", "0"), ("rates",), ("migrate",), ("audit", "verify"), ("user", "list"))


@pytest.mark.parametrize("words", COMMANDS)
def test_a_file_that_is_no_database_is_said_to_be_none(bare_cli: Cli, words: tuple[str, ...]) -> None:
    bare_cli("migrate")
    bare_cli.env(DATABASE_URL="sqlite:///junk.db")
    (bare_cli.folder / "junk.db").write_bytes(b"this is no database at all, " * 100)
    ran = bare_cli(*words)
    assert ran.code == 1
    assert ran.err.count("\n") == 1
    assert "数据库" in ran.err


def test_the_doctor_survives_a_file_that_is_no_database(bare_cli: Cli) -> None:
    bare_cli("migrate")
    bare_cli.env(DATABASE_URL="sqlite:///junk.db")
    (bare_cli.folder / "junk.db").write_bytes(b"this is no database at all, " * 100)
    ran = bare_cli("doctor")
    assert ran.code == 1
    assert "[不能用]" in ran.out
    assert "损坏" in ran.out


def test_a_log_level_that_there_is_not_stops_the_start_and_is_named(bare_cli: Cli) -> None:
    bare_cli.env(LOG_LEVEL="loud")
    ran = bare_cli("user", "list")
    assert ran.code != 0
    assert "JIAOYING_LOG_LEVEL" in ran.err


def test_a_demo_on_something_that_is_no_address_says_what_one_is(bare_cli: Cli) -> None:
    ran = bare_cli("demo", "--headless", "--database", "./x.db")
    assert ran.code == 2
    assert "sqlite:///" in ran.err
