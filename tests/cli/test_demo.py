"""demo, as somebody starts it: what is wrong with its words is said before anything begins."""

import pytest

from tests.cli.conftest import Cli


@pytest.mark.parametrize("address", ["postgresql://127.0.0.1:1/none", "sqlite:///no/such/folder/x.db"])
def test_a_demo_whose_database_cannot_be_opened_says_so_in_a_sentence(bare_cli: Cli, address: str) -> None:
    ran = bare_cli("demo", "--headless", "--database", address)
    assert ran.code == 1
    assert ran.err.count("\n") == 1
    assert "打不开" in ran.err


def test_a_district_without_all_its_towns_is_no_stage_for_a_demo(bare_cli: Cli) -> None:
    ran = bare_cli("demo", "--headless", "--profile", "tiny")
    assert ran.code == 2
    assert "sparse" in ran.err
