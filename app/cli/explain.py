"""explain: what would be planned for this warning or these measurements, and why. Nothing is saved or sent.

People and places come from this installation's directory where there is one, else the places that ship.
Measurements are read in a scratch database of their own, so that the installation's is only ever read.
"""

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from app import bundled, sealed
from app.activation import propose
from app.audit import Actor
from app.cli import remake, sentences
from app.cli.given import Given, newest, read_files
from app.cli.installation import (
    Failure,
    JsonFlag,
    clock_of,
    database,
    instant,
    load_keys,
    run,
    scheme_of,
    settings,
    sqlite_file,
    tell,
)
from app.cli.plan_text import told
from app.db import Base, Database, Session
from app.directory import importer, people
from app.directory.profiles import DEMO, Generated
from app.directory.settlement import Settlement
from app.intake import disposition, event_codes, placing
from app.intake.disposition import Earlier, Where
from app.intake.message import Message, MsgType, Problem
from app.observations import elements, stations, windows
from app.observations.accept import accept
from app.scheme.models import Scheme
from app.settings import Settings
from app.warning.finding import Finding
from app.warning.level import Level
from app.warning.plan import Plan
from app.warning.planner import plan
from app.warning.situation import ElementReading, LevelReading, Place, RainWindow, Situation, WarningFacts
from app.warning.thresholds import observed

BY = Actor("system", "explain")
LIFE = timedelta(hours=3)
NO_PEOPLE = replace(
    DEMO,
    bureaus=0,
    grids=0,
    groups=0,
    households=0,
    geological=0,
    flood=0,
    waterlogging=0,
    weirs=0,
    facilities=0,
)


@dataclass(slots=True)
class Explained:
    """What came out. ``plan`` None where nothing would be planned."""

    at: datetime
    plan: Plan | None = None
    disposition: str | None = None
    problems: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    findings: tuple[Finding, ...] = ()


@asynccontextmanager
async def _scratch() -> AsyncIterator[Database]:
    """An empty database of its own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="jiaoying-explain-") as folder:
        db = Database(f"sqlite:///{folder}/scratch.db")
        try:
            async with db.raw() as connection:
                await connection.run_sync(Base.metadata.create_all)
            yield db
        finally:
            await db.close()


@asynccontextmanager
async def _installed(found: Settings) -> AsyncIterator[Database | None]:
    """This installation's database, None where there is none yet."""
    file = sqlite_file(found)
    if file is not None and not file.exists():
        sealed.use(sealed.Keys.new())
        yield None
        return
    load_keys(found)
    async with database(found) as db:
        yield db


async def _shipped(session: Session, district: str, at: datetime) -> None:
    """Put the divisions and stations that ship into the scratch database."""
    land = Settlement(bundled.path("data") / "rongchang", NO_PEOPLE, 0)
    divisions = [row for row in land.places if row["level"] in ("district", "town", "village")]
    made = Generated(
        {
            "places.csv": divisions,
            "place_codes.csv": land.codes(),
            "stations.csv": [dict(row) for row in land.stations],
        }
    )
    with tempfile.TemporaryDirectory(prefix="jiaoying-places-") as folder:
        made.write(Path(folder))
        await importer.import_folder(session, Path(folder), district=district, by=BY, at=at)


async def _copy_stations(source: Session, target: Session, district: str) -> None:
    await stations.save(target, district, await stations.registered(source, district))


@dataclass(frozen=True, slots=True)
class Ground:
    """What a plan is made on, gathered."""

    scheme: Scheme
    at: datetime
    towns: tuple[Place, ...]
    windows: tuple[RainWindow, ...]
    levels: tuple[LevelReading, ...]
    elements: tuple[ElementReading, ...]


async def _measured(scratch: Database, given: Given, scheme: Scheme, out: Explained) -> None:
    district = scheme.district.code
    for name, batch in given.sheets:
        async with scratch.transaction() as session:
            done = await accept(session, district, batch.table, batch.rows, source="explain", at=out.at)
        out.rejected += [
            {
                "file": name,
                "row": one.row,
                "code": one.code,
                "detail": batch.unreadable.get(one.row, one.detail),
            }
            for one in done.rejected
        ]


