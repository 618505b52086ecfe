"""coverage and preflight: who could not be reached, and who is not there; exit 1 where there are holes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from app.cli.installation import Failure, Installation, JsonFlag, installation, instant, run, tell
from app.clock import local
from app.db import Session
from app.directory import people
from app.dispatch import proved
from app.readiness import coverage, owners, preflight
from app.readiness.coverage import Coverage
from app.readiness.found import KINDS, Hole
from app.readiness.owners import Owned
from app.readiness.preflight import PROOF_HOLDS, Preflight

SHOWN = 40
LEVELS = {"household": "户", "risk_point": "隐患点", "reservoir": "水库", "facility": "重点单位"}
Town = Annotated[str | None, typer.Option("--town", help="只看一个镇街（九位代码）")]
At = Annotated[str | None, typer.Option("--at", help="什么时候；默认现在")]


async def _towns(session: Session, held: Installation, town: str | None) -> dict[str, str]:
    names = {one.code: one.name for one in await people.towns(session, held.district)}
    if not names:
        raise Failure("还没有通讯录：先运行 jiaoying import DIR 或 jiaoying seed。")
    if town is not None and town not in names:
        raise Failure(f"没有镇街 {town}。", 2)
    return names | {held.district: held.scheme.district.name}


async def _prove(town: str | None, at: datetime | None) -> tuple[Coverage, tuple[Owned, ...], dict[str, str]]:
    async with installation() as held, held.db.reading() as session:
        now = at or held.clock.now()
        names = await _towns(session, held, town)
        dead = await proved.dead(session, held.district, now - PROOF_HOLDS)
        towns = None if town is None else [town]
        done = await coverage.prove(session, held.scheme, at=now, towns=towns, dead=dead)
        return done, await owners.with_owners(session, held.district, done.holes, at=now), names


async def _look(
    town: str | None, at: datetime | None, hours: int, proof: bool
) -> tuple[Preflight, tuple[Owned, ...], dict[str, str]]:
    async with installation() as held, held.db.reading() as session:
        now = at or held.clock.now()
        names = await _towns(session, held, town)
        done = await preflight.look(
            session,
            held.scheme,
            held.registry,
            at=now,
            ahead=timedelta(hours=hours),
            towns=None if town is None else [town],
            demand_proof=proof,
        )
        return done, await owners.with_owners(session, held.district, done.holes, at=now), names


def _lines(owned: Sequence[Owned], names: Mapping[str, str]) -> list[str]:
    lines = []
    for one in owned[:SHOWN]:
        whose = "没有派人"
        if one.task is not None:
            whose = f"已派人，{one.task.due} 前{'，已过期' if one.overdue else ''}"
        hole = one.hole
        lines.append(f"{names.get(hole.town, hole.town)} {hole.name}：{hole.lacks}（{hole.remedy}；{whose}）")
    if len(owned) > SHOWN:
        lines.append(f"…… 共 {len(owned)} 处，--json 看全部。")
    return lines


def _rows(owned: Sequence[Owned]) -> list[dict[str, Any]]:
    return [
        {
            **asdict(one.hole),
            "key": one.hole.key,
            "owner": one.task.owner if one.task else None,
            "due": one.task.due.isoformat() if one.task else None,
            "overdue": one.overdue,
        }
        for one in owned
    ]


def _sorts(holes: Sequence[Hole]) -> str:
    counted = Counter(hole.kind for hole in holes)
    return "，".join(f"{KINDS[kind]} {count}" for kind, count in counted.most_common())


def _told(json_: bool, value: dict[str, Any], lines: list[str], owned: Sequence[Owned]) -> None:
    tell(json_, {**value, "holes": _rows(owned)}, lines)
    if owned:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command("coverage", help="每户、每隐患点、每重点单位有没有两条互不依赖的路；有缺口时退出码 1")
    def coverage_(town: Town = None, at: At = None, json_: JsonFlag = False) -> None:
        done, owned, names = run(_prove(town, instant(at, "--at")))
        looked = "，".join(f"{LEVELS[level]} {count}" for level, count in done.targets.items())
        head = f"应覆盖 {done.total} 处（{looked}），缺口 {len(done.holes)} 处"
        lines = [f"{head}：{_sorts(done.holes)}" if owned else f"{head}。", *_lines(owned, names)]
        _told(json_, {"at": done.at, "targets": dict(done.targets), "total": done.total}, lines, owned)

    @app.command("preflight", help="班前预检：现在有没有人、替补、号码、通道；有缺口时退出码 1")
    def preflight_(
        town: Town = None,
        at: At = None,
        hours: Annotated[int, typer.Option(help="班表往后看几小时", min=0, max=1440)] = 24,
        proof: Annotated[bool, typer.Option("--proof", help="30 天内没打通过的号码也算缺口")] = False,
        json_: JsonFlag = False,
    ) -> None:
        done, owned, names = run(_look(town, instant(at, "--at"), hours, proof))
        head = f"查了 {done.units} 个岗，班表看到 {local(done.until):%m-%d %H:%M}；缺口 {len(done.holes)} 处"
        phones = f"第一个叫的人里，30 天内打通过 {done.proved}，没打通过 {done.unproved}。"
        lines = [f"{head}：{_sorts(done.holes)}" if owned else f"{head}。", phones, *_lines(owned, names)]
        _told(
            json_,
            {
                "at": done.at,
                "until": done.until,
                "units": done.units,
                "proved": done.proved,
                "unproved": done.unproved,
            },
            lines,
            owned,
        )
