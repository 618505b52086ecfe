"""The command line: from nothing to an installation; every refusal one sentence, every reading as JSON."""

import contextlib
import importlib
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
import typer

from app import bundled
from app.cli import FAMILIES, build
from app.cli.use import spread
from tests.cli.conftest import Cli

PASSWORD = "雨大时先叫醒河边的人"
SECRET = "a secret that is long enough for this"
ROOT = Path(__file__).parents[2]


def one_sentence(text: str) -> None:
    lines = [line for line in text.splitlines() if line]
    assert len(lines) == 1, text
    assert lines[0].endswith("。")


# ------------------------------------------------------------------------------------------- wrong use


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["serve", "--port", "x"],
        ["source", "add"],
        ["rates", "--by", "moon"],
        ["explain"],
        ["source", "nonsense"],
    ],
)
def test_wrong_use_is_told_in_one_sentence_and_exits_with_2(bare_cli: Cli, words: list[str]) -> None:
    ran = bare_cli(*words)
    assert ran.code == 2
    assert ran.out == ""
    one_sentence(ran.err)


def test_help_and_version_need_nothing(bare_cli: Cli) -> None:
    assert bare_cli("--version").out.count(".") == 2
    shown = bare_cli("--help").out
    for names in FAMILIES.values():
        for name, said in names.items():
            assert name in shown
            assert said[:10] in shown
    assert list(bare_cli.folder.iterdir()) == []


def test_the_short_help_names_the_commands_that_there_are() -> None:
    whole = typer.main.get_command(build()).commands  # type: ignore[attr-defined]
    assert {name: command.help for name, command in whole.items()} == {
        name: said for names in FAMILIES.values() for name, said in names.items()
    }


def test_help_imports_no_room() -> None:
    code = "import sys; from app.cli import build; build('x'); print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    ours = {name for name in told.stdout.split() if name.startswith("app.")}
    assert ours == {"app.cli", "app.cli.misuse", "app.cli.use", "app.errors"}


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (
            "source add x --districts 500153 500152 --bureau water",
            "source add x --districts 500153 --districts 500152 --bureau water",
        ),
        ("source add --hazards 11B 11D03 x", "source add --hazards 11B --hazards 11D03 x"),
        ("source add x --hazards 11B", "source add x --hazards 11B"),
    ],
)
def test_a_list_of_codes_may_follow_one_option(given: str, read: str) -> None:
    assert spread(given.split()) == read.split()


# --------------------------------------------------------------------------------- what is missing


def test_without_an_installation_every_command_says_what_to_do(bare_cli: Cli) -> None:
    for words in (
        ["serve"],
        ["work"],
        ["rates"],
        ["audit", "verify"],
        ["seed"],
        ["user", "list"],
        ["source", "list"],
    ):
        ran = bare_cli(*words)
        assert ran.code == 1, words
        one_sentence(ran.err)
        assert "jiaoying migrate" in ran.err
    assert list(bare_cli.folder.iterdir()) == []


def test_migrate_makes_keys_once_that_only_their_owner_reads(bare_cli: Cli) -> None:
    assert "密钥" in bare_cli("migrate").out
    keys = bare_cli.folder / "jiaoying.keys"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    before = keys.read_bytes()
    again = bare_cli("migrate")
    assert (again.code, again.out) == (0, "表已是最新。\n")
    assert keys.read_bytes() == before


def test_an_old_or_a_newer_schema_is_refused(cli: Cli) -> None:
    url = sa.make_url(os.environ.get("JIAOYING_DATABASE_URL", "sqlite:///jiaoying.db"))
    engine = sa.create_engine(
        url.set(drivername="sqlite" if "sqlite" in url.drivername else "postgresql+psycopg")
    )
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    for words in (["serve"], ["rates"]):
        ran = cli(*words)
        assert ran.code == 1
        assert "jiaoying migrate" in ran.err
    newer = cli("migrate")
    assert newer.code == 1
    one_sentence(newer.err)


