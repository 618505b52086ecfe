"""rates: the one-hour rates, as the API tells them."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, cast

import typer

from app.cli.installation import Failure, Installation, JsonFlag, installation, instant, run, tell
from app.db import Session
from app.directory import people
from app.intake import event_codes
from app.origin import Origin
from app.reports import rates as figures
from app.reports import rows
from app.reports.rates import By, Figures, Kind
from app.reports.rows import Asked
from app.warning.level import Level

ORIGINS = {"real": "实战", "exercise": "演练", "simulated": "模拟"}
KINDS: dict[Kind, str] = {
    "answered": "叫应率",
    "answered_in_time": "及时叫应率",
    "answered_in_hour": "1小时回告率",
    "first_call": "首呼应答率",
    "reported_in_hour": "1小时报送率",
}
CHANNELS = {"sms": "短信", "voice": "语音", "broadcast": "应急广播", "door": "上门"}


async def _figures(
    kind: Kind, by: By, since: datetime | None, until: datetime | None, origin: str | None
) -> tuple[str, list[Figures], Figures, dict[str, str]]:
    """Return the origin that was used, the figures, and what their keys are called."""
    async with installation() as held, held.db.reading() as session:
        usual = Origin.REAL if held.registry.any_live else Origin.SIMULATED
        asked = Asked(held.district, Origin(origin) if origin else usual, since, until)
        found = await rows.due(session, asked, kind, at=held.clock.now())
        groups = figures.grouped(found, kind, by)
        names = await _names(session, held, by, [one.key for one in groups])
    return asked.origin.value, groups, figures.figures("all", found, kind), names


async def _names(session: Session, held: Installation, by: By, keys: Sequence[str]) -> dict[str, str]:
    if by == "town":
        return {one.code: one.name for one in await people.towns(session, held.district)} | {
            held.district: held.scheme.district.name
        }
    if by == "level":
        return {level.word: level.zh for level in Level}
    return CHANNELS if by == "channel" else {key: event_codes.names().get(key, key) for key in keys}


def _line(name: str, one: Figures) -> str:
    rate = "无应答任务" if one.rate is None else f"{one.rate:.1%}"
    half = "" if one.p50_s is None else f"  中位 {one.p50_s:.0f} 秒"
    counts = f"应 {one.due}  按时 {one.met}  迟 {one.late}  未应 {one.missed}  等待 {one.open}"
    return f"{name}  {counts}  {rate}{half}"


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
        for option, given, known in (
            ("--by", by, figures.BYS),
            ("--kind", kind, figures.KINDS),
            ("--origin", origin or "real", tuple(ORIGINS)),
        ):
            if given not in known:
                raise Failure(f"{option} 只能是 {'、'.join(known)}。", 2)
        begin, end = instant(since, "--from"), instant(until, "--to")
        if begin is not None and end is not None and begin >= end:
            raise Failure("--from 不早于 --to：这段时间里什么也没有。", 2)
        used, groups, total, names = run(_figures(cast("Kind", kind), cast("By", by), begin, end, origin))
        value: dict[str, Any] = {
            "kind": kind,
            "by": by,
            "origin": used,
            "groups": [asdict(one) for one in groups],
            "all": asdict(total),
        }
        lines = [f"{KINDS[cast('Kind', kind)]}（{ORIGINS[used]}）"]
        lines += [_line(names.get(one.key, one.key), one) for one in groups]
        tell(json_, value, [*lines, _line("合计", total)])
