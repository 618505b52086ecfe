"""source: what is registered is what was meant; a second key changes nothing in silence."""

import pytest

from tests.cli.conftest import Cli


@pytest.fixture
def made(bare_cli: Cli) -> Cli:
    """A migrated installation on SQLite."""
    assert bare_cli("migrate").code == 0
    return bare_cli


def add(cli: Cli, *words: str, name: str = "qxj") -> tuple[int, str, str]:
    ran = cli("source", "add", name, "--bureau", "weather", *words)
    return ran.code, ran.out, ran.err


@pytest.mark.parametrize("prefix", ["99", "11Z", "11B98", "rain"])
def test_a_hazard_that_there_is_not_is_refused_with_those_that_there_are(made: Cli, prefix: str) -> None:
    code, _, told = add(made, "--hazards", prefix)
    assert code == 2
    assert prefix in told
    assert "11B 气象灾害" in told
    assert made("source", "list", "--json").json["items"] == []


@pytest.mark.parametrize("district", ["荣昌", "50015", "990153", "5001530"])
def test_what_is_no_division_is_refused_with_ours(made: Cli, district: str) -> None:
    code, _, told = add(made, "--districts", district)
    assert code == 2
    assert "500153 荣昌区" in told
    assert made("source", "list", "--json").json["items"] == []


def test_a_town_that_the_district_has_not_is_refused_with_those_that_it_has(made: Cli) -> None:
    made("seed", "--profile", "tiny")
    code, _, told = add(made, "--districts", "500153999")
    assert code == 2
    assert "500153001 昌元街道" in told
    assert add(made, "--districts", "500153001")[0] == 0


def test_a_system_that_may_warn_nothing_of_ours_is_told_so(made: Cli) -> None:
    code, _, told = add(made, "--districts", "500152")
    assert code == 0
    assert "本区预警都会被拒绝" in told


def test_a_second_key_is_said_to_be_one(made: Cli) -> None:
    first = made("source", "add", "qxj", "--bureau", "weather", "--json").json
    assert first["other_keys"] == []
    code, told, _ = add(made)
    assert code == 0
    assert "第二把" in told
    assert first["key"][:10] in told


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--hazards", "11A"), "灾种"),
        (("--districts", "500153106"), "区县"),
        (("--codes", "mca"), "区划代码表"),
    ],
)
def test_other_options_for_a_name_that_is_there_are_refused_and_named(
    made: Cli, words: tuple[str, ...], named: str
) -> None:
    add(made)
    code, out, told = add(made, *words)
    assert (code, out) == (1, "")
    assert named in told
    assert "11B 11D" in told
    (shown,) = made("source", "list", "--json").json["items"]
    assert (shown["hazards"], len(shown["keys"])) == (["11B", "11D"], 1)


def test_the_same_options_again_give_the_second_key(made: Cli) -> None:
    words = ("--hazards", "11B", "11D", "--districts", "500153", "500152", "--codes", "mca")
    assert add(made, *words)[0] == 0
    code, told, _ = add(made, "--hazards", "11D", "11B", "--districts", "500152", "500153", "--codes", "mca")
    assert code == 0
    assert "第二把" in told


def test_a_source_gets_its_key_once_and_two_at_most(cli: Cli) -> None:
    first = cli(
        "source", "add", "qxj", "--bureau", "weather", "--districts", "500153", "500152", "--json"
    ).json
    assert first["name"] == "qxj"
    assert first["key"].startswith("jys_")
    second = cli("source", "add", "qxj", "--bureau", "weather", "--json").json
    assert second["key"] != first["key"]
    third = cli("source", "add", "qxj", "--bureau", "weather")
    assert third.code == 1
    (shown,) = cli("source", "list", "--json").json["items"]
    assert shown["districts"] == ["500153", "500152"]
    assert shown["hazards"] == ["11B", "11D"]
    assert first["key"] not in str(shown)
    assert cli("source", "revoke", "qxj", first["key"][:10]).code == 0
    assert cli("source", "add", "slj", "--bureau", "river").code == 2