def _told(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    return [{"code": one.code, "detail": one.detail} for one in problems]


async def _placed(
    session: Session, message: Message, ground: Ground, codes: str
) -> tuple[Where, disposition.Decision]:
    where = await placing.place(session, message, district=ground.scheme.district.code, system=codes)
    # What it refers to is not looked up: alone on the command line, it is taken as found.
    earlier = Earlier(found=bool(message.references))
    return where, disposition.decide(message, where, earlier, ground.at, event_codes.known)


def _facts(message: Message, where: Where) -> WarningFacts:
    return WarningFacts(
        message.identifier,
        message.event_code,
        message.level or Level.HINT,
        message.sent,
        message.effective,
        message.onset,
        message.expires,
        where.places,
        where.villages,
        observed=False,
        headline=message.headline,
        issuer=message.issuer,
    )


def _reminder(findings: Sequence[Finding], scheme: Scheme, at: datetime) -> WarningFacts | None:
    """The 叫应 that measurements alone would start: of the highest kind, in the towns that reached it."""
    if not findings:
        return None
    top = max(findings, key=lambda one: (one.level, one.kind))
    places = frozenset(one.place for one in findings if (one.kind, one.level) == (top.kind, top.level))
    return WarningFacts(
        "observed",
        top.hazard,
        top.level,
        at,
        at,
        None,
        at + LIFE,
        places,
        observed=True,
        headline=f"实测{top.name}{top.level.zh}",
        issuer=scheme.district.name,
    )


async def explain(found: Settings, given: Given, at: datetime, codes: str) -> tuple[Scheme, Explained]:
    """Make the plan for what the files hold, as of ``at``."""
    scheme, out = scheme_of(found), Explained(at)
    district = scheme.district.code
    async with _installed(found) as installed, _scratch() as scratch:
        if installed is None:
            async with scratch.transaction() as session:
                await _shipped(session, district, at)
            out.problems.append(
                {"code": "no-directory", "detail": "还没有通讯录：只用随附的区划和测站，不知道叫谁"}
            )
        elif given.sheets:
            async with installed.reading() as source, scratch.transaction() as target:
                await _copy_stations(source, target, district)
        await _measured(scratch, given, scheme, out)
        async with (installed or scratch).reading() as session:
            measured = installed if installed is not None and not given.sheets else scratch
            async with measured.reading() as readings:
                ground = Ground(
                    scheme,
                    at,
                    await people.towns(session, district),
                    await windows.read_windows(readings, district, at),
                    await windows.read_levels(readings, district, at),
                    await elements.read_elements(readings, district, at),
                )
            await _answer(session, ground, given, codes, out)
    return scheme, out


async def _answer(session: Session, ground: Ground, given: Given, codes: str, out: Explained) -> None:
    scheme, at = ground.scheme, ground.at
    out.findings = observed(ground.windows, ground.levels, scheme.ruleset, at, ground.elements)
    planned: list[WarningFacts] = []
    for _, message in given.warnings:
        where, decision = await _placed(session, message, ground, codes)
        out.problems += _told(decision.problems)
        out.disposition = decision.disposition
        if decision.disposition == "applies" and message.msg_type is not MsgType.CANCEL:
            planned.append(_facts(message, where))
    if not given.warnings and (reminder := _reminder(out.findings, scheme, at)) is not None:
        planned.append(reminder)
    if not planned:
        return
    planned.sort(key=lambda one: one.level, reverse=True)
    held = await people.holdings(
        session,
        scheme.district.code,
        sorted([*planned[0].places, scheme.district.code]),
        scheme.layers,
        at=at,
    )
    out.plan = plan(
        Situation(
            at,
            planned[0],
            ground.towns,
            held,
            ground.windows,
            ground.levels,
            tuple(planned[1:]),
            Place(scheme.district.code, scheme.district.name, "", "district"),
            ground.elements,
        ),
        scheme.ruleset,
    )


def document(scheme: Scheme, out: Explained) -> dict[str, Any]:
    """Return the result as the contract shows it."""
    made: dict[str, Any] = {
        "scheme": scheme.digest,
        "scheme_version": scheme.version,
        "version": 0,
        "plan_hash": None,
        "segment": None,
        "level": None,
        "response_level": None,
        "lines": [],
        "not_chosen": [],
        "not_asked": [],
        "measures": [],
        "suggestions": [],
        "controls": [],
    }
    if out.plan is not None:
        made |= propose.body(out.plan, out.at) | {"plan_hash": out.plan.digest(scheme.digest)}
    return {
        "at": out.at,
        "disposition": out.disposition,
        "plan": made,
        "findings": [
            {
                "hazard": one.hazard,
                "kind": one.kind,
                "place": one.place,
                "level": one.level.word,
                "station": one.station,
                "rule": one.reason.rule,
                "text": one.reason.text,
            }
            for one in out.findings
        ],
        "problems": out.problems,
        "rejected": out.rejected,
    }


def _lines(out: Explained, scheme: Scheme) -> list[str]:
    lines = [f"· {one['detail']}（{one['code']}）" for one in out.problems]
    lines += [
        f"· {one['file']} 第 {one['row'] + 1} 条未收：{sentences.of_fault(one['code'], one['detail'])}"
        for one in out.rejected[:20]
    ]
    if out.plan is None:
        return [*lines, "不会叫任何人：没有要启动的预案。"]
    return [*lines, *told(out.plan, scheme)]


def _again(found: Settings, plan_id: str, *, json_: bool) -> None:
    """Tell a plan of the past made again; exit 1 when it is not the stored one."""
    made = run(remake.again(found, plan_id))
    out = Explained(made.situation.at, made.plan)
    value = {**document(made.scheme, out), "remade": {"plan": plan_id, "same": made.same}}
    tell(json_, value, [remake.verdict(made), *_lines(out, made.scheme)])
    if not made.same:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("explain", help="读预警或观测文件，说出会叫谁、为什么；不保存，不发送")
    def explain_(
        files: Annotated[
            list[Path] | None,
            typer.Argument(help="12379/CAP/JSON 预警，JSON/NDJSON/CSV 观测", metavar="FILE…"),
        ] = None,
        at: Annotated[
            str | None, typer.Option(help="按哪一刻算；默认文件里最晚的时间", metavar="TIME")
        ] = None,
        table: Annotated[str | None, typer.Option(help="CSV、NDJSON 是哪张表；默认看列名")] = None,
        codes: Annotated[str, typer.Option(help="来文用的区划代码：nbs 或 mca")] = "nbs",
        plan_id: Annotated[
            str | None, typer.Option("--plan", help="重做存档的一份预案，而不是读文件", metavar="ID")
        ] = None,
        json_: JsonFlag = False,
    ) -> None:
        found = settings()
        if (plan_id is None) == (not files):
            raise Failure("给出文件，或给出 --plan ID，二者取一。", 2)
        if plan_id is not None:
            _again(found, plan_id, json_=json_)
            return
        given = read_files(files or [], table)
        when = instant(at, "--at") or newest(given) or clock_of(found).now()
        if codes not in ("nbs", "mca"):
            raise Failure("--codes 只能是 nbs 或 mca。", 2)
        scheme, out = run(explain(found, given, when, codes))
        tell(json_, document(scheme, out), _lines(out, scheme))
