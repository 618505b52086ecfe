"""seed: an invented directory. import: the district's own CSV files. Both go through the same importer."""

import sys
import tempfile
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer

from app import bundled
from app.audit import Actor
from app.cli import sentences
from app.cli.installation import Failure, Installation, JsonFlag, installation, run, tell
from app.directory import importer, known, synthetic
from app.directory.importer import Report
from app.directory.profiles import LOAD, PROFILES

BY = Actor("system", "cli")
DAYS = 60
SHOWN = 20


def _told(json_: bool, report: Report) -> None:
    lines = [
        f"{one.file}：读 {one.read} 行，新 {one.new}，改 {one.changed}，同 {one.same}" for one in report.files
    ]
    lines += [
        f"{one.file}:{one.line}: {sentences.of_fault(one.code, one.detail)}" for one in report.faults[:SHOWN]
    ]
    if len(report.faults) > SHOWN:
        lines.append(f"…… 共 {len(report.faults)} 行未收。")
    if not report.written:
        lines.append("什么也没有写入（--strict）。")
    tell(json_, {**asdict(report), "clean": report.clean}, lines)
    if not report.clean:
        raise typer.Exit(1)


async def _import(folder: Path, strict: bool) -> Report:
    async with installation() as held:
        try:
            async with held.db.transaction() as session:
                done = await importer.import_folder(
                    session,
                    folder,
                    district=held.district,
                    by=BY,
                    at=held.clock.now(),
                    strict=strict,
                    say=lambda file, rows: _progress(f"{file}：{rows} 行"),
                )
        except FileNotFoundError:
            raise Failure(f"{folder} 里没有一个认得的文件，见 docs/directory.md。", 2) from None
        if done.written:
            await _settle(held)
        return done


async def _settle(held: Installation) -> None:
    """Let the database count its rows: its ways to them were chosen when there were none."""
    async with held.db.transaction() as session:
        await session.execute(sa.text("ANALYZE"))


async def _seed(profile: str, seed: int, again: bool) -> Report:
    if profile not in PROFILES:
        raise Failure(f"没有规模 {profile}，有：{'、'.join(sorted(PROFILES))}。", 2)
    async with installation() as held:
        now = held.clock.now()
        async with held.db.reading() as session:
            there = await known.held(session, held.district)
        if there.real:
            raise Failure(f"通讯录里已有 {there.real} 个真实的人：编造的人不能混进去。请用一个空的数据库。")
        if there.people and not again:
            raise Failure(
                f"已有一套编造的通讯录（{there.people} 人）：再写会改动它，班表会接到今天之后。"
                "确要再写，加 --again；要换一套，请用一个空的数据库。"
            )
        start = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
        total = Report((), (), written=True)
        with tempfile.TemporaryDirectory(prefix="jiaoying-seed-") as scratch:
            made = synthetic.folders(
                bundled.path("data") / "rongchang",
                Path(scratch),
                profile=profile,
                seed=seed,
                start=start,
                days=DAYS + 1,
            )
            for name, folder in made:
                async with held.db.transaction() as session:
                    done = await importer.import_folder(
                        session, folder, district=held.district, by=BY, at=now
                    )
                total = total.plus(done)
                if profile == LOAD.name:
                    _progress(f"{name}：已写入 {sum(one.new + one.changed for one in total.files)} 行")
        await _settle(held)
        return total


def _progress(sentence: str) -> None:
    """Say how far it is, beside what it prints in the end."""
    print(sentence, file=sys.stderr, flush=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command(help="写入一套编造的通讯录（号码拨不出去）")
    def seed(
        profile: Annotated[
            str, typer.Option(help="规模：tiny、demo、load（三十万人）、hostile（夹着坏行）")
        ] = "demo",
        seed: Annotated[int, typer.Option(help="随机种子；同种子同通讯录")] = 500153,
        again: Annotated[bool, typer.Option("--again", help="已有编造的通讯录也再写一遍")] = False,
        json_: JsonFlag = False,
    ) -> None:
        _told(json_, run(_seed(profile, seed, again)))

    @app.command("import", help="导入本区自己的 CSV 通讯录；坏行逐行报出")
    def import_(
        folder: Annotated[Path, typer.Argument(help="CSV 所在目录", metavar="DIR")],
        strict: Annotated[bool, typer.Option("--strict", help="有一行不对就全不写")] = False,
        json_: JsonFlag = False,
    ) -> None:
        if not folder.is_dir():
            raise Failure(f"没有目录 {folder}。", 2)
        _told(json_, run(_import(folder, strict)))
