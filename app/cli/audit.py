"""audit: whether the log of decisions is unbroken."""

import typer

from app import audit
from app.audit import Verdict
from app.cli.installation import JsonFlag, installation, run, tell

app = typer.Typer(help="审计日志", no_args_is_help=True)


@app.callback()
def _family() -> None:
    """Hold the family together, so that a single command keeps its name."""


async def _verify() -> Verdict:
    async with installation() as held, held.db.reading() as session:
        return await audit.verify(session, held.district)


@app.command(help="核对审计日志没有断、没有改；断了说出第一行")
def verify(json_: JsonFlag = False) -> None:
    """Walk the chain from its start."""
    verdict = run(_verify())
    ok = verdict.broken_at is None
    value = {"ok": ok, "rows": verdict.rows, "head": verdict.head, "broken_at": verdict.broken_at}
    lines = (
        [f"{verdict.rows} 行，没有断。", f"链尾 {verdict.head}（请另存一份：只有它能看出末尾被截掉）。"]
        if ok
        else [f"第 {verdict.broken_at} 行对不上：它或它之前的行被改过。"]
    )
    tell(json_, value, lines)
    if not ok:
        raise typer.Exit(1)
