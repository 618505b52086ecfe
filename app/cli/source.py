"""source: bureaus' systems and their keys."""

import re
from typing import Annotated, get_args

import typer

from app.access import sources
from app.access.sources import Bureau, CodeSystem, Source
from app.audit import Actor
from app.cli.installation import Failure, JsonFlag, installation, run, tell

BY = Actor("system", "cli")

app = typer.Typer(help="局办系统和它们的密钥", no_args_is_help=True)


async def _add(
    name: str, bureau: Bureau, districts: list[str], hazards: list[str] | None, codes: CodeSystem
) -> str:
    async with installation() as held, held.db.transaction() as session:
        return await sources.add(
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
    codes: Annotated[str, typer.Option(help="它用的区划代码：nbs 统计局、mca 民政部")] = "nbs",
    json_: JsonFlag = False,
) -> None:
    """Register a source."""
    _one_of(bureau, get_args(Bureau), "--bureau")
    _one_of(codes, get_args(CodeSystem), "--codes")
    if not re.fullmatch(r"[\w.-]{1,60}", name):
        raise Failure("系统名为 1 到 60 个字母、汉字、数字或 . _ -。", 2)
    key = run(_add(name, bureau, districts or [], hazards, codes))  # type: ignore[arg-type]  # both were checked above
    tell(json_, {"name": name, "key": key}, [f"{name} 的密钥（只显示这一次）：", key])


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