def test_wrong_settings_are_named(bare_cli: Cli) -> None:
    bare_cli.env(SENDERS="many", DATABASE_URL="mysql://x")
    ran = bare_cli("migrate")
    assert ran.code == 2
    assert "JIAOYING_SENDERS" in ran.err
    bare_cli.env(SENDERS="5")
    assert bare_cli("migrate").code == 2
    bare_cli.env(DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    unreachable = bare_cli("migrate")
    assert unreachable.code == 1
    one_sentence(unreachable.err)


def test_keys_that_are_damaged_are_told_without_a_word_of_them(bare_cli: Cli) -> None:
    bare_cli("migrate")
    (bare_cli.folder / "jiaoying.keys").write_text('{"current": "k1"}')
    ran = bare_cli("rates")
    assert ran.code == 1
    one_sentence(ran.err)


def test_sqlite_is_one_process(bare_cli: Cli) -> None:
    bare_cli("migrate")
    for words in (["work"], ["serve", "--no-worker", "--port", "0"]):
        ran = bare_cli(*words)
        assert ran.code == 1
        assert "PostgreSQL" in ran.err


def test_a_shifted_clock_is_refused_while_real_telephones_would_ring(bare_cli: Cli) -> None:
    bare_cli("migrate")
    config = bare_cli.folder / "config"
    shutil.copytree(bundled.path("config"), config)
    live = "kind: http, url: 'https://gateway.example/', live: true"
    (config / "channels.yaml").write_text(
        f"channels:\n  - {{name: sms-main, carries: [sms], {live}}}\n"
        f"  - {{name: rest, carries: [voice, broadcast], {live}}}\n"
    )
    bare_cli.env(
        CONFIG_DIR=str(config), TEST_CLOCK="shift", CHANNEL_SMS_MAIN_SECRET=SECRET, CHANNEL_REST_SECRET=SECRET
    )
    ran = bare_cli("serve", "--port", "0")
    assert ran.code == 1
    one_sentence(ran.err)
    assert "JIAOYING_TEST_CLOCK" in ran.err
    bare_cli.monkeypatch.delenv("JIAOYING_CHANNEL_SMS_MAIN_SECRET")
    secretless = bare_cli("serve", "--port", "0")
    assert secretless.code == 1
    assert "JIAOYING_CHANNEL_SMS_MAIN_SECRET" in secretless.err


# ------------------------------------------------------------------------------------- what it does


def test_a_user_is_made_with_a_password_from_stdin_and_a_code_shown_once(cli: Cli) -> None:
    made = cli(
        "user",
        "add",
        "Guyu",
        "--role",
        "chief",
        "--totp",
        "--password-stdin",
        "--json",
        stdin=PASSWORD + "\n",
    )
    assert made.code == 0, made.err
    assert made.json["name"] == "guyu"
    assert made.json["totp"] in made.json["totp_uri"]
    assert PASSWORD not in made.out + made.err
    (shown,) = cli("user", "list", "--json").json["items"]
    assert shown == {"name": "guyu", "role": "chief", "place": None, "totp": True, "disabled": False}
    assert cli("user", "add", "guyu", "--role", "duty", "--password-stdin", stdin=PASSWORD + "\n").code == 1
    king = cli("user", "add", "other", "--role", "king", "--password-stdin", stdin="x\n")
    assert king.code == 2
    assert king.err.startswith("--role 只能是")
    for words in (["--role", "town"], ["--role", "duty", "--place", "500153105"]):
        refused = cli("user", "add", "other", *words, "--password-stdin", stdin=PASSWORD + "\n")
        assert refused.code == 1
        one_sentence(refused.err)
    weak = cli("user", "add", "other", "--role", "duty", "--password-stdin", stdin="12345678\n")
    assert weak.code == 1
    assert "12345678" not in weak.err
    assert cli("user", "token", "guyu", "--json").json["token"].startswith("jyp_")
    assert cli("user", "disable", "guyu").code == 0
    assert cli("user", "disable", "nobody").code == 1


def test_seed_and_import_tell_every_file_and_every_bad_row(cli: Cli) -> None:
    seeded = cli("seed", "--profile", "tiny", "--json")
    told = {one["file"]: one for one in seeded.json["files"]}
    assert told["people.csv"]["new"] == told["people.csv"]["read"] > 0
    refused = cli("seed", "--profile", "tiny")
    assert refused.code == 1
    assert "--again" in refused.err
    anew = cli("seed", "--profile", "tiny", "--again", "--json")
    again = {one["file"]: one for one in anew.json["files"]}
    assert again["people.csv"]["same"] == told["people.csv"]["new"]
    assert cli("seed", "--profile", "huge").code == 2
    folder = cli.folder / "ours"
    folder.mkdir()
    (folder / "people.csv").write_text("code,name,phone,synthetic\nP1,甲谷雨,12,true\n")
    bad = cli("import", str(folder), "--strict")
    assert bad.code == 1
    assert "people.csv:2:" in bad.out
    assert "没有写入" in bad.out
    assert cli("import", str(cli.folder / "none")).code == 2
    (cli.folder / "empty").mkdir()
    assert cli("import", str(cli.folder / "empty")).code == 2


def test_coverage_and_preflight_tell_what_is_missing_and_exit_one(cli: Cli) -> None:
    assert cli("coverage").code == 1, "there is no directory yet"
    cli("seed", "--profile", "tiny")
    told = cli("preflight", "--json")
    assert told.code == 1
    assert {"kind", "place", "lacks", "remedy", "owner", "due", "key"} <= told.json["holes"][0].keys()
    plain = cli("preflight")
    assert plain.code == 1
    assert f"缺口 {len(told.json['holes'])} 处" in plain.out
    assert len(cli("preflight", "--proof", "--json").json["holes"]) > len(told.json["holes"])
    assert cli("preflight", "--town", "500153999").code == 2
    whole = cli("coverage", "--json")
    assert (whole.code, whole.json["holes"], whole.json["targets"]["household"]) == (0, [], 9)
    contact = next(row for row in told.json["holes"] if row["role"] == "village.duty")
    (cli.folder / "lone").mkdir()
    (cli.folder / "lone" / "places.csv").write_text(
        f"code,name,level,parent,kind,synthetic\nFA-999,演练学校,facility,{contact['place']},school,true\n",
        encoding="utf-8",
    )
    assert cli("import", str(cli.folder / "lone")).code == 0
    lone = cli("coverage")
    assert lone.code == 1
    assert "演练学校：没有登记人" in lone.out


def test_nobody_invented_is_mixed_with_real_people(cli: Cli) -> None:
    (cli.folder / "ours").mkdir()
    (cli.folder / "ours" / "people.csv").write_text("code,name,phone\nP1,甲谷雨,\n")
    assert cli("import", str(cli.folder / "ours")).code == 0
    refused = cli("seed", "--profile", "tiny", "--again")
    assert refused.code == 1
    assert "真实" in refused.err


def test_the_audit_log_is_verified_and_a_changed_row_is_named(cli: Cli) -> None:
    cli("source", "add", "qxj", "--bureau", "weather")
    cli("source", "add", "slj", "--bureau", "water")
    whole = cli("audit", "verify", "--json")
    assert (whole.code, whole.json["ok"], whole.json["rows"]) == (0, True, 2)
    url = sa.make_url(os.environ.get("JIAOYING_DATABASE_URL", "sqlite:///jiaoying.db"))
    sqlite = "sqlite" in url.drivername
    engine = sa.create_engine(url.set(drivername="sqlite" if sqlite else "postgresql+psycopg"))
    with engine.begin() as connection:
        if sqlite:
            for (name,) in connection.execute(
                sa.text("SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name='audit'")
            ).all():
                connection.execute(sa.text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(sa.text("SET session_replication_role = replica"))
        connection.execute(sa.text("UPDATE audit SET act = 'something else' WHERE seq = 1"))
    engine.dispose()
    broken = cli("audit", "verify", "--json")
    assert (broken.code, broken.json["broken_at"]) == (1, 1)


def test_rates_of_nothing_are_none(cli: Cli) -> None:
    told = cli("rates", "--json", "--from", "2026-07-01", "--kind", "reported_in_hour")
    assert told.code == 0
    assert (told.json["groups"], told.json["origin"], told.json["all"]["rate"]) == ([], "simulated", None)
    assert cli("rates", "--from", "yesterday").code == 2


def test_scheme_check_names_file_and_line(bare_cli: Cli) -> None:
    good = bare_cli("scheme", "check", "--json")
    assert (good.code, good.json["ok"]) == (0, True)
    config = bare_cli.folder / "config"
    shutil.copytree(bundled.path("config"), config)
    text = (config / "release.yaml").read_text()
    (config / "release.yaml").write_text(text.replace("break_glass: 60s", "break_glass: soon"))
    (config / "channels.yaml").write_text(
        "channels:\n  - {name: a, kind: pigeon, carries: [sms], url: 'https://x.example/'}\n"
    )
    bad = bare_cli("scheme", "check", str(config), "--json")
    assert bad.code == 1
    where = {(one["file"], one["line"]) for one in bad.json["faults"]}
    line = next(
        n for n, one in enumerate((config / "release.yaml").read_text().splitlines(), 1) if "soon" in one
    )
    assert ("release.yaml", line) in where
    assert bare_cli("scheme", "check", str(bare_cli.folder / "none")).code == 1


def test_doctor_names_the_worst_first(bare_cli: Cli) -> None:
    nothing = bare_cli("doctor", "--json")
    assert nothing.code == 1
    assert [one["code"] for one in nothing.json["findings"]][:2] == ["keys", "database"]
    bare_cli("migrate")
    told = bare_cli("doctor", "--json").json["findings"]
    assert "simulated" in {one["code"] for one in told}
    assert not [one for one in told if one["danger"] == "fatal"]
    (bare_cli.folder / "jiaoying.keys").chmod(0o644)
    assert "keys-open" in {one["code"] for one in bare_cli("doctor", "--json").json["findings"]}


def test_doctor_names_a_channel_whose_latest_tries_all_failed(bare_cli: Cli) -> None:
    def failing() -> list[str]:
        found = bare_cli("doctor", "--json").json["findings"]
        return [one["text"] for one in found if one["code"] == "channel-failing"]

    bare_cli("migrate")
    rows = [
        (f"a{n}", "500153", "d", n, "sms-main", "2026-07-15 02:10:00", "failed", "rejected isv.SIGN")
        for n in range(5)
    ]
    add = "INSERT INTO attempt (id, district, delivery_id, number, channel, occurred_at, outcome, reason)"
    with contextlib.closing(sqlite3.connect(bare_cli.folder / "jiaoying.db")) as file, file:
        file.executemany(f"{add} VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows[:4])
    assert not failing()
    with contextlib.closing(sqlite3.connect(bare_cli.folder / "jiaoying.db")) as file, file:
        file.execute(f"{add} VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows[4])
    (text,) = failing()
    assert "sms-main" in text


def test_every_command_module_is_a_family() -> None:
    shared = {
        "use",
        "installation",
        "given",
        "server",
        "stage",
        "pace",
        "driver",
        "browser",
        "outcome",
        "shown",
        "rehearse",
        "remake",
        "plan_text",
        "gateways",
        "sentences",
        "misuse",
    }
    modules = {
        file.stem for file in Path(str(importlib.import_module("app.cli").__file__)).parent.glob("*.py")
    }
    assert modules - shared - {"__init__"} == set(FAMILIES)
