"""seed: an invented directory. import: the district's own CSV files. Both go through the same importer."""

import tempfile
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from app import bundled
from app.audit import Actor
from app.cli.installation import Failure, JsonFlag, installation, run, tell
from app.directory import importer, synthetic
from app.directory.importer import Report

BY = Actor("system", "cli")
DAYS = 60
SHOWN = 20


def _told(json_: bool, report: Report) -> None:
    lines = [
        f"{one.file}：读 {one.read} 行，新 {one.new}，改 {one.changed}，同 {one.same}" for one in report.files
    ]
    lines += [f"{one.file}:{one.line}: {one.detail}" for one in report.faults[:SHOWN]]
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
                return await importer.import_folder(
                    session, folder, district=held.district, by=BY, at=held.clock.now(), strict=strict
                )
        except FileNotFoundError:
            raise Failure(f"{folder} 里没有一个认得的文件，见 docs/directory.md。", 2) from None


async def _seed(profile: str, seed: int) -> Report:
    async with installation() as held:
        now = held.clock.now()
        start = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
        with tempfile.TemporaryDirectory(prefix="jiaoying-seed-") as scratch:
            _generate(Path(scratch), profile, seed, start)
            async with held.db.transaction() as session:
                return await importer.import_folder(
                    session, Path(scratch), district=held.district, by=BY, at=now
                )


def _generate(folder: Path, profile: str, seed: int, start: datetime) -> None:
    try:
        made = synthetic.generate(
            bundled.path("data") / "rongchang", profile=profile, seed=seed, start=start, days=DAYS + 1
        )
    except ValueError as error:
        raise Failure(str(error), 2) from None
    made.write(folder)


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command(help="写入一套编造的通讯录（号码拨不出去）")
    def seed(
        profile: Annotated[str, typer.Option(help="规模：tiny、demo")] = "demo",
        seed: Annotated[int, typer.Option(help="随机种子；同种子同通讯录")] = 500153,
        json_: JsonFlag = False,
    ) -> None:
        _told(json_, run(_seed(profile, seed)))

    @app.command("import", help="导入本区自己的 CSV 通讯录；坏行逐行报出")
    def import_(
        folder: Annotated[Path, typer.Argument(help="CSV 所在目录", metavar="DIR")],
        strict: Annotated[bool, typer.Option("--strict", help="有一行不对就全不写")] = False,
        json_: JsonFlag = False,
    ) -> None:
        if not folder.is_dir():
            raise Failure(f"没有目录 {folder}。", 2)
        _told(json_, run(_import(folder, strict)))
