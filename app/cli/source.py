"""source: bureaus' systems and their keys."""

import re
import sys
from collections.abc import Sequence
from typing import Annotated, get_args

import typer

from app.access import sources
from app.access.sources import Bureau, CodeSystem, Source
from app.audit import Actor
from app.cli.installation import Failure, Installation, JsonFlag, installation, run, tell
from app.db import Session
from app.directory import people
from app.intake import event_codes

BY = Actor("system", "cli")

app = typer.Typer(help="局办系统和它们的密钥", no_args_is_help=True)


PROVINCES = re.compile(r"(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])\d*")
"""What a division code may begin with (GB/T 2260)."""


def _check_hazards(prefixes: Sequence[str]) -> None:
    """Refuse the beginning of no event code. Raises Failure with the kinds that there are."""
    named = event_codes.names()
    kinds = {code[:3]: name for code, name in named.items() if code.endswith("00") and code[2] > "0"}
    for prefix in prefixes:
        if not any(event_codes.known(code) and code.startswith(prefix) for code in named):
            there = "、".join(f"{kind} {name}" for kind, name in kinds.items())
            raise Failure(f"--hazards {prefix} 不是灾种代码的开头，有：{there}。", 2)


async def _check_districts(session: Session, held: Installation, codes: Sequence[str]) -> None:
    """Refuse what is no division. Raises Failure, naming ours and, for one within it, its towns.

    Other districts are not listed anywhere here: of their codes only the shape is checked.
    """
    ours = f"{held.district} {held.scheme.district.name}"
    for code in codes:
        if len(code) not in (4, 6, 9, 12) or not PROVINCES.fullmatch(code):
            raise Failure(f"--districts {code} 不是区划代码，本区是 {ours}。", 2)
    within = [code for code in codes if code.startswith(held.district) and code != held.district]
    towns = {one.code: one.name for one in await people.towns(session, held.district)} if within else {}
    for code in within:
        if towns and code[:9] not in towns:
            there = "、".join(f"{town} {name}" for town, name in towns.items())
            raise Failure(f"--districts {code} 不是本区的镇街，有：{there}。", 2)


async def _add(
    name: str, bureau: Bureau, districts: list[str], hazards: list[str] | None, codes: CodeSystem | None
) -> tuple[str, list[str] | None, bool]:
    """Return the new key, the beginnings of those it had (None for a new system), and whether it is ours.

    Ours: it may warn at least one place of this district.
    """
    async with installation() as held, held.db.transaction() as session:
        await _check_districts(session, held, districts)
        known = {one.name: prefixes for one, prefixes in await sources.listed(session, held.district)}
        key = await sources.add(
            session,
            name,
            bureau,
            district=held.district,
            by=BY,
            at=held.clock.now(),
            districts=districts,
            hazards=hazards,
            codes=codes,
        )
        ours = any(code.startswith(held.district) or held.district.startswith(code) for code in districts)
        return key, known.get(name), ours or not districts


async def _listed() -> list[tuple[Source, list[str]]]:
    async with installation() as held, held.db.reading() as session:
        return await sources.listed(session, held.district)


async def _revoke(name: str, prefix: str) -> None:
    async with installation() as held, held.db.transaction() as session:
        await sources.revoke(session, name, prefix, district=held.district, by=BY, at=held.clock.now())


def _one_of(value: str, allowed: tuple[str, ...], option: str) -> str:
    if value not in allowed:
        raise Failure(f"{option} 只能是 {'、'.join(allowed)}。", 2)
    return value


@app.command(help="登记一个局办系统，打印它的密钥（只此一次）；再登记一次是换密钥，最多两把同时有效")
def add(
    name: Annotated[str, typer.Argument(help="系统名，如 qxj")],
    bureau: Annotated[str, typer.Option(help="weather 气象、water 水利、other 其他")],
    districts: Annotated[list[str] | None, typer.Option(help="区县代码，默认本区", metavar="CODE…")] = None,
    hazards: Annotated[
        list[str] | None,
        typer.Option(help="灾种代码前缀；默认气象 11B 11D，水利 11A，其他不限", metavar="PREFIX…"),
    ] = None,
    codes: Annotated[str | None, typer.Option(help="它用的区划代码：nbs 统计局（默认）、mca 民政部")] = None,
    json_: JsonFlag = False,
) -> None:
    """Register a source."""
    _one_of(bureau, get_args(Bureau), "--bureau")
    if codes is not None:
        _one_of(codes, get_args(CodeSystem), "--codes")
    if not re.fullmatch(r"[\w.-]{1,60}", name):
        raise Failure("系统名为 1 到 60 个字母、汉字、数字或 . _ -。", 2)
    _check_hazards(hazards or [])
    wanted = list(dict.fromkeys(districts or []))
    key, before, ours = run(_add(name, bureau, wanted, hazards, codes))  # type: ignore[arg-type]  # both were checked above
    lines = [f"{name} 的密钥（只显示这一次）：", key]
    if before:
        lines.insert(0, f"{name} 登记过，这是它的第二把密钥；{before[0]}… 仍有效，换好后作废它。")
    elif before is not None:
        lines.insert(0, f"{name} 登记过，先前的密钥都已作废，这是新的一把。")
    if not ours:
        print("留意：--districts 里没有本区，它报来的本区预警都会被拒绝。", file=sys.stderr)
    tell(json_, {"name": name, "key": key, "other_keys": before or []}, lines)


@app.command("list", help="列出局办系统")
def list_(json_: JsonFlag = False) -> None:
    """List the sources."""
    found = run(_listed())
    rows = [
        {
            "name": one.name,
            "bureau": one.bureau,
            "districts": one.districts,
            "hazards": one.hazards,
            "codes": one.codes,
            "keys": prefixes,
        }
        for one, prefixes in found
    ]
    lines = [
        f"{one.name}  {one.bureau}  灾种 {' '.join(one.hazards) or '不限'}  密钥 {' '.join(prefixes) or '无'}"
        for one, prefixes in found
    ]
    tell(json_, {"items": rows}, lines or ["还没有局办系统。"])


@app.command(help="作废一把密钥")
def revoke(
    name: Annotated[str, typer.Argument(help="系统名")],
    prefix: Annotated[str, typer.Argument(help="密钥的前十个字符（source list 里有）")],
) -> None:
    """End a key."""
    run(_revoke(name, prefix))
    typer.echo("已作废。")
