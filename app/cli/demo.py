"""demo: the product and the outside world in one process.

With stage.py and pace.py the only place that joins the two.

One driver, two paces. It works off what is due at this instant, outside and inside, until nothing is in
flight, then goes to whatever falls due next. Headless it jumps there, so nothing depends on the machine and
the same seed gives the same document; in the browser it waits until the story's clock has flowed there.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, Protocol

import typer
import uvicorn

from app import db as database_
from app import logs
from app.cli.installation import Failure, JsonFlag, run, tell
from app.cli.pace import Pace, StoryClock
from app.cli.serve import listen
from app.cli.server import Server
from app.cli.stage import ACCOUNTS, START, Stage, Where, stage
from app.clock import Clock, ManualClock
from app.origin import Origin
from app.reports import invariants, night

END = 1800
AFTER = timedelta(hours=14)
"""How long after the storm the last clock may still run; then the night is over."""
STAND_STILL = 30.0
"""Real seconds the story waits at the first decision of each kind for whoever sits at the desk."""
PARTS = {"public": "公众发布", "orders": "断禁停撤疏与转移令"}


class Moved(Protocol):
    """How the driver gets to the next instant.

    Returns where it got to: earlier when something new fell due meanwhile.
    """

    async def __call__(self, until: datetime) -> datetime: ...


class Driver:
    """Runs the story. ``bell`` is what rings when the product puts something before a person."""

    def __init__(self, set_: Stage, clock: Clock, move: Moved, bell: Callable[[], Awaitable[None]]) -> None:
        self._set, self._clock, self._move, self._bell = set_, clock, move, bell
        self._rang = False
        self._waiting: frozenset[tuple[str, str, str]] = frozenset()
        database_.AFTER_COMMIT.append(self._told)

    def close(self) -> None:
        """Hear nothing more."""
        database_.AFTER_COMMIT.remove(self._told)

    def _told(self, info: dict[Any, Any]) -> None:
        self._rang = self._rang or "plan" in info.get("told", ())

    async def settle(self) -> None:
        """Do everything that is due now, outside and inside, until nothing more is."""
        world, watch = self._set.world, self._set.watch
        while True:
            watch.switch(theirs=True)
            ran = await world.run_due(self._clock.now())
            watch.switch(theirs=False)
            did = await self._set.worker.drain()
            if self._rang and await self._something_new():
                await self._bell()
            due = world.due()
            if not ran and not did and (due is None or due > self._clock.now()):
                return

    async def _something_new(self) -> bool:
        """Whether something else waits for a person than when the bell rang last."""
        self._rang = False
        async with self._set.db.reading() as session:
            waiting = await night.undecided(session, self._set.scheme.district.code)
        before, self._waiting = self._waiting, waiting
        return bool(waiting - before)

    async def next_due(self) -> datetime | None:
        """Return when anything is due next, outside or inside."""
        times = (self._set.world.due(), await self._set.worker.next_due())
        return min((t for t in times if t is not None), default=None)

    async def play(self, until: datetime) -> None:
        """Go on until then, or until nothing is due any more."""
        while True:
            await self.settle()
            following = await self.next_due()
            if following is None or following > until:
                return
            await self._move(max(following, self._clock.now()))


def officers_look(set_: Stage) -> Callable[[], Awaitable[None]]:
    """Let the simulated officers look at the desk, a second after the bell."""

    async def bell() -> None:
        for officer, name in zip(set_.officers, ("duty", "chief"), strict=True):
            set_.world.after(1, f"bell:{name}", officer.look_once)

    return bell


async def headless(
    *, seed: int, database: str | None, first: int = 0, last: int = END, planted: str | None = None
) -> dict[str, Any]:
    """Run the story to its end on virtual time and return its document.

    ``first``, ``last``: minutes of the storm, for a part of it; ``planted``: a breach of the rows, for tests.
    """
    clock = ManualClock(START + timedelta(minutes=first))

    async def jump(until: datetime) -> datetime:
        clock.set(until)
        return until

    async with stage(
        clock=clock, seed=seed, database=database, where=Where("http://demo.invalid"), first=first
    ) as set_:
        driver = Driver(set_, clock, jump, officers_look(set_))
        try:
            until = START + timedelta(minutes=last)
            await driver.play(until)
            clock.set(until)
            set_.world.forget("storm:", "bureau:", "town:")
            await driver.play(until + AFTER)
        finally:
            driver.close()
        if planted is not None:
            await plant(set_, planted)
        document = await result(set_, seed, clock.now())
        set_.watch.switch(theirs=False)
        return {
            **document,
            "seconds": {"product": round(set_.watch.product, 1), "simulator": round(set_.watch.simulator, 1)},
        }


async def result(set_: Stage, seed: int, at: datetime) -> dict[str, Any]:
    """Return what the night came to and whether all that must be true is."""
    district = set_.scheme.district.code
    origin = Origin.REAL if set_.registry.any_live else Origin.SIMULATED
    live = frozenset(channel.name for channel in set_.registry if channel.live)
    async with set_.db.reading() as session:
        document = await night.document(session, district, origin, start=START, at=at)
        found = await invariants.check(session, district, at=at, ended=True, live=live)
    got = set_.gateways.messages
    keyed = [(one.channel, one.asked.key) for one in got if one.asked.key]
    twice = len(keyed) - len(set(keyed))
    failures = len(set_.world.failures)
    found.append(
        invariants.Finding(
            "the gateways took each key once",
            not twice and not failures,
            f"{len(got)} messages, {twice} twice, {failures} failures outside",
        )
    )
    return {
        "seed": seed,
        **document,
        "invariants": [{"name": one.name, "ok": one.ok, "detail": one.detail} for one in found],
    }


async def plant(set_: Stage, breach: str) -> None:
    """Break the rows on purpose, so that a test sees the check find it.

    Raises Failure for a breach it does not know.
    """
    statements = {
        "met-without-answer": "UPDATE obligation SET state = 'met', answered_at = NULL WHERE id = (SELECT min(id) FROM obligation)",
        "still-sending": "UPDATE delivery SET state = 'sending', not_before = NULL, lease_until = NULL"
        " WHERE id = (SELECT min(id) FROM delivery)",
    }
    if breach not in statements:
        raise Failure(f"没有这种破坏：{'、'.join(statements)}。", 2)
    async with set_.db.raw() as connection:
        await connection.exec_driver_sql(statements[breach])


def summary(document: dict[str, Any]) -> list[str]:
    """Return the document in a few lines for people."""

    def share(figures: dict[str, Any]) -> str:
        return (
            "无应报"
            if figures["rate"] is None
            else f"{figures['rate']:.1%}（{figures['due']} 应，{figures['met']} 及时，{figures['late']} 迟，{figures['missed']} 漏）"
        )

    reached = {
        level: [town["reached"][level] for town in document["towns"] if level in town["reached"]]
        for level in ("blue", "yellow", "orange", "red")
    }
    by_kind = document["rates_by_kind"]
    return [
        "镇街雨量到级（分钟，镇街数）："
        + "，".join(
            f"{level} {min(minutes)}/{len(minutes)}" for level, minutes in reached.items() if minutes
        ),
        "河流过警戒、保证（分钟）："
        + "，".join(
            f"{row['name']} {row['warning']}/{row['guarantee']}"
            for row in document["rivers"]
            if row["warning"] is not None
        ),
        f"预警 {len(document['warnings'])} 条；发出 {sum(document['deliveries']['by_state'].values())} 条：{document['deliveries']['by_state']}",
        f"及时叫应率 {share(document['rates'])}",
        f"叫应率 {share(by_kind['answered'])}",
        f"1小时回告率 {share(by_kind['answered_in_hour'])}",
        f"首呼应答率 {share(by_kind['first_call'])}",
        f"1小时报送率 {share(by_kind['reported_in_hour'])}",
        *(f"{'✓' if one['ok'] else '✗'} {one['name']}：{one['detail']}" for one in document["invariants"]),
        *(
            [f"用时 {document['seconds']['product']} 秒，另模拟器 {document['seconds']['simulator']} 秒"]
            if "seconds" in document
            else []
        ),
    ]


class Desk:
    """Who sits at the desk of the demo in a browser: the story waits for them at each first decision, then the simulated officer acts."""

    def __init__(self, set_: Stage, clock: StoryClock, pace: Pace, wake: asyncio.Event) -> None:
        self._set, self._clock, self._pace, self._wake = set_, clock, pace, wake
        self._seen: set[str] = set()

    async def bell(self) -> None:
        """Something waits for a person: show it, wait where it is the first of its kind, then let the simulated officers look."""
        waiting = {part["part"] for part in await self._set.officers[0].waiting()}
        for name in sorted(waiting - self._seen):
            self._seen.add(name)
            self._say(
                f"演示停在这里：{PARTS.get(name, name)}等人决定。{STAND_STILL:.0f} 秒内你可以自己放行，之后由模拟值班员决定。"
            )
            self._clock.run(0)
            await asyncio.sleep(STAND_STILL)  # noqa: TID251 - real seconds, for the person who looks
            self._say("")
        self._clock.run(self._pace.rate())
        await officers_look(self._set)()

    def _say(self, words: str) -> None:
        self._set.app.state.notice = words
        if words:
            typer.echo(words)


async def browser(*, speed: str, seed: int, port: int, database: str | None) -> None:
    """Serve the story in a browser until it is stopped."""
    fixed = _rate(speed)
    with (
        contextlib.closing(listen("127.0.0.1", port)) as taken,
        contextlib.closing(listen("127.0.0.1", 0)) as outside,
    ):
        port = taken.getsockname()[1]
        where = Where(f"http://127.0.0.1:{port}", port, outside.getsockname()[1])
        clock = StoryClock(START, 0)
        async with stage(clock=clock, seed=seed, database=database, where=where) as set_:
            server = Server(_config(set_.app), set_.app.state.parts.hub)
            gateways = uvicorn.Server(_config(set_.gateways))
            gateways.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
            _welcome(set_, where)
            serving = [
                asyncio.create_task(server.serve(sockets=[taken])),
                asyncio.create_task(gateways.serve(sockets=[outside])),
            ]
            telling = asyncio.create_task(_tell_story(set_, clock, fixed, server))
            await serving[0]
            gateways.should_exit = True
            telling.cancel()
            await asyncio.gather(telling, serving[1], return_exceptions=True)


def _config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=3
    )


def _rate(speed: str) -> float | None:
    if speed == "story":
        return None
    try:
        rate = float(speed.rstrip("xX×"))
    except ValueError:
        raise Failure("--speed 是 story 或倍数，如 60。", 2) from None
    if not 0 < rate <= 10000:
        raise Failure("--speed 在 0 和 10000 之间。", 2)
    return rate


def _welcome(set_: Stage, where: Where) -> None:
    logins = "，".join(f"{name} / {set_.passwords[name]}" for name in ACCOUNTS[:4])
    typer.echo(f"值班台：{where.base_url}/")
    typer.echo(f"登录名 / 口令：{logins}")
    typer.echo(f"镇街手机页（town001 … town115，同一口令）：{where.base_url}/town  {set_.passwords['town']}")
    typer.echo("Ctrl-C 停止；数据库是临时的，停了就没有了。")


async def _tell_story(set_: Stage, clock: StoryClock, fixed: float | None, server: Server) -> None:
    pace, wake = Pace(clock, fixed), asyncio.Event()

    async def flow(until: datetime) -> datetime:
        """Let the clock flow to the next due; something new that falls due earlier ends the wait."""
        clock.flow(until)
        clock.run(pace.rate())
        while clock.now() < until:
            wake.clear()
            left = clock.seconds_to(until)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), min(left, 1.0) if left is not None else 1.0)
            if wake.is_set():
                break
            if clock.rate != pace.rate():
                clock.run(pace.rate())
        now = min(clock.now(), until)
        clock.stand(now)
        if any(one.asked.level == "red" for one in set_.gateways.messages[-50:]):
            pace.red()
        return now

    def told(info: dict[Any, Any]) -> None:
        if info.get("enqueued") or "plan" in info.get("told", ()):
            wake.set()

    while not server.started:
        await asyncio.sleep(0.05)  # noqa: TID251 - the server opens its sockets in real time
    database_.AFTER_COMMIT.append(told)
    driver = Driver(set_, clock, flow, Desk(set_, clock, pace, wake).bell)
    try:
        await driver.play(START + timedelta(minutes=END) + AFTER)
        for line in summary(await result(set_, 0, clock.now())):
            typer.echo(line)
        set_.app.state.notice = "演示演完了：看报表，或 Ctrl-C 停止。"
    except Exception as error:
        logs.get(__name__).exception("demo.failed", error=type(error).__name__)
        raise
    finally:
        driver.close()
        database_.AFTER_COMMIT.remove(told)


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(help="演示：一场暴雨，从来报到应答到一小时率；自带临时数据库和模拟的外部世界")
    def demo(
        headless_: Annotated[
            bool, typer.Option("--headless", help="不开网页，跑到底并打印结果；有不变式被破坏则退出码 1")
        ] = False,
        speed: Annotated[str, typer.Option(help="快慢：story（按情节）或倍数")] = "story",
        seed: Annotated[int, typer.Option(help="随机种子", min=1)] = 1,
        port: Annotated[int, typer.Option(help="网页端口", min=0, max=65535)] = 8000,
        database: Annotated[str | None, typer.Option(help="用这个空数据库，跑完留着")] = None,
        first: Annotated[int, typer.Option(hidden=True, help="从暴雨第几分钟开始（只用于 --headless）")] = 0,
        last: Annotated[int, typer.Option(hidden=True, help="到第几分钟为止")] = END,
        planted: Annotated[str | None, typer.Option(hidden=True, help="破坏一行，看检查是否发现")] = None,
        json_: JsonFlag = False,
    ) -> None:
        logs.configure(level="error", form="text")
        if not headless_:
            run(browser(speed=speed, seed=seed, port=port, database=database))
            return
        document = run(headless(seed=seed, database=database, first=first, last=last, planted=planted))
        tell(json_, document, summary(document))
        raise typer.Exit(0 if all(one["ok"] for one in document["invariants"]) else 1)
