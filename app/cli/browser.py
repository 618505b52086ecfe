"""The demo in a browser: the story at a pace for people, that waits for them at each first decision."""

import asyncio
import contextlib
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
from app.cli.stage import ACCOUNTS, AFTER, END, START, Stage, Where, stage

STAND_STILL = 30.0
"""Real seconds the story waits at the first decision of each kind for whoever sits at the desk."""
PARTS = {"public": "公众发布", "orders": "断禁停撤疏与转移令"}


class Desk:
    """Whoever sits at the desk: the story waits for them at each first decision, then officers act."""

    def __init__(self, set_: Stage, clock: StoryClock, pace: Pace) -> None:
        self._set, self._clock, self._pace = set_, clock, pace
        self._seen: set[str] = set()

    async def bell(self) -> None:
        """Show that something waits for a person; wait if it is the first of its kind; let officers look."""
        waiting = {part["part"] for part in await self._set.officers[0].waiting()}
        for name in sorted(waiting - self._seen):
            self._seen.add(name)
            self._say(
                f"演示停在这里：{PARTS.get(name, name)}等人决定。"
                f"{STAND_STILL:.0f} 秒内你可以自己放行，之后由模拟值班员决定。"
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


class Story:
    """The story as somebody watches it: its clock flows, quicker or slower, to whatever falls due next."""

    def __init__(self, set_: Stage, clock: StoryClock, fixed: float | None) -> None:
        self._set, self._clock = set_, clock
        self._pace, self._wake = Pace(clock, fixed), asyncio.Event()

    async def tell(self, server: Server) -> None:
        """Tell it to its end, once the pages can be seen."""
        while not server.started:  # noqa: ASYNC110 - uvicorn tells it by this attribute alone
            await asyncio.sleep(0.05)  # noqa: TID251 - the server opens its sockets in real time
        set_, clock = self._set, self._clock
        database_.AFTER_COMMIT.append(self._told)
        driver = Driver(set_, clock, self._flow, Desk(set_, clock, self._pace).bell)
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
            database_.AFTER_COMMIT.remove(self._told)

    def _told(self, info: dict[Any, Any]) -> None:
        if info.get("enqueued") or "plan" in info.get("told", ()):
            self._wake.set()

    async def _flow(self, until: datetime) -> datetime:
        """Let the clock flow to the next due; something new that falls due earlier ends the wait."""
        clock, pace = self._clock, self._pace
        clock.flow(until)
        clock.run(pace.rate())
        while clock.now() < until:
            self._wake.clear()
            left = clock.seconds_to(until)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), min(left, 1.0) if left is not None else 1.0)
            if self._wake.is_set():
                break
            if clock.rate != pace.rate():
                clock.run(pace.rate())
        now = min(clock.now(), until)
        clock.stand(now)
        if any(one.asked.level == "red" for one in self._set.gateways.messages[-50:]):
            pace.red()
        return now


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
            telling = asyncio.create_task(Story(set_, clock, fixed).tell(server))
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
