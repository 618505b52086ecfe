"""rates: the one-hour rates, as the API tells them."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, cast, get_args

import typer

from app.cli.installation import Failure, JsonFlag, installation, instant, run, tell
from app.origin import Origin
from app.reports import rates as figures
from app.reports import rows
from app.reports.rates import By, Figures, Kind
from app.reports.rows import Asked

ORIGINS = ("real", "exercise", "simulated")


async def _figures(
    kind: Kind, by: By, since: datetime | None, until: datetime | None, origin: str | None
) -> tuple[str, list[Figures], Figures]:
    async with installation() as held, held.db.reading() as session:
        usual = Origin.REAL if held.registry.any_live else Origin.SIMULATED
        asked = Asked(held.district, Origin(origin) if origin else usual, since, until)
        found = await rows.due(session, asked, kind, at=held.clock.now())
    return asked.origin.value, figures.grouped(found, kind, by), figures.figures("all", found, kind)


def _line(one: Figures) -> str:
    rate = "无应答任务" if one.rate is None else f"{one.rate:.1%}"
    half = "" if one.p50_s is None else f"  中位 {one.p50_s:.0f} 秒"
    counts = f"应 {one.due}  按时 {one.met}  迟 {one.late}  未应 {one.missed}  等待 {one.open}"
    return f"{one.key}  {counts}  {rate}{half}"


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(help="一小时叫应率、报送率")
    def rates(
        since: Annotated[str | None, typer.Option("--from", help="从何时起（含）")] = None,
        until: Annotated[str | None, typer.Option("--to", help="到何时止（不含）")] = None,
        by: Annotated[str, typer.Option(help="town、hazard、channel、level")] = "town",
        kind: Annotated[str, typer.Option(help="、".join(figures.KINDS))] = "answered_in_time",
        origin: Annotated[str | None, typer.Option(help="real、exercise、simulated；默认按通道")] = None,
        json_: JsonFlag = False,
    ) -> None:
        if by not in get_args(By) or kind not in get_args(Kind) or (origin or "real") not in ORIGINS:
            raise Failure("--by、--kind 或 --origin 不认得，用 --help 看可用的值。", 2)
        used, groups, total = run(
            _figures(
                cast("Kind", kind), cast("By", by), instant(since, "--from"), instant(until, "--to"), origin
            )
        )
        value: dict[str, Any] = {
            "kind": kind,
            "by": by,
            "origin": used,
            "groups": [asdict(one) for one in groups],
            "all": asdict(total),
        }
        tell(json_, value, [f"{kind}（{used}）", *map(_line, groups), _line(total)])
