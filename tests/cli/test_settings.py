"""Settings: a wrong value stops the start, a name that is none and a secret that is missing are told."""

import shutil
import subprocess

import pytest

from app import bundled
from tests.cli.conftest import Cli
from tests.cli.test_serve import RUN

SECRETS = [f"CHANNEL_{name}_MAIN_SECRET" for name in ("SMS", "VOICE", "BROADCAST")]


@pytest.fixture
def made(bare_cli: Cli) -> Cli:
    """A migrated installation on SQLite."""
    assert bare_cli("migrate").code == 0
    return bare_cli


def started(cli: Cli) -> str:
    """Start the service, and return what it says until it serves."""
    process = subprocess.Popen(
        [*RUN, "serve", "--port", "0"], cwd=cli.folder, stderr=subprocess.PIPE, text=True
    )
    said = ""
    try:
        assert process.stderr is not None
        for line in process.stderr:
            said += line
            if "上服务" in line:
                break
    finally:
        process.kill()
        process.communicate()
    return said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BASE_URL", "foo"),
        ("BASE_URL", "https://"),
        ("BASE_URL", "http://desk.example:port"),
        ("TRUSTED_PROXIES", "x"),
        ("TRUSTED_PROXIES", "127.0.0.1, proxy.example"),
        ("LEASE", "-5"),
        ("SENDERS", "0"),
        ("COOKIE_SECURE", "perhaps"),
    ],
)
def test_a_wrong_value_stops_every_command_and_is_named(bare_cli: Cli, name: str, value: str) -> None:
    bare_cli.env(**{name: value})
    for words in (("serve", "--port", "0"), ("source", "list"), ("doctor",)):
        ran = bare_cli(*words)
        assert ran.code == 2
        assert ran.err.count("\n") == 1
        assert f"JIAOYING_{name} 写成" in ran.err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BASE_URL", "https://desk.example/jiaoying"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
        ("TRUSTED_PROXIES", "*"),
        ("TRUSTED_PROXIES", ""),
    ],
)
def test_what_the_settings_page_allows_is_taken(made: Cli, name: str, value: str) -> None:
    made.env(**{name: value})
    assert made("source", "list").code == 0


def test_a_name_that_is_no_setting_is_told_with_the_one_that_is_meant(made: Cli) -> None:
    made.env(SENDERZ="5", SIM_DUTY="a:b", CHANNEL_SMS_MAIN_SECRET="x" * 20)
    ran = made("source", "list")
    assert (ran.code, ran.err.count("\n")) == (0, 1)
    assert "JIAOYING_SENDERZ" in ran.err
    assert "JIAOYING_SENDERS？" in ran.err
    assert "JIAOYING_SENDERZ" in made("doctor").out


def test_a_clock_file_that_holds_no_seconds_stops_the_start_and_a_missing_one_is_told(made: Cli) -> None:
    made.env(TEST_CLOCK="shift")
    (made.folder / "shift").write_text("soon")
    for words in (["serve", "--port", "0"], ["serve", "--no-worker", "--port", "0"]):
        ran = made(*words)
        assert ran.code == 2
        assert "JIAOYING_TEST_CLOCK" in ran.err
    (made.folder / "shift").unlink()
    assert "不存在" in made("doctor").out
    assert "不存在" in started(made)


def test_a_secret_that_is_missing_is_told_at_the_start_and_by_the_doctor(made: Cli) -> None:
    made.env(**dict.fromkeys(SECRETS[1:], "invented"), CHANNEL_SMS_MIAN_SECRET="invented")
    for told in (started(made), made("doctor").out):
        assert "JIAOYING_CHANNEL_SMS_MAIN_SECRET 没有设" in told
        assert "JIAOYING_CHANNEL_VOICE_MAIN_SECRET" not in told
        assert "JIAOYING_CHANNEL_SMS_MIAN_SECRET 不是" in told
    made.monkeypatch.delenv("JIAOYING_CHANNEL_SMS_MIAN_SECRET")
    made.env(**{SECRETS[0]: "invented"})
    for told in (started(made), made("doctor").out):
        assert "_SECRET" not in told


def test_a_wrong_channel_is_told_in_the_districts_language(made: Cli) -> None:
    config = made.folder / "config"
    shutil.copytree(bundled.path("config"), config)
    (config / "channels.yaml").write_text(
        "channels:\n  - {name: a, kind: pigeon, carries: [sms], url: 'https://x.example/', live: false}\n"
    )
    made.env(CONFIG_DIR=str(config))
    for told in (made("source", "list").err, made("scheme", "check").out):
        assert "没有这种通道，有：http、" in told
        assert "known" not in told
