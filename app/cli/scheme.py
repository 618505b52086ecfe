"""scheme: what the district has written in its configuration."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from app import bundled
from app.channels import registry as channels
from app.cli import gateways, sentences
from app.cli.installation import JsonFlag, instant, run, settings, tell
from app.scheme.faults import SchemeFaults
from app.scheme.read import read
from app.wording import lint

app = typer.Typer(help="规则配置", no_args_is_help=True)


@dataclass(frozen=True, slots=True)
class Found:
    """A fault or a piece of advice. ``line`` 0 where a file has no such line."""

    file: str
    line: int
    text: str
    advice: bool = False


def check_folder(folder: Path) -> tuple[str | None, list[Found]]:
    """Return the scheme's version, None when it cannot be used, and everything that is wrong with it."""
    if not folder.is_dir():
        return None, [Found(str(folder), 0, "没有这个配置目录")]
    try:
        scheme = read(folder)
    except SchemeFaults as faults:
        return None, [Found(one.file, one.line or 0, sentences.of_scheme(one.text)) for one in faults.faults]
    found = [
        Found("channels.yaml", 0, gateways.told(one), one.code in channels.ADVICE)
        for one in channels.check(scheme.channels)
    ]
    found += [Found("wording/", 0, f"{case}：{fault}") for case, fault in lint.check(scheme)]
    return scheme.version, found


@app.command(help="检查配置：所有错处，带文件和行号")
def check(
    folder: Annotated[Path | None, typer.Argument(help="配置目录；默认在用的那份", metavar="DIR")] = None,
    json_: JsonFlag = False,
) -> None:
    """Check a configuration folder."""
    chosen = folder or settings().config or bundled.path("config")
    version, found = check_folder(chosen)
    wrong = [one for one in found if not one.advice]
    lines = [f"{one.file}:{one.line or ''}: {'提醒：' if one.advice else ''}{one.text}" for one in found]
    lines.append(f"共 {len(wrong)} 处错误。" if wrong else f"配置 {version} 没有错误。")
    value = {
        "ok": not wrong,
        "version": version,
        "faults": [{"file": one.file, "line": one.line, "text": one.text} for one in wrong],
        "advice": [{"file": one.file, "line": one.line, "text": one.text} for one in found if one.advice],
    }
    tell(json_, value, lines)
    if wrong:
        raise typer.Exit(1)


@app.command(help="拿过去的预警和观测走一遍新旧两份配置：级别、镇街、呼叫、时限哪里不同；什么也不发")
def diff(
    old: Annotated[str, typer.Argument(help="旧配置的目录，或存档方案的摘要", metavar="OLD")],
    new: Annotated[str, typer.Argument(help="新配置的目录，或存档方案的摘要", metavar="NEW")],
    since: Annotated[str | None, typer.Option(help="从哪一刻起；默认全部", metavar="T")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="存档，放到“改规则”页上等人签")] = False,
    json_: JsonFlag = False,
) -> None:
    """Rehearse a change of rules on the past of this installation."""
    from app.cli.rehearse import lines, rehearse

    body = run(rehearse(old, new, instant(since, "--since"), keep_it=keep))
    out = lines(body)
    if keep:
        out.append(f"已存档 {body['id']}，差别摘要 {body['digest']}。")
    tell(json_, body, out)
