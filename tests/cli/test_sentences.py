"""Everything a person at the machine reads is Chinese, and names what is at fault."""

import ast
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import app
from app import bundled
from app.cli import FAMILIES, outcome, sentences
from tests.cli.conftest import Cli

PASSWORD = "雨大时先叫醒河边的人\n"
ROOMS = Path(app.__file__).parent
ENGLISH = re.compile(r"\b[A-Za-z]+ [a-z]+ [a-z]+\b")
"""Three words in a row."""


@pytest.fixture
def made(bare_cli: Cli) -> Cli:
    """A migrated installation on SQLite."""
    assert bare_cli("migrate").code == 0
    return bare_cli


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("nonsense", "没有命令 nonsense"),
        ("source nonsense", "没有命令 nonsense"),
        ("serve --port x", "--port 要写整数"),
        ("serve --port 70000", "--port 不能大于 65535"),
        ("user token guyu --days 0", "--days 不能小于 1"),
        ("serve --port", "--port 要带一个值"),
        ("serve --prot 1", "--prot（是不是 --port？）"),
        ("serve --no-worker=3", "--no-worker 不带值"),
        ("source add", "缺少 NAME"),
        ("source add qxj", "缺少 --bureau"),
        ("migrate now", "多出的词：now"),
        ("rates --by moon", "--by 只能是 town"),
        ("rates --kind moon", "--kind 只能是 answered"),
        ("rates --origin moon", "--origin 只能是 real"),
        ("rates --from 2026-07-02 --to 2026-07-01", "--from 不早于 --to"),
        ("user add guyu --role dutyy", "--role 只能是 viewer"),
    ],
)
def test_wrong_use_is_told_in_chinese_and_names_the_option(made: Cli, words: str, told: str) -> None:
    ran = made(*words.split())
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert not ENGLISH.search(ran.err)


def test_a_family_without_a_command_shows_what_there_is(bare_cli: Cli) -> None:
    ran = bare_cli("source")
    assert ran.code == 2
    assert "用法不对" not in ran.err
    assert "revoke" in ran.err


@pytest.mark.parametrize("word", ["", *(name for names in FAMILIES.values() for name in names)])
def test_help_is_in_chinese(bare_cli: Cli, word: str) -> None:
    for words in ([word], [word, "add"] if word in ("source", "user") else [word]):
        ran = bare_cli(*filter(None, words), "--help")
        assert ran.code == 0
        assert ran.out.startswith("用法：jiaoying")
        assert not re.search(r"Usage|Options:|Show this|required|default:|Arguments:|Commands:", ran.out)


WARNING = (
    '{"identifier":"a","sender":"b","sent":"yesterday","status":"Actual","msg_type":"Alert","references":[],'
    '"event_code":"11B03","level":"red","headline":"x","areas":[{"codes":["500153001"]}]}'
)


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [
        ("bad.xml", b"<alert><x></alert>", "第 1 行第 19 列"),
        ("other.xml", b"<alert/>", "既不是 CAP 也不是 12379"),
        ("bad.json", b'{"a":1', "第 1 行第 7 列"),
        ("time.json", WARNING.encode(), "/sent 不是时间"),
        ("field.json", b'{"identifier":"a","bogus":1}', "/bogus 没有这一项"),
        ("nope.json", b'{"table":"NOPE","rows":[]}', "/table 不在可用的词里，可用的有：ST_PPTN_R、"),
        ("nope.csv", b"a,b\n1,2\n", "--table"),
        ("rain.csv", b"STCD,TM,DRP,INTV\nSIM-P001,2026-07-15 10:00:00,-3,1\n", "第 1 条未收：DRP 数值不可信"),
    ],
)
def test_explain_tells_what_it_cannot_read(bare_cli: Cli, name: str, body: bytes, told: str) -> None:
    (bare_cli.folder / name).write_bytes(body)
    ran = bare_cli("explain", name)
    assert told in ran.out + ran.err
    assert not ENGLISH.search(ran.out + ran.err)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"name\n", "people.csv:1: 缺列：code、phone"),
        (b"\xff\xfe\xfa", "people.csv:1: 既不是 UTF-8 也不是 GBK"),
        ("code,name,phone\nP1,甲谷雨,12\n".encode(), "people.csv:2: phone 不是手机号"),
    ],
)
def test_import_tells_a_bad_file_and_a_bad_row(made: Cli, body: bytes, told: str) -> None:
    (made.folder / "ours").mkdir()
    (made.folder / "ours" / "people.csv").write_bytes(body)
    ran = made("import", "ours")
    assert ran.code == 1
    assert told in ran.out
    assert not ENGLISH.search(ran.out)


def codes() -> Iterator[str]:
    """Every code of a fault that the rooms give to a field or a row."""
    where = {"Bad": 0, "Fault": 1, "refuse": 1}
    files = [*ROOMS.glob("intake/*.py"), ROOMS / "observations/rows.py", *ROOMS.glob("directory/*.py")]
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                at = where.get(name)
                if at is not None and len(node.args) > at and isinstance(node.args[at], ast.Constant):
                    yield str(ast.literal_eval(node.args[at]))


