"""The command line: one file a command or a family. A command opens what it needs and calls the rooms.

Exit codes: 0 done, 1 a check failed or it cannot be done, 2 wrong use. Errors are one sentence on stderr.
Only the family that is asked for is imported: ``--help`` and a quick reading need not wait for all the
rest.
"""

import importlib
import sys
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from app.cli import misuse
from app.cli.use import Failure, spread, version
from app.errors import JiaoyingError

FAMILIES: dict[str, dict[str, str]] = {
    "demo": {"demo": "演示：一场暴雨，从来报到应答到一小时率；自带临时数据库和模拟的外部世界"},
    "serve": {"serve": "网页和接口；默认内带一个工作进程", "work": "单独一个工作进程（需要 PostgreSQL）"},
    "migrate": {"migrate": "建表或升级表；第一次还生成密钥"},
    "directory": {
        "seed": "写入一套编造的通讯录（号码拨不出去）",
        "import": "导入本区自己的 CSV 通讯录；坏行逐行报出",
    },
    "source": {"source": "局办系统和它们的密钥"},
    "user": {"user": "账号"},
    "explain": {"explain": "读预警或观测文件，说出会叫谁、为什么；不保存，不发送"},
    "scheme": {"scheme": "规则配置"},
    "readiness": {
        "coverage": "每户、每隐患点、每重点单位有没有两条互不依赖的路；有缺口时退出码 1",
        "preflight": "班前预检：现在有没有人、替补、号码、通道；有缺口时退出码 1",
    },
    "rates": {"rates": "一小时叫应率、报送率"},
    "audit": {"audit": "审计日志"},
    "doctor": {"doctor": "这套安装哪里不对，最危险的在前"},
}
"""Module → its commands and what each does, in the order of the help."""


def _version(asked: bool) -> None:
    if asked:
        typer.echo(version())
        raise typer.Exit


def _common(
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="版本号")
    ] = False,
) -> None:
    """Hold what stands before every command."""


def build(word: str | None = None) -> typer.Typer:
    """Return the command line: whole, or (``word``) with one command and the names of the others."""
    made = typer.Typer(
        name="jiaoying",
        help="叫应：预警叫应调度服务。发出去没人应，就不算到。",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    made.callback()(_common)
    for module, names in FAMILIES.items():
        if word is None or word in names:
            family = importlib.import_module(f"app.cli.{module}")
            if hasattr(family, "register"):
                family.register(made)
            else:
                made.add_typer(family.app, name=module)
            continue
        for name, help_ in names.items():
            made.command(name, help=help_)(lambda: None)
    return made


def __getattr__(name: str) -> Any:
    """Return the whole command line as ``app``, made when it is asked for."""
    if name == "app":
        return build()
    raise AttributeError(name)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit."""
    given = spread(sys.argv[1:] if arguments is None else arguments)
    word = next((one for one in given if not one.startswith("-")), "")
    try:
        command = misuse.chinese(typer.main.get_command(build(word)))
        code = command.main(given, prog_name="jiaoying", standalone_mode=False)
    except Failure as failure:
        _say(str(failure))
        code = failure.code
    except JiaoyingError as error:
        said = [fault.detail.rstrip("。") for fault in error.errors] or [error.detail.rstrip("。")]
        # Whoever speaks to the person at the machine does so in Chinese; the rest is told by its code.
        _say(("；".join(said) if not any(map(str.isascii, said)) else _by_code(error)) + "。")
        code = 1
    except typer.Abort:
        _say("已取消。")
        code = 1
    except KeyboardInterrupt:
        code = 130
    except TyperException as wrong:  # every wrong use
        asked = type(wrong).__name__ == "NoArgsIsHelpError"
        _say(str(wrong) if asked else f"用法不对：{misuse.told(wrong)}；用 --help 看用法。")
        code = 2
    sys.exit(code if isinstance(code, int) else 0)


def _by_code(error: JiaoyingError) -> str:
    from app.cli import sentences

    return sentences.of_error(error)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)
