"""demo: the product and the outside world in one process, on a stage of its own (``stage``).

One story, two paces. In a browser it flows (``browser``, ``pace``); headless it jumps from due to due
(``driver``), so nothing depends on the machine and the same seed gives the same document (``outcome``).
"""

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from app import logs
from app.cli.browser import browser
from app.cli.driver import Driver, officers_look
from app.cli.installation import Failure, JsonFlag, run, tell
from app.cli.outcome import result, summary
from app.cli.stage import END, START, Stage, Where, stage
from app.clock import ManualClock
from app.directory.profiles import DEMO, SPARSE


async def headless(
    *,
    seed: int,
    database: str | None,
    first: int = 0,
    last: int = END,
    profile: str = DEMO.name,
    planted: str | None = None,
) -> dict[str, Any]:
    """Run the story to its end on virtual time and return its document.

    ``first``, ``last``: minutes of the storm, for a part of it; ``profile``: how large the district is;
    ``planted``: a breach of the rows, for tests.
    """
    clock = ManualClock(START + timedelta(minutes=first))

    async def jump(until: datetime) -> datetime:
        clock.set(until)
        return until

    async with stage(
        clock=clock,
        seed=seed,
        database=database,
        where=Where("http://demo.invalid"),
        first=first,
        profile=profile,
    ) as set_:
        driver = Driver(set_, clock, jump, officers_look(set_))
        try:
            await driver.tell(START + timedelta(minutes=last))
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


async def plant(set_: Stage, breach: str) -> None:
    """Break the rows on purpose, so that a test sees the check find it.

    Raises Failure for a breach it does not know.
    """
    statements = {
        "met-without-answer": "UPDATE obligation SET state = 'met', answered_at = NULL"
        " WHERE id = (SELECT min(id) FROM obligation)",
        "still-sending": "UPDATE delivery SET state = 'sending', not_before = NULL, lease_until = NULL"
        " WHERE id = (SELECT min(id) FROM delivery)",
    }
    if breach not in statements:
        raise Failure(f"没有这种破坏：{'、'.join(statements)}。", 2)
    async with set_.db.raw() as connection:
        await connection.exec_driver_sql(statements[breach])


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
        profile: Annotated[str, typer.Option(hidden=True, help="名录规模：demo 或 sparse")] = DEMO.name,
        planted: Annotated[str | None, typer.Option(hidden=True, help="破坏一行，看检查是否发现")] = None,
        json_: JsonFlag = False,
    ) -> None:
        if profile not in (DEMO.name, SPARSE.name):
            raise Failure("演示的名录要有全部镇街：demo 或 sparse。", 2)
        logs.configure(level="error", form="text")
        if not headless_:
            run(browser(speed=speed, seed=seed, port=port, database=database))
            return
        document = run(
            headless(seed=seed, database=database, first=first, last=last, profile=profile, planted=planted)
        )
        tell(json_, document, summary(document))
        raise typer.Exit(0 if all(one["ok"] for one in document["invariants"]) else 1)