def test_every_fault_of_a_file_has_its_sentence() -> None:
    found = set(codes())
    assert len(found) > 40
    assert sorted(found - sentences.CODES.keys()) == []


def test_every_invariant_of_a_night_has_its_name() -> None:
    names = {
        str(ast.literal_eval(node.args[0]))
        for file in (ROOMS / "reports/invariants.py", ROOMS / "cli/outcome.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Finding"
    }
    assert names == outcome.INVARIANTS.keys()


def test_a_night_is_told_in_chinese() -> None:
    figures = {"rate": 0.5, "due": 2, "met": 1, "late": 1, "missed": 0}
    kinds = ("answered", "answered_in_hour", "first_call", "reported_in_hour")
    lines = outcome.summary(
        {
            "towns": [{"reached": {"blue": 600, "red": 700}}],
            "rivers": [{"name": "濑溪河", "warning": 800, "guarantee": None}],
            "deliveries": {"by_state": {"delivered": 5, "failed": 1}},
            "warnings": [{}],
            "rates": figures,
            "rates_by_kind": dict.fromkeys(kinds, figures),
            "invariants": [
                {"name": "the audit log is unbroken", "ok": True, "detail": "37 lines"},
                {"name": "the audit log is unbroken", "ok": False, "detail": "broken at line 12"},
            ],
        }
    )
    assert "送达 5，未达 1" in "\n".join(lines)
    assert "✓ 审计日志没有断：37 行" in lines
    assert lines[0].endswith("蓝色 600/1，红色 700/1")
    assert lines[-1] == "✗ 审计日志没有断：第 12 行起断了"
    assert not ENGLISH.search("\n".join(lines))


def test_who_is_not_there_and_who_is_there_already_is_told(made: Cli) -> None:
    assert made("user", "add", "guyu", "--role", "duty", "--password-stdin", stdin=PASSWORD).code == 0
    again = made("user", "add", "guyu", "--role", "duty", "--password-stdin", stdin=PASSWORD)
    assert (again.code, again.err) == (1, "已有这个账号：换一个名字，或用 user password 换它的密码。\n")
    for words in (["token", "nobody"], ["disable", "nobody"], ["password", "nobody", "--password-stdin"]):
        gone = made("user", *words, stdin=PASSWORD)
        assert gone.code == 1
        assert "没有这个账号" in gone.err
    assert "没有这个局办系统" in made("source", "revoke", "qxj", "jys_abcdef").err
    unknown = made("explain", "--plan", "P1")
    assert (unknown.code, unknown.err) == (1, "没有这份预案（P1），或它的情况没有存档。\n")


def test_without_a_terminal_a_password_is_asked_for_on_stdin(
    made: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(*_: object, **__: object) -> int:
        raise OSError

    monkeypatch.setattr("os.open", nowhere)  # as where there is no /dev/tty
    ran = made("user", "add", "guyu", "--role", "duty")
    assert ran.code == 2
    assert "--password-stdin" in ran.err
    assert "Warning" not in ran.err


def test_rates_are_printed_by_the_names_that_people_use(made: Cli) -> None:
    told = made("rates")
    assert told.code == 0
    assert told.out.startswith("及时叫应率（模拟）\n合计  应 0")


def test_a_configuration_that_is_not_there_is_one_fault(bare_cli: Cli) -> None:
    ran = bare_cli("scheme", "check", "none")
    assert (ran.code, ran.out.splitlines()[-1]) == (1, "共 1 处错误。")
    assert "没有这个配置目录" in ran.out
    bare_cli.env(CONFIG_DIR="none")
    bare_cli("migrate")
    assert "JIAOYING_CONFIG_DIR" in bare_cli("source", "list").err


def test_faults_of_a_configuration_hold_no_english(bare_cli: Cli) -> None:
    config = bare_cli.folder / "config"
    shutil.copytree(bundled.path("config"), config)
    file = config / "release.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"(?m)^version: .*", 'version: "1"\n  indented: [', text) + "\n  x: : y\n")
    ran = bare_cli("scheme", "check", str(config))
    assert ran.code == 1
    assert "缩进" in ran.out
    assert sentences.of_scheme("“ends”只能是 0, 1 or 2") == "“ends”只能是 0、1 或 2"
    assert sentences.of_scheme("“x”不对：Input should be less than 3") == "“x”不对：类型或范围不对"


def test_tables_of_which_nobody_knows_the_version_are_said_to_be_there(made: Cli) -> None:
    with closing(sqlite3.connect(made.folder / "jiaoying.db")) as file, file:
        file.execute("DELETE FROM alembic_version")
    for words in (["serve", "--port", "0"], ["rates"], ["migrate"], ["user", "list"]):
        ran = made(*words)
        assert ran.code == 1
        assert "有表" in ran.err
        assert "alembic_version" in ran.err
    assert "有表" in made("doctor").out
