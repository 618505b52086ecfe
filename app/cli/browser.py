"""The demo in a browser: the story at a pace for people, that waits for them at each first decision."""

import asyncio
import contextlib
import gc
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import typer
import uvicorn

from app import db as database_
from app import logs
from app.cli.driver import Driver, officers_look
from app.cli.installation import Failure
from app.cli.outcome import result, summary
from app.cli.pace import Pace, StoryClock
from app.cli.serve import listen
from app.cli.server import Server
from app.cli.shown import Shown, show
from app.cli.stage import ACCOUNTS, END, START, Stage, Where, stage
from app.reports import night
from app.warning.level import Level

STAND_STILL = 30.0
"""Real seconds the story waits at the first decision of each kind for whoever sits at the desk."""
OVER = "演示演完了。每个镇街应得怎么样，看页面右上的“报表”；要停，在启动它的窗口按 Ctrl-C。"
PARTS = {"orders": "转移令与管控", "public": "公众发布"}


@contextlib.contextmanager
def heard(hear: Callable[[dict[Any, Any]], None]) -> Iterator[None]:
    """Be told of every commit of this process meanwhile."""
    database_.AFTER_COMMIT.append(hear)
    try:
        yield
    finally:
        database_.AFTER_COMMIT.remove(hear)


class Desk:
    """Whoever sits at the desk: the story waits for them at each first decision, then officers act.

    ``waits``: real seconds it waits; a decision ends that at once.
    """

    def __init__(
        self, set_: Stage, clock: StoryClock, pace: Pace, shown: Shown, *, waits: float = STAND_STILL
    ) -> None:
        self._set, self._clock, self._pace, self._shown, self._waits = set_, clock, pace, shown, waits
        self._seen: set[str] = set()

    async def bell(self) -> None:
        """Show that something waits for a person; wait if it is the first of its kind; let officers look."""
        for name, word in PARTS.items():
            if name not in self._seen and (open_ := await self._open(name)):
                self._seen.add(name)
                self._clock.run(0)
                self._ask(word)
                if await self._decided(name, open_):
                    typer.echo(f"{word}已由你决定，接着走。")
        self._clock.run(self._pace.rate())
        self._shown.flows()
        await officers_look(self._set)()

    def _ask(self, word: str) -> None:
        words = (
            f"演示停在这里：{word}等人决定。{self._waits:.0f} 秒内你可以自己放行或暂缓，"
            "决定了就接着走；之后由模拟值班员决定。"
        )
        self._shown.ask(words)
        typer.echo(words)

    async def _decided(self, name: str, before: frozenset[str]) -> bool:
        """Wait until somebody has decided one of them. Returns False when nobody did in time."""
        told = asyncio.Event()

        def hear(info: dict[Any, Any]) -> None:
            if "plan" in info.get("told", ()):
                told.set()

        with heard(hear), contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._waits):
                while before <= await self._open(name):
                    await told.wait()
                    told.clear()
                return True
        return False

    async def _open(self, name: str) -> frozenset[str]:
        """Return the parts of that kind that wait for a person, or for a second one."""
        async with self._set.db.reading() as session:
            waiting = await night.undecided(session, self._set.scheme.district.code)
        return frozenset(part.id for part in waiting if part.name == name)


class Story:
    """The story as somebody watches it: its clock flows, quicker or slower, to whatever falls due next."""

    def __init__(self, set_: Stage, clock: StoryClock, fixed: float | None, shown: Shown) -> None:
        self._set, self._clock, self._shown = set_, clock, shown
        self._over = START + timedelta(minutes=END)
        self._pace, self._wake = Pace(clock, fixed, self._over), asyncio.Event()
        self._planned = False

    async def tell(self, server: Server) -> None:
        """Tell it to its end, once the pages can be seen."""
        while not server.started:  # noqa: ASYNC110 - uvicorn tells it by this attribute alone
            await asyncio.sleep(0.05)  # noqa: TID251 - the server opens its sockets in real time
        set_, clock = self._set, self._clock
        driver = Driver(set_, clock, self._flow, Desk(set_, clock, self._pace, self._shown).bell)
        try:
            with heard(self._told):
                await driver.tell(self._over)
            for line in summary(await result(set_, 0, clock.now())):
                typer.echo(line)
            self._shown.over(OVER)
            typer.echo(OVER)
        except Exception as error:
            logs.get(__name__).exception("demo.failed", error=type(error).__name__)
            raise
        finally:
            driver.close()

    def _told(self, info: dict[Any, Any]) -> None:
        planned = "plan" in info.get("told", ())
        self._planned = self._planned or planned
        if info.get("enqueued") or planned:
            self._wake.set()

    async def _flow(self, until: datetime) -> datetime:
        """Let the clock flow to the next due; something new that falls due earlier ends the wait."""
        clock, pace = self._clock, self._pace
        if self._planned:
            await self._look_for_red()
        until = pace.done(until)
        clock.flow(until)
        self._run(pace.rate())
        while clock.now() < until:
            self._wake.clear()
            left = clock.seconds_to(until)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), min(left, 1.0) if left is not None else 1.0)
            if self._wake.is_set():
                break
            self._run(pace.rate())
        now = min(clock.now(), until)
        clock.stand(now)
        return now

    async def _look_for_red(self) -> None:
        """Go slowly from the first red warning on; looked for whenever a plan was made."""
        self._planned = False
        async with self._set.db.reading() as session:
            red = await night.has_reached(session, self._set.scheme.district.code, Level.RED)
        if red:
            self._pace.red()

    def _run(self, rate: float) -> None:
        if self._clock.rate != rate or not self._shown.notice:
            # What gateways tell within one grain comes in one push, or each second of it would be a request.
            self._set.world.step(max(self._pace.grain, timedelta(seconds=1)))
            self._clock.run(rate)
            self._shown.flows()


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
            shown = show(set_.app, clock)
            telling = asyncio.create_task(Story(set_, clock, fixed, shown).tell(server))
            await serving[0]
            gateways.should_exit = True
            telling.cancel()
            await asyncio.gather(telling, serving[1], return_exceptions=True)
    gc.freeze()  # the process ends here: to look once more through all it leaves takes seconds


def _config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=1
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
