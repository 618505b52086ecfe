"""doctor: what is wrong with this installation, in order of danger.

It looks at everything, also when the first thing fails.
"""

import os
import stat
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass
from typing import Literal, TypeAlias

import typer

from app import beats
from app.channels import registry as channels
from app.cli import gateways
from app.cli.installation import (
    Failure,
    JsonFlag,
    check_keys,
    clock_fault,
    clock_of,
    database,
    load_keys,
    misspelt,
    run,
    settings,
    tell,
)
from app.cli.scheme import check_folder
from app.dispatch import proved
from app.rehearsal import keep
from app.scheme.faults import SchemeFaults
from app.scheme.models import Scheme
from app.scheme.read import read
from app.settings import Settings

Danger: TypeAlias = Literal["fatal", "serious", "notice"]
_ORDER: dict[Danger, int] = {"fatal": 0, "serious": 1, "notice": 2}
_WORDS: dict[Danger, str] = {"fatal": "不能用", "serious": "危险", "notice": "留意"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing amiss. ``fatal``: the service cannot run or reaches nobody it should."""

    danger: Danger
    code: str
    text: str


def _keys(found: Settings) -> Iterator[Finding]:
    try:
        load_keys(found)
    except Failure as failure:
        yield Finding("fatal", "keys", str(failure))
        return
    mode = stat.S_IMODE(found.keys_file.stat().st_mode)
    if mode & 0o077:
        yield Finding(
            "serious", "keys-open", f"密钥文件 {found.keys_file} 别人也能读（{mode:o}）：chmod 600。"
        )


def _scheme(found: Settings) -> tuple[Scheme | None, list[Finding]]:
    try:
        version, wrong = check_folder(found.config)
    except OSError:
        return None, [Finding("fatal", "config", f"读不到配置目录 {found.config}。")]
    findings = [
        Finding("notice" if one.advice else "fatal", "config", f"{one.file}:{one.line or ''}: {one.text}")
        for one in wrong
    ]
    if version is None:
        return None, findings
    try:
        return read(found.config), findings
    except SchemeFaults:
        return None, findings


def _channels(found: Settings, scheme: Scheme) -> Iterator[Finding]:
    for live, sentence in gateways.amiss(scheme.channels, os.environ):
        yield Finding("fatal" if live else "serious", "channel-secret", sentence)
    try:
        registry = channels.build(scheme.channels, os.environ)
    except ValueError:
        return
    if not registry.any_live:
        yield Finding("serious", "simulated", "没有实战通道：谁也叫不到，预警都记作模拟。")
    elif not registry.takes_real_numbers:
        yield Finding("serious", "synthetic-numbers", "实战通道只收编造号码：真人叫不到。")
    for kind, name in (("sms", "短信"), ("voice", "语音"), ("broadcast", "应急广播")):
        if registry.any_live and not any(one.live and kind in one.carries for one in registry):
            yield Finding("serious", "no-channel", f"没有实战{name}通道。")
    if found.test_clock is not None:
        fatal = registry.takes_real_numbers
        yield Finding("fatal" if fatal else "serious", "test-clock", "时钟被 JIAOYING_TEST_CLOCK 拨动。")


async def _database(found: Settings, scheme: Scheme | None, *, loaded: bool) -> AsyncIterator[Finding]:
    try:
        async with database(found) as db:
            at = clock_of(found).now()
            if loaded:
                await check_keys(found, db)
            async with db.reading() as session:
                held = await beats.all_beats(session)
                failing = await proved.failing(session)
                unsigned = scheme is not None and await keep.unsigned(
                    session, scheme.district.code, scheme.digest
                )
            late = [one.name for one in held if one.overdue(at)]
            if late:
                text = f"没有动静：{'、'.join(late)}（服务没开、卡住了，或次次失败：看日志）。"
                yield Finding("serious", "silent", text)
            if failing:
                names = "、".join(sorted(failing))
                text = f"通道最近的发送全部失败：{names}（看各次发送的原因，核对密钥和地址）。"
                yield Finding("serious", "channel-failing", text)
            if not held:
                yield Finding("notice", "never-ran", "工作进程还没有跑过。")
            if unsigned:
                text = "在用的规则替换了以前的，没有人签过差别：jiaoying scheme diff OLD NEW --keep。"
                yield Finding("notice", "rules-unsigned", text)
    except Failure as failure:
        yield Finding("fatal", "database", str(failure))


def _settings(found: Settings) -> Iterator[Finding]:
    for sentence in misspelt():
        yield Finding("serious", "unknown-setting", sentence)
    if (amiss := clock_fault(found)) is not None:
        yield Finding("serious", "test-clock-file", amiss)
    local = any(name in found.base_url for name in ("//127.0.0.1", "//localhost", "//[::1]"))
    if local:
        yield Finding("serious", "base-url", "JIAOYING_BASE_URL 是本机地址：短信里的链接手机打不开。")
    elif not found.secure:
        yield Finding("serious", "not-encrypted", "JIAOYING_BASE_URL 不是 https：密码和链接明文过网。")
    if found.metrics_token is None and not local:
        yield Finding("notice", "metrics-open", "/metrics 没有设令牌（JIAOYING_METRICS_TOKEN）。")


async def examine() -> list[Finding]:
    """Return everything amiss, the most dangerous first."""
    found = settings()
    findings = list(_keys(found))
    loaded = not any(one.code == "keys" for one in findings)
    scheme, wrong = _scheme(found)
    findings += [one async for one in _database(found, scheme, loaded=loaded)]
    findings += wrong
    if scheme is not None:
        findings += _channels(found, scheme)
    findings += _settings(found)
    return sorted(findings, key=lambda one: _ORDER[one.danger])


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(help="这套安装哪里不对，最危险的在前")
    def doctor(json_: JsonFlag = False) -> None:
        findings = run(examine())
        bad = [one for one in findings if one.danger != "notice"]
        lines = [f"[{_WORDS[one.danger]}] {one.text}" for one in findings] or ["没有发现问题。"]
        tell(json_, {"ok": not bad, "findings": [asdict(one) for one in findings]}, lines)
        if bad:
            raise typer.Exit(1)
