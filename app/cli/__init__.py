"""The command line: one file a command or a family. A command opens what it needs and calls the rooms.

Exit codes: 0 done, 1 a check failed or it cannot be done, 2 wrong use. Errors are one sentence on stderr.
"""

import importlib
import importlib.util
import sys
from typing import Annotated

import typer
from typer.exceptions import TyperException

from app.cli import audit, directory, doctor, explain, migrate, rates, scheme, serve, source, user
from app.cli.installation import Failure, version
from app.errors import JiaoyingError

app = typer.Typer(
    name="jiaoying",
    help="叫应：预警叫应调度服务。发出去没人应，就不算到。",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for family in (serve, migrate, directory, explain, rates, doctor):
    family.register(app)
for name, group in (("source", source), ("user", user), ("scheme", scheme), ("audit", audit)):
    app.add_typer(group.app, name=name)
if importlib.util.find_spec("app.cli.demo") is not None:
    importlib.import_module("app.cli.demo").register(app)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(version())
        raise typer.Exit


@app.callback()
def _common(
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="版本号")
    ] = False,
) -> None:
    """Hold what stands before every command."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit."""
    given = source.spread(sys.argv[1:] if arguments is None else arguments)
    try:
        code = typer.main.get_command(app).main(given, prog_name="jiaoying", standalone_mode=False)
    except Failure as failure:
        _say(str(failure))
        code = failure.code
    except JiaoyingError as error:
        _say("；".join(fault.detail for fault in error.errors) or error.detail)
        code = 1
    except typer.Abort:
        _say("已取消。")
        code = 1
    except KeyboardInterrupt:
        code = 130
    except TyperException as wrong:  # every wrong use
        _say(f"用法不对：{wrong} 用 --help 看用法。")
        code = 2
    sys.exit(code if isinstance(code, int) else 0)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)
